"""An admin's page about the vendedores of the shop."""

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import RateLimitItemPerDay

from core import services, sessions
from core.api.throttling import count_here_too, spent
from core.forms import StyledForm, shorten_password_help
from core.models import Usuario
from core.pages.access import admin_de, pagina, reciente
from core.pages.rates import rechazar

AYUDA_USUARIO = "Con él ingresa. Letras, números y @ . + - _, sin espacios."
# One sentence for a name that somebody has, in whatever shop, and for one that nobody may have: whoever tries names
# does not learn which there are. OWASP ASVS 5.0, 6.3.8
NO_SIRVE = "Ya existe o no se puede usar: elija otro usuario, de letras, números y @ . + - _, sin espacios."
# Forms of a shop that were refused, for whatever reason: each may have tried a name.
REFUSED: Final = RateLimitItemPerDay(30)
SOLO_ADMIN = "Solo un administrador ve y cambia los usuarios."


class VendedorForm(StyledForm, UserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Usuario
        fields = ("first_name", "last_name", "username")
        labels = {"first_name": "Nombre", "last_name": "Apellido", "username": "Usuario"}
        help_texts = {"username": AYUDA_USUARIO}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = True
        self.fields["username"].widget.attrs.update(autofocus=False, autocomplete="off")
        self.fields["password1"].label = "Clave"
        self.fields["username"].error_messages["invalid"] = NO_SIRVE
        shorten_password_help(self, "password1", "password2")

    def full_clean(self) -> None:
        super().full_clean()
        # Known only now: the form and the model both look whether somebody has the name.
        if self.has_error("username") and not self.has_error("username", "required"):
            del self.errors["username"]
            self.add_error("username", ValidationError(NO_SIRVE, code="invalid"))


class ClaveAjenaForm(StyledForm, SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """The form by which an admin gives a vendedor a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorten_password_help(self, "new_password1", "new_password2")
        self.fields["new_password1"].label = "Clave nueva"


def _vendedor(request: HttpRequest, pk: int) -> Usuario:
    return get_object_or_404(admin_de(request, SOLO_ADMIN).vendedores, pk=pk)


@require_safe
@never_cache
@pagina
def usuarios(request: HttpRequest) -> HttpResponse:
    vendedores = admin_de(request, SOLO_ADMIN).vendedores.order_by("-is_active", "first_name", "username")
    return render(request, "core/usuarios/usuarios.html", {"seccion": "usuarios", "vendedores": vendedores})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("usuarios")
def nuevo(request: HttpRequest) -> HttpResponse:
    admin = admin_de(request, SOLO_ADMIN)
    key = f"usuarios:{admin.pk}"
    if request.method == "POST" and (wait := spent(REFUSED, key)) is not None:
        return rechazar(request, wait)
    # Whose shop it is, so that its name is no password.
    form = VendedorForm(request.POST or None, instance=Usuario(rol=Usuario.Rol.VENDEDOR, creado_por=admin))
    if form.is_bound and not form.is_valid():
        count_here_too(REFUSED, key)
    elif form.is_bound:
        datos = {name: form.cleaned_data[name] for name in ("username", "first_name", "last_name")}
        vendedor = services.crear_vendedor(admin=admin, datos=datos, clave=form.cleaned_data["password1"])
        said = f"{vendedor.get_full_name()} ya puede ingresar como «{vendedor.username}», y escoge su propia clave."
        messages.success(request, said)
        return redirect("usuarios")
    return render(request, "core/usuarios/nuevo.html", {"seccion": "usuarios", "form": form})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("usuarios")
def clave(request: HttpRequest, pk: int) -> HttpResponse:
    vendedor = _vendedor(request, pk)
    form = ClaveAjenaForm(vendedor, request.POST or None)
    if form.is_valid():
        services.cambiar_clave(usuario=vendedor, clave=form.cleaned_data["new_password1"])
        said = f"La clave de «{vendedor.username}» cambió, y se cerraron sus sesiones. Al ingresar escoge la suya."
        messages.success(request, said)
        return redirect("usuarios")
    return render(request, "core/usuarios/clave.html", {"seccion": "usuarios", "form": form, "vendedor": vendedor})


@require_POST
@pagina
def cerrar_sesiones(request: HttpRequest, pk: int) -> HttpResponse:
    """End a vendedor's sessions. It asks for no password first: somebody may be in a hurry."""
    vendedor = _vendedor(request, pk)
    sessions.cerrar_todas(vendedor)
    messages.success(request, f"Las sesiones de «{vendedor.username}» se cerraron.")
    return redirect("usuarios")


@require_POST
@pagina
@reciente("usuarios")
def activar(request: HttpRequest, pk: int, activo: bool) -> HttpResponse:
    vendedor = _vendedor(request, pk)
    services.activar_usuario(usuario=vendedor, activo=activo)
    said = "puede ingresar otra vez" if activo else "ya no puede ingresar, y se cerraron sus sesiones"
    messages.success(request, f"«{vendedor.username}» {said}.")
    return redirect("usuarios")
