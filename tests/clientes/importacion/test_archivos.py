"""The looks that a file may have: charsets, delimiters, quirks, titles."""

import html
import io
from datetime import date, datetime, timedelta

import pytest
from openpyxl import Workbook

from clientes.importacion import columnas, formato, lectura
from core.models import Usuario
from tests.clientes.importacion.support import as_excel, clients, counts, csv, run, upload, xlsx
from tests.pages import signed_in

TITULOS = ("Nombre", "Teléfono", "NIT/CC")
ANA = ("Ana Ñúñez", "300 123 4567", "1020")
LUIS = ("Luis, Güiza", "+57 310 765 4321", "2030")
BOTH = [("Ana Ñúñez", "+573001234567", "1020", "", True), ("Luis, Güiza", "+573107654321", "2030", "", True)]


def written(delimiter: str, encoding: str, end: str = "\r\n") -> bytes:
    rows = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in (TITULOS, ANA, LUIS)]
    return "".join(delimiter.join(row) + end for row in rows).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_reads_every_encoding_and_delimiter(encoding: str, delimiter: str, owner: Usuario) -> None:
    importacion = run(owner, written(delimiter, encoding))
    assert importacion.formato["delimitador"] == delimiter
    assert clients(owner) == BOTH


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_it_reads_every_line_end(end: str, owner: Usuario) -> None:
    run(owner, written(";", "utf-8", end))
    assert clients(owner) == BOTH


QUIRKS = [
    ("excel says which separator", csv("sep=;", "nombre;telefono", "Ana;3001234567")),
    ("a quoted title", csv('"nombre","telefono"', '"Ana","3001234567"')),
    ("spaces around", csv(" nombre ; telefono ", "  Ana  ; 3001234567 ")),
    ("no line end at the end", b"nombre;telefono\nAna;3001234567"),
    ("empty rows between", csv("", "nombre;telefono", ";;", "", "Ana;3001234567", ";")),
    ("fewer cells than titles", csv("nombre;telefono;documento;otra", "Ana;3001234567")),
    ("empty cells beyond the titles", csv("nombre;telefono", "Ana;3001234567;;;")),
    ("no titles", csv("Ana;3001234567")),
    ("an export's apostrophe", csv("nombre;telefono", "Ana;'+573001234567")),
    ("a no-break space", csv("nombre;telefono", "Ana\u00a0;300\u00a0123\u00a04567")),
    ("decomposed accents in the title", csv("nombre;tele\u0301fono", "Ana;3001234567")),
    ("texts of excel", as_excel([("nombre", "telefono"), ("Ana", "3001234567")])),
    ("a text that comes late", as_excel([("nombre", "telefono"), ("Ana", "3001234567"), *[()] * 50])),
    ("a number in excel", xlsx([("nombre", "telefono"), ("Ana", 3001234567)])),
    ("a decimal in excel", xlsx([("nombre", "telefono"), ("Ana", 3001234567.0)])),
    ("empty rows in excel", xlsx([(), ("nombre", "telefono"), (None, None), ("Ana", "3001234567")])),
]


@pytest.mark.parametrize("data", [data for _, data in QUIRKS], ids=[name for name, _ in QUIRKS])
def test_it_reads_quirks(data: bytes, owner: Usuario) -> None:
    importacion = upload(owner, data)
    found = importacion.columnas or {"nombre": 0, "telefono": 1}
    importacion = run(owner, data, columnas=found, clave="ninguna")
    assert clients(owner) == [("Ana", "+573001234567", "", "", True)]
    assert counts(importacion) == {"creadas": 1}


def test_it_reads_newlines_and_quotes_inside_a_cell(owner: Usuario) -> None:
    run(owner, csv("nombre;telefono", '"Ana\nMaría ""la Mona""";3001234567', "Luis;3107654321"), clave="ninguna")
    assert [c[0] for c in clients(owner)] == ['Ana María "la Mona"', "Luis"]


