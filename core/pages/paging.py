"""Lists that are read page by page: by the last row seen, never by a page's number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Args:
    rows: those to show.
    more: whether there are rows after them.
    """

    rows: list[T]
    more: bool

    @property
    def siguiente(self) -> Any:
        """The id that the next page begins after; None when this page is the last one."""
        last: Any = self.rows[-1] if self.more else None
        return last and last.pk


def page_of(rows: Sequence[T] | QuerySet[Any, T], size: int) -> Page[T]:
    """The first rows. One more is read than is shown: it tells whether there is a next page."""
    found = list(rows[: size + 1])
    return Page(found[:size], more=len(found) > size)


def page_before(rows: QuerySet[M], antes: int, size: int) -> Page[M]:
    """The first of the rows, the newest first, whose id is less than another.

    Args:
        antes: that id; 0 begins with the newest.
    """
    return page_of(rows.filter(pk__lt=antes) if antes else rows, size)
