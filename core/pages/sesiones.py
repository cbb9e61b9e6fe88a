"""The page of one's own open sessions."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import llaves
from core import sessions as services
from core.models import Sesion
from core.pages.access import pagina, usuario_de


@require_safe
@never_cache
@pagina
def sesiones(request: HttpRequest) -> HttpResponse:
    usuario = usuario_de(request)
    context = {"abiertas": services.abiertas(request, usuario), "siguen": llaves.siguen(usuario)}
    return render(request, "core/sesiones/sesiones.html", {"seccion": "cuenta", **context})


@require_POST
@pagina
def cerrar(request: HttpRequest, pk: int) -> HttpResponse:
    """End one session. Whoever is in a hurry to end a thief's must not be asked for a password first."""
    mine = Sesion.objects.filter(usuario=usuario_de(request), pk=pk).first()
    if mine is None:
        raise Http404
    if mine.sesion_id == request.session.session_key:
        logout(request)
        return redirect("ingresar")
    services.cerrar(usuario=usuario_de(request), pk=pk)
    messages.success(request, "La sesión se cerró.")
    return redirect("sesiones")


@require_POST
@pagina
def cerrar_otras(request: HttpRequest) -> HttpResponse:
    """End all but this one."""
    usuario = usuario_de(request)
    services.cerrar_todas(usuario)
    update_session_auth_hash(request, usuario)
    messages.success(request, "Las demás sesiones se cerraron.")
    return redirect("sesiones")
