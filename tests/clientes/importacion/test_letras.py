"""The letters of a file: each charset that programs write, files of two of them, bad bytes and letters that are cut."""

import io

import pytest

from clientes.importacion import codificacion, lectura
from clientes.importacion.lectura import Eleccion
from clientes.importacion.valores import NO_ES_TEXTO
from core.models import Usuario
from tests.clientes.importacion.support import clients, csv, problems, run

NOMBRES = ("documento;nombre", "1;María Muñoz", "2;José Peña")
TEXTOS = {
    "names": NOMBRES,
    "capitals": ("DOCUMENTO;NOMBRE", "1;MARÍA MUÑOZ", "2;JOSÉ PEÑA", "3;ÁNGEL GÜIZA"),
    "Portuguese": ("documento;nome", "1;João Conceição", "2;Antônia Mãe"),
    "one letter": ("documento;nombre", "1;Iñaki"),
    "titles only": ("cédula;nombre;teléfono", "1;Ana;3001234567"),
    "the last letter": ("documento;nombre", "1;José", "2;Mamá"),
    "signs": ("documento;nombre;nota", "1;Ana Gómez;Cra 5 N° 3, apto 1ª"),
    "letters first": ("documento;nombre", "1;Ñoño", "2;Óscar", "3;Élida"),
}
TIPOGRAFIA = ("documento;nombre;nota", "1;Ana D’Angelo;“hola” — €5")
UTF8 = "1;María Muñoz;3001234567\r\n".encode()
ROTO = "2;José Peña;3001234568\r\n".encode("cp1252")
TITULOS = b"documento;nombre;telefono\r\n"


def leido(data: bytes, eleccion: Eleccion | None = None) -> tuple[str, list[list[str]]]:
    formato = lectura.examinar(io.BytesIO(data), eleccion=eleccion).formato
    return formato.codificacion, [list(cells) for _, cells in lectura.leer(io.BytesIO(data), formato)]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "cp850", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("lines", TEXTOS.values(), ids=TEXTOS)
def test_it_reads_every_charset(lines: tuple[str, ...], encoding: str) -> None:
    found, rows = leido(csv(*lines, encoding=encoding))
    assert rows == [line.split(";") for line in lines]
    assert found == encoding


def test_the_end_of_a_file_of_ms_dos_is_no_row() -> None:
    assert leido(csv(*NOMBRES, encoding="cp850") + b"\x1a")[1][1:] == [["1", "María Muñoz"], ["2", "José Peña"]]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_it_reads_typographic_signs(encoding: str) -> None:
    assert leido(csv(*TIPOGRAFIA, encoding=encoding))[1] == [line.split(";") for line in TIPOGRAFIA]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_row_of_another_charset_is_rejected_alone(owner: Usuario, mark: bytes) -> None:
    done = run(owner, mark + TITULOS + UTF8 + ROTO)
    assert [c[0] for c in clients(owner)] == ["María Muñoz"]
    assert problems(done) == [(3, "rechazada", NO_ES_TEXTO)]
    assert done.aceptadas + done.rechazadas == done.en_archivo == 2


@pytest.mark.parametrize(
    "row",
    [
        "1;Muñoz Jos".encode() + b"\xc3",  # a letter that is cut at the end of the file
        "1;Muñoz Jos".encode() + b"\xc3;300",  # … or of a field of a fixed length
        b"1;Jos\xc3",  # with no other letter to know the charset by
        "1;Muñoz P".encode() + b"\xffrez",
        "1;Muñoz Pe".encode() + b"\xf1a",  # both in one row
    ],
)
@pytest.mark.parametrize("others", [b"", UTF8 * 3])
def test_a_bad_byte_makes_no_other_letter_garbage(row: bytes, others: bytes) -> None:
    _, rows = leido(TITULOS + others + row + b"\r\n")
    assert "\N{REPLACEMENT CHARACTER}" in "".join(rows[-1])
    assert [found[1] for found in rows[1:-1]] == ["María Muñoz"] * (len(others) > 0) * 3


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
def test_a_row_in_utf8_among_many_that_are_not(encoding: str) -> None:
    old = "".join(f"{n};José Peña;300\r\n" for n in range(50)).encode(encoding)
    found, rows = leido(TITULOS + old + UTF8 + old)
    assert (found, rows[51][1]) == (encoding, "María Muñoz")
    assert {row[1] for row in rows[1:51]} == {"José Peña"}


def test_the_other_charset_can_be_chosen_and_is_shown() -> None:
    data = TITULOS + UTF8 * 3 + ROTO
    hechos = lectura.examinar(io.BytesIO(data)).hechos
    assert hechos.letras_malas == 1
    assert {name: "José Peña" in text for name, text in hechos.letras.items()} == {
        "utf-8": False, "cp1252": True, "mac_roman": False, "cp850": False,
    }  # fmt: skip
    _, rows = leido(data, Eleccion(codificacion="cp1252"))
    assert [row[1] for row in rows[1:]] == ["María Muñoz"] * 3 + ["José Peña"]


def test_what_is_not_to_be_chosen_is_not_asked() -> None:
    assert codificacion.muestras(codificacion.adivinar(io.BytesIO(csv("nombre", "Ana")))) == {}


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_far_line_decides_and_ends_do_not_matter(end: str) -> None:
    lines = ["documento;nombre", *(f"{n};Ana" for n in range(9_000)), "1;José", "2;Iñaki"]
    found, rows = leido("".join(f"{line}{end}" for line in lines).encode("mac_roman"))
    assert (found, rows[-2:], len(rows)) == ("mac_roman", [["1", "José"], ["2", "Iñaki"]], 9_003)
