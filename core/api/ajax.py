"""The reference's AJAX endpoints: a session, CSRF, and `{"success": false, "errors": {field: [..]}}` when refused."""

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import extend_schema
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.base import SignedInView
from core.api.errors import handle

WHOLE = "non_field_errors"


class PageSessionAuthentication(SessionAuthentication):
    """A page's session. DRF answers 403 to the anonymous unless the scheme has a name to offer."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


def refuse(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    """The API's errors in the reference's shape; a path such as `cliente_ids.3` belongs to its field."""
    answer = handle(exc, context)
    if answer is not None:
        errors: defaultdict[str, list[Any]] = defaultdict(list)
        for error in answer.data["errors"]:
            errors[(error["attr"] or WHOLE).partition(".")[0]].append(error["detail"])
        answer.data = {"success": False, "errors": dict(errors)}
    return answer


@extend_schema(exclude=True)  # its errors have the reference's shape, not the API's
class ReferenceView(SignedInView):
    """One of the reference's calls: from a page, and refused in the reference's shape."""

    authentication_classes = (PageSessionAuthentication,)

    def get_exception_handler(self) -> Any:
        return refuse
