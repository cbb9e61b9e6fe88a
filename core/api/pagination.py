"""Lists are read by cursor: page 1,000 of a million rows costs what page 1 does."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirstPagination(CursorPagination):
    """Newest first; `?page_size=` up to 200."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        position: Any = cursor.position if cursor else None
        # The position of these lists is an id. DRF hands whatever a caller wrote to the database.
        if position is not None and not (position.isascii() and position.isdecimal() and len(position) < 20):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class OldestFirstPagination(NewestFirstPagination):
    """In the order of sending, up to 1,000 rows a page."""

    ordering = "id"
    max_page_size = 1000
