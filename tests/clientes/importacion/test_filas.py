"""No row of a file goes without a word: rows read and rows rejected are the rows of the file, whatever its quotes."""

import contextlib
import io
import random
import re
from collections import Counter
from collections.abc import Sequence
from csv import QUOTE_ALL, QUOTE_MINIMAL, writer

import pytest

from clientes.importacion import lectura, limites
from clientes.importacion.celdas import COMILLAS_ABIERTAS, COMILLAS_RARAS, VARIAS_LINEAS, Celdas
from clientes.importacion.limites import UnreadableFileError
from clientes.models import Cliente
from clientes.rne import numeros
from core.models import Usuario
from tests.clientes.importacion.support import counts, csv, problems, run
from tests.growth import growth

TITULOS = "documento;nombre;telefono;direccion"
BUENAS = [f"{n};Cliente {n};3001{n:06};Cra {n}" for n in range(2, 302)]


def leidas(data: bytes) -> list[tuple[int, Celdas]]:
    formato = lectura.examinar(io.BytesIO(data)).formato
    return list(lectura.datos(io.BytesIO(data), formato, con_titulos=True))


def written(lines: Sequence[str], sep: str, end: str) -> bytes:
    return "".join(line.replace(";", sep) + end for line in lines).encode()


# (what, the lines below the titles, rows of the file, numbers of the rows that are rejected)
COMILLAS: list[tuple[str, list[str], int, list[int]]] = [
    ("never closed", ['1;Ana;3001234567;"Cra 5', *BUENAS], 301, [2]),
    ("never closed, in the first column", ['"1;Ana;3001234567;Cra 5', *BUENAS], 301, [2]),
    ("never closed, in the middle", ['1;"Ana;3001234567;Cra 5', *BUENAS], 301, [2]),
    ("never closed, in the last row", [*BUENAS, '1;Ana;3001234567;"Cra 5'], 301, [302]),
    ("opened again far below", ['1;Ana;300;"x', *BUENAS[:148], '150;Eva;3009;"y', *BUENAS[148:]], 302, [2, 151]),
    ("closed far below", ['1;Ana;300;"x', *BUENAS[:148], '150;Eva;3009;y"', *BUENAS[148:]], 302, [2]),
    ("closed in the next row", ['1;Ana;300;"Cra 5', '2;Eva;3001234568;Cra 7"', *BUENAS[1:]], 301, [2]),
    ("closed in the next row, in the middle", ['1;"Ana;300;x', '2;Eva";3001234568;x', *BUENAS[1:]], 301, [2]),
    ("closed in the next row, in the first column", ['"1;Ana;300;x', '2";Eva;301;x', *BUENAS[1:]], 301, [2]),
    ("closed in a short row: not certain", ['1;"Ana', '2;Eva"', *BUENAS[1:]], 301, [2, 3]),
    ("in each of three rows", ['1;Ana;300;"x', '2;Eva;301;"y', '3;Leo;302;"z', *BUENAS[2:]], 301, [2, 3, 4]),
    ("two in one row", ['1;"Ana;300;"x', *BUENAS], 301, [2]),
    ("inches", ['1;Ana;3001234567;Tubo 5"', *BUENAS], 301, []),
    ("a name in quotes within the cell", ['1;Ana "Mona" Paz;3001234567;x', *BUENAS], 301, []),
    ("a cell that begins with a name in quotes", ['1;"Mona" Paz;3001234567;x', *BUENAS], 301, []),
    ("bare quotes within quotes", ['1;"Ana "Mona" Paz";3001234567;x', *BUENAS], 301, []),
    ("bare quotes and a separator", ['1;"Ana "Mona; Paz";3001234567;x', *BUENAS], 301, [2]),
    ("by a backslash", ['1;"Ana \\"Mona\\" Paz";3001234567;x', *BUENAS], 301, []),
    ("by a backslash, with a separator", ['1;"Ana \\"Mona\\"; Paz";3001234567;x', *BUENAS], 301, []),
    ("doubled", ['1;"Ana ""Mona"" Paz";3001234567;"a;b"', *BUENAS], 301, []),
    ("empty ones", ['1;"";3001234567;"x"', *BUENAS], 301, []),
]  # fmt: skip


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("sep", [";", ",", "\t", "|"])
@pytest.mark.parametrize(("lines", "rows", "bad"), [c[1:] for c in COMILLAS], ids=[c[0] for c in COMILLAS])
def test_each_line_is_a_row_that_is_read_or_rejected(
    lines: list[str], rows: int, bad: list[int], sep: str, end: str
) -> None:
    found = leidas(written([TITULOS, *lines], sep, end))
    assert len(found) == rows
    assert [numero for numero, cells in found if cells.motivo] == bad
    assert {len(cells) for _, cells in found if not cells.motivo} <= {4}


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1,"Ana \\"Mona\\" Paz",300', ["1", 'Ana "Mona" Paz', "300"]),
        ('1,"Ana "Mona" Paz",300', ["1", 'Ana "Mona" Paz', "300"]),
        ('1,"Mona" Paz,300', ["1", '"Mona" Paz', "300"]),
        ('1,"Ana ""Mona""",300', ["1", 'Ana "Mona"', "300"]),
        ('1,C:\\"x",300', ["1", 'C:\\"x"', "300"]),
        ('1,"C:\\",300', ["1", "C:\\", "300"]),
        ('1,Ana,"a, b"', ["1", "Ana", "a, b"]),
        ('1,"Ana" ,300', ["1", "Ana", "300"]),
    ],
)
def test_quotes_within_a_row(line: str, cells: list[str]) -> None:
    [(_, found), _] = leidas(csv("documento,nombre,telefono", line, "2,Eva,301"))
    assert (list(found), found.motivo) == (cells, "")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Cra 5\nApto 3", "Cra 5\nApto 3"),
        ("Cra 5\n\nApto 3", "Cra 5\n\nApto 3"),
        ("Cra 5; torre 2\nApto 3; piso 1", "Cra 5; torre 2\nApto 3; piso 1"),
        ('dijo ""sí""\nhoy', 'dijo "sí"\nhoy'),
    ],
)
@pytest.mark.parametrize("sep", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_cell_of_several_lines_is_one(cell: str, text: str, sep: str, end: str, place: int) -> None:
    row = ["1", "Ana", "3001234567", "x"]
    row[place] = f'"{cell}"'
    data = written([TITULOS, ";".join(row), *BUENAS], sep, end)
    found = leidas(data)
    assert len(found) == 301
    assert (found[0][1][place], found[0][1].motivo) == (text.replace(";", sep), "")
    assert found[1][0] == 3


CELDAS = (
    "Cra 5", "", "x", 'Tubo 5"', "Cra 5; apto 3", "uno\ndos", 'uno; dos\ntres; "cuatro"\n\ncinco', 'Ana "Mona" Paz',
    '"Mona"',
)  # fmt: skip


def made(rng: random.Random) -> tuple[str, list[list[str]]]:
    """Make a file as programs write it, with its rows: any cells, quoted where they must be or always."""
    sep, end = rng.choice(";,\t|"), rng.choice(["\r\n", "\n"])
    width = rng.choice([3, 4, 6])
    rows = [["documento", "nombre", "telefono", "direccion", "nota", "ciudad"][:width]]
    for n in range(rng.choice([3, 10, 40])):
        words = [rng.choice(CELDAS).replace(";", sep) for _ in range(width - 3)]
        rows.append([f"ID{n:04}X", rng.choice(CELDAS).replace(";", sep), f"3001{n:06}", *words])
    file = io.StringIO(newline="")
    always = rng.random() < 0.5
    writer(file, delimiter=sep, lineterminator=end, quoting=QUOTE_ALL if always else QUOTE_MINIMAL).writerows(rows)
    return file.getvalue(), rows


def ids(cells: Sequence[str]) -> set[str]:
    return set(re.findall(r"ID\d{4}X", " ".join(cells)))


@pytest.mark.parametrize("seed", range(60))
def test_what_a_program_wrote_is_read_as_it_was(seed: int) -> None:
    text, rows = made(random.Random(seed))
    found = leidas(text.encode())
    assert [(list(cells), cells.motivo) for _, cells in found] == [(sin_vacias(row), "") for row in rows[1:]]


def sin_vacias(row: list[str]) -> list[str]:
    return row if not row or row[-1].strip() else sin_vacias(row[:-1])


@pytest.mark.parametrize("seed", range(120))
def test_a_quote_too_many_or_too_few_anywhere_loses_no_row(seed: int) -> None:
    rng = random.Random(seed)
    text, rows = made(rng)
    place = rng.randrange(text.index("ID0000X"), len(text))
    quotes = [found.start() for found in re.finditer('"', text) if found.start() > text.index("ID0000X")]
    if quotes and rng.random() < 0.4:
        gone = rng.choice(quotes)
        text = text[:gone] + text[gone + 1 :]
    else:
        text = f'{text[:place]}"{text[place:]}'
    found = leidas(text.encode())
    where = Counter(name for _, cells in found for name in ids(cells))
    assert where == dict.fromkeys(ids([row[0] for row in rows]) & ids([text]), 1)
    assert all(len(ids(cells)) < 2 or cells.motivo for _, cells in found)


def test_a_quote_that_holds_more_than_a_cell_may_names_its_row() -> None:
    lines = [f"apunte largo número {n}" for n in range(2_000)]
    with pytest.raises(UnreadableFileError) as refusal:
        leidas(csv(TITULOS, *BUENAS[:8], '1;Ana;3001234567;"Cra 5', *lines))
    assert refusal.value.message == limites.CELDA_ENORME.format(fila=10)


def test_a_file_of_open_quotes_is_refused_and_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clientes.importacion.comillas.REPASO_MAX", 500)
    with pytest.raises(UnreadableFileError, match="comillas sin cerrar en muchas filas"):
        leidas(csv(TITULOS, *['1;Ana;300;"x'] * 400))


@pytest.mark.parametrize("line", ['1;"x', 'a";"', '"";"', '1;"a""b', '"x"y', '\\"', '1;"a\\"'])
def test_quotes_cost_what_they_weigh(line: str) -> None:
    def work(data: bytes) -> None:
        with contextlib.suppress(UnreadableFileError):
            leidas(data)

    assert growth(work, lambda n: "\n".join([TITULOS, f"{line};" * n, *[line] * n]).encode(), 300) < 40


def test_the_shop_sees_each_row(owner: Usuario) -> None:
    done = run(owner, csv(TITULOS, '1;Ana;3001234567;"Cra 5', *BUENAS[:148], '150;Eva;3001234569;Cra 7"', BUENAS[-1]))
    assert counts(done) == {"creadas": 150, "rechazadas": 1}
    assert done.aceptadas + done.rechazadas == done.en_archivo == 151
    assert problems(done)[0] == (2, "rechazada", COMILLAS_ABIERTAS)


def test_a_rejected_row_says_how_many_lines_it_holds(owner: Usuario) -> None:
    done = run(owner, csv(TITULOS, '1;Ana;12;"Cra 5\nApto 3"', "2;Eva;3001234568;x"))
    assert problems(done) == [(2, "rechazada", f"El teléfono «12» no es válido. {VARIAS_LINEAS.format(lineas=2)}")]


def test_a_quote_where_nobody_looks_spoils_its_row_only(owner: Usuario) -> None:
    done = run(owner, csv("documento;nombre;nota;telefono", '1;Ana;"raro" "a;b;3001234567', "2;Eva;x;3001234568"))
    assert problems(done) == [(2, "rechazada", COMILLAS_RARAS)]
    assert Cliente.objects.get().nombre == "Eva"


@pytest.mark.parametrize("bad", ['3001200050;"mal', '"3001200050;mal', '3001200050;"a;b" "c'])
@pytest.mark.parametrize("close", ["", '3001200150;mal"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_no_number_of_the_register_is_lost(bad: str, close: str, end: str) -> None:
    lines = ["numero;nota", *(f"300120{n:04};x" for n in range(199))]
    lines[50] = bad
    lines[150] = close or lines[150]
    with pytest.raises(UnreadableFileError, match=r"Fila 51: .*comillas"):
        numeros.de_archivo(io.BytesIO(written(lines, ";", end)))


def test_a_cell_without_a_number_is_counted_by_the_register() -> None:
    found = numeros.de_archivo(io.BytesIO(csv("Reporte", "", "numero;nota", "3001200050;x", ";y", "3001200051,z")))
    assert (list(found.telefonos), found.ilegibles) == (["+573001200050"], 2)
