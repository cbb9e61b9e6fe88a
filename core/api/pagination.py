"""Lists are read by cursor: page 1,000 of a million rows costs what page 1 does."""

from rest_framework.pagination import CursorPagination


class PorCursor(CursorPagination):
    """Newest first; `?page_size=` up to 200."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class PorCursorAscendente(PorCursor):
    """In the order of sending, up to 1,000 rows a page."""

    ordering = "id"
    max_page_size = 1000
