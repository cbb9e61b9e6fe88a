"""The sum of every import: rows read, rows rejected and rows left out are the rows of the file."""

import pytest

from clientes.importacion import services
from clientes.models import Cliente
from core.models import Usuario
from tests.clientes.importacion.support import as_excel, csv, filtered, run, sheets, upload, xlsx

TITULOS = "documento;nombre;telefono;nota"
FILAS = [f"{n};Cliente {n};3001{n:06};x" for n in range(1, 41)]
CELDAS = [fila.split(";") for fila in (TITULOS, *FILAS)]
CABEZA = ("Zapatos Luna SAS;;;", "Clientes;;;", "", "15/03/2026;;;")


def con(numero: int, fila: str, *, encoding: str = "utf-8", cabeza: tuple[str, ...] = (), sep: str = ";") -> bytes:
    """Make a file whose row with this number, from 1, is another."""
    lines = [*cabeza, TITULOS, *FILAS[: numero - 1], fila, *FILAS[numero:]]
    return csv(*(line.replace(";", sep) for line in lines), encoding=encoding)


# (what, the file, its rows, those that are taken)
HOSTILES: list[tuple[str, bytes, int, int]] = [
    ("nothing wrong", csv(TITULOS, *FILAS), 40, 40),
    ("an open quote, last column", con(5, '5;Ana;3009;"x'), 40, 39),
    ("an open quote, first column", con(5, '"5;Ana;3009;x'), 40, 39),
    ("an open quote, commas", con(5, '5;"Ana;3009;x', sep=","), 40, 39),
    ("an open quote, tabs, last row", con(40, '40;"Ana;3009;x', sep="\t"), 40, 39),
    ("an open quote that another closes", con(5, '5;Ana;3009;"x').replace(b"30;Cliente 30", b'30;"Cliente 30'), 40, 38),
    ("an open quote below a heading", con(5, '5;Ana;3009;"x', cabeza=CABEZA), 40, 39),
    ("an open quote in the heading", csv('"Luna;;;', TITULOS, *FILAS), 40, 40),
    ("a cell of two lines", con(5, '5;Ana;3001234567;"uno\ndos"'), 40, 40),
    ("a backslash", con(5, '5;"Ana \\"Mona\\" Paz";3001234567;x'), 40, 40),
    ("sep= that Excel saved again", csv("sep=;;;", TITULOS, *FILAS), 40, 40),
    ("Mac Roman", con(5, "5;María Muñoz;3001234567;x", encoding="mac_roman"), 40, 40),
    ("MS-DOS and its end of file", con(5, "5;María Muñoz;3001234567;x", encoding="cp850") + b"\x1a", 40, 40),
    ("UTF-16 without a mark", con(5, "5;María Muñoz;3001234567;x", encoding="utf-16-le"), 40, 40),
    ("two charsets", con(5, "5;María;3001234567;x") + "99;José;3001234568;x\r\n".encode("cp1252"), 41, 40),
    ("a letter that is cut", con(5, "5;María;3001234567;x") + "99;José".encode()[:-1], 41, 40),
    ("a cell too many", con(5, "5;Ana;3001234567;x;y"), 40, 39),
    ("empty rows", con(5, "5;Ana;3001234567;x\r\n;;;\r\n\r\n  ;"), 40, 40),
    ("a document twice", con(5, "4;Ana;3001234567;x"), 40, 39),
    ("a total below", csv(TITULOS, *FILAS, "Total: 40 clientes"), 41, 40),
    ("cells in apostrophes", csv(*(";".join(f"'{c}'" for c in fila) for fila in CELDAS)), 40, 40),
    ("cells in curly quotes", csv(*(";".join(f"“{c}”" for c in fila) for fila in CELDAS)), 40, 40),
    ("UTF-16, the other way round, without a mark", con(5, "5;María Muñoz;3001234567;x", encoding="utf-16-be"), 40, 40),
    ("two marks", b"\xef\xbb\xbf" * 2 + csv(TITULOS, *FILAS), 40, 40),
    ("carriage returns alone", csv(TITULOS, *FILAS).replace(b"\r\n", b"\r"), 40, 40),
    ("line ends of all kinds", csv(TITULOS, *FILAS).replace(b"\r\n", b"\n", 9).replace(b"\r\n", b"\r", 9), 40, 40),
    ("a separator behind each row", csv(*(f"{fila};;" for fila in (TITULOS, *FILAS))), 40, 40),
    ("a separator before each row", csv(*(f";{fila}" for fila in (TITULOS, *FILAS))), 40, 40),
    ("sep= with another sign", csv("sep=~", *(fila.replace(";", "~") for fila in (TITULOS, *FILAS))), 40, 40),
    ("bars with blanks", csv(*(fila.replace(";", " | ") for fila in (TITULOS, *FILAS))), 40, 40),
    ("XLSX", as_excel(CELDAS), 40, 40),
    ("a heading in XLSX", xlsx([["Luna"], [], ["Clientes", "x"], *CELDAS]), 40, 40),
    ("a filter", filtered(CELDAS, 5, 6, 7), 40, 40),
    ("formulas without a value", xlsx([*CELDAS, ["50", "Ana", "=A1", "x"], ["51", "Eva", "", "=A1"]]), 42, 41),
    ("another sheet", sheets(0, Notas=[["Lea esto"]], Clientes=CELDAS), 40, 40),
]  # fmt: skip


@pytest.mark.parametrize(("data", "rows", "taken"), [h[1:] for h in HOSTILES], ids=[h[0] for h in HOSTILES])
def test_it_is_the_files_rows(data: bytes, rows: int, taken: int, owner: Usuario) -> None:
    done = run(owner, data)
    assert done.estado == "completada"
    assert (done.aceptadas, done.rechazadas + done.repetidas) == (taken, rows - taken)
    assert done.en_archivo == done.leidas == done.filas == rows
    assert Cliente.objects.count() == taken
    assert done.detalle.exclude(resultado="").count() == rows - taken


def test_it_counts_what_was_left_out(owner: Usuario) -> None:
    done = run(owner, filtered(CELDAS, 5, 6, 7), sin_ocultas=True)
    assert (done.aceptadas, done.omitidas, done.en_archivo) == (37, 3, 40)


def test_it_is_known_before_the_import(owner: Usuario) -> None:
    for data in (csv(*CABEZA, TITULOS, *FILAS), con(5, '5;Ana;3009;"x', cabeza=CABEZA)):
        found = upload(owner, data)
        assert found.filas == 40
        services.descartar(importacion=found)
