"""The table within a file: headings above the titles, the line `sep=`, and what the person may choose."""

import io

import pytest

from clientes.importacion import columnas, lectura, limites, services
from clientes.importacion.lectura import Eleccion
from clientes.importacion.limites import UnreadableFileError
from core.errors import ConflictError
from core.models import Usuario
from tests.clientes.importacion.support import clients, counts, csv, run, upload, xlsx

SIIGO = (
    "EMPRESA PRUEBA S A S;;;;;", "MODELO TERCEROS;;;;;", ";;;;;", ";;;;;",
    "IDENTIFICACIÓN;DV;NOMBRE;TELÉFONO;CELULAR;CIUDAD", "900123456;7;ANA LOPEZ;6011234567;3001234567;BOGOTA",
)  # fmt: skip
ALEGRA = (
    "Reporte de clientes", "Empresa: Zapatos Luna SAS,NIT,900123456,Teléfono,6011234567",
    "Desde,01/01/2026,Hasta,31/03/2026", "",
    "Nombre,Identificación,Celular,Ciudad", "Ana López,900123456,3001234567,Bogotá",
)  # fmt: skip
ANA = ("documento;nombre;telefono", "900123456;Ana López;3001234567")
# (what, the file, number of the titles' row, rows below it)
CABEZAS: list[tuple[str, bytes, int, int]] = [
    ("Siigo", csv(*SIIGO), 5, 1),
    ("Siigo in Windows-1252", csv(*SIIGO, encoding="cp1252"), 5, 1),
    ("Alegra", csv(*ALEGRA), 5, 1),
    ("none", csv(*ANA), 1, 1),
    ("empty rows", csv("", ";;", *ANA), 3, 1),
    ("a date", csv("15/03/2026 10:30", "", *ANA), 3, 1),
    ("a known word", csv("Clientes", "Cliente", *ANA), 3, 1),
    ("known words and values", csv("Empresa;Luna;NIT;900123456-7;Teléfono;601 123 4567", *ANA), 2, 1),
    ("titles of the shop's own", csv("NIT;Teléfono;", "9001;601;", "Nombre;Celular;Ciudad", "Ana;3001;Cali"), 3, 1),
    ("titles on each page", csv(*ANA, "Página 2;;", *ANA), 1, 4),
    ("a long heading", csv(*[f"línea {n};;" for n in range(30)], *ANA), 31, 1),
    ("a quote in it", csv('Tienda "Luna" SAS;;', *ANA), 2, 1),
    ("an open quote in it", csv('"Tienda Luna;;', *ANA), 2, 1),
    ("after sep=", csv("sep=;", "Reporte", *ANA), 3, 1),
    ("titles that we do not know", csv("Reporte de marzo", "", "Quién;Dónde", "Ana;Cali", "Luis;Cali"), 3, 2),
    ("one title that we know", csv("Reporte de marzo", "Nombre;Dónde", "Ana;Cali"), 2, 1),
    ("one column", csv("Reporte de marzo", "Teléfono", "3001234567"), 2, 1),
    ("data that name a title", csv(*ANA, "2;Cliente Documento;3001234568", "3;nombre;3001234569"), 1, 3),
    ("a footer", csv(*ANA, "Total: 1 cliente;;"), 1, 2),
    ("XLSX", xlsx([("Reporte de clientes",), (), ("documento", "nombre"), ("1", "Ana")]), 3, 1),
    ("XLSX with numbers", xlsx([("Fecha", 46096), ("NIT", 900123456), (), ("nombre", "documento"), ("A", 1)]), 4, 1),
]  # fmt: skip


@pytest.mark.parametrize(("data", "titulos", "rows"), [c[1:] for c in CABEZAS], ids=[c[0] for c in CABEZAS])
def test_it_finds_the_titles(data: bytes, titulos: int, rows: int) -> None:
    formato, muestra, _ = lectura.examinar(io.BytesIO(data), tipo="clientes")
    assert formato.desde == titulos
    assert columnas.tiene_titulos(muestra[0])
    assert len(list(lectura.datos(io.BytesIO(data), formato, con_titulos=True))) == rows


