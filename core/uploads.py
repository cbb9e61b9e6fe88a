"""Files that nobody asked for: the start of one ends the reading of its request, so that none is kept anywhere.

Django's own handlers stand on every address, and write a large file to the temporary folder before any view, or the
CSRF check, has looked at the request. A page that takes files names its own: `clientes.importacion.subida`.
"""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class NoFiles(FileUploadHandler):
    """Reads the fields that come before a file, and nothing from there on."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None
