"""Uploads that stop at the limit, instead of filling the disk before anybody looks at them."""

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from clientes.importacion.limites import BYTES_MAX, MB

MARGEN = MB  # what the form's other fields and the multipart frame may add


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Counts what arrives and gives up beyond BYTES_MAX; what is small stays in memory by the handler before it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size > BYTES_MAX:
            self.file.close()
            if self.request is not None:
                self.request.META["importacion.demasiado_grande"] = "1"
            # The rest is read and dropped, so that the browser gets the answer and not a broken connection.
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)


def limitar(request: HttpRequest) -> None:
    """Before the body is read: bound the files in it."""
    request.upload_handlers = [MemoryFileUploadHandler(request), BoundedUploadHandler(request)]


def es_demasiado(request: HttpRequest) -> bool:
    """Whether the body is, or says it is, beyond the limit."""
    return "importacion.demasiado_grande" in request.META or _declared(request) > BYTES_MAX + MARGEN


def _declared(request: HttpRequest) -> int:
    raw = request.META.get("CONTENT_LENGTH") or "0"
    return int(raw) if raw.isdigit() else 0
