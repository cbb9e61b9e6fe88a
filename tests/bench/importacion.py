"""`manage.py medir_importacion`: how fast an import is, and how much memory it takes.

It writes clients of a shop of its own and rolls nothing back: give it a database to throw away, as in

    python -m local.stack run -- sh -c 'python manage.py migrate -v0 && python manage.py medir_importacion'
"""

import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files.uploadedfile import UploadedFile
from django.core.management.base import BaseCommand, CommandParser
from openpyxl import Workbook

from clientes.importacion import proceso, services
from clientes.importacion.opciones import Opciones
from clientes.models import Importacion
from core.models import Usuario

HOJA, TEXTOS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TIPO = (
    f'<Override PartName="/{TEXTOS}" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sharedStrings+xml" />'
)
TITULOS = ("nombre", "telefono", "documento", "etiquetas", "activo")


class Command(BaseCommand):
    help = "Import made-up clients, twice (all new, then all known), and say rows per second and peak memory."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--filas", type=int, default=200_000)
        parser.add_argument("--formato", choices=("csv", "xlsx"), action="append", default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        filas = options["filas"]
        self.stdout.write(
            f"{'file':<6}{'MB':>6}{'rows':>9}{'':>3}{'upload':>8}{'import':>9}{'rows/s':>9}{'peak RSS':>11}  result"
        )
        for formato in options["formato"] or ("csv", "xlsx"):
            usuario = Usuario.objects.create(username=f"medida-{time.time_ns()}")
            with TemporaryFile() as file:
                (escribir_csv if formato == "csv" else escribir_xlsx)(file, chain([TITULOS], _filas(filas)))
                for _ in range(2):
                    self.stdout.write(_medir(usuario, formato, file))


def _medir(usuario: Usuario, formato: str, file: IO[bytes]) -> str:
    file.seek(0)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    started = time.perf_counter()
    subido = UploadedFile(file, f"medida.{formato}", size=size)
    importacion = services.subir(usuario=usuario, tipo="clientes", subido=subido)
    uploaded = time.perf_counter() - started
    services.empezar(importacion=importacion, opciones=Opciones(columnas=importacion.columnas))
    _forget_peak()
    started = time.perf_counter()
    proceso.atender()
    seconds = time.perf_counter() - started
    importacion.refresh_from_db()
    if importacion.estado != Importacion.Estado.COMPLETADA:
        return f"{formato}: {importacion.estado} {importacion.error}"
    return (
        f"{formato:<6}{size / 1e6:>6.1f}{importacion.leidas:>9,}{'':>3}{uploaded:>7.1f}s{seconds:>8.1f}s"
        f"{importacion.leidas / seconds:>9,.0f}{_peak_mb():>8,.0f} MB  {importacion.creadas:,} created, "
        f"{importacion.actualizadas:,} changed, {importacion.sin_cambios:,} as they were"
    )


def _filas(filas: int) -> Iterator[tuple[object, ...]]:
    for i in range(filas):
        yield (
            f"Cliente de medida número {i}",
            3_101_234_567 + i,
            1_000_000_000 + i,
            "VIP" if i % 10 == 0 else "Norte, Mayorista" if i % 3 == 0 else "",
            "no" if i % 50 == 0 else "sí",
        )


def escribir_csv(file: IO[bytes], rows: Iterable[Sequence[object]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    csv.writer(text, delimiter=";").writerows(rows)
    text.flush()
    text.detach()


def escribir_xlsx(file: IO[bytes], rows: Iterable[Sequence[object]]) -> None:
    """A workbook as Excel writes it: its texts apart, each one once. openpyxl puts them inline."""
    frame = io.BytesIO()
    Workbook().save(frame)
    textos: dict[str, int] = {}
    with ZipFile(frame) as source, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "[Content_Types].xml":
                content = content.replace(b"</Types>", TIPO.encode() + b"</Types>")
            if name not in (HOJA, TEXTOS):
                archive.writestr(name, content)
        with archive.open(HOJA, "w", force_zip64=True) as part:
            part.write(f"<worksheet {NS}><sheetData>".encode())
            for row in rows:
                part.write(f"<row>{''.join(_celda(value, textos) for value in row)}</row>".encode())
            part.write(b"</sheetData></worksheet>")
        with archive.open(TEXTOS, "w", force_zip64=True) as part:
            part.write(f"<sst {NS}>".encode())
            for texto in textos:
                part.write(f"<si><t>{escape(texto)}</t></si>".encode())
            part.write(b"</sst>")


def _celda(value: object, textos: dict[str, int]) -> str:
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>"
    return f'<c t="s"><v>{textos.setdefault(str(value), len(textos))}</v></c>'


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
