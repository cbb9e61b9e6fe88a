"""How the history calls each setting, and what it held."""

from collections.abc import Iterator
from typing import Any, Final

from campaigns.values.ventanas import DIAS, NOMBRES

AJUSTES: Final = {
    "ventanas_activas": "Enviar solo dentro del horario",
    "zona_horaria": "Zona horaria",
    "ventanas": "Horario",
    "festivos_pais": "Festivos de",
    "dias_cerrados": "Otros días cerrados",
    "plazo_h": "Plazo (horas)",
    "frecuencia_activa": "Limitar los mensajes a un mismo teléfono",
    "frecuencia_maxima": "Mensajes por teléfono y día",
    "rne_activo": "Excluir los números del RNE",
    "rne_vigencia_dias": "Días que vale una consulta del RNE",
    "rne_exigir_consulta": "Exigir una consulta vigente del RNE",
    "exigir_consentimiento": "Exigir el consentimiento",
    "precio_segmento": "Precio por segmento",
    "precios": "Precio en otros países",
    "tope_diario": "Tope de gasto del día",
    "tope_mensual": "Tope de gasto del mes",
    "aprobacion_destinatarios": "Aprobación desde (destinatarios)",
    "aprobacion_costo": "Aprobación desde (costo)",
}


def en_palabras(cambios: dict[str, list[Any]]) -> Iterator[tuple[str, str, str]]:
    """(setting, before, after) of each change; of the timetable only the days that changed."""
    for name, (before, after) in cambios.items():
        if name == "ventanas":
            for dia, escrito in zip(DIAS, NOMBRES, strict=True):
                if before.get(dia) != after.get(dia):
                    yield f"Horario del {escrito}", _valor(before.get(dia)), _valor(after.get(dia))
        else:
            yield AJUSTES.get(name, name), _valor(before), _valor(after)


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
