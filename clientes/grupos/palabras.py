"""The conditions of a segment, as a person would say them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils import formats

from clientes.condiciones import Condiciones
from core.text import formato


def en_palabras(condiciones: Condiciones, etiquetas: Mapping[int, str]) -> list[str]:
    """Args:
    etiquetas: the shop's tags, by id.
    """
    said: list[str] = []
    if "activo" in condiciones:
        said.append("están activos" if condiciones["activo"] else "están desactivados")
    if condiciones.get("con_movil"):
        said.append("tienen un celular válido")
    for field, text in (("etiquetas", "con etiqueta"), ("sin_etiquetas", "sin etiqueta")):
        ids: list[int] = condiciones.get(field, [])  # type: ignore[assignment] # TypedDict.get by a variable
        names = [f"«{etiquetas[pk]}»" for pk in ids if pk in etiquetas]
        if names:
            said.append(f"{text} {' o '.join(names)}")
    if "compro_en_dias" in condiciones:
        said.append(f"compraron en los últimos {_dias(condiciones['compro_en_dias'])}")
    if "no_compro_en_dias" in condiciones:
        said.append(f"no compraron en los últimos {_dias(condiciones['no_compro_en_dias'])}")
    if "gasto_minimo" in condiciones:
        amount = Decimal(condiciones["gasto_minimo"])
        text = (
            f"gastaron al menos $\N{NO-BREAK SPACE}{formato.numero(float(amount), 0 if amount == int(amount) else 2)}"
        )
        if "gasto_en_dias" in condiciones:
            text += f" en los últimos {_dias(condiciones['gasto_en_dias'])}"
        said.append(text)
    if "creado_desde" in condiciones:
        said.append(f"entraron desde el {_fecha(condiciones['creado_desde'])}")
    if "creado_hasta" in condiciones:
        said.append(f"entraron hasta el {_fecha(condiciones['creado_hasta'])}")
    return said


def _dias(days: int) -> str:
    return f"{formato.numero(days)} día{'' if days == 1 else 's'}"


def _fecha(iso: str) -> str:
    return formats.date_format(date.fromisoformat(iso), "j M Y").lower()
