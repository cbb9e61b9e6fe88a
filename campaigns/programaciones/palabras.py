"""When a programación occurs, as a person would say it."""

from collections.abc import Sequence
from datetime import time
from typing import Final

from django.conf import settings

from campaigns.values.recurrencia import Frecuencia, Recurrencia
from core.text import formato

DIAS: Final = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábados", "domingos")
DIA: Final = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def en_palabras(recurrencia: Recurrencia) -> str:
    """`Los lunes y jueves a las 9:00 a. m.`; with the zone when it is not the product's."""
    if recurrencia.frecuencia == Frecuencia.CRON:
        said = f"Según la expresión «{recurrencia.cron}»"
    else:
        said = f"{_dias(recurrencia)} {_hora(recurrencia.hora or time())}"
    return said if recurrencia.zona == settings.TIME_ZONE else f"{said}, hora de {lugar(recurrencia.zona)}"


def lugar(zona: str) -> str:
    """`America/Mexico_City` → `Mexico City (America/Mexico_City)`."""
    city = zona.rpartition("/")[2].replace("_", " ")
    return zona if city == zona else f"{city} ({zona})"


def _dias(recurrencia: Recurrencia) -> str:
    if recurrencia.frecuencia == Frecuencia.SEMANAL:
        return _semana(sorted(set(recurrencia.dias)))
    if recurrencia.frecuencia == Frecuencia.MENSUAL:
        return _mes(recurrencia.dia_mes or 0)
    return "Todos los días"


def _semana(dias: list[int]) -> str:
    if len(dias) == 7:
        return "Todos los días"
    if len(dias) > 2 and dias == list(range(dias[0], dias[-1] + 1)):
        return f"De {DIA[dias[0] - 1]} a {DIA[dias[-1] - 1]}"
    return f"Los {_lista([DIAS[dia - 1] for dia in dias])}"


def _mes(dia: int) -> str:
    if dia == 31:
        return "El último día de cada mes"
    return f"El día {dia} de cada mes" + (", o el último si no lo tiene," if dia > 28 else "")


def _hora(hora: time) -> str:
    return f"{'a la' if hora.hour % 12 == 1 else 'a las'} {formato.reloj(hora)}"


def _lista(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} y {words[-1]}"
