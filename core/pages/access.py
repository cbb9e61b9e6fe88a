"""The people whom a page lets in, and how it refuses a fragment."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core import sessions
from core.factor.middleware import confirmar
from core.models import Usuario
from core.permisos import FALTA, Accion

View = Callable[..., HttpResponse]


def pagina(view: Callable[..., HttpResponse]) -> View:
    """A page for people who have signed in.

    A fragment that is polled after the session ended must not be answered with the login form, which htmx
    would put inside the page: it is told to load the whole page again, which leads to the login.
    """
    protected = login_required(view)

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "HX-Request" in request.headers and not request.user.is_authenticated:
            return HttpResponse(status=401, headers={"HX-Refresh": "true"})
        return protected(request, *args, **kwargs)

    return wrapper


def reciente(volver: str, *, solo_enviar: bool = False) -> Callable[[View], View]:
    """Make a page ask for the password again when the person gave it too long ago: ASVS 5.0, 7.5.1. Beneath `pagina`.

    Args:
        volver: name of the page that a person who was sending something comes back to.
        solo_enviar: whether everybody may look, and only sending something asks.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if sessions.es_reciente(request) or (solo_enviar and request.method != "POST"):
                return view(request, *args, **kwargs)
            return confirmar(request, reverse(volver))

        return wrapper

    return decorate


def usuario_de(request: HttpRequest) -> Usuario:
    """Return the person of a request that `pagina` let in."""
    return cast("Usuario", request.user)


def con_permiso(request: HttpRequest, accion: Accion, refusal: str = "") -> Usuario:
    """Return the person who asks, if their role may do this.

    Args:
        refusal: what those are told who may not; the table's own sentence when "".

    Raises:
        PermissionDenied: it may not.
    """
    usuario = usuario_de(request)
    if not usuario.puede(accion):
        raise PermissionDenied(refusal or FALTA[accion])
    return usuario


def operador_de(request: HttpRequest, refusal: str) -> Usuario:
    """Return the operator of the installation who asks.

    Raises:
        PermissionDenied: it is somebody of a shop; `refusal` tells them so.
    """
    usuario = usuario_de(request)
    if not usuario.is_staff:
        raise PermissionDenied(refusal)
    return usuario