def test_a_far_byte_decides_the_encoding(owner: Usuario) -> None:
    # Beyond any sample: the whole file is looked at.
    rows = [f"Cliente {n};{3_000_000_000 + n}" for n in range(60_000)]
    data = csv("nombre;documento", *rows) + "Ñoño;1\n".encode("cp1252")
    importacion = upload(owner, data)
    assert importacion.formato["codificacion"] == "cp1252"
    assert importacion.filas == 60_001


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("dd/mm/yyyy", "2026-03-15"),
        ('[$-240A]d "de" mmmm "de" yyyy;@', "2026-03-15"),
        ("mmm-yy", "2026-03-15"),  # one of Excel's own
        ('"d" 0', "46096"),  # a letter in a text
        ("[Red]0;d", "46096"),  # of what is negative
        ("0.00", "46096"),
    ],
)
def test_it_knows_a_date_by_its_format(code: str, text: str) -> None:
    book = Workbook()
    cell = book.worksheets[0].cell(1, 1, 46096)
    cell.number_format = code
    file = io.BytesIO()
    book.save(file)
    tipo, muestra, _ = lectura.examinar(file)
    assert muestra == [[text]]
    assert [cells for _, cells in lectura.leer(file, tipo)] == [[text]]


def test_it_reads_a_length_of_time() -> None:
    data = xlsx([("horas",), (timedelta(hours=30),)])
    _, muestra, _ = lectura.examinar(io.BytesIO(data))
    assert muestra[1] == ["1 day, 6:00:00"]


def test_dates_and_booleans_of_excel() -> None:
    data = xlsx([("a", "b", "c"), (datetime(2026, 3, 15, 10, 30), date(2026, 3, 15), True)])  # noqa: DTZ001

    assert lectura.examinar(io.BytesIO(data))[1][1][:3] == ["2026-03-15 10:30:00", "2026-03-15", "sí"]


GUESSES = [
    ("nombre,telefono,documento,etiquetas,activo", "nombre telefono documento etiquetas activo"),
    ("NOMBRE COMPLETO,Celular,Cédula,Grupo,Estado", "nombre telefono documento etiquetas activo"),
    ("Name,Phone Number,Tax ID,Tags,Active", "nombre telefono documento etiquetas activo"),
    ("fullName,cellPhone,id_number,labels,enabled", "nombre telefono documento etiquetas activo"),
    ("Razón Social,Teléfono móvil,NIT/CC,x,y", "nombre telefono documento - -"),
    ("Cliente,WhatsApp,C.C.,Segmento,Habilitado", "nombre telefono documento etiquetas activo"),
    ("id,Nombres y Apellidos,Tel.,Nº,Correo", "- nombre telefono - -"),
    ("Customer,Mobile,NIT,Categoría,Status", "nombre telefono documento etiquetas activo"),
    ("foo,bar,baz,qux,quux", "- - - - -"),
    ("First Name,Last Name,Phone Number,Mobile Phone Number,Email", "nombre apellidos otro_telefono telefono -"),
    ("Name,Family Name,Phone 1 - Type,Phone 1 - Value,Group Membership", "nombre apellidos - telefono etiquetas"),
    ("Nombre,Teléfono,Celular del paciente,Tipo de teléfono,x", "nombre otro_telefono telefono - -"),
    ("Person - Name,Person - Phone - Work,Person - Phone - Mobile,a,b", "nombre otro_telefono telefono - -"),
    ("customer_full_name,customer_phone_number,legal_id,a,b", "nombre telefono documento - -"),
    (
        "Nombre y apellido del comprador,Documento del comprador,Teléfono del comprador,a,b",
        "nombre documento telefono - -",
    ),
    ("Nombre;NIF/CIF/VAT ID;Móvil;x;y".replace(";", ","), "nombre documento telefono - -"),
    ("Nombre del paciente,Número ID,Celular acudiente,Estado cliente,Fecha cliente", "nombre documento telefono - -"),
    ("Contact owner,Customer ID,Nombre vendedor,Valor cliente,Categoría cliente", "- - - - -"),
    ("Nombre (obligatorio),Celular vendedor,Teléfono casa,Marca celular,x", "nombre - telefono - -"),
    ("Nombre,WhatsApp,Teléfono,SMS,x", "nombre otro_telefono telefono - -"),
    ("Nombre completo,Apellidos,Celular *,a,b", "nombre - telefono - -"),
    ("RFC,Razón social,Celular,Estado,Colonia", "documento nombre telefono - -"),
    ("telefono,telefono,nombre,a,b", "telefono - nombre - -"),
    ("Prénom,Téléphone portable,x,y,z", "nombre telefono - - -"),
    ("Vorname,Nachname,Handy,x,y", "nombre apellidos telefono - -"),
    ("Nome,Cognome,Cellulare,x,y", "nombre apellidos telefono - -"),
    ("First Name,Phone,CONFIRM_TIME,CONFIRM_IP,x", "nombre telefono consentimiento_en consentimiento_lugar -"),
    ("First Name,Phone,IP Address,x,y", "nombre telefono - - -"),  # where somebody bought, and no consent
    (
        "Nombre,Celular,Fecha de autorización,Forma de autorización,x",
        "nombre telefono consentimiento_en consentimiento_medio -",
    ),
]


