"""The jornada of a campaign: the stretch in which it may send, bounded by the shop's window and by its calendar day.

What a shop may spend, and how often it may write to a phone, is counted by day: so a jornada never crosses midnight,
and everything that is sent in one belongs to one day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils import timezone

from campaigns.models import Ajustes, CampanaSMS
from campaigns.values.horario import close_of, dia_de, fin_del_dia, next_open

# The last messages leave this long before the window closes. Their ValidityPeriod ends at the close, and one of a few
# seconds would expire in Twilio's queue.
MARGEN: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Jornada:
    """A stretch of time in which a campaign may send.

    Args:
        dia: on the shop's calendar.
        desde: when it begins.
        cierra_en: nothing is handed to Twilio from then on.
        ventana_hasta: nothing is delivered from then on; None when no window ends it.
    """

    dia: date
    desde: datetime
    cierra_en: datetime
    ventana_hasta: datetime | None


def jornada_desde(ajustes: Ajustes, at: datetime, *, a_toda_hora: bool = False) -> Jornada | None:
    """The jornada at this moment, or else the next one; None when the shop's timetable has none.

    Args:
        a_toda_hora: the campaign may leave outside the windows.
    """
    horario = None if a_toda_hora else ajustes.horario
    if horario is None:
        return Jornada(dia_de(ajustes.zona, at), at, fin_del_dia(ajustes.zona, at), None)
    opens = next_open(horario, at)
    while opens is not None and (closes := close_of(horario, opens)) is not None:
        if closes - MARGEN > opens:
            cierra_en = min(closes - MARGEN, fin_del_dia(horario.zona, opens))
            return Jornada(dia_de(horario.zona, opens), opens, cierra_en, closes)
        opens = next_open(horario, closes)
    return None


def jornada_de(campana: CampanaSMS, ajustes: Ajustes, at: datetime) -> Jornada | None:
    """The campaign's jornada at this moment, or else its next one.

    That of an answer to a client who wrote a short time before ends when the shop is not free any more to answer at any
    hour: what is left of it waits for a window, as everything does.
    """
    if campana.clase == CampanaSMS.Clase.PROMOCIONAL and campana.libre_hasta is not None and campana.libre(at):
        cierra_en = min(campana.libre_hasta, fin_del_dia(ajustes.zona, at))
        return Jornada(dia_de(ajustes.zona, at), at, cierra_en, campana.libre_hasta + MARGEN)
    return jornada_desde(ajustes, at, a_toda_hora=campana.clase != CampanaSMS.Clase.PROMOCIONAL)


def dia_del_envio(ajustes: Ajustes, *, a_toda_hora: bool = False, desde: datetime | None = None) -> date:
    """The day whose quotas the first messages of a campaign would take.

    Args:
        desde: when it starts; now when None.
    """
    start = desde or timezone.now()
    jornada = jornada_desde(ajustes, start, a_toda_hora=a_toda_hora)
    return jornada.dia if jornada else dia_de(ajustes.zona, start)


def jornada_tras(ajustes: Ajustes, hasta: date, *, a_toda_hora: bool = False) -> Jornada | None:
    """The first jornada after a day of the shop's calendar: the one in which a campaign that a cap stopped goes on.

    Args:
        hasta: the last day on which the cap lets nothing through.
    """
    return jornada_desde(ajustes, _dia_siguiente(ajustes, hasta), a_toda_hora=a_toda_hora)


def jornada_de_tras(campana: CampanaSMS, ajustes: Ajustes, hasta: date) -> Jornada | None:
    """The campaign's first jornada after a day of the shop's calendar, as `jornada_tras` says."""
    return jornada_de(campana, ajustes, _dia_siguiente(ajustes, hasta))


def _dia_siguiente(ajustes: Ajustes, dia: date) -> datetime:
    return fin_del_dia(ajustes.zona, datetime.combine(dia, time(12), tzinfo=ajustes.zona))
