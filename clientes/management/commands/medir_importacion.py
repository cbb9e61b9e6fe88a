"""`manage.py medir_importacion`: how fast an import is, and how much memory it takes.

It writes clients of a shop of its own and rolls nothing back: give it a database to throw away, as in

    python -m core.stack run -- sh -c 'python manage.py migrate -v0 && python manage.py medir_importacion'
"""

import csv
import io
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.management.base import BaseCommand, CommandParser
from openpyxl import Workbook

from clientes.importacion import proceso, services
from clientes.importacion.opciones import Opciones
from clientes.models import Importacion
from core.models import Usuario

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
                (_csv if formato == "csv" else _xlsx)(file, filas)
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


def _filas(filas: int) -> Any:
    for i in range(filas):
        yield (
            f"Cliente de medida número {i}",
            3_101_234_567 + i,
            1_000_000_000 + i,
            "VIP" if i % 10 == 0 else "Norte, Mayorista" if i % 3 == 0 else "",
            "no" if i % 50 == 0 else "sí",
        )


def _csv(file: IO[bytes], filas: int) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";")
    writer.writerow(TITULOS)
    writer.writerows(_filas(filas))
    text.flush()
    text.detach()


def _xlsx(file: IO[bytes], filas: int) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Clientes")
    sheet.append(TITULOS)
    for row in _filas(filas):
        sheet.append(row)
    book.save(file)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
