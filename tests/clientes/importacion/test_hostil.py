"""Files that want to hurt, and files that are something else. Each is refused in words, fast, in little memory."""

import contextlib
import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from clientes import ficha
from clientes.importacion import columnas, formato, lectura, limites, valores, xlsx
from clientes.importacion.celdas import Celdas
from clientes.importacion.limites import UnreadableFileError
from clientes.models import Cliente, Importacion
from core.errors import InvalidInputError
from core.models import Usuario
from tests.clientes.importacion.support import as_excel, csv, problems, run
from tests.clientes.importacion.support import xlsx as workbook
from tests.growth import growth

SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def with_part(name: str, content: bytes, book: bytes = b"") -> bytes:
    """A good workbook with one part replaced."""
    out = io.BytesIO()
    source = io.BytesIO(book or workbook([("nombre",), ("Ana",)]))
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad:
        for info in good.infolist():
            bad.writestr(info.filename, content if info.filename == name else good.read(info))
    return out.getvalue()


def sheet(rows: str) -> bytes:
    return with_part(SHEET, f"<worksheet {NS}><sheetData>{rows}</sheetData></worksheet>".encode())


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE x [<!ENTITY l0 "ja">{entities}]><worksheet {NS}><sheetData>&l9;</sheetData></worksheet>'
    return with_part(SHEET, text.encode())


def external() -> bytes:
    text = f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><worksheet {NS}><sheetData>'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&f;</t></is></c></row></sheetData></worksheet>'
    return with_part(SHEET, (text + cell).encode())


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("empty", lambda: b"", limites.VACIO),
    ("a mark and nothing", lambda: b"\xef\xbb\xbf", limites.VACIO),
    ("empty lines", lambda: b"\r\n;;\r\n \r\n", limites.VACIO),
    ("random bytes", lambda: b"\0\1" + os.urandom(5000), limites.NO_ES_PLANILLA),
    ("a picture", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100), limites.NO_ES_PLANILLA),
    ("half a UTF-16", lambda: b"\xff\xfea\0b", limites.NO_ES_PLANILLA),
    ("an old or encrypted Excel", lambda: b"\xd0\xcf\x11\xe0" + bytes(600), limites.XLS_VIEJO),
    ("LibreOffice's", lambda: zipped("content.xml", b"<office/>"), limites.ODS),
    ("a binary workbook", lambda: zipped("xl/workbook.bin", b"\0"), limites.XLSB),
    ("Apple's", lambda: zipped("Index/Document.iwa", b"\0"), limites.NUMBERS),
    ("a letter", lambda: zipped("word/document.xml", b"<w/>"), limites.OTRO_OFFICE),
    ("contacts", lambda: b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana\r\nTEL:3001234567\r\nEND:VCARD\r\n", limites.VCARD),
    ("contacts with a mark", lambda: b"\xef\xbb\xbf\nbegin:vcard\nVERSION:4.0\n", limites.VCARD),
    ("JSON", lambda: b'[\n  {"nombre": "Ana", "telefono": "3001234567"}\n]\n', limites.JSON),
    ("a zip that is no workbook", lambda: zipped("a.txt", b"hola"), limites.XLSX_DANADO),
    ("half a zip", lambda: workbook([("nombre",)])[:300], limites.XLSX_DANADO),
    ("a million columns", lambda: b"a;" * 1_000_000 + b"\n", limites.DEMASIADAS_COLUMNAS.format(fila=1)),
    ("a huge cell", lambda: csv("nombre", "x" * 30_000), limites.CELDA_ENORME.format(fila=2)),
    ("a quote that never closes", lambda: b'nombre\n"Ana\n' + b"Luis\n" * 40_000, limites.CELDA_ENORME.format(fila=2)),
    ("200,001 rows", lambda: csv("nombre", *["Ana"] * 200_001), limites.DEMASIADAS_FILAS),
    ("entities", laughs, limites.XLSX_DANADO),
    ("an external entity", external, limites.XLSX_DANADO),
    ("not XML", lambda: with_part(SHEET, b"<worksheet><unclosed>"), limites.XLSX_DANADO),
    ("a row beyond the sheet", lambda: sheet('<row r="99999999999"><c r="A1"><v>1</v></c></row>'), ""),
    ("a workbook without rows", lambda: sheet(""), limites.VACIO),
    ("a cell of 50 MB", lambda: sheet(f'<row><c t="str"><v>{"x" * 50_000_000}</v></c></row>'), limites.XLSX_BOMBA),
    ("a row of a million cells", lambda: sheet("<row>" + "<c><v>1</v></c>" * 1_000_000 + "</row>"), limites.XLSX_BOMBA),
    ("an inflated style sheet", lambda: with_part("xl/styles.xml", b" " * 50_000_000), limites.XLSX_BOMBA),
    ("an inflated manifest", lambda: with_part("[Content_Types].xml", b" " * 50_000_000), limites.XLSX_BOMBA),
]  # fmt: skip


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def refusal(usuario: Usuario, data: bytes) -> str:
    """Why it is refused, when it is uploaded or when it is read."""
    try:
        return run(usuario, data, columnas={"nombre": 0}, clave="ninguna").error
    except UnreadableFileError as error:
        return error.message


