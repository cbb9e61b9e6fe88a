"""Rows that spreadsheets and programs spoilt: what is read, what is refused, and who must not be touched."""

from typing import Any

import pytest

from clientes.importacion.filas import Plan, interpretar
from clientes.importacion.valores import InvalidCellError
from clientes.models import Cliente
from core.models import Usuario
from tests.clientes.importacion.support import clients, counts, csv, problems, run
from tests.factories import ClienteFactory
from tests.pages import signed_in

CAMPOS = ("documento", "nombre", "telefono", "etiquetas", "apellidos")
ANA = "+573001234567"


def read(*cells: str, clave: str = "documento", **plan: Any) -> dict[str, Any]:
    """The row's data: its document, name, phone, tags and surnames."""
    return interpretar(cells, Plan("clientes", {c: n for n, c in enumerate(CAMPOS)}, clave, len(CAMPOS), **plan))


def reasons(*cells: str, **plan: Any) -> str:
    with pytest.raises(InvalidCellError) as refusal:
        read(*cells, **plan)
    return refusal.value.motivo


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (('="0900123456"', '="Ana"', '="3001234567"'), ("0900123456", "Ana", ANA)),
        (("'900123456", "'Luis", "'3001234567"), ("900123456", "Luis", ANA)),
        (("1\u200b", "Jose\u200b Paz\u202c", "+57\u200e3001234567"), ("1", "Jose Paz", ANA)),
        (("79123456.0", "Ana", "3001234567.0"), ("79123456", "Ana", ANA)),
        (("79.123.456,00", "Ana", "+573001234567,00"), ("79.123.456", "Ana", ANA)),
        (("7.9123456E7", "Ana", "3.001234567E+09"), ("79123456", "Ana", ANA)),
        (("１０２０", "Ana", "３００１２３４５６７"), ("1020", "Ana", ANA)),
        (("=1020", "Ana &amp; Luis", "&#43;573001234567"), ("1020", "Ana & Luis", ANA)),
        (("12.345.678-K", "O'Brien", "https://wa.me/573001234567"), ("12.345.678-K", "O'Brien", ANA)),
        (("1.020.304", "Null Goldin", "Cel. 300.123.4567"), ("1.020.304", "Null Goldin", ANA)),
        (("A1.5", "Ana 7/24 #1", "3001234567"), ("A1.5", "Ana 7/24 #1", ANA)),
        (("CLI1.0", "Ana", "3001234567"), ("CLI1.0", "Ana", ANA)),
        (("12E5", "Ana", "3001234567"), ("12E5", "Ana", ANA)),
        (("CC 79123456.0", "Ana", "3001234567"), ("CC 79123456", "Ana", ANA)),
        (("1020", "<b>Ana</b> Paz<br />", "3'001'234'567"), ("1020", "Ana Paz", ANA)),
        (("1020", '&lt;span class="x"&gt;Ana&lt;/span&gt;', "300_123_4567"), ("1020", "Ana", ANA)),
        (("1020", "Ana <ana@x.co> <3", "3001234567"), ("1020", "Ana <ana@x.co> <3", ANA)),
        (("E-8-123456", "Nil", "+57 300 123 4567"), ("E-8-123456", "Nil", ANA)),
    ],
)
def test_it_reads_what_programs_wrote(cells: tuple[str, ...], expected: tuple[str, ...]) -> None:
    datos = read(*cells)
    assert (datos["documento"], datos["nombre"], datos["e164"]) == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("1", "#N/A", "3001234567"), "«#N/A» es un error de la planilla, en la columna Nombre."),
        (("1", "#¡REF!", "3001234567"), "«#¡REF!» es un error"),
        (("1", "Ana #N/A", "3001234567"), "«Ana #N/A» es un error"),
        (("1", "Ana", "3001234567", "", "#¿NOMBRE?"), "«#¿NOMBRE?» es un error"),
        (("1", "Ana", "", ",".join(map(str, range(101)))), "más de 100 etiquetas"),
        (("1", "Ana", "#WERT!"), "«#WERT!» es un error de la planilla, en la columna Teléfono."),
        (("#NOMBRE?", "Ana", "3001234567"), "«#NOMBRE?» es un error"),
        (("1", "Ana", "3001234567", "#DIV/0!"), "«#DIV/0!» es un error de la planilla, en la columna Etiquetas."),
        (("1", '="An"&"a"', "3001234567"), "es una fórmula sin calcular, en la columna Nombre"),
        (("1", "Ana", '="57"&"3001234567"'), "es una fórmula sin calcular, en la columna Teléfono"),
        (("1", "Ana", "=A2&B2"), "es una fórmula sin calcular"),
        (("1", "Ana", "300123456.0"), "El teléfono «300123456.0» no es válido."),
        (("1", "Ana", "3001234567.5"), "no es válido"),
        (("1", "Ana", "3.00E+09"), "Excel abrevió"),
        (("1.02E+09", "Ana", "3001234567"), "El documento «1.02E+09»"),
        (("79123456.5", "Ana", "3001234567"), "podría ser el de otra persona"),
        (("1,5", "Ana", "3001234567"), "podría ser el de otra persona"),
        (("102.03.0405", "Ana", "3001234567"), "podría ser el de otra persona"),
        (("NULL", "Ana", "3001234567"), "Falta el documento"),
        # Nobody's in particular: two clients who have it are two.
        (("00000000", "Ana", "3001234567"), "Falta el documento"),
        (("222222222222", "Ana", "3001234567"), "Falta el documento"),
        (("222222222222.0", "Ana", "3001234567"), "Falta el documento"),
        (("xaxx010101000", "Ana", "3001234567"), "Falta el documento"),
        (("9999999999999", "Ana", "3001234567"), "Falta el documento"),
    ],
)
def test_it_refuses_what_could_be_somebody_else(cells: tuple[str, ...], reason: str) -> None:
    assert reason in reasons(*cells)


