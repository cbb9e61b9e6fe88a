"""An operator of the installation sees the data of one shop's clients at a time, says why, and the shop reads it.

OWASP ASVS 5.0, 8.4.1 and 16.3: who runs an installation can get at its rows by other ways too; by this one it is known.
"""

import time
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from core.models import Usuario
from core.registro import Tipo, anotar

# Seconds for which a reason is good.
DURA_S: Final = 1800
MOTIVO_MIN: Final = 10
MOTIVO_MAX: Final = 200
SESION: Final = "acceso"


@dataclass(frozen=True, slots=True)
class Acceso:
    """The shop that an operator has opened.

    Args:
        tienda_id: the shop; None: texts whose shop nobody knows.
    """

    tienda_id: int | None


def abrir(request: HttpRequest, *, operador: Usuario, tienda: Usuario | None, motivo: str) -> None:
    """Open a shop's clients to an operator for half an hour, and write it into the shop's security log.

    Args:
        tienda: its founder; None for texts of no known shop.
        motivo: why, for the people of the shop; already validated.
    """
    anotar(Tipo.ACCESO, usuario=operador, tienda=tienda, request=request, detalle=motivo)
    request.session[SESION] = [tienda and tienda.pk, int(time.time()) + DURA_S]


def vigente(request: HttpRequest) -> Acceso | None:
    """Return what is open to who asks; None when nothing is, or no more."""
    held = request.session.get(SESION)
    if not held or held[1] < time.time():
        return None
    return Acceso(held[0])