@pytest.mark.parametrize(("titulos", "expected"), GUESSES, ids=[g[0] for g in GUESSES])
def test_it_guesses_the_columns(titulos: str, expected: str) -> None:
    found = columnas.adivinar(titulos.split(","), "clientes")
    assert found == {campo: n for n, campo in enumerate(expected.split()) if campo != "-"}


@pytest.mark.parametrize(
    ("titulos", "expected"),
    [
        ("Factura,Fecha,Valor,NIT,Celular", "referencia fecha total documento telefono"),
        ("invoice,date,amount,document,phone", "referencia fecha total documento telefono"),
        ("Fecha de venta,Total factura,No. Factura,Cédula,x", "fecha total referencia documento -"),
    ],
)
def test_it_guesses_the_columns_of_sales(titulos: str, expected: str) -> None:
    found = columnas.adivinar(titulos.split(","), "ventas")
    assert found == {campo: n for n, campo in enumerate(expected.split()) if campo != "-"}


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (["Nombre", "Cel del man"], True),
        (["Quién", "Dónde"], True),
        (["Ana", "3001234567"], False),
        (["Ana", "1020"], False),
        (["Ana", "Tel. 300 123 4567"], False),
        (["Ana", "Llamar al celular", "3001234567"], False),
        (["Nombre", "Celular del paciente"], True),
    ],
)
def test_it_sees_whether_there_are_titles(first: list[str], expected: bool) -> None:
    assert columnas.tiene_titulos(first) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nombre;telefono\nGómez, Ana;300\nRíos, Luis;301\n", ";"),
        ("nombre,telefono\nAna;Luis,300\n", ","),
        ("a\tb\nc,d\te;f\n", "\t"),
        ("nombre\nAna\n", ";"),
        ('"a;b;c;d",telefono\n"x;y;z;w",300\n', ","),
    ],
)
def test_it_finds_the_delimiter(text: str, expected: str) -> None:
    assert formato.delimitador(text) == expected


@pytest.mark.parametrize(
    ("titulos", "expected"),
    [
        ("telefono,telefono,nombre", [("telefono", 0, [1])]),
        ("Nombre,NOMBRE,Celular,documento", [("nombre", 0, [1])]),
        ("Name,Phone 1 - Value,Phone 2 - Value,Phone 3 - Value", [("telefono", 1, [3])]),
        ("nombre,celular,teléfono fijo,documento", []),
        ("nombre,telefono,,", []),
        ("cédula,Cedula,CEDULA,nombre,celular", [("documento", 0, [1, 2])]),
        ("nombre,celular,tipo de teléfono,documento", []),
    ],
)
def test_it_says_which_columns_are_left_out_though_they_say_the_same(
    titulos: str, expected: list[tuple[str, int, list[int]]]
) -> None:
    cells = titulos.split(",")
    found = columnas.dudosas(cells, columnas.adivinar(cells, "clientes"), "clientes")
    assert [(each.campo.nombre, each.tomada, each.otras) for each in found] == expected


def test_the_page_says_so(owner: Usuario) -> None:
    importacion = upload(owner, csv("documento,nombre,telefono,telefono", "1,Ana,6012345678,3001234567"))
    page = html.unescape(signed_in(owner).get(f"/clientes/importar/{importacion.pk}/").content.decode())
    assert "Para «Teléfono» se toma la columna C «telefono»; la columna D «telefono» dice lo mismo" in page
