"""The bar of a campaign: one stretch per estado, drawn in SVG because a strict CSP refuses widths in `style`."""

from dataclasses import dataclass
from typing import Final

from campaigns.audiencia.resultado import APARTE
from campaigns.campana.selectors import Progreso
from campaigns.values.estados import MENSAJES

ANCHO: Final = 1000
# Of the rows that are `fallido`, those whom nobody refused: clave, etiqueta, tono, icono.
NO_FALLIDOS: Final = tuple(
    (resultado.value.replace("_", "-") + "s", row.varios, row.tono, row.icono) for resultado, row in APARTE.items()
)
VISIBLE: Final = 6  # one failure in a million is still seen


@dataclass(frozen=True, slots=True)
class Tramo:
    """A stretch of the progress bar.

    Args:
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


def tramos(progreso: Progreso) -> list[Tramo]:
    """The stretches from left to right; their lengths add up to ANCHO. Who was left out, or not sent to any more, has a
    stretch only where there is somebody."""
    resultado = progreso.resultado
    rows: list[tuple[str, str, str, str, int]] = []
    for row in MENSAJES.values():
        failed = row.cuenta == "fallidos"
        n = resultado.fallidos if failed else getattr(progreso, row.cuenta)
        rows.append((row.cuenta, row.varios, row.tono, row.icono, n))
        if failed:
            others = zip(NO_FALLIDOS, (resultado.excluidos, resultado.no_enviados), strict=True)
            rows += [(*look, other) for look, other in others if other]
    found: list[Tramo] = []
    x = 0
    for look, ancho in zip(rows, anchos([n for *_, n in rows]), strict=True):
        found.append(Tramo(*look, x, ancho))
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