@pytest.mark.parametrize(
    "data", [csv(*SIIGO), csv(*SIIGO, encoding="cp1252"), csv(*ALEGRA)], ids=["Siigo", "1252", "Alegra"]
)
def test_an_export_with_a_heading_is_imported(owner: Usuario, data: bytes) -> None:
    guessed = upload(owner, data)
    celular = guessed.muestra[0].index("CELULAR" if "CELULAR" in guessed.muestra[0] else "Celular")
    done = run(owner, data, columnas={**guessed.columnas, "telefono": celular})
    assert counts(done) == {"creadas": 1}
    assert [c[1:3] for c in clients(owner)] == [("+573001234567", "900123456")]
    assert done.aceptadas == done.en_archivo == 1


def test_what_is_above_is_kept_for_the_page(owner: Usuario) -> None:
    found = upload(owner, csv(*SIIGO))
    found.refresh_from_db()
    assert found.examen["comienzos"][:3] == [
        [1, "EMPRESA PRUEBA S A S"],
        [2, "MODELO TERCEROS"],
        [5, "IDENTIFICACIÓN · DV · NOMBRE · TELÉFONO · CELULAR · CIUDAD"],
    ]


def test_another_row_can_be_chosen(owner: Usuario) -> None:
    found = upload(owner, csv("uno;dos", "Quién;Cuál", "Ana;3001234567"))
    assert (found.formato["desde"], found.columnas) == (1, {})
    services.releer(importacion=found, eleccion=Eleccion(desde=2))
    found.refresh_from_db()
    assert (found.formato["desde"], found.muestra[0], found.filas) == (2, ["Quién", "Cuál"], 1)
    with pytest.raises(UnreadableFileError, match=limites.VACIO):
        services.releer(importacion=found, eleccion=Eleccion(desde=99))
    found.refresh_from_db()
    assert found.formato["desde"] == 2


def test_a_started_import_is_not_read_in_another_way(owner: Usuario) -> None:
    with pytest.raises(ConflictError):
        services.releer(importacion=run(owner, csv(*ANA)), eleccion=Eleccion(desde=2))


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("line", "sep"),
    [
        ("sep=;", ";"), ("sep=;;;", ";"), ('"sep=;"', ";"), ('"sep=;";;', ";"), ("SEP=;", ";"), (" sep=; ", ";"),
        ("sep=,", ","), ("sep=,,,", ","), ('"sep=,",,', ","), ('"sep=",,', ","), ("sep=\t", "\t"), ("sep=\t\t\t", "\t"),
        ("sep=|", "|"), ("sep=^", "^"), ("sep=;,,", ","), ("sep=", ","), ("'sep=;'", ";"),
    ],
)  # fmt: skip
def test_it_skips_the_line_of_excel(line: str, sep: str, end: str) -> None:
    rows = [line, sep.join(("nombre", "telefono", "nota")), sep.join(("Ana", "3001234567", "x"))]
    formato, muestra, _ = lectura.examinar(io.BytesIO("".join(row + end for row in rows).encode()))
    assert muestra == [["nombre", "telefono", "nota"], ["Ana", "3001234567", "x"]]
    assert (formato.delimitador, formato.desde) == (sep, 2)


@pytest.mark.parametrize("first", ["separado;telefono", "sep=a;b;c", "sep;x"])
def test_a_row_that_only_resembles_it_is_a_row(first: str) -> None:
    assert lectura.examinar(io.BytesIO(csv(first, "Ana;3001234567"))).formato.salta == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><body><table><tr><td>Ana</td></tr></table>", limites.HTML),
        (b"\xef\xbb\xbf\n <!DOCTYPE html><html>", limites.HTML),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', limites.HTML),
        (b"%PDF-1.7\n%abc\n", limites.NO_ES_PLANILLA),
    ],
)
def test_what_is_another_kind_of_file_is_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError) as refusal:
        lectura.examinar(io.BytesIO(data))
    assert refusal.value.message == reason
