"""An admin's pages about the people of the shop: who they are, what each may do, and how they come in."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import RateLimitItemPerDay

from core import services, sessions
from core.api.throttling import count_here_too, spent
from core.errors import ConflictError
from core.forms import StyledForm, shorten_password_help
from core.models import Usuario
from core.pages.access import con_permiso, pagina, reciente, usuario_de
from core.pages.rates import rechazar
from core.permisos import DE_TIENDA, EN_PALABRAS, Accion, Rol

AYUDA_USUARIO = "Con él ingresa. Letras, números y @ . + - _, sin espacios."
# One sentence for a name that somebody has, in whatever shop, and for one that nobody may have: whoever tries names
# does not learn which there are. OWASP ASVS 5.0, 6.3.8
NO_SIRVE = "Ya existe o no se puede usar: elija otro usuario, de letras, números y @ . + - _, sin espacios."
# Forms of a shop that were refused, for whatever reason: each may have tried a name.
REFUSED: Final = RateLimitItemPerDay(30)
SOLO_ADMIN = "Solo un administrador ve y cambia las personas de la tienda."
ROLES: Final = [(rol, Rol(rol).label) for rol in DE_TIENDA]


class PersonaForm(StyledForm, UserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """The form of a new person, whose role is asked for last: the model's own field would offer the installation's."""

    rol = forms.ChoiceField(label="Rol", choices=ROLES, initial=Rol.VENDEDOR)

    class Meta:
        model = Usuario
        fields = ("first_name", "last_name", "username")
        labels = {"first_name": "Nombre", "last_name": "Apellido", "username": "Usuario"}
        help_texts = {"username": AYUDA_USUARIO}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        if data and not data.get("rol"):
            data = data.copy()
            data["rol"] = Rol.VENDEDOR  # the least one: a form of before sends none
        super().__init__(data, **kwargs)
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
    """The form by which an admin gives somebody of the shop a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorten_password_help(self, "new_password1", "new_password2")
        self.fields["new_password1"].label = "Clave nueva"


class RolForm(StyledForm, forms.Form):
    rol = forms.ChoiceField(label="Rol", choices=ROLES)


def _persona(request: HttpRequest, pk: int) -> Usuario:
    """Return another person of the admin's shop; one's own account has pages of its own."""
    admin = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    persona = get_object_or_404(services.personas_de(admin.tenant_id).exclude(pk=admin.pk), pk=pk)
    if not services.puede_tocar(persona, admin):
        raise PermissionDenied(services.DE_LA_INSTALACION)
    return persona


@require_safe
@never_cache
@pagina
def usuarios(request: HttpRequest) -> HttpResponse:
    admin = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    context = {"seccion": "usuarios", "personas": services.personas_de(admin.tenant_id), "roles": _roles()}
    return render(request, "core/usuarios/usuarios.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("usuarios")
def nuevo(request: HttpRequest) -> HttpResponse:
    admin = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    key = f"usuarios:{admin.tenant_id}"
    if request.method == "POST" and (wait := spent(REFUSED, key)) is not None:
        return rechazar(request, wait)
    # Whose shop it is, so that its name is no password.
    instance = Usuario(rol=Rol.VENDEDOR, creado_por_id=admin.tenant_id)
    form = PersonaForm(request.POST or None, instance=instance)
    if form.is_bound and not form.is_valid():
        count_here_too(REFUSED, key)
    elif form.is_bound:
        datos = {name: form.cleaned_data[name] for name in ("username", "first_name", "last_name")}
        persona = services.agregar_persona(
            admin=admin, rol=form.cleaned_data["rol"], datos=datos, clave=form.cleaned_data["password1"]
        )
        said = f"{persona.get_full_name()} ya puede ingresar como «{persona.username}», y escoge su propia clave."
        messages.success(request, said)
        return redirect("usuarios")
    return render(request, "core/usuarios/nuevo.html", {"seccion": "usuarios", "form": form, "roles": _roles()})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("usuarios")
def rol(request: HttpRequest, pk: int) -> HttpResponse:
    persona = _persona(request, pk)
    form = RolForm(request.POST or None, initial={"rol": persona.rol})
    if form.is_valid():
        try:
            services.cambiar_rol(persona=persona, rol=form.cleaned_data["rol"], por=usuario_de(request))
        except ConflictError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"«{persona.username}» es ahora {persona.get_rol_display().lower()}.")
        return redirect("usuarios")
    context = {"seccion": "usuarios", "form": form, "persona": persona, "roles": _roles()}
    return render(request, "core/usuarios/rol.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("usuarios")
def clave(request: HttpRequest, pk: int) -> HttpResponse:
    persona = _persona(request, pk)
    form = ClaveAjenaForm(persona, request.POST or None)
    if form.is_valid():
        services.cambiar_clave(usuario=persona, clave=form.cleaned_data["new_password1"])
        said = f"La clave de «{persona.username}» cambió, y se cerraron sus sesiones. Al ingresar escoge la suya."
        messages.success(request, said)
        return redirect("usuarios")
    return render(request, "core/usuarios/clave.html", {"seccion": "usuarios", "form": form, "persona": persona})


@require_POST
@pagina
def cerrar_sesiones(request: HttpRequest, pk: int) -> HttpResponse:
    """End a person's sessions. It asks for no password first: somebody may be in a hurry."""
    persona = _persona(request, pk)
    sessions.cerrar_todas(persona)
    messages.success(request, f"Las sesiones de «{persona.username}» se cerraron.")
    return redirect("usuarios")


@require_POST
@pagina
@reciente("usuarios")
def activar(request: HttpRequest, pk: int, activo: bool) -> HttpResponse:
    persona = _persona(request, pk)
    try:
        services.activar_persona(persona=persona, activo=activo, por=usuario_de(request))
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        said = "puede ingresar otra vez" if activo else "ya no puede ingresar, y se cerraron sus sesiones"
        messages.success(request, f"«{persona.username}» {said}.")
    return redirect("usuarios")


def _roles() -> list[tuple[str, str]]:
    """Return each role's name, and what it may do in words."""
    return [(Rol(rol).label, said) for rol, said in EN_PALABRAS.items()]
