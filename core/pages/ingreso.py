"""Signing in with a password and a second factor, for the pages and for Django's admin, how often one may guess, saying
again who one is, and signing out."""

from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core import guesses, registro, sessions
from core.factor import passkeys, pendiente
from core.factor import services as factor
from core.guesses import TooManyGuessesError
from core.models import Usuario
from core.pages.access import pagina, usuario_de
from core.registro import Tipo
from core.text import formato

DEMASIADOS = "Demasiados intentos. Espere {espera} y vuelva a intentar."
CODIGO_MALO = "Ese código no sirve: puede estar vencido o ya usado. Escriba el que muestra la aplicación ahora."
LLAVE_MALA = "Esa llave de acceso no sirve aquí. Escriba un código."
# The challenge that a passkey signs, in the session for one answer.
RETO = "reto"
# What the security log says of a wrong guess.
SEGUNDO = "segundo factor"
AL_CONFIRMAR = "al confirmar quién es"
NO_ES = "No es correcto. Intente de nuevo."
SOLO_OPERADOR = "Solo quien administra la instalación entra aquí."


def demasiados(refused: TooManyGuessesError) -> str:
    """Return the sentence for who has guessed too often."""
    return DEMASIADOS.format(espera=formato.duracion(ceil(refused.wait)))


class IngresoView(LoginView):
    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in, and answer 429 when there were too many guesses: see `core.guesses`."""
        try:
            return super().post(request, *args, **kwargs)
        except TooManyGuessesError as error:
            refused = error
        # Not bound to what was sent: that would check the password after all.
        form = AuthenticationForm(request, initial={"username": request.POST.get("username", "")})
        context = self.get_context_data(demasiados=demasiados(refused), form=form)
        answer = self.render_to_response(context, status=429)
        answer["Retry-After"] = str(ceil(refused.wait))
        return answer

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        usuario = form.get_user()
        if factor.tiene(usuario):
            pendiente.empezar(self.request, usuario, self.get_success_url())
            return redirect("ingresar-codigo")
        return _known(super().form_valid(form), usuario)


def _known(answer: HttpResponse, usuario: Usuario) -> HttpResponse:
    guesses.remember_browser(answer, usuario.get_username(), secure=settings.SESSION_COOKIE_SECURE)
    return answer


def _fallo(
    request: HttpRequest, usuario: Usuario, error: str, template: str, *, detalle: str = SEGUNDO, **context: Any
) -> HttpResponse:
    """Write a wrong guess down, and show the form again."""
    registro.anotar(Tipo.INGRESO_FALLIDO, usuario=usuario, request=request, detalle=detalle)
    return render(request, template, {"error": error, **context})


def _demasiados(request: HttpRequest, refused: TooManyGuessesError, template: str, **context: Any) -> HttpResponse:
    answer = render(request, template, {"demasiados": demasiados(refused), **context}, status=429)
    answer["Retry-After"] = str(ceil(refused.wait))
    return answer


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def codigo(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the person whose password was right, and sign them in."""
    template = "registration/codigo.html"
    held = pendiente.quien(request)
    if held is None:
        pendiente.terminar(request)
        return redirect("ingresar")
    usuario, volver = held
    signed = request.session.pop(RETO, "")
    request.session[RETO] = reto = passkeys.reto_nuevo()
    context: dict[str, Any] = {"opciones": passkeys.opciones_para_ingresar(usuario, reto)}
    if request.method != "POST":
        return render(request, template, context)
    try:
        guesses.count(request, usuario.get_username())
    except TooManyGuessesError as refused:
        return _demasiados(request, refused, template, **context)
    if "respuesta" in request.POST:
        if not passkeys.verificar(usuario=usuario, reto=signed, respuesta=request.POST["respuesta"]):
            return _fallo(request, usuario, LLAVE_MALA, template, **context)
    elif not factor.verificar(usuario=usuario, texto=request.POST.get("codigo", "")):
        return _fallo(request, usuario, CODIGO_MALO, template, **context)
    guesses.forgive(request, usuario.get_username(), rights=2)  # the password before it too
    pendiente.terminar(request)
    login(request, usuario)
    sessions.confirmar(request, factor=True)
    return _known(redirect(volver), usuario)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def confirmar(request: HttpRequest) -> HttpResponse:
    """Ask again who the person is: by the password or, where there is a second factor, by a code."""
    template = "registration/confirmar.html"
    usuario = usuario_de(request)
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    volver = asked if safe else reverse("cuenta")
    context = {"next": volver, "con_factor": factor.tiene(usuario)}
    if request.method != "POST":
        return render(request, template, context)
    try:
        guesses.count(request, usuario.get_username())
    except TooManyGuessesError as refused:
        return _demasiados(request, refused, template, **context)
    said = request.POST.get("clave", "")
    if not (usuario.check_password(said) or factor.verificar(usuario=usuario, texto=said)):
        return _fallo(request, usuario, NO_ES, template, detalle=AL_CONFIRMAR, **context)
    guesses.forgive(request, usuario.get_username())
    sessions.confirmar(request)
    return redirect(volver)


class SalidaView(LogoutView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out, and have the browser forget the pages that it was let keep, and what pages keep in its storage.

        https://www.w3.org/TR/clear-site-data/. The service worker of notifications goes too; the next person's page
        registers it again.
        """
        answer = super().dispatch(request, *args, **kwargs)
        if not request.user.is_authenticated:
            answer["Clear-Site-Data"] = '"cache", "storage"'
        return answer


class IngresoAdminView(IngresoView):
    """The same door for Django's admin, which would bring one of its own, without limits."""

    next_page = "admin:index"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse who is signed in and may not enter: sending them back here would never end."""
        if request.user.is_authenticated and not request.user.is_staff:
            raise PermissionDenied(SOLO_OPERADOR)
        return super().dispatch(request, *args, **kwargs)