def test_a_filler_is_told_of(owner: Usuario) -> None:
    """The row is taken if the phone says who it is, and the page says what was not."""
    assert "es de relleno" in reasons("222222222222", "Ana", "3001234567")
    assert "es de relleno" not in reasons("NULL", "Ana", "3001234567")
    said = read("XAXX010101000", "Ana", "3001234567", clave="telefono")
    assert "documento" not in said
    assert "«XAXX010101000» es de relleno" in said["sin_documento"]
    importacion = run(owner, csv("documento,nombre,telefono", "222222222222,Ana,3001234567"), clave="telefono")
    assert clients(owner) == [("Ana", ANA, "", "", True)]
    page = signed_in(owner).get(f"/clientes/importar/{importacion.pk}/").content.decode()
    assert "1 fila entró sin un dato" in page
    assert "«222222222222» es de relleno" in page


@pytest.mark.parametrize(
    "nothing", ["NULL", "null", "nan", "NaN", "None", "-", "--", "N/A", "\\N", "undefined", "s/d", "(null)"]
)
def test_nothing_is_no_value(nothing: str) -> None:
    assert read("1", nothing, nothing, nothing, nothing) == {"documento": "1"}


def test_a_hashtag_is_a_tag_and_no_error() -> None:
    assert read("1", "Ana", "", "#VIP!, #PROMO")["etiquetas"] == ["#VIP!", "#PROMO"]


@pytest.mark.parametrize(
    ("first", "other", "taken", "said"),
    [
        ("3001234567", "3107654321", ANA, False),
        ("", "3001234567", ANA, False),
        ("NULL", "3001234567", ANA, False),
        ("6012345678", "3001234567", ANA, True),
        ("300123456", "3001234567", ANA, True),
        ("6012345678 / 3001234567", "3107654321", ANA, True),
        ("6012345678", "6042345678", "+576012345678", False),
        ("3001234567", "12", ANA, False),
        ("", "6012345678", None, False),  # a fixed line gets no SMS
        ("", "12", None, False),
    ],
)
def test_of_two_columns_the_mobile_is_taken(first: str, other: str, taken: str | None, said: bool) -> None:
    plan = Plan("clientes", {"nombre": 0, "telefono": 1, "otro_telefono": 2}, "ninguna", 3)
    datos = interpretar(("Ana", first, other), plan)
    assert (datos.get("e164"), "dicho" in datos) == (taken, said)


@pytest.mark.parametrize(
    ("nombre", "apellidos", "whole"),
    [
        ("Ana", "López", "Ana López"),
        ("Ana López", "López", "Ana López"),
        ("ANA LÓPEZ", "López", "ANA LÓPEZ"),
        ("", "López", "López"),
        ("Guadalupe", "Lupe", "Guadalupe Lupe"),
        ("Ana", "NULL", "Ana"),
        ("Ana", "", "Ana"),
    ],
)
def test_surnames_of_their_own_column_end_the_name(nombre: str, apellidos: str, whole: str) -> None:
    assert read("1", nombre, "", "", apellidos)["nombre"] == whole


def test_a_document_that_a_program_spoilt_is_nobody_elses(owner: Usuario) -> None:
    luis = ClienteFactory.create(usuario=owner, nombre="Luis", documento="1020304050", telefono="3110000000")
    known = ClienteFactory.create(usuario=owner, nombre="Eva", documento="79123456", telefono="3110000001")
    old = ClienteFactory.create(usuario=owner, nombre="Sol", documento="5551234.0", telefono="3110000002")
    importacion = run(
        owner,
        csv(
            "documento,nombre,telefono",
            "102030405.0,Pedro,300123456.0",
            "102030405.0,Pedro,3001234567",
            "79123456.0,Eva María,3001234568.0",
            "5551234,Sol,3110000002",
            "55512340,Mar,3001234569",
        ),
    )
    assert counts(importacion) == {"creadas": 2, "actualizadas": 2, "rechazadas": 1}
    luis.refresh_from_db()
    known.refresh_from_db()
    old.refresh_from_db()
    assert (luis.nombre, luis.telefono_e164, luis.documento) == ("Luis", "+573110000000", "1020304050")
    assert (known.nombre, known.telefono_e164) == ("Eva María", "+573001234568")
    assert old.documento == "5551234"
    assert ("Pedro", ANA, "102030405", "", True) in clients(owner)
    assert ("Mar", "+573001234569", "55512340", "", True) in clients(owner)


def test_a_row_of_two_known_clients_is_neithers(owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, nombre="Ana", documento="1", telefono="3001234567")
    ClienteFactory.create(usuario=owner, nombre="Eva", documento="2", telefono="3110000001")
    importacion = run(owner, csv("documento;nombre;telefono", "2;Eva;3001234567"), clave="telefono")
    assert [motivo for *_, motivo in problems(importacion)] == [
        "El teléfono es de «Ana» y el documento es de «Eva»: no se sabe de quién es la fila."
    ]
    assert sorted(Cliente.objects.values_list("nombre", "documento")) == [("Ana", "1"), ("Eva", "2")]
