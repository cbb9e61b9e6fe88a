"""A page of a list knows whether there is a next one, and where that begins."""

from types import SimpleNamespace
from typing import Any

import pytest

from core.models import Usuario
from core.pages.paging import Page, page_before, page_of
from tests.factories import AdminFactory

ROWS = [SimpleNamespace(pk=pk) for pk in (9, 7, 4)]


@pytest.mark.parametrize(
    ("size", "shown", "more", "siguiente"),
    [
        (2, [9, 7], True, 7),
        (3, [9, 7, 4], False, None),  # as many as fit
        (4, [9, 7, 4], False, None),
    ],
)
def test_it_says_what_follows(size: int, shown: list[int], more: bool, siguiente: int | None) -> None:
    page = page_of(ROWS, size)
    assert ([row.pk for row in page.rows], page.more, page.siguiente) == (shown, more, siguiente)


def test_an_empty_list_is_one_page() -> None:
    page: Page[Any] = page_of([], 2)
    assert (page.rows, page.more, page.siguiente) == ([], False, None)


@pytest.mark.django_db
def test_each_page_begins_below_the_last_row_of_the_one_before() -> None:
    newest_first = [admin.pk for admin in AdminFactory.create_batch(5)][::-1]
    rows = Usuario.objects.filter(pk__in=newest_first).order_by("-pk")
    seen, antes = [], 0
    for _ in range(3):
        page = page_before(rows, antes, 2)
        seen.append([row.pk for row in page.rows])
        antes = page.siguiente
    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert antes is None
