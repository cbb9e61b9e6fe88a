"""One error shape for the whole API, from drf-standardized-errors.

{"type": "validation_error", "errors": [{"code": "required", "detail": "…", "attr": "cliente_ids.3"}]}
"""

from typing import Any

from drf_standardized_errors.handler import ExceptionHandler, exception_handler
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.response import Response

from core.api.answers import ConflictAnswer, DatabaseUnavailableAnswer
from core.errors import ConflictError, ForbiddenError, InvalidInputError
from core.postgresql.away import is_away


class Handler(ExceptionHandler):
    """Translates what services raise into what DRF answers."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, InvalidInputError):
            detail: dict[str, Any] | list[str] = [exc.message]
            # "cliente_ids.3" is nested for DRF, so that it comes out as one path again.
            for part in reversed((exc.field or "non_field_errors").split(".")):
                detail = {part: detail}
            return ValidationError(detail, code=exc.code)
        if isinstance(exc, ConflictError):
            return ConflictAnswer(exc.message, code=exc.code)
        if isinstance(exc, ForbiddenError):
            return PermissionDenied(exc.message, code=exc.code)
        if is_away(exc):
            return DatabaseUnavailableAnswer()
        return super().convert_known_exceptions(exc)


def handle(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    return exception_handler(exc, context)
