"""A page that takes a file from an admin, and what it refuses before anybody looks inside."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, Protocol

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from clientes.importacion import limites, subida
from core.pages.access import View, con_permiso, pagina
from core.permisos import Accion

SOLO_ADMIN: Final = "Solo un administrador puede importar."
SIN_ARCHIVO: Final = "Elija un archivo."


class Show(Protocol):
    """Answers with the form, and with the reason why a file was refused."""

    def __call__(self, request: HttpRequest, *, error: str = "") -> HttpResponse: ...


def solo_admin(view: Callable[..., HttpResponse]) -> View:
    """A page for admins who have signed in."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
        return view(request, *args, **kwargs)

    return pagina(wrapper)


def upload_page(*, show: Show, take: Callable[[HttpRequest, "UploadedFile[Any]"], HttpResponse]) -> View:
    """A view whose GET shows a form for a file and whose POST takes the file.

    Args:
        show: makes the page.
        take: gets the file of the field `archivo`, which is not beyond the limits.
    """

    @csrf_protect
    def post(request: HttpRequest) -> HttpResponse:
        subido = request.FILES.get("archivo")
        if subida.es_demasiado(request):
            return show(request, error=limites.DEMASIADO_GRANDE)
        if subido is None:
            return show(request, error=limites.VACIO if "archivo" in request.FILES else SIN_ARCHIVO)
        return take(request, subido)

    @csrf_exempt  # the token is in the body, and the body is not read before it is bounded: `post` asks for it
    @require_http_methods(["GET", "HEAD", "POST"])
    @never_cache
    @solo_admin
    def view(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            subida.limitar(request)
            answer: HttpResponse = post(request)
            return answer
        return show(request)

    return view
