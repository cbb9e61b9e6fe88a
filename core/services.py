"""Services that write users, their roles and their passwords."""

from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from core import llaves
from core.errors import ConflictError, ForbiddenError, InvalidInputError
from core.models import Usuario
from core.permisos import TABLA, Accion, Rol
from core.registro import Tipo, anotar

ULTIMO: Final = "Es el único administrador que queda: primero haga administrador a otra persona."
FUNDO: Final = "Fundó la tienda, y su rol no cambia. Si ya no trabaja aquí, desactívelo: la tienda sigue."
DE_LA_INSTALACION: Final = "Administra también la instalación: solo otra persona que la administre le cambia algo."
USTED: Final = "Usted no se cambia a sí mismo: que lo haga otro administrador."


def personas_de(tienda_id: int) -> QuerySet[Usuario]:
    """Return the people of a shop, its founder among them: first those who come in."""
    whose = Q(pk=tienda_id) | Q(creado_por=tienda_id)
    return Usuario.objects.filter(whose).order_by("-is_active", "retirado", "first_name", "username")


def aprueban(tienda_id: int) -> QuerySet[Usuario]:
    """Return those of a shop who come in and may approve a campaign."""
    roles = [rol for rol, acciones in TABLA.items() if Accion.APROBAR in acciones]
    return personas_de(tienda_id).filter(rol__in=roles, is_active=True, retirado=False)


def agregar_persona(*, admin: Usuario, rol: str, datos: dict[str, str], clave: str) -> Usuario:
    """Add a person to the shop.

    Args:
        admin: who adds them.
        rol: of those of a shop.
        datos: `username`, `first_name` and `last_name`, already validated.
        clave: their first password, already validated.
    """
    persona = Usuario(rol=rol, creado_por_id=admin.tenant_id, **datos)
    persona.set_password(clave)
    with transaction.atomic():
        persona.save()
        anotar(Tipo.USUARIO, usuario=admin, detalle=f"{persona.get_username()}, {persona.rol}")
    return persona


def cambiar_rol(*, persona: Usuario, rol: str, por: Usuario) -> None:
    """Give a person another role. What they have open obeys it from the next request on, and the keys end that they
    could not make any more.

    Args:
        por: who does it.

    Raises:
        ConflictError: they are the founder, or the last admin, or who does it.
    """
    with transaction.atomic():
        _cuidar(persona, por)
        persona.refresh_from_db()
        if persona.creado_por_id is None:
            raise ConflictError(FUNDO, code="founder")
        if persona.rol == rol:
            return
        if persona.es_admin:
            _queda_otro(persona)
        before, persona.rol = persona.rol, rol
        persona.save(update_fields=["rol"])
        llaves.revocar_las_de_mas(persona)
        anotar(Tipo.ROL, usuario=por, detalle=f"de {persona.get_username()}: {before} → {rol}")


def activar_persona(*, persona: Usuario, activo: bool, por: Usuario) -> None:
    """Let a person in, or keep them out: then their open sessions and their keys end, and stay ended.

    The shop goes on without its founder, who is marked and not deactivated: that would close it.

    Args:
        por: who does it.

    Raises:
        ConflictError: they are the last admin, or who does it.
    """
    with transaction.atomic():
        _cuidar(persona, por)
        persona.refresh_from_db()
        if persona.es_admin and not activo and persona.dentro:
            _queda_otro(persona)
        if persona.creado_por_id is None:
            persona.retirado = not activo
            persona.save(update_fields=["retirado"])
        else:
            persona.is_active = activo
            persona.save(update_fields=["is_active"])
        anotar(Tipo.USUARIO_DENTRO if activo else Tipo.USUARIO_FUERA, usuario=por, detalle=persona.get_username())


def puede_tocar(persona: Usuario, por: Usuario) -> bool:
    """Tell whether somebody may change a person of their shop: who led an installation before shops had several admins
    may be its operator too, and who has that account has every shop."""
    return por.is_superuser or not (persona.is_staff or persona.is_superuser)


def _cuidar(persona: Usuario, por: Usuario) -> None:
    """Hold the shop, so that of two admins who put each other out at once, one stays.

    Raises:
        ConflictError: a person would change themselves.
        ForbiddenError: they are an operator of the installation, and who does it is none.
    """
    if persona.pk == por.pk:
        raise ConflictError(USTED, code="yourself")
    if not puede_tocar(persona, por):
        raise ForbiddenError(DE_LA_INSTALACION, code="operator")
    Usuario.objects.select_for_update(no_key=True).get(pk=persona.tenant_id)


def _queda_otro(persona: Usuario) -> None:
    others = personas_de(persona.tenant_id).filter(rol=Rol.ADMIN, is_active=True, retirado=False)
    if not others.exclude(pk=persona.pk).exists():
        raise ConflictError(ULTIMO, code="last_admin")


def cambiar_clave(*, usuario: Usuario, clave: str) -> None:
    """Set a password that somebody else may have known: every session and every key end with the old one."""
    usuario.set_password(clave)
    usuario.save(update_fields=["password"])


def hacer_operador(*, username: str, clave: str) -> Usuario:
    """Make an operator of the installation, who owns no shop and is of none.

    Args:
        clave: their first password, already validated, which somebody else chose: they choose another.

    Raises:
        InvalidInputError: somebody has the name.
    """
    if Usuario.objects.filter(username__iexact=username).exists():
        raise InvalidInputError(f"Ya hay un usuario «{username}».", field="username")
    usuario = Usuario.objects.create_superuser(username=username, password=clave, clave_ajena=True)
    anotar(Tipo.USUARIO, usuario=usuario, detalle=f"{usuario.get_username()}, {usuario.rol}")
    return usuario
