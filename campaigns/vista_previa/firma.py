"""The name by which a text says whose it is: the shop's, or the one that its settings give."""

from typing import Final

from campaigns.mensaje.quien import con_nombre, nombra
from campaigns.models import Ajustes
from core.errors import InvalidInputError
from core.models import Usuario

SIN_NOMBRE: Final = "El texto no dice de quién es, y la tienda lo exige: póngale «{tienda}: » al comienzo."
CODIGO: Final = "sin_remitente"


def falta(mensaje: str, usuario: Usuario, ajustes: Ajustes) -> str:
    """Return the name that the text lacks, to be put in front; "" when it names the shop, or the shop has no name.

    Args:
        usuario: somebody of the shop.
    """
    names = [name for name in (ajustes.alias, usuario.fundador.tienda) if name]
    return names[0] if names and not any(nombra(mensaje, name) for name in names) else ""


def firmado(mensaje: str, usuario: Usuario, ajustes: Ajustes) -> str:
    """Return the text with the shop's name in front if it lacks it."""
    name = falta(mensaje, usuario, ajustes)
    return con_nombre(mensaje, name) if name else mensaje


def exigir(mensaje: str, ajustes: Ajustes, *, field: str = "mensaje") -> None:
    """Refuse a text that does not name the shop, if the shop says so.

    Raises:
        InvalidInputError: naming `field`.
    """
    if ajustes.exigir_nombre and (name := falta(mensaje, ajustes.usuario, ajustes)):
        raise InvalidInputError(SIN_NOMBRE.format(tienda=name), field=field, code=CODIGO)
