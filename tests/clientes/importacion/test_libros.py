"""Workbooks as people have them: filtered, with formulas, several sheets, Strict Open XML; and their bounds."""

import io
import struct
import zipfile
from collections.abc import Callable, Sequence

import pytest
from openpyxl import Workbook

from clientes.importacion import lectura, libro, limites, services, vistazo
from clientes.importacion import xlsx as lector
from clientes.importacion.celdas import FORMULA
from clientes.importacion.lectura import Eleccion
from clientes.importacion.libro import ESTRICTO
from clientes.importacion.limites import UnreadableFileError
from clientes.rne import numeros
from core.models import Usuario
from tests.clientes.importacion.support import (
    as_excel,
    clients,
    counts,
    filtered,
    problems,
    run,
    saved,
    sheets,
    upload,
    xlsx,
)
from tests.clientes.importacion.test_hostil import NS, SHEET, sheet, with_part
from tests.growth import growth

TITULOS = ("documento", "nombre", "telefono")
ANA, LUIS, EVA = ("1", "Ana", "3001234567"), ("2", "Luis", "3001234568"), ("3", "Eva", "3001234569")


class TestHiddenRows:
    DATA = filtered([TITULOS, ANA, LUIS, EVA], 3, 4, 50)

    def test_they_are_counted_before_the_import(self, owner: Usuario) -> None:
        assert upload(owner, self.DATA).examen["ocultas"] == 2  # the third is empty

    def test_they_come_in_like_the_others(self, owner: Usuario) -> None:
        done = run(owner, self.DATA)
        assert counts(done) == {"creadas": 3}
        assert done.aceptadas == done.en_archivo == 3

    def test_they_can_be_left_out_and_are_counted(self, owner: Usuario) -> None:
        done = run(owner, self.DATA, sin_ocultas=True)
        assert [c[0] for c in clients(owner)] == ["Ana"]
        assert (done.aceptadas, done.omitidas, done.en_archivo) == (1, 2, 3)

    def test_the_register_takes_them(self) -> None:
        assert len(numeros.de_archivo(io.BytesIO(self.DATA)).telefonos) == 3

    @pytest.mark.parametrize(
        ("attributes", "hidden"),
        [
            ('hidden="1"', 1), ("hidden='true'", 1), ('r="2" spans="1:1" hidden="1" ht="15"', 1), ('ht="0"', 1),
            ('ht="0.0" customHeight="1"', 1), ('hidden="0"', 0), ('hidden="false"', 0), ('ht="10"', 0), ('ht="0.5"', 0),
            ('collapsed="1"', 0), ("", 0),
        ],
    )  # fmt: skip
    def test_each_way_to_hide_a_row(self, attributes: str, hidden: int) -> None:
        cell = '<c t="inlineStr"><is><t>x</t></is></c>'
        data = sheet(f"<row>{cell}</row><row {attributes}>{cell}</row><row hidden='1'/>")
        examen = lectura.examinar(io.BytesIO(data))
        assert examen.hechos.ocultas == hidden
        assert [c.oculta for _, c in lectura.leer(io.BytesIO(data), examen.formato)] == [False, bool(hidden)]


