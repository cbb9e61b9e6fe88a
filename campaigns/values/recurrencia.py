"""The recurrence of a programación: a person's choice, as cron expressions, and the moments these mean.

cronsim does the arithmetic and goes by the clock on the wall, as Debian's cron does. Where a zone changes its clocks,
an hour that is skipped means the first moment after it, and an hour that comes twice means the first of the two. An
hour of the wall occurs once whatever the expression: `*` and `*/2` hours are written out, for cronsim would count real
hours.
"""

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.db.models import TextChoices

from campaigns.values.zonas import zonas
from core.dates import Anos
from core.errors import InvalidInputError

CRON_MAX: Final = 100  # characters
ANNO_MIN, ANNO_MAX = 2000, 2100
UN_MINUTO: Final = re.compile(r"[0-9]{1,2}")
CAMPOS: Final = {
    "minute": "los minutos",
    "hour": "la hora",
    "day-of-month": "el día del mes",
    "month": "el mes",
    "day-of-week": "el día de la semana",
}

FALTA_HORA = "Diga a qué hora."
CON_SEGUNDOS = "La hora va en horas y minutos, sin segundos."
FALTAN_DIAS = "Elija al menos un día de la semana."
DIA_SEMANA = "«{dia}» no es un día de la semana: van de 1 (lunes) a 7 (domingo)."
DIA_MES = "Elija un día del mes, de 1 a 31."
FALTA_CRON = "Escriba la expresión cron, como «0 9 * * 1-5»."
CRON_CAMPOS = "Una expresión cron tiene cinco campos: minuto, hora, día del mes, mes y día de la semana."
CRON_MINUTO = "Los minutos de la expresión deben ser un solo número: ocurre como mucho una vez por hora."
CRON_MALO = "En la expresión cron está mal {campo}."
ZONA = "«{zona}» no es una zona horaria conocida, como America/Bogota."
ANNO = f"La fecha debe estar entre {ANNO_MIN} y {ANNO_MAX}."
ANOS: Final = Anos(ANNO_MIN, ANNO_MAX, ANNO)
AL_REVES = "La fecha final es anterior a la inicial."
NUNCA = "Con estos datos no queda ninguna fecha por venir."


class Frecuencia(TextChoices):
    DIARIA = "diaria", "Todos los días"
    SEMANAL = "semanal", "Algunos días de la semana"
    MENSUAL = "mensual", "Una vez al mes"
    CRON = "cron", "Expresión cron"


@dataclass(frozen=True, slots=True)
class Recurrencia:
    """The rule by which a programación occurs.

    Args:
        hora: of the wall in `zona`; None for `cron`.
        dias: of the week, from 1, Monday, to 7; for `semanal`.
        dia_mes: 1 to 31, for `mensual`; a month that is shorter has it on its last day.
        cron: five fields, for `cron`.
        zona: IANA name.
        desde, hasta: the first and the last day on which it may occur, in `zona`; None is without end.
    """

    frecuencia: str
    zona: str
    desde: date
    hasta: date | None = None
    hora: time | None = None
    dias: tuple[int, ...] = ()
    dia_mes: int | None = None
    cron: str = ""

    def validar(self) -> None:
        """Check the rule.

        Raises:
            InvalidInputError: naming the field.
        """
        _validar_zona(self.zona)
        if self.frecuencia == Frecuencia.CRON:
            normalizar(self.cron)
        elif self.hora is None:
            raise InvalidInputError(FALTA_HORA, field="hora", code="required")
        elif self.hora.second or self.hora.microsecond:
            raise InvalidInputError(CON_SEGUNDOS, field="hora")
        if self.frecuencia == Frecuencia.SEMANAL:
            _validar_dias(self.dias)
        if self.frecuencia == Frecuencia.MENSUAL and not (self.dia_mes and 1 <= self.dia_mes <= 31):
            raise InvalidInputError(DIA_MES, field="dia_mes", code="required")
        for field, day in (("desde", self.desde), ("hasta", self.hasta)):
            if day and not ANNO_MIN <= day.year <= ANNO_MAX:
                raise InvalidInputError(ANNO, field=field)
        if self.hasta and self.hasta < self.desde:
            raise InvalidInputError(AL_REVES, field="hasta")

    def expresiones(self) -> tuple[str, ...]:
        """The cron expressions that together say when; none has `*` minutes or hours."""
        if self.frecuencia == Frecuencia.CRON:
            return (normalizar(self.cron),)
        assert self.hora is not None  # noqa: S101 - `validar` and the schema see to it
        at = f"{self.hora.minute} {self.hora.hour}"
        if self.frecuencia == Frecuencia.SEMANAL:
            return (f"{at} * * {','.join(map(str, sorted(self.dias)))}",)
        if self.frecuencia == Frecuencia.MENSUAL:
            if self.dia_mes == 31:
                return (f"{at} L * *",)
            if self.dia_mes in (29, 30):  # only February is too short for them
                return (f"{at} {self.dia_mes} 1,3-12 *", f"{at} L 2 *")
            return (f"{at} {self.dia_mes} * *",)
        return (f"{at} * * *",)

    def despues_de(self, instante: datetime) -> Iterator[datetime]:
        """Every moment (UTC) at which it occurs after `instante`, in order.

        Args:
            instante: with its zone.
        """
        zona = ZoneInfo(self.zona)
        # Aware datetimes of one zone compare by the wall alone; UTC tells the two passes of a doubled hour apart.
        desde = (datetime.combine(self.desde, time.min, zona) - timedelta(seconds=1)).astimezone(UTC)
        start = max(desde, instante.astimezone(UTC)).astimezone(zona)
        for local in heapq.merge(*(CronSim(expression, start) for expression in self.expresiones())):
            if self.hasta and local.date() > self.hasta:
                return
            moment = local.astimezone(UTC)
            if moment > instante:  # not so in the second pass of an hour that comes twice: it occurred in the first
                yield moment


def normalizar(cron: str) -> str:
    """The expression with its hours written out.

    >>> normalizar("30 */8 * * mon")
    '30 0,8,16 * * MON'

    Raises:
        InvalidInputError: naming `cron` and what is wrong with it.
    """
    fields = cron.upper().split()
    if not fields:
        raise InvalidInputError(FALTA_CRON, field="cron", code="required")
    if len(fields) != 5 or len(cron) > CRON_MAX:
        raise InvalidInputError(CRON_CAMPOS, field="cron")
    minute, _, *day = fields
    if not UN_MINUTO.fullmatch(minute):
        raise InvalidInputError(CRON_MINUTO, field="cron")
    try:
        hours = sorted(CronSim(" ".join(fields), datetime.min).hours)  # noqa: DTZ901 - the parser wants any date
    except CronSimError as error:
        campo = CAMPOS.get(str(error).removeprefix("Bad "), "un campo")
        raise InvalidInputError(CRON_MALO.format(campo=campo), field="cron") from error
    return " ".join([str(int(minute)), ",".join(map(str, hours)), *day])


def _validar_zona(zona: str) -> None:
    if zona not in zonas():
        raise InvalidInputError(ZONA.format(zona=zona[:40]), field="zona")


def _validar_dias(dias: tuple[int, ...]) -> None:
    if not dias:
        raise InvalidInputError(FALTAN_DIAS, field="dias", code="required")
    if strange := [dia for dia in dias if not 1 <= dia <= 7]:
        raise InvalidInputError(DIA_SEMANA.format(dia=strange[0]), field="dias")
