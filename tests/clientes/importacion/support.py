"""Files to import, and importing them as a person and a worker do."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from clientes.importacion import proceso, services
from clientes.importacion.opciones import Opciones, opciones_guardadas
from clientes.models import Cliente, Importacion
from core.models import Usuario
from tests.bench.importacion import escribir_xlsx

Row = tuple[str, str, str, str, bool]


def xlsx(rows: Iterable[Sequence[object]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Datos")
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def filtered(rows: Sequence[Sequence[object]], *hidden: int, hoja: str = "") -> bytes:
    """Make a workbook with a filter that hides the rows with these numbers; `hoja` is another sheet, with one cell."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.worksheets[0].auto_filter.ref = "A1:C9"
    for numero in hidden:
        book.worksheets[0].row_dimensions[numero].hidden = True
    if hoja:
        book.create_sheet(hoja).append(["Escriba un cliente por fila"])
    return saved(book)


def sheets(active: int = 0, **content: Sequence[Sequence[object]]) -> bytes:
    """Make a workbook of these sheets; `active` is the place of the one that was open."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in content.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    book.active = active
    return saved(book)


def as_excel(rows: Iterable[Sequence[object]]) -> bytes:
    """Write the rows as Excel itself does: the texts in a part of their own."""
    file = io.BytesIO()
    escribir_xlsx(file, rows)
    return file.getvalue()


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def upload(usuario: Usuario, data: bytes, tipo: str = "clientes", name: str = "lista.csv") -> Importacion:
    return services.subir(usuario=usuario, tipo=tipo, subido=SimpleUploadedFile(name, data))


def run(usuario: Usuario, data: bytes, tipo: str = "clientes", **opciones: Any) -> Importacion:
    """Upload, start with what was guessed unless said otherwise, and do a worker's work."""
    importacion = upload(usuario, data, tipo)
    guessed = opciones_guardadas(importacion)
    chosen = {field: getattr(guessed, field) for field in Opciones.__slots__} | opciones
    services.empezar(importacion=importacion, opciones=Opciones(**chosen))
    proceso.atender()
    importacion.refresh_from_db()
    return importacion


def counts(importacion: Importacion) -> dict[str, int]:
    """The counts that are not zero."""
    names = ("creadas", "actualizadas", "sin_cambios", "rechazadas", "repetidas", "telefonos_repetidos")
    return {name: getattr(importacion, name) for name in names if getattr(importacion, name)}


def clients(usuario: Usuario) -> list[Row]:
    """(nombre, telefono_e164, documento, tags, activo) by name."""
    rows = Cliente.objects.filter(usuario=usuario).prefetch_related("etiquetas").order_by("nombre", "pk")
    return [
        (c.nombre, c.telefono_e164, c.documento, ",".join(sorted(e.nombre for e in c.etiquetas.all())), c.activo)
        for c in rows
    ]


def problems(importacion: Importacion) -> list[tuple[int, str, str]]:
    """(row, resultado, motivo) of the rows that did not enter."""
    rows = importacion.detalle.exclude(resultado="").order_by("numero")
    return list(rows.values_list("numero", "resultado", "motivo"))
