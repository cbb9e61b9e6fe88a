"""Services that write users, their passwords and their tokens."""

from django.db import transaction
from rest_framework.authtoken.models import Token

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
    """Let a vendedor in, or keep them out: then their open sessions and their token end, and stay ended."""
    usuario.is_active = activo
    with transaction.atomic():
        usuario.save(update_fields=["is_active"])
        anotar(Tipo.USUARIO_DENTRO if activo else Tipo.USUARIO_FUERA, detalle=usuario.get_username())


def cambiar_clave(*, usuario: Usuario, clave: str) -> None:
    """Set a password that somebody else may have known: every session and the token end with the old one."""
    usuario.set_password(clave)
    usuario.save(update_fields=["password"])


def nuevo_token(*, usuario: Usuario) -> str:
    """Make a new API token in the place of the old one."""
    with transaction.atomic():
        # Serialises two clicks: each would delete the same old token and then insert its own.
        Usuario.objects.select_for_update().get(pk=usuario.pk)
        Token.objects.filter(user=usuario).delete()
        anotar(Tipo.TOKEN_NUEVO, usuario=usuario)
        return str(Token.objects.create(user=usuario).key)


def revocar_token(*, usuario: Usuario) -> bool:
    """End the API token; return False when there was none."""
    with transaction.atomic():
        ended = bool(Token.objects.filter(user=usuario).delete()[0])
        if ended:
            anotar(Tipo.TOKEN_REVOCADO, usuario=usuario)
    return ended
