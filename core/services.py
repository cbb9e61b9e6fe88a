"""Services that write users and their passwords."""

from django.db import transaction

from core.models import Usuario
from core.registro import Tipo, anotar


def crear_vendedor(*, admin: Usuario, datos: dict[str, str], clave: str) -> Usuario:
    """Create a vendedor of the shop.

    Args:
        datos: `username`, `first_name` and `last_name`, already validated.
        clave: their first password, already validated.
    """
    vendedor = Usuario(rol=Usuario.Rol.VENDEDOR, creado_por=admin, **datos)
    vendedor.set_password(clave)
    with transaction.atomic():
        vendedor.save()
        anotar(Tipo.USUARIO, detalle=f"{vendedor.get_username()}, vendedor")
    return vendedor


def activar_usuario(*, usuario: Usuario, activo: bool) -> None:
    """Let a vendedor in, or keep them out: then their open sessions and their keys end, and stay ended."""
    usuario.is_active = activo
    with transaction.atomic():
        usuario.save(update_fields=["is_active"])
        anotar(Tipo.USUARIO_DENTRO if activo else Tipo.USUARIO_FUERA, detalle=usuario.get_username())


def cambiar_clave(*, usuario: Usuario, clave: str) -> None:
    """Set a password that somebody else may have known: every session and every key end with the old one."""
    usuario.set_password(clave)
    usuario.save(update_fields=["password"])
