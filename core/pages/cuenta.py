"""The page of one's own account, whatever the role: name and password."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import guesses, services
from core.correo import hay_servidor
from core.forms import StyledForm, shorten_password_help
from core.guesses import TooManyGuessesError
from core.models import Usuario
from core.pages.access import pagina, usuario_de
from core.pages.correo import CorreoForm
from core.pages.ingreso import demasiados
from core.permisos import Accion

LA_MISMA = "Es la clave que ya tenía: escoja otra."


class ClavePropiaForm(StyledForm, PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorten_password_help(self, "new_password1", "new_password2")
        self.fields["old_password"].label = "Clave actual"
        self.fields["new_password1"].label = "Clave nueva"
        self.fields["new_password2"].label = "La clave nueva otra vez"
        # The page has other forms; focus belongs to none of them.
        del self.fields["old_password"].widget.attrs["autofocus"]

    def clean_new_password1(self) -> str:
        """Refuse the present one: who must change it would not have."""
        clave: str = self.cleaned_data["new_password1"]
        if self.user.check_password(clave):
            raise forms.ValidationError(LA_MISMA, code="same")
        return clave


class NombreForm(StyledForm, forms.ModelForm[Usuario]):
    """The person's name, and the shop's, which its founder's row keeps, where the person is an admin."""

    tienda = forms.CharField(
        label="Nombre de la tienda",
        required=False,
        max_length=80,
        help_text=str(Usuario._meta.get_field("tienda").help_text),
    )

    class Meta:
        model = Usuario
        fields = ("first_name", "last_name")
        labels = {"first_name": "Nombre", "last_name": "Apellido"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fundadora = self.instance.creado_por or self.instance
        if self.instance.puede(Accion.ADMINISTRAR):
            self.initial["tienda"] = self._fundadora.tienda
        else:
            del self.fields["tienda"]

    def save(self, commit: bool = True) -> Usuario:
        saved = super().save(commit)
        if "tienda" in self.cleaned_data and "tienda" in self.data:
            self._fundadora.tienda = self.cleaned_data["tienda"]
            self._fundadora.save(update_fields=["tienda"])
        return saved


def _pagina(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    usuario = usuario_de(request)
    context.setdefault("nombre", NombreForm(instance=usuario))
    context.setdefault("clave", ClavePropiaForm(usuario))
    context.setdefault("correo", CorreoForm(initial={"correo": usuario.email}))
    context["hay_correo"] = hay_servidor()
    return render(request, "core/cuenta/cuenta.html", {"seccion": "cuenta", **context}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def cuenta(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _pagina(request)
    # A copy, so that the page's header does not show a name that was refused.
    form = NombreForm(request.POST, instance=Usuario.objects.get(pk=usuario_de(request).pk))
    if not form.is_valid():
        return _pagina(request, nombre=form)
    form.save()
    messages.success(request, "Su nombre quedó guardado.")
    return redirect("cuenta")


@sensitive_post_parameters()
@require_POST
@never_cache
@pagina
def clave(request: HttpRequest) -> HttpResponse:
    usuario = usuario_de(request)
    try:
        guesses.count(request, usuario.get_username())  # a session that was left open guesses the password otherwise
    except TooManyGuessesError as refused:
        messages.error(request, demasiados(refused))
        return _pagina(request, status=429)
    form = ClavePropiaForm(usuario, request.POST)
    if not form.is_valid():
        return _pagina(request, clave=form)
    guesses.forgive(request, usuario.get_username())
    services.cambiar_clave(usuario=usuario, clave=form.cleaned_data["new_password1"])
    update_session_auth_hash(request, usuario)  # this session stays; those on other machines end
    messages.success(
        request, "Su clave cambió. Las demás sesiones se cerraron y sus llaves de la API dejaron de servir."
    )
    return redirect("cuenta")
