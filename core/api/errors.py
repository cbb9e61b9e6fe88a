"""One error shape for the whole API, from drf-standardized-errors.

    {"type": "validation_error", "errors": [{"code": "required", "detail": "…", "attr": "cliente_ids.3"}]}
"""

from typing import Any

from drf_standardized_errors.handler import ExceptionHandler, exception_handler
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from core.errors import Conflict, InvalidInput


class ConflictError(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class PayloadTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Handler(ExceptionHandler):
    """Translates what services raise into what DRF answers."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, InvalidInput):
            detail: dict[str, Any] | list[str] = [exc.message]
            # "cliente_ids.3" is nested for DRF, so that it comes out as one path again.
            for part in reversed((exc.field or "non_field_errors").split(".")):
                detail = {part: detail}
            return ValidationError(detail, code=exc.code)
        if isinstance(exc, Conflict):
            return ConflictError(exc.message, code=exc.code)
        return super().convert_known_exceptions(exc)  # type: ignore[no-any-return]


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    return exception_handler(exc, context)  # type: ignore[no-any-return]
