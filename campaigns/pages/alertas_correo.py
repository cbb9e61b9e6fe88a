"""The page behind the link that confirms an email for alerts: for its reader, who may have no account here.

The link is the permission, so there is no login and no CSRF token. GET changes nothing, because mail scanners open
links that nobody pressed.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.bitacora import alertas


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirmar(request: HttpRequest, token: str) -> HttpResponse:
    hecho = request.method == "POST"
    found = alertas.por_confirmar(token)
    correo = alertas.confirmar(token) if hecho else (found[1] if found else None)
    context = {"correo": correo, "hecho": hecho}
    answer = render(request, "campaigns/alertas/confirmar.html", context, status=200 if correo else 404)
    # As of an opt-out's link: to no other site, and into no index.
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
