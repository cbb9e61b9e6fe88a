"""One statement for what several threads of the process want to write at the same moment.

No thread waits for company: whoever comes while a statement runs shares the next one with the others that came. So a
quiet web writes at once, and a busy one writes in larger groups.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Entry(Generic[T, R]):
    __slots__ = ("answer", "error", "item", "written")

    def __init__(self, item: T) -> None:
        self.item = item
        self.written = False
        self.answer: R | None = None
        self.error: Exception | None = None


class Grouping(Generic[T, R]):
    """Args:
    write: writes a group, in the order of arrival, and returns the answer to each.
    """

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._write = write
        self._arrived: list[_Entry[T, R]] = []
        self._arriving, self._writing = Lock(), Lock()

    def put(self, item: T) -> R:
        """Write the item, alone or with those of other threads, and return once it is written.

        Raises:
            Exception: what `write` raised for the item's group.
        """
        entry: _Entry[T, R] = _Entry(item)
        with self._arriving:
            self._arrived.append(entry)
        with self._writing:
            if not entry.written:  # nobody took it along: this thread writes for all that are here
                with self._arriving:
                    group, self._arrived = self._arrived, []
                self._settle(group)
        if entry.error is not None:
            raise entry.error
        return entry.answer  # type: ignore[return-value]  # set by `_settle`

    def _settle(self, group: list[_Entry[T, R]]) -> None:
        try:
            answers = self._write([entry.item for entry in group])
            for entry, answer in zip(group, answers, strict=True):
                entry.answer = answer
        except Exception as error:
            for entry in group:
                entry.error = error
        finally:
            for entry in group:
                entry.written = True
