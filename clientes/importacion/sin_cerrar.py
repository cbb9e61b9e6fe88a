"""A file that is opened as text and stays open when the text is let go."""

import io
from typing import BinaryIO


class _Unclosed(io.BufferedIOBase):
    """A TextIOWrapper that can be let go without closing the file below it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._file.read(size)


def texto(file: BinaryIO, codificacion: str) -> io.TextIOWrapper:
    """Open the file from its beginning, as text."""
    file.seek(0)
    return io.TextIOWrapper(_Unclosed(file), encoding=codificacion, newline="")  # type: ignore[arg-type]
