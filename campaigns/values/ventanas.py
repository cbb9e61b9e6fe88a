"""The timetable of the week as it is stored and as the API takes it: `{"lunes": {"abre": "08:00", "cierra": "19:00"},
…, "domingo": null}`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from campaigns.values.horario import DIA, Franja
from core.errors import InvalidInputError

DIAS: Final = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo")
NOMBRES: Final = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
HORA: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")

NO_ES_HORA = "«{valor}» no es una hora: escríbala como 08:00, o 24:00 para el final del día."
AL_REVES = "Debe cerrar después de abrir: {abre} – {cierra}."
NO_ES_DIA = "«{dia}» no es un día: use {dias}."
NO_ES_FRANJA = 'Se esperaba {"abre": "08:00", "cierra": "19:00"}, o null si ese día no se envía.'


def semana(ventanas: Mapping[str, Any]) -> tuple[Franja | None, ...]:
    """Monday to Sunday.

    Raises:
        InvalidInputError: naming the day, as `ventanas.lunes`.
    """
    if strange := [dia for dia in ventanas if dia not in DIAS]:
        text = NO_ES_DIA.format(dia=str(strange[0])[:20], dias=", ".join(DIAS))
        raise InvalidInputError(text, field="ventanas", code="invalid")
    return tuple(_franja(dia, ventanas.get(dia)) for dia in DIAS)


def _franja(dia: str, value: Any) -> Franja | None:
    field = f"ventanas.{dia}"
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.keys() != {"abre", "cierra"}:
        raise InvalidInputError(NO_ES_FRANJA, field=field, code="invalid")
    abre, cierra = (_minutes(value[name], f"{field}.{name}") for name in ("abre", "cierra"))
    if abre >= cierra:
        raise InvalidInputError(AL_REVES.format(**value), field=field, code="invalid")
    return Franja(abre, cierra)


def _minutes(value: Any, field: str) -> int:
    found = HORA.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidInputError(NO_ES_HORA.format(valor=str(value)[:20]), field=field, code="invalid")
    return int(found[1]) * 60 + int(found[2]) if found[1] else DIA
