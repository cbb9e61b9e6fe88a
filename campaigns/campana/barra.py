"""The bar of a campaign: one stretch per estado, drawn in SVG because a strict CSP refuses widths in `style`."""

from dataclasses import dataclass
from typing import Final

from campaigns.campana.selectors import Progreso

ANCHO: Final = 1000
VISIBLE: Final = 6  # one failure in a million is still seen


@dataclass(frozen=True, slots=True)
class Tramo:
    """Args:
    clave: the field of Progreso.
    etiqueta: for people.
    tono: CSS class of its colour.
    icono: name in the sprite, so that colour never speaks alone.
    n: recipients.
    x: where the stretch begins, of ANCHO.
    ancho: how long it is, of ANCHO.
    """

    clave: str
    etiqueta: str
    tono: str
    icono: str
    n: int
    x: int
    ancho: int


ESTADOS: Final = (
    ("exitosos", "Enviados", "tono-exito", "circle-check"),
    ("fallidos", "Fallidos", "tono-falla", "circle-x"),
    ("inciertos", "Inciertos", "tono-duda", "help-circle"),
    ("enviando", "Enviando", "tono-activo", "send"),
    ("pendientes", "Pendientes", "tono-quieto", "circle-dashed"),
)


def tramos(progreso: Progreso) -> list[Tramo]:
    """The stretches from left to right; their lengths add up to ANCHO."""
    counts = [getattr(progreso, clave) for clave, *_ in ESTADOS]
    found: list[Tramo] = []
    x = 0
    for (clave, etiqueta, tono, icono), n, ancho in zip(ESTADOS, counts, anchos(counts), strict=True):
        found.append(Tramo(clave, etiqueta, tono, icono, n, x, ancho))
        x += ancho
    return found


def anchos(counts: list[int]) -> list[int]:
    """Split ANCHO in proportion; what is not zero stays visible, at the cost of the longest."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    lengths = [max(VISIBLE, n * ANCHO // total) if n else 0 for n in counts]
    lengths[lengths.index(max(lengths))] += ANCHO - sum(lengths)
    return lengths
