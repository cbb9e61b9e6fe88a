"""The uploaded file, in pieces in PostgreSQL, read as if it were a file on a disk."""

import io
from collections.abc import Iterable

from clientes.models import Importacion, ImportacionTrozo

TROZO = 512 * 1024


def guardar(importacion: Importacion, pedazos: Iterable[bytes]) -> int:
    """Store the file and return its size in bytes. The pieces may come in any size."""
    buffer = bytearray()
    numero = size = 0
    for pedazo in pedazos:
        buffer += pedazo
        while len(buffer) >= TROZO:
            _store(importacion, numero, bytes(buffer[:TROZO]))
            del buffer[:TROZO]
            numero, size = numero + 1, size + TROZO
    if buffer:
        _store(importacion, numero, bytes(buffer))
    return size + len(buffer)


def _store(importacion: Importacion, numero: int, datos: bytes) -> None:
    ImportacionTrozo.objects.create(importacion=importacion, numero=numero, datos=datos)


class Archivo(io.RawIOBase):
    """The stored file, for readers that seek (a zip's index is at its end). It holds one piece at a time."""

    def __init__(self, importacion: Importacion) -> None:
        self._trozos = ImportacionTrozo.objects.filter(importacion=importacion)
        last = self._trozos.order_by("-numero").first()
        self._size = last.numero * TROZO + len(last.datos) if last else 0
        self._at = 0
        self._numero, self._datos = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the stub says Buffer, io gives this
        if self._at >= self._size:
            return 0
        numero, offset = divmod(self._at, TROZO)
        if numero != self._numero:
            self._datos = bytes(self._trozos.get(numero=numero).datos)
            self._numero = numero
        data = self._datos[offset : offset + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def abrir(importacion: Importacion) -> io.BufferedReader:
    return io.BufferedReader(Archivo(importacion), TROZO)
