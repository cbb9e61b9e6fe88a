"""The page behind an opt-out link: for the shop's clients, who have no account here.

The link is the permission, so there is no login and no CSRF token: whoever could forge the POST holds the link. GET
changes nothing, because phones and mail scanners open links that nobody pressed.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.request import Request

from campaigns.bajas import services
from campaigns.bajas.services import Invitado
from clientes.models import Fuente
from core.api.throttling import LinkThrottle, WrongLinkThrottle

VOLVER: Final = "volver"  # the other button; a POST that says nothing asks to leave


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enlace(request: HttpRequest, token: str) -> HttpResponse:
    answer = _enlace(request, token)
    # The address is the permission: it goes to no other site, and into no index.
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _enlace(request: HttpRequest, token: str) -> HttpResponse:
    many, wrong = LinkThrottle(), WrongLinkThrottle()
    caller = Request(request)
    # An address that guesses is refused whatever it asks for, or the right guess would be the one that passes.
    if wrong.is_spent(caller) or not many.allow_request(caller, None):
        answer = render(request, "campaigns/enlace/demasiados.html", status=429)
        answer["Retry-After"] = "60"
        return answer
    log_id = services.leer_token(token)
    if log_id is None:
        wrong.allow_request(caller, None)
    invitado = services.invitado_de(log_id) if log_id is not None else None
    if invitado is None:
        return render(request, "campaigns/enlace/no_sirve.html", status=404)
    if request.method == "POST":
        (services.volver if request.POST.get("accion") == VOLVER else services.salir)(invitado)
        return HttpResponseRedirect(request.path, status=303)
    return render(request, "campaigns/enlace/enlace.html", _context(invitado))


def _context(invitado: Invitado) -> dict[str, object]:
    return {
        "tienda": invitado.tienda.nombre_tienda,
        "final": invitado.final,
        "baja": invitado.baja,
        # Perhaps by a word for which Twilio blocks the number itself, and only a text lifts that.
        "respondio": invitado.baja is not None and invitado.baja.fuente in (Fuente.SMS, Fuente.TWILIO_21610),
        "volver": VOLVER,
    }