class TestFormulas:
    @pytest.mark.parametrize(
        ("row", "columna"),
        [
            (("1", "Ana", '="57"&"3001234567"'), "C"),
            (("=1+1", "Ana", "3001234567"), "A"),
            (("1", "=B9", "3001234567"), "B"),
        ],
    )
    def test_one_without_a_value_rejects_its_row(self, owner: Usuario, row: Sequence[str], columna: str) -> None:
        done = run(owner, xlsx([TITULOS, row, LUIS]))
        assert problems(done) == [(2, "rechazada", FORMULA.format(columna=columna))]
        assert done.aceptadas + done.rechazadas == done.en_archivo == 2
        assert done.detalle.get().celdas == list(row)

    def test_the_date_of_a_consent_too(self, owner: Usuario) -> None:
        done = run(owner, xlsx([(*TITULOS, "fecha del consentimiento"), (*ANA, "=TODAY()")]))
        assert problems(done) == [(2, "rechazada", FORMULA.format(columna="D"))]

    def test_one_in_a_column_that_is_not_imported_harms_nothing(self, owner: Usuario) -> None:
        done = run(owner, xlsx([(*TITULOS, "edad"), (*ANA, "=1+1")]))
        assert counts(done) == {"creadas": 1}

    def test_those_of_a_sheet_with_prefixes_are_counted(self) -> None:
        rows = '<x:row hidden="1"><x:c r="A1"><x:f>1+1</x:f><x:v></x:v></x:c></x:row><x:row r="2"><x:c/></x:row>'
        assert vistazo.contar(libro.Parte(io.BytesIO(rows.encode()), 1_000), recalcula=False) == (2, 1, 1)

    def test_they_are_counted_before_the_import(self, owner: Usuario) -> None:
        assert upload(owner, xlsx([TITULOS, ("1", "=A1", "=B1"), LUIS])).examen["formulas"] == 2

    @pytest.mark.parametrize(
        ("cell", "text", "lost"),
        [
            ("<c><f>1+1</f><v>2</v></c>", "2", False),
            ('<c t="str"><f>A1</f><v>Ana</v></c>', "Ana", False),
            ('<c t="str"><f>""</f><v></v></c>', "", False),  # Excel computed an empty text
            ('<c t="b"><f>TRUE</f><v>1</v></c>', "sí", False),
            ("<c><f>1+1</f></c>", "=1+1", True),
            ("<c><f>1+1</f><v/></c>", "=1+1", True),
            ("<c><f>1+1</f><v></v></c>", "=1+1", True),
            ('<c><f t="shared" si="0"/></c>', "=(fórmula)", True),
            ('<c><f t="array" ref="A1">A2:A9</f><v></v></c>', "=A2:A9", True),
        ],
    )
    def test_each_way_to_write_one(self, cell: str, text: str, lost: bool) -> None:
        data = sheet(f"<row>{cell}<c><v>1</v></c></row>")
        examen = lectura.examinar(io.BytesIO(data))
        [(_, cells)] = lectura.leer(io.BytesIO(data), examen.formato)
        assert (cells[0], bool(cells.sin_calcular), examen.hechos.formulas) == (text, lost, int(lost))

    @pytest.mark.parametrize(("flag", "lost"), [('<calcPr fullCalcOnLoad="1"/>', True), ("<calcPr/>", False)])
    def test_the_zero_of_a_program_that_does_not_compute(self, flag: str, lost: bool) -> None:
        """XlsxWriter and its like write 0 beside each formula, and tell Excel to compute all of them on loading."""
        page = f"<worksheet {NS}><sheetData><row><c><f>1+1</f><v>0</v></c><c><v>0</v></c></row></sheetData></worksheet>"
        rel = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
        book = f'<workbook {NS} {rel}><sheets><sheet name="x" sheetId="1" r:id="rId1"/></sheets>{flag}</workbook>'
        data = with_part("xl/workbook.xml", book.encode(), with_part(SHEET, page.encode()))
        examen = lectura.examinar(io.BytesIO(data))
        [(_, cells)] = lectura.leer(io.BytesIO(data), examen.formato)
        assert (cells.sin_calcular, examen.hechos.formulas) == (frozenset({0} if lost else ()), int(lost))

    def test_the_register_refuses_one(self) -> None:
        with pytest.raises(UnreadableFileError) as refusal:
            numeros.de_archivo(io.BytesIO(xlsx([("numero",), ("3001112233",), ('="300"&"4445566"',)])))
        assert refusal.value.message == limites.SIN_CALCULAR.format(fila=3)


class TestSheets:
    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (sheets(1, Instrucciones=[["Escriba un cliente por fila"]], Clientes=[TITULOS, ANA]), "Clientes"),
            (sheets(0, Instrucciones=[["Escriba un cliente por fila"]], Clientes=[TITULOS, ANA]), "Clientes"),
            (sheets(0, Vacía=[], Clientes=[TITULOS, ANA]), "Clientes"),
            (sheets(1, Enero=[TITULOS, ANA], Febrero=[TITULOS, LUIS]), "Febrero"),
            (sheets(2, Enero=[TITULOS, ANA], Febrero=[TITULOS, LUIS], Notas=[["x"]]), "Enero"),
            (sheets(1, Uno=[["a", "b"]], Dos=[["c", "d"], ["e", "f"]]), "Dos"),
            (sheets(1, Uno=[["a", "b"]], Dos=[]), "Uno"),
            (sheets(0, Resumen=[["Clientes", 120], ["Total", 5]], Datos=[["Luna"], [], TITULOS, ANA]), "Datos"),
        ],
        ids=["open", "not open", "beside an empty one", "two, the second open", "two, neither open", "unknown titles",
             "open and empty", "numbers before"],
    )  # fmt: skip
    def test_it_takes_the_one_with_the_titles_or_the_open_one(self, data: bytes, name: str, owner: Usuario) -> None:
        found = upload(owner, data)
        assert found.formato["hoja"] == name
        assert name in found.examen["hojas"]

    def test_another_can_be_chosen(self, owner: Usuario) -> None:
        found = upload(owner, sheets(1, Enero=[TITULOS, ANA], Febrero=[TITULOS, LUIS]))
        services.releer(importacion=found, eleccion=Eleccion(hoja="Enero"))
        found.refresh_from_db()
        assert (found.formato["hoja"], found.muestra[1]) == ("Enero", list(ANA))
        with pytest.raises(UnreadableFileError):
            services.releer(importacion=found, eleccion=Eleccion(hoja="Marzo"))

    def test_a_hidden_one_is_not_read(self) -> None:
        book = Workbook()
        book.worksheets[0].append(["x"])
        book.create_sheet("Oculta").append(TITULOS)
        book.worksheets[1].sheet_state = "hidden"
        examen = lectura.examinar(io.BytesIO(saved(book)))
        assert (examen.formato.hoja, examen.hechos.hojas) == ("Sheet", ["Sheet"])

    def test_the_register_takes_the_one_with_numbers(self) -> None:
        data = sheets(0, Leame=[["Consulta del RNE"], ["Número de solicitud"]], Datos=[["MSISDN"], ["3001112233"]])
        assert list(numeros.de_archivo(io.BytesIO(data)).telefonos) == ["+573001112233"]

    def test_rows_out_of_order_and_with_one_number_are_all_read(self) -> None:
        rows = "".join(
            f'<row r="{n}"><c t="str"><v>{text}</v></c></row>'
            for n, text in [(1, "a"), (3, "b"), (3, "c"), (2, "d"), (9, "e")]
        )
        data = sheet(rows)
        found = list(lectura.leer(io.BytesIO(data), lectura.examinar(io.BytesIO(data)).formato))
        assert [(n, cells[0]) for n, cells in found] == [(1, "a"), (3, "b"), (4, "c"), (5, "d"), (9, "e")]

    def test_a_merged_banner_is_above_the_table(self, owner: Usuario) -> None:
        book = Workbook()
        for row in (["Reporte de clientes"], [], TITULOS, ANA):
            book.worksheets[0].append(row)
        book.worksheets[0].merge_cells("A1:D1")
        done = run(owner, saved(book))
        assert (done.formato["desde"], counts(done)) == (3, {"creadas": 1})


