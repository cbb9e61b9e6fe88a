"""The names of the settings and of their values, as the history says them."""

from collections.abc import Iterator
from typing import Any

from campaigns.ley.reglas import POR_NOMBRE
from campaigns.values.ventanas import DIAS, NOMBRES


def en_palabras(cambios: dict[str, list[Any]]) -> Iterator[tuple[str, str, str]]:
    """(setting, before, after) of each change; of the timetable only the days that changed."""
    for name, (before, after) in cambios.items():
        if name == "ventanas":
            for dia, escrito in zip(DIAS, NOMBRES, strict=True):
                if before.get(dia) != after.get(dia):
                    yield f"Horario del {escrito}", _valor(before.get(dia)), _valor(after.get(dia))
        else:
            yield _nombre(name), _valor(before), _valor(after)


def _nombre(name: str) -> str:
    """Return the history's name of a setting; the plain name of one that is gone."""
    ajuste = POR_NOMBRE.get(name)
    return (ajuste.history or ajuste.label) if ajuste else name


def _valor(value: Any) -> str:
    match value:
        case True:
            return "sí"
        case False:
            return "no"
        case {"abre": abre, "cierra": cierra}:
            return f"{abre} a {cierra}"
        case None | "" | []:
            return "—"
        case dict():
            return ", ".join(f"{key} {one}" for key, one in value.items()) or "—"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
