"""Rooms that a person may not leave until they have done something: what the middlewares of such rooms share."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch

# What asks nobody who they are: the page of an opt-out link too.
DE_TODOS: Final = ("webhooks/", "^b/", "favicon.ico")
DE_FONDO: Final = "X-De-Fondo"  # a request that a page makes by the clock, on every page: it prolongs no session


class Confinement(ABC):
    """Middleware that stands behind the one which knows the person of a session."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer in the view's place where the person may not go there.

        Raises:
            DatabaseError: nobody could say who it is; then the view must not run, which might find the database back.
        """
        match = request.resolver_match
        return None if match is None else self.refusal(request, match)

    @abstractmethod
    def refusal(self, request: HttpRequest, match: ResolverMatch) -> HttpResponse | None:
        """Return the answer in the view's place; None where the person may go on."""


def refuse(request: HttpRequest, *, code: str, detail: str, page: str) -> HttpResponse:
    """Refuse in the caller's shape: a fragment loads its page again, a program gets the error, a person the page.

    A count that every page asks for in the background gets nothing: where the person is, to load again would not end.

    Args:
        code, detail: of the API's error.
        page: name of the room's page.
    """
    if DE_FONDO in request.headers:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if "HX-Request" in request.headers:
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Refresh": "true"})
    if request.path.startswith("/api/") or request.content_type == "application/json":
        error = {"code": code, "detail": detail, "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=HTTPStatus.FORBIDDEN)
    return redirect(page)
