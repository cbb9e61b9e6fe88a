"""CSV that people open in a spreadsheet: UTF-8 with a BOM, `;` between cells (Excel's in Colombia), and harmless.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break is a formula to a spreadsheet, and may send what is
beside it to a stranger. Quoting every cell is not enough (https://owasp.org/www-community/attacks/CSV_Injection):
Excel takes the separator from Windows, LibreOffice from a dialog, Google Sheets guesses it, and to a program that
separates by another sign only the first cell of a line is in quotes. So a text gets an apostrophe at its start and
behind each sign in it that may separate cells or lines, where a formula would begin. What already looks so gets one
more, so that `desarmar` undone by `rearmar` is always the same text.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse

from core.unicode import IGNORABLE

DELIMITADOR: Final = ";"
BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
SEPARA: Final = ",;|\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
# What may stand before the sign and is dropped or not seen, and separates nothing: quotes, as another separator leaves
# them within a cell, blanks, control characters (programs end or skip a text at NUL), and what has no width.
DELANTE: Final = '"\x00-\x08\x0e-\x1b\x1f\x20\x7f-\x84\x86-\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000' + IGNORABLE
# The wide and the small forms are what East Asian spreadsheets take for the same.
SIGNO: Final = "=+\\-@＝＋－＠﹦﹢﹣﹫"
# A formula at the start of a cell, and behind a separator in it; in front there may be apostrophes.
FORMULA: Final = re.compile(rf"'*(?:[\t\r\n]|[{DELANTE}]*[{SIGNO}])")
DENTRO: Final = re.compile(rf"(?<=[{SEPARA}])(?='*[{DELANTE}]*[{SIGNO}])")
DENTRO_DESARMADA: Final = re.compile(rf"(?<=[{SEPARA}])'(?='*[{DELANTE}]*[{SIGNO}])")
# The other marks by which a cell stays text: Excel's apostrophe before a letter or a digit, and `="0123"`, which
# programs write into a CSV so that no zero is lost. An apostrophe that is closed, or that begins a word of its own
# ('t, 's), is text.
APOSTROFO: Final = re.compile(r"'(?=[\w(#])(?!\w{1,2}\s)")
COMILLA: Final = re.compile(r"[’‘`´](?=\d)")  # what a word processor makes of the apostrophe
FORMULA_NUMERO: Final = re.compile(r"=(\+?\d+)")
BATCH: Final = 500  # rows in one piece of the answer
M = TypeVar("M", bound=Model)


def desarmar(texto: str) -> str:
    """Return the text as a cell that no spreadsheet runs, whatever it takes for a separator."""
    texto = DENTRO.sub("'", texto)
    return f"'{texto}" if FORMULA.match(texto) else texto


def rearmar(celda: str) -> str:
    """Return the text of which `desarmar` made the cell."""
    return sin_apostrofo(rearmar_dentro(celda))


def rearmar_dentro(celda: str) -> str:
    """Return the cell without the apostrophes that `desarmar` put behind its separators; the start is as it was."""
    return DENTRO_DESARMADA.sub("", celda) if "'" in celda else celda


def sin_apostrofo(celda: str) -> str:
    """Return the text of a cell without the apostrophe that `desarmar`, or Excel, put before it."""
    return celda[1:] if celda.startswith("'") and FORMULA.match(celda) else celda


def desmarcar(celda: str) -> str:
    """Return the text of a cell that a spreadsheet, or a program that writes for one, marked as text.

    `="0123"` and `'0123` are 0123, `=0123` too. A formula that has to be computed is returned as it is.
    """
    if celda.startswith("'"):
        return celda[1:] if APOSTROFO.match(celda) and not celda.endswith("'") else celda
    if COMILLA.match(celda):
        return celda[1:]
    if not celda.startswith("="):
        return celda
    rest = celda[1:].strip()
    if len(rest) > 1 and rest[0] == rest[-1] == '"':
        inner = rest[1:-1]
        # A quote of the text's own is doubled; a single one ends it, as in ="57"&"300".
        return celda if '"' in inner.replace('""', "") else " ".join(inner.replace('""', '"').split())
    found = FORMULA_NUMERO.fullmatch(celda)
    return found[1] if found else celda


def por_partes(rows: QuerySet[M], campo: str = "pk", size: int = 2_000) -> Iterator[M]:
    """Yield every row in the order of `campo`, which no two rows share, some thousand at a time.

    A cursor would hold a transaction, or all the rows in a file of the server, for as long as a slow client reads.
    """
    rows = rows.order_by(campo)
    part = list(rows[:size])
    while part:
        yield from part
        part = list(rows.filter(**{f"{campo}__gt": getattr(part[-1], campo)})[:size]) if len(part) == size else []


class _Echo:
    """A file that hands back what is written to it, because csv.writer returns that."""

    def write(self, text: str) -> str:
        return text


def lineas(titulos: Sequence[str], filas: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the pieces of the file, some hundred rows each: one by one they would cost more than the rows."""
    write: Callable[[Sequence[str]], str] = csv.writer(_Echo(), delimiter=DELIMITADOR, quoting=csv.QUOTE_ALL).writerow
    piece = [BOM + write([desarmar(t) for t in titulos])]
    for fila in filas:
        piece.append(write([desarmar(str(celda)) for celda in fila]))
        if len(piece) >= BATCH:
            yield "".join(piece)
            piece = []
    yield "".join(piece)


def _con_huella(pieces: Iterable[str], completo: Callable[[str], None]) -> Iterator[str]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.encode())
        yield piece
    completo(digest.hexdigest())


def descarga(
    nombre: str, titulos: Sequence[str], filas: Iterable[Sequence[object]], *, completo: Callable[[str], None]
) -> StreamingHttpResponse:
    """Answer with the file, written while it is read.

    Args:
        nombre: of the file, ASCII, without its ending.
        completo: is told the SHA-256 of the file's bytes, in hexadecimal, when the last of them has been read.
    """
    pieces = _con_huella(lineas(titulos, filas), completo)
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{nombre}.csv"'
    answer["Cache-Control"] = "no-store"  # personal data
    return answer
