"""The values that a new shop begins with, each with its source. They are no legal advice: every one is a setting."""

from typing import Any, Final

from django.conf import settings

from campaigns.values.horario import paises
from campaigns.values.ventanas import DIAS

# Ley 2300 de 2023 allows contact Monday to Friday 07:00–19:00 and Saturday 08:00–15:00, never on Sundays or holidays,
# and counts advertising by SMS as such (art. 5, par. 3). Colombia's carriers take commercial messages from 08:00 to
# 21:00. The default keeps both.
LABORAL: Final = {"abre": "08:00", "cierra": "19:00"}
SABADO: Final = {"abre": "08:00", "cierra": "15:00"}

# At most one contact a day. Whether Ley 2300 de 2023 says so of advertising too is disputed: on, and may be changed.
FRECUENCIA_MAXIMA: Final = 1

# A number that enters the Registro de Números Excluidos must be left alone five working days later (Resolución CRC 5050
# de 2016): a consultation is good for a week.
RNE_VIGENCIA_DIAS: Final = 7

# Ley 2300 de 2023 makes the consultation mandatory. It has no interface for programs, so a new shop has none yet, and
# every preview says so; a shop that wants the engine to insist switches it on.
RNE_EXIGIR_CONSULTA: Final = False

# Ley 1581 de 2012 asks for consent that can be proved, and the proof may lie elsewhere: on paper, in the till. A shop
# that comes with its clients has none of it here yet, and a protection that stops every message on the first day is
# switched off on the first day. So it is off, and every preview says how many have none on record.
EXIGIR_CONSENTIMIENTO: Final = False

# Who gets publicity has to be able to tell whose it is (Ley 1581 de 2012, art. 12). A text may say so in other words
# than the shop's name, so the review warns, and a shop that wants a refusal switches it on.
EXIGIR_NOMBRE: Final = False


def ventanas() -> dict[str, Any]:
    *laborales, sabado, domingo = DIAS
    return {**{dia: dict(LABORAL) for dia in laborales}, sabado: dict(SABADO), domingo: None}


def zona_horaria() -> str:
    """The installation's own, which is America/Bogota unless somebody says otherwise."""
    return settings.TIME_ZONE


def festivos_pais() -> str:
    """The country of the phones that are written without a prefix."""
    pais: str = settings.PHONE_DEFAULT_REGION
    return pais if pais in paises() else ""


def plazo_h() -> float:
    """The installation's own: 72 unless somebody says otherwise. The longest stretch without a window is 65 hours, from
    Saturday 15:00 to Tuesday 08:00 after a holiday."""
    hours: float = settings.CAMPAIGN_DEADLINE_H
    return hours
