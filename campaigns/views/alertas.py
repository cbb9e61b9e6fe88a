"""Which alerts the shop wants, where, and what became of the last ones."""

from math import ceil
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.request import Request

from campaigns.alertas import selectors, services
from campaigns.alertas.formulario import AjustesForm
from core import formato
from core.api.throttling import PorPrueba
from core.errors import ConflictError
from core.models import Usuario
from core.pages import admin_de, pagina

ALERTAS = 30
SOLO_ADMIN = "Solo un administrador ve y cambia las alertas."
GUARDADO = "Las alertas quedaron como las pidió."
PROBADA = "La prueba va en camino: en unos segundos verá abajo cómo le fue."
DEMASIADAS = "Ya pidió varias pruebas. Espere {espera} y vuelva a intentar."


def _pagina(request: HttpRequest, usuario: Usuario, **context: Any) -> HttpResponse:
    ajustes = selectors.ajustes_de(usuario)
    context.setdefault("form", AjustesForm(instance=ajustes))
    context |= {
        "seccion": "alertas",
        "ajustes": ajustes,
        "alertas": selectors.alertas_de(usuario)[:ALERTAS],
        "sin_correo": not settings.EMAIL_HOST,
    }
    return render(request, "campaigns/alertas.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def alertas(request: HttpRequest) -> HttpResponse:
    usuario = admin_de(request, SOLO_ADMIN)
    if request.method != "POST":
        return _pagina(request, usuario)
    before = selectors.ajustes_de(usuario)
    form = AjustesForm(request.POST, instance=selectors.ajustes_de(usuario))
    if not form.is_valid():
        return _pagina(request, usuario, form=form)
    ajustes = services.guardar_ajustes(usuario=usuario, datos=form.cleaned_data)
    if ajustes.secreto != before.secreto:
        # Shown in this answer and never again.
        return _pagina(request, usuario, secreto_nuevo=ajustes.secreto)
    messages.success(request, GUARDADO)
    return redirect("alertas")


@require_POST
@never_cache
@pagina
def secreto(request: HttpRequest) -> HttpResponse:
    usuario = admin_de(request, SOLO_ADMIN)
    return _pagina(request, usuario, secreto_nuevo=services.cambiar_secreto(usuario=usuario).secreto)


@require_POST
@pagina
def probar(request: HttpRequest) -> HttpResponse:
    usuario = admin_de(request, SOLO_ADMIN)
    # The same count as the API's. Its request does not know who signed in to a page.
    asked = Request(request)
    asked.user = usuario
    throttle = PorPrueba()
    if not throttle.allow_request(asked, None):
        espera = formato.duracion(ceil(throttle.wait() or 1))
        messages.error(request, DEMASIADAS.format(espera=espera))
        return redirect("alertas")
    try:
        services.probar(usuario=usuario)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, PROBADA)
    return redirect("alertas")