@pytest.mark.parametrize(("make", "reason"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_it_is_refused(make: Callable[[], bytes], reason: str, owner: Usuario) -> None:
    data = make()
    tracemalloc.start()
    found = refusal(owner, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == reason or not reason
    assert found
    assert peak < 80_000_000  # of which 20 MB are the file
    assert not Cliente.objects.exists()


def test_texts_are_bounded(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "TEXTOS_MAX", 10_000)
    data = as_excel([("nombre",), *((f"Cliente con un nombre largo {n}",) for n in range(2_000))])
    assert refusal(owner, data) == limites.XLSX_BOMBA


def test_one_text_in_very_many_cells_is_no_import(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text is written once in a workbook, and as often as a cell names it in the rows that are kept."""
    monkeypatch.setattr("clientes.importacion.lectura.TEXTO_MAX", 1_000_000)
    data = as_excel([("nombre",), *(("x" * 150,) for _ in range(7_000))])
    assert refusal(owner, data) == limites.XLSX_BOMBA


def test_heavy_rows_are_stored_few_at_a_time() -> None:
    cells = Celdas(["x" * 20_000] * 100)
    blocks = list(lectura.en_bloques((n, cells) for n in range(7)))
    assert [[n for n, _ in block] for block in blocks] == [[0, 1, 2], [3, 4, 5], [6]]


def test_too_many_rows_of_excel_fail_when_they_are_read(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clientes.importacion.lectura.FILAS_MAX", 50)
    data = workbook([("nombre",), *(("Ana",) for _ in range(52))])
    importacion = run(owner, data, columnas={"nombre": 0}, clave="ninguna")
    assert (importacion.estado, importacion.error) == (Importacion.Estado.FALLIDA, limites.DEMASIADAS_FILAS)
    assert not Cliente.objects.exists()


def test_a_file_of_titles_only(owner: Usuario) -> None:
    importacion = run(owner, csv("nombre;documento"))
    assert (importacion.estado, importacion.error) == (Importacion.Estado.FALLIDA, limites.SIN_FILAS)


def test_nul_bytes_and_controls_spoil_their_row_only(owner: Usuario) -> None:
    filler = [f"Cliente {n};{n + 1}" for n in range(5_000)]  # beyond what is looked at to know the kind of file
    data = csv("nombre;documento", *filler, "Nul\0o;x1", "Con\x01trol;x2")
    importacion = run(owner, data)
    assert [numero for numero, *_ in problems(importacion)] == [5_002]
    assert Cliente.objects.filter(nombre="Con trol").exists()


@pytest.mark.parametrize("text", ["'; DROP TABLE clientes_cliente; --", "%s %(id)s {} \\", "<script>", "👩‍👧"])
def test_texts_are_only_texts(text: str, owner: Usuario) -> None:
    run(owner, csv("nombre;documento;etiquetas", f'"{text}";1;"{text[:40]}"'))
    assert Cliente.objects.get().nombre == text


def _read(work: Callable[[str], object]) -> Callable[[str], None]:
    def reading(text: str) -> None:
        with contextlib.suppress(valores.InvalidCellError, InvalidInputError):
            work(text)

    return reading


READERS: list[Callable[[str], object]] = [
    ficha.nombre, ficha.documento, ficha.telefono,
    valores.texto, valores.activo, valores.etiquetas, valores.total, valores.fecha, formato.delimitador,
    lambda text: columnas.adivinar([text]),
]  # fmt: skip


@pytest.mark.parametrize("text", ["\u0315\u0300", "\u0f73", "1", "1.1,", "\\|", "a,", "p. m", "'=", "1e", "aA"])
@pytest.mark.parametrize("work", READERS)
def test_a_long_cell_costs_what_it_weighs(work: Callable[[str], object], text: str) -> None:
    """One call of Python's own cannot be interrupted: the web and the sending threads wait for its end."""
    assert growth(_read(work), lambda n: f"a{text * n}", 2_000) < 30


def styled(code: str) -> bytes:
    """A workbook with a number format of its own."""
    formats = f'<numFmts><numFmt numFmtId="200" formatCode="{code}"/></numFmts>'
    looks = "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>"
    cells = (
        '<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf numFmtId="200" fontId="0" fillId="0" borderId="0"/></cellXfs>'
    )
    named = '<cellStyles><cellStyle name="Normal" xfId="0"/></cellStyles>'
    return with_part("xl/styles.xml", f"<styleSheet {NS}>{formats}{looks}{cells}{named}</styleSheet>".encode())


@pytest.mark.parametrize("code", ["[", "[h", "&quot;", "d;"])
def test_a_number_format_costs_what_it_weighs(code: str) -> None:
    """A workbook of 4 KB whose one number format was 4 MB of brackets kept the web busy for hours."""

    def read(data: bytes) -> None:
        assert lectura.examinar(io.BytesIO(data))[1] == [["nombre"], ["Ana"]]

    assert growth(read, lambda n: styled(code * n), 4_000) < 30
