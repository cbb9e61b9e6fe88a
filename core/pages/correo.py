"""A new password by email for who forgot theirs, and the address that it goes to."""

from math import ceil
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from limits import RateLimitItemPerDay, RateLimitItemPerHour

from core import correo as services
from core import guesses
from core.api.throttling import count_here_too
from core.factor import services as factor
from core.forms import StyledForm, shorten_password_help
from core.guesses import TooManyGuessesError
from core.models import Usuario
from core.ops import actor
from core.pages.access import pagina, usuario_de
from core.pages.ingreso import demasiados
from core.text import formato

# Of each account: who asks for another's fills no mailbox.
CADA_HORA: Final = RateLimitItemPerHour(services.ENLACES_MAX)
# Links to confirm an address, which may be a stranger's: of each person who asks, and to each address.
POR_PERSONA: Final = RateLimitItemPerDay(5)
POR_DESTINO: Final = RateLimitItemPerDay(3)
TEXTO_MAX: Final = 254
ENVIADO: Final = (
    "Si hay un usuario con ese nombre o ese correo, en unos minutos le llega un enlace para poner una clave nueva."
    " Sirve una hora."
)
POR_CONFIRMAR: Final = "Le enviamos un enlace a {correo}: ábralo antes de una hora. Hasta entonces nada cambia."
CONFIRMADO: Final = "{correo} es ahora el correo de su cuenta."
QUITADO: Final = "Su cuenta ya no tiene correo."
VENCIDO: Final = "Ese enlace ya no sirve. Escriba el correo otra vez."
CLAVE_PUESTA: Final = "Su clave cambió. Ingrese con ella."
NO_ES_SU_CLAVE: Final = "No es su clave."
MUCHOS_ENLACES: Final = "Ya se enviaron varios enlaces de confirmación. Espere {espera} y vuelva a intentar."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def olvidada(request: HttpRequest) -> HttpResponse:
    """Take a name or an address, and answer the same whether there is such a person or not."""
    template = "registration/clave_olvidada.html"
    texto = request.POST.get("quien", "").replace("\x00", "").strip()[:TEXTO_MAX]
    context = {"sin_correo": not services.hay_servidor(), "quien": texto}
    if request.method != "POST" or context["sin_correo"] or not texto:
        return render(request, template, context)
    try:
        guesses.count(request, texto, de=guesses.ENLACE)
    except TooManyGuessesError as refused:
        answer = render(request, template, {**context, "demasiados": demasiados(refused)}, status=429)
        answer["Retry-After"] = str(ceil(refused.wait))
        return answer
    if count_here_too(CADA_HORA, f"clave_pedida:{guesses.account(texto)}") is None:
        services.pedir_clave(texto, actor.ip_de(request) or "")
    return render(request, template, {**context, "enviado": ENVIADO})


class ClaveNuevaForm(StyledForm, SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorten_password_help(self, "new_password1", "new_password2")
        self.fields["new_password1"].label = "Clave nueva"
        self.fields["new_password2"].label = "La clave nueva otra vez"


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class ClaveNuevaView(PasswordResetConfirmView):
    """Set a password with a link of an email. Sessions and the token end as with any new one; a second factor stays."""

    form_class = ClaveNuevaForm
    template_name = "registration/clave_nueva.html"
    success_url = reverse_lazy("ingresar")

    def form_valid(self, form: Any) -> HttpResponse:
        form.user.clave_propia = True
        answer = super().form_valid(form)
        if self.request.user.is_authenticated and self.request.user.pk != form.user.pk:
            logout(self.request)  # whoever sits here now is another person
        if not factor.tiene(form.user):  # or who reads the mailbox would guess the code as often as they like
            guesses.forgive(self.request, form.user.get_username(), rights=0)
        messages.success(self.request, CLAVE_PUESTA)
        return answer


class CorreoForm(StyledForm, forms.Form):
    correo = forms.EmailField(label="Correo", required=False, max_length=TEXTO_MAX)
    clave = forms.CharField(
        label="Su clave",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@sensitive_post_parameters()
@require_POST
@never_cache
@pagina
def cambiar(request: HttpRequest) -> HttpResponse:
    """Send a link to the new address; an empty one takes the old away at once."""
    usuario = usuario_de(request)
    form = CorreoForm(request.POST)
    if not form.is_valid():
        return _rechazado(request, "; ".join(str(error) for errors in form.errors.values() for error in errors))
    try:
        guesses.count(request, usuario.get_username())
    except TooManyGuessesError as refused:
        return _rechazado(request, demasiados(refused))
    if not usuario.check_password(form.cleaned_data["clave"]):
        return _rechazado(request, NO_ES_SU_CLAVE)
    guesses.forgive(request, usuario.get_username())
    correo = form.cleaned_data["correo"]
    if not correo:
        services.cambiar(usuario, "")
        messages.success(request, QUITADO)
    elif not services.hay_servidor():
        return _rechazado(request, "Esta instalación no tiene servidor de correo.")
    elif (wait := _cuenta_enlace(usuario, correo)) is not None:
        return _rechazado(request, MUCHOS_ENLACES.format(espera=formato.duracion(ceil(wait))))
    else:
        services.pedir_confirmacion(usuario, correo)
        messages.info(request, POR_CONFIRMAR.format(correo=correo))
    return redirect("cuenta")


def _cuenta_enlace(usuario: Usuario, correo: str) -> float | None:
    """Count a link to confirm an address; return the seconds until another may be sent, None when this one may."""
    for item, whose in ((POR_PERSONA, f"persona:{usuario.pk}"), (POR_DESTINO, f"destino:{guesses.account(correo)}")):
        if (wait := count_here_too(item, f"correo_por_confirmar:{whose}")) is not None:
            return wait
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def confirmar(request: HttpRequest, token: str) -> HttpResponse:
    """Show the address that a link confirms, and use it: a program that looks at links must not."""
    usuario = usuario_de(request)
    correo = services.correo_de(usuario, token)
    if correo is None:
        return _rechazado(request, VENCIDO)
    if request.method != "POST":
        return render(request, "core/cuenta/correo.html", {"seccion": "cuenta", "correo": correo})
    services.cambiar(usuario, correo)
    messages.success(request, CONFIRMADO.format(correo=correo))
    return redirect("cuenta")


def _rechazado(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("cuenta")
