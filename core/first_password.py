"""A password that somebody else chose or read opens one page: the one where its owner chooses another.

OWASP ASVS 5.0, 6.4.1: an initial password must not become the long-term one. A password that another person sets is
marked, by whatever way they set it; one's own takes the mark away.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from core.models import Usuario
from core.ops import actor

CODE: Final = "password_change_required"
CAMBIE: Final = "Su clave la escogió otra persona. Escoja una propia en «Mi cuenta» antes de seguir."
# Its page, its form, and what a second factor may ask before.
ABIERTAS: Final = {"cuenta-clave", "factor", "confirmar", "ingresar", "salir", "healthz", "readyz"}
# What asks nobody who they are: the page of an opt-out link too.
DE_TODOS: Final = ("webhooks/", "^b/", "favicon.ico")
CUENTA: Final = "cuenta"


@receiver(pre_save, sender=Usuario)
def _mark(instance: Usuario, **kwargs: Any) -> None:
    # Django's own mark of a new password. Without anybody, as from a command, the caller says whose it is.
    por = instance.pk if instance.clave_propia else actor.actual().usuario_id
    if por and getattr(instance, "_password", None) is not None:
        instance.clave_ajena = por != instance.pk


class FirstPassword:
    """Middleware that stands behind the one which knows the person of a session.

    A key of the API ends with the password before, and none is given for such a password.
    """

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
        if match is None or match.url_name in ABIERTAS or match.route.startswith(DE_TODOS):
            return None
        if match.url_name == CUENTA and request.method in {"GET", "HEAD"}:
            return None
        user: Any = request.user
        return _refuse(request) if user.is_authenticated and user.clave_ajena else None


def _refuse(request: HttpRequest) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Refresh": "true"})
    if request.path.startswith("/api/") or request.content_type == "application/json":
        error = {"code": CODE, "detail": CAMBIE, "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=HTTPStatus.FORBIDDEN)
    return redirect(CUENTA)