def strict(data: bytes) -> bytes:
    """The workbook as Excel saves it as "Strict Open XML"."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as usual, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for info in usual.infolist():
            content = usual.read(info)
            for namespace, transitional in ESTRICTO:
                content = content.replace(transitional, namespace)
            archive.writestr(info.filename, content)
    return out.getvalue()


@pytest.mark.parametrize("make", [xlsx, as_excel])
def test_a_strict_workbook_is_read(owner: Usuario, make: Callable[[Sequence[Sequence[object]]], bytes]) -> None:
    data = strict(make([TITULOS, ANA, LUIS]))
    assert b"purl.oclc.org" in zipfile.ZipFile(io.BytesIO(data)).read("xl/workbook.xml")
    assert counts(run(owner, data)) == {"creadas": 2}


def entries(many: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(many):
            archive.writestr(f"{n}", b"")
    return out.getvalue()


class TestBounds:
    @pytest.mark.parametrize("many", [6_000, 30_000, 70_000])
    def test_a_zip_of_very_many_parts_is_refused(self, many: int) -> None:
        with pytest.raises(UnreadableFileError) as refusal:
            lectura.examinar(io.BytesIO(entries(many)))
        assert refusal.value.message == limites.XLSX_MUCHAS_PARTES

    def test_its_index_is_not_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(libro, "ZipFile", None)
        with pytest.raises(UnreadableFileError):
            libro.revisar_indice(io.BytesIO(entries(30_000)))

    @pytest.mark.parametrize("zip64", [b"", b"PK\x06\x06" + bytes(36) + struct.pack("<QQ", 1 << 40, 0)], ids=len)
    def test_the_end_of_a_zip_may_lie(self, zip64: bytes) -> None:
        end = b"PK\x05\x06" + bytes(8) + struct.pack("<LLH", 100, 0, 0)
        data = b"PK\x03\x04" + bytes(100) + zip64 + b"PK\x06\x07" + bytes(16) + end
        with pytest.raises(UnreadableFileError):
            libro.revisar_indice(io.BytesIO(data))

    @pytest.mark.parametrize(
        "styles",
        [
            f"<styleSheet {NS}><cellXfs>{'<xf/>' * 70_000}</cellXfs></styleSheet>",
            f"<styleSheet {NS}><fonts>{'<f/>' * 500_000}</fonts></styleSheet>",
        ],
        ids=["formats", "fonts"],
    )
    def test_the_styles_are_bounded(self, styles: str) -> None:
        with pytest.raises(UnreadableFileError) as refusal:
            lectura.examinar(io.BytesIO(with_part("xl/styles.xml", styles.encode())))
        assert refusal.value.message == limites.XLSX_BOMBA

    def test_the_texts_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lector, "CUANTOS_TEXTOS_MAX", 10)
        data = as_excel([(str(n),) for n in range(20)])
        with pytest.raises(UnreadableFileError) as refusal:
            list(lectura.leer(io.BytesIO(data), lectura.examinar(io.BytesIO(as_excel([("a",)]))).formato))
        assert refusal.value.message == limites.XLSX_BOMBA

    def test_a_look_at_many_sheets_of_heavy_rows_comes_to_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lector, "MUESTRA_MAX", 300_000)
        heavy = [[str(n) * 200 for n in range(90)] for _ in range(20)]
        data = sheets(0, Uno=heavy, Dos=heavy, Tres=heavy)
        assert 1 <= len(lectura.examinar(io.BytesIO(data)).muestra) < 20

    @pytest.mark.parametrize("xml", ["<c", "<c ", "<row ", "<row hidden", "<c><f>", "<c> <f/> ", "<aaaa", "<f"])
    def test_the_scan_of_a_sheet_costs_what_it_weighs(self, xml: str) -> None:
        def work(data: bytes) -> None:
            vistazo.ocultas(data)
            vistazo.formulas(data, recalcula=True)

        assert growth(work, lambda n: xml.encode() * n, 5_000) < 30
