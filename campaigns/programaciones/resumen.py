"""The effect that a programación would have if it occurred now, or at its next date."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from campaigns.audiencia.medida import medir
from campaigns.audiencia.seleccion import Audiencia
from campaigns.ley.jornada import dia_del_envio
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import texto
from campaigns.models import Remitente
from campaigns.vista_previa import firma
from campaigns.vista_previa.costo import calcular, grupos_de
from campaigns.vista_previa.reparto import repartir
from core.errors import InvalidInputError
from core.models import Usuario


@dataclass(frozen=True, slots=True)
class Resumen:
    """The audience and the cost of an occurrence now.

    Args:
        recibirian: who would be sent to now.
        segmentos: what that bills; None while there is no text.
        precio: of them; None while the shop has none.
        error: why it cannot be said.
    """

    recibirian: int = 0
    segmentos: int | None = None
    precio: Decimal | None = None
    error: str = ""


def resumir(
    usuario: Usuario, audiencia: Audiencia, mensaje: str, *, remitente: Remitente | None, desde: datetime | None = None
) -> Resumen:
    """Count and price, without writing anything. An audience without anybody today is no error.

    Args:
        remitente: None for the installation's sender: who opted out of one may receive from another.
        desde: when it would occur; now when None.
    """
    try:
        medir(audiencia, tenant_id=usuario.tenant_id)
        if mensaje.strip():
            texto.validate(mensaje)
            firma.exigir(mensaje, ajustes_de(usuario.tenant_id))
    except InvalidInputError as error:
        return Resumen() if error.code == "empty" else Resumen(error=error.message)
    ajustes = ajustes_de(usuario.tenant_id)
    if not mensaje.strip():
        dia = dia_del_envio(ajustes, desde=desde)
        grupos = grupos_de(audiencia, ajustes=ajustes, dia=dia, remitente=remitente)
        return Resumen(calcular(mensaje, grupos).destinatarios)
    reparto = repartir(audiencia, mensaje, ajustes=ajustes, remitente=remitente, desde=desde)
    costo = calcular(mensaje, reparto.grupos)
    return Resumen(costo.destinatarios, costo.segmentos, costo.precio(ajustes))
