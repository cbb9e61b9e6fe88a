"""Lists are read by cursor: page 1,000 of a million rows costs what page 1 does."""

from typing import Any, Final

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from core.api.throttling import solo_lee

# Digits. A page has less than 10,000 rows however many are asked for.
PAGE_SIZE_MAX: Final = 9
NO_ES_TAMANO: Final = "Se esperaba un número de filas, de 1 en adelante."


class NewestFirstPagination(CursorPagination):
    """Newest first; `?page_size=` up to 200, or 50 for people who read and may not export."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get(self.page_size_query_param)
        # DRF takes what is no number for no wish at all.
        if asked is not None and not (
            asked.isascii() and asked.isdecimal() and len(asked) <= PAGE_SIZE_MAX and int(asked)
        ):
            raise ValidationError({self.page_size_query_param: [NO_ES_TAMANO]}, code="invalid")
        size = super().get_page_size(request)
        return min(size, self.page_size) if size and solo_lee(request.user) else size

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["description"] = (
                    f"Rows of a page: {self.page_size} unless said, {self.max_page_size} at most."
                )
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": 10**PAGE_SIZE_MAX - 1}
        return parameters

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
