"""What a programación would do if it occurred now."""

from dataclasses import dataclass
from decimal import Decimal

from campaigns import mensaje as mensajes
from campaigns.audiencia import Audiencia, medir
from campaigns.costo import calcular, grupos_de
from campaigns.models import Remitente
from campaigns.vista_previa import precio
from core.errors import InvalidInputError
from core.models import Usuario


@dataclass(frozen=True, slots=True)
class Resumen:
    """Args:
    recibirian: who would be sent to now.
    segmentos: what that bills; None while there is no text.
    precio: of them; None while no price is configured.
    error: why it cannot be said.
    """

    recibirian: int = 0
    segmentos: int | None = None
    precio: Decimal | None = None
    error: str = ""


def resumir(usuario: Usuario, audiencia: Audiencia, mensaje: str, *, remitente: Remitente | None) -> Resumen:
    """Count and price, without writing anything. An audience without anybody today is no error.

    Args:
        remitente: None for the installation's sender: who opted out of one may receive from another.
    """
    try:
        medir(audiencia, tenant_id=usuario.tenant_id)
        if mensaje.strip():
            mensajes.validate(mensaje)
    except InvalidInputError as error:
        return Resumen() if error.code == "empty" else Resumen(error=error.message)
    costo = calcular(mensaje, grupos_de(audiencia, tenant_id=usuario.tenant_id, remitente=remitente))
    if not mensaje.strip():
        return Resumen(costo.destinatarios)
    return Resumen(costo.destinatarios, costo.segmentos, precio(costo.segmentos))
