"""The tables of what clients write back, and how much of each is read right.

    .venv/bin/python -m tests.campaigns.values.respuestas

prints for each table the precision and the recall of leaving, the share of all verdicts that are right, and each
misread text.
A text that is held for a person (`duda`) counts neither as one who left nor as one who did not.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from campaigns.values.intencion import intencion, ofrecida

FOLDER: Final = Path(__file__).parent
TABLAS: Final = ("respuestas.tsv", "respuestas_apartadas.tsv", "respuestas_tercera.tsv")


@dataclass(frozen=True, slots=True)
class Respuesta:
    """A row of a table: what a client wrote, the message it answers, and what it must be taken for."""

    tipo: str
    texto: str
    enviado: str


def leer(tabla: str) -> list[Respuesta]:
    """Read a table."""
    rows = []
    for line in (FOLDER / tabla).read_text().splitlines():
        if line and not line.startswith("#"):
            tipo, texto, enviado = [*line.split("\t"), ""][:3]

            def ours(found: re.Match[str], enviado: str = enviado) -> str:
                return enviado[: int(found[1])] if found[1] else enviado

            rows.append(Respuesta(tipo, re.sub(r"=(\d*)", ours, texto).replace("\\n", "\n"), enviado))
    return rows


@dataclass(frozen=True, slots=True)
class Medida:
    """The measure of how a table was read: each part between 0 and 1, and the rows that were misread."""

    precision: float
    recall: float
    aciertos: float
    errores: list[tuple[Respuesta, str]]


def medir(rows: list[Respuesta]) -> Medida:
    """Read each row as the webhook does."""
    found = [(row, str(intencion(row.texto, ofrecida=ofrecida(row.enviado), enviado=row.enviado))) for row in rows]
    said = [row for row, tipo in found if tipo == "baja"]
    meant = [row for row in rows if row.tipo == "baja"]
    right = [row for row in said if row.tipo == "baja"]
    errores = [(row, tipo) for row, tipo in found if tipo != row.tipo]
    return Medida(
        len(right) / max(len(said), 1), len(right) / max(len(meant), 1), 1 - len(errores) / len(rows), errores
    )


def main() -> int:
    """Print the figures; return 1 when a text was misread."""
    wrong = 0
    for tabla in TABLAS:
        rows = leer(tabla)
        medida = medir(rows)
        sys.stdout.write(
            f"{tabla}: {len(rows)} texts, precision {medida.precision:.1%}, recall {medida.recall:.1%},"
            f" all verdicts {medida.aciertos:.1%}\n"
        )
        for row, tipo in medida.errores:
            sys.stdout.write(f"  {tipo} instead of {row.tipo}: {row.texto!r} <- {row.enviado!r}\n")
        wrong += len(medida.errores)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
