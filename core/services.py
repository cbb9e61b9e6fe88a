"""Services that write users, their passwords and their tokens."""

from django.db import transaction
from rest_framework.authtoken.models import Token

from core.models import Usuario


def crear_vendedor(*, admin: Usuario, datos: dict[str, str], clave: str) -> Usuario:
    """Create a vendedor of the shop.

    Args:
        datos: `username`, `first_name` and `last_name`, already validated.
        clave: their first password, already validated.
    """
    vendedor = Usuario(rol=Usuario.Rol.VENDEDOR, creado_por=admin, **datos)
    vendedor.set_password(clave)
    vendedor.save()
    return vendedor


def activar_usuario(*, usuario: Usuario, activo: bool) -> None:
    """Let a vendedor in, or keep them out: then their open sessions and their token end, and stay ended."""
    usuario.is_active = activo
    usuario.save(update_fields=["is_active"])


def cambiar_clave(*, usuario: Usuario, clave: str) -> None:
    """Set a password that somebody else may have known: every session and the token end with the old one."""
    usuario.set_password(clave)
    usuario.save(update_fields=["password"])


def nuevo_token(*, usuario: Usuario) -> str:
    """Make a new API token in the place of the old one."""
    with transaction.atomic():
        # Serialises two clicks: each would delete the same old token and then insert its own.
        Usuario.objects.select_for_update().get(pk=usuario.pk)
        revocar_token(usuario=usuario)
        return str(Token.objects.create(user=usuario).key)


def revocar_token(*, usuario: Usuario) -> bool:
    """End the API token; return False when there was none."""
    return bool(Token.objects.filter(user=usuario).delete()[0])
