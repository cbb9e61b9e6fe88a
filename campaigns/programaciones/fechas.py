"""The next dates of a programación: when each really leaves, to how many, and for how much."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from campaigns.audiencia.seleccion import Audiencia
from campaigns.ley.gasto import topes_de
from campaigns.ley.jornada import Jornada, jornada_desde
from campaigns.models import Ajustes, Remitente
from campaigns.values.horario import dia_de
from campaigns.vista_previa.costo import calcular
from campaigns.vista_previa.reparto import NUNCA, Calendario, Reparto, repartir
from core.text import formato

JUNTO_A_OTRA: Final = "Sale el mismo día que otra fecha: por el tope de mensajes, quien reciba una no recibe las dos."


@dataclass(frozen=True, slots=True)
class Fecha:
    """One date of a programación.

    Args:
        momento: when it occurs, on the programación's clock.
        sale: when its first messages leave, on the same clock; None when none would.
        recibirian: how many would be sent to; None when that is not asked.
        precio: what they cost, for people; "" when nobody knows.
        nota: what may surprise about it.
    """

    momento: datetime
    sale: datetime | None
    recibirian: int | None = None
    precio: str = ""
    nota: str = ""

    @property
    def movida(self) -> bool:
        """Tell whether it leaves at another moment than it says."""
        return self.sale is None or self.sale > self.momento


def fechas(ajustes: Ajustes, momentos: Sequence[datetime]) -> list[Fecha]:
    """Tell when what occurs at these moments leaves, by the shop's hours.

    Args:
        momentos: in the zone in which they are shown.
    """
    return [_fecha(momento, jornada_desde(ajustes, momento)) for momento in momentos]


def _fecha(momento: datetime, jornada: Jornada | None) -> Fecha:
    zona = momento.tzinfo or ZoneInfo("UTC")
    return Fecha(momento, jornada.desde.astimezone(zona) if jornada else None, nota="" if jornada else NUNCA)


def prever(
    ajustes: Ajustes, audiencia: Audiencia, mensaje: str, momentos: Sequence[datetime], *, remitente: Remitente | None
) -> list[Fecha]:
    """Count each date's recipients and cost, as the engine would on its day.

    Args:
        audiencia: with somebody in it.
        remitente: None for the installation's sender.
    """
    today, capped = dia_de(ajustes.zona, timezone.now()), next(topes_de(ajustes), None) is not None
    # Nothing is counted yet against a day that is to come: where no cap stops them, such days are all alike. A cap is
    # of a day or a month, and what a date takes of it the later ones do not have.
    known: dict[date | None, Reparto] = {}
    calendario = Calendario(ajustes)
    found = []
    for fecha in fechas(ajustes, momentos):
        if fecha.sale is None:
            found.append(fecha)
            continue
        dia = dia_de(ajustes.zona, fecha.sale)
        key = dia if dia == today else None
        if capped or key not in known:
            known[key] = repartir(
                audiencia,
                mensaje,
                ajustes=ajustes,
                remitente=remitente,
                desde=fecha.momento,
                calendario=calendario,
            )
        found.append(_contada(fecha, known[key], mensaje, ajustes))
    return _sin_sorpresas(found, ajustes)


def _contada(fecha: Fecha, reparto: Reparto, mensaje: str, ajustes: Ajustes) -> Fecha:
    costo = calcular(mensaje, reparto.grupos)
    precio = costo.precio(ajustes) if mensaje.strip() else None
    sale = fecha.sale
    if reparto.salidas and not reparto.todos_juntos:
        # A cap has its own days, and each date its own plan.
        sale = reparto.salidas[0].desde.astimezone(fecha.momento.tzinfo)
    parts = []
    if len(reparto.salidas) > 1:
        last = formato.proximo(reparto.salidas[-1].desde, fecha.momento.tzinfo)
        first = formato.numero(reparto.salidas[0].cantidad)
        parts.append(formato.frase(f"{first} ese día, por el tope; los demás, hasta {last}."))
    if reparto.no_salen:
        parts.append(f"{formato.numero(reparto.no_salen)} no se enviarían. {reparto.motivo}")
    return replace(
        fecha,
        sale=sale,
        recibirian=costo.destinatarios,
        precio=formato.dinero(precio) if precio is not None else "",
        nota=" ".join(parts),
    )


def _sin_sorpresas(found: list[Fecha], ajustes: Ajustes) -> list[Fecha]:
    """Say where several dates leave on one day, and the cap on contacts lets a phone have only some of them."""
    most = ajustes.tope_por_telefono
    days = Counter(dia_de(ajustes.zona, fecha.sale) for fecha in found if fecha.sale)
    return [
        replace(fecha, nota=f"{fecha.nota} {JUNTO_A_OTRA}".strip())
        if most and fecha.sale and days[dia_de(ajustes.zona, fecha.sale)] > most
        else fecha
        for fecha in found
    ]
