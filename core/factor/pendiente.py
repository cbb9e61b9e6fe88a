"""A sign-in that waits for its second factor: the password was right, and nobody is signed in yet."""

import time
from typing import Final

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from core.models import Usuario

CLAVE: Final = "pendiente"
DURA_S: Final = 600


def empezar(request: HttpRequest, usuario: Usuario, volver: str) -> None:
    """Remember whose password was right.

    Args:
        volver: where the person wanted to go, an address of ours.
    """
    request.session.cycle_key()
    request.session[CLAVE] = {
        "usuario": usuario.pk,
        "prueba": usuario.get_session_auth_hash(),
        "hasta": int(time.time()) + DURA_S,
        "volver": volver,
    }


def quien(request: HttpRequest) -> tuple[Usuario, str] | None:
    """Return who it was and where they wanted to go; None when it is too late, or they may not sign in any more."""
    held = request.session.get(CLAVE)
    if not held or held["hasta"] < time.time():
        return None
    usuario = Usuario.objects.select_related("creado_por").filter(pk=held["usuario"]).first()
    if usuario is None or not usuario.puede_ingresar:
        return None
    # A password that was changed meanwhile proves nothing.
    if not constant_time_compare(held["prueba"], usuario.get_session_auth_hash()):
        return None
    return usuario, held["volver"]


def terminar(request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(CLAVE, None)
