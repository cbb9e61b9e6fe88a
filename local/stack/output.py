"""What the person at the terminal sees: one line per line, marked with the process that said it."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
LOG_LIMIT_BYTES = 10 * 1024 * 1024
TAIL_LINES = 15


class Printer:
    """Prefixed, aligned output; coloured on a terminal unless NO_COLOR is set (https://no-color.org)."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        """Args:
        stream: where to; standard output when None.
        quiet: show what the stack itself says and not the lines of its processes.
        """
        self.stream = stream or sys.stdout
        self.quiet = quiet
        self.on_broken: Callable[[], None] = lambda: None
        self.width = len("stack")
        self._colours: dict[str, int] = {}
        self._coloured = self.stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def expect(self, names: Iterable[str]) -> None:
        """Align to the longest of the names that will speak."""
        self.width = max(self.width, *(len(name) for name in names))

    def line(self, name: str, text: str) -> None:
        """A line of a process."""
        if not self.quiet:
            self._marked(name, text)

    def say(self, text: str) -> None:
        """A line of the stack itself."""
        self._marked("stack", text)

    def _marked(self, name: str, text: str) -> None:
        mark = f"{name:<{self.width}} |"
        if self._coloured:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            mark = f"\x1b[{colour}m{mark}\x1b[0m"
        self.plain(f"{mark} {text}")

    def plain(self, text: str) -> None:
        try:
            self.stream.write(text + "\n")
            self.stream.flush()
        except OSError:  # the reader left (`scripts/up | head`), or the terminal was closed
            self.stream = Path(os.devnull).open("w")  # noqa: SIM115 - for the rest of our life
            self.on_broken()


class Log:
    """One process's log file, kept to twice `LOG_LIMIT_BYTES`, begun anew with every start of the stack."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8", errors="replace")

    def write(self, text: str) -> None:
        # A full disk must not take down what is being logged.
        with contextlib.suppress(OSError):
            self._write(text)

    def _write(self, text: str) -> None:
        self._file.write(text + "\n")
        self._file.flush()
        if self._file.tell() > LOG_LIMIT_BYTES:
            self._file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._file = self.path.open("w", encoding="utf-8", errors="replace")

    def close(self) -> None:
        self._file.close()

    def tail(self) -> str:
        """The last lines, indented, for the message about a failure."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines)
