"""Rates of the pages that cost the most, for each person: those that look through a whole shop, and files.

Every page of that kind stands in RITMOS, which a test holds against the URLconf. The rates are so high that nobody
meets them by hand; a loop does. OWASP ASVS 5.0, 2.4.1 and 15.2.2. While Redis is away each process counts for itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from limits import RateLimitItemPerMinute

from core.api.throttling import contar_lectura, count_here_too, item_of
from core.registro import Tipo, anotar
from core.text import formato

DEMASIADAS: Final = "Pidió lo mismo demasiadas veces seguidas. Espere {espera} y vuelva a intentar."
# Of each person, in the security log.
ONCE: Final = RateLimitItemPerMinute(1)


@dataclass(frozen=True, slots=True)
class Ritmo:
    """A rate that several pages share, counted together for each person.

    Args:
        nombre: of the setting in PAGE_RATES.
        metodos: the requests that count; None for all.
    """

    nombre: str
    metodos: frozenset[str] | None = None


# The lists that name people, which count for those who may read and not export: `READ_RATE`.
DE_PERSONAS: Final = frozenset({"clientes", "entrantes", "bajas"})
# Pages of one of them, whose numbers follow each other, and of recipients, which renew themselves: each counts again
# after some minutes, or with other rows.
DE_ALGUIEN: Final = frozenset(
    {"cliente", "cliente-mensajes", "cliente-conversacion", "entrante", "baja", "campana", "campana-destinatarios"}
)
FILAS: Final = ("estado", "codigo", "antes", "despues")

CONSULTA: Final = Ritmo("consulta")  # counts, searches or adds up the whole shop
BUSQUEDA_ENVIADA: Final = Ritmo("consulta", frozenset({"POST"}))
DESCARGA: Final = Ritmo("archivo")  # makes a file
SUBIDA: Final = Ritmo("archivo", frozenset({"POST"}))  # takes one, or reads one again

# The name of the route, and its rate.
RITMOS: Final[Mapping[str, Ritmo]] = {
    "clientes": CONSULTA,
    "reportes": CONSULTA,
    "ajustes": CONSULTA,
    "segmento-cuenta": CONSULTA,
    "segmento-cuenta-de": CONSULTA,
    "segmento-nuevo": BUSQUEDA_ENVIADA,
    "segmento-editar": BUSQUEDA_ENVIADA,
    "campanas": CONSULTA,
    "campana-nueva": CONSULTA,
    "campana-nueva-cuenta": CONSULTA,
    "campana-nueva-costo": CONSULTA,
    "campana-nueva-buscar-clientes": CONSULTA,
    "campana-nueva-buscar-excluir_clientes": CONSULTA,
    "programacion-nueva": BUSQUEDA_ENVIADA,
    "programacion-editar": BUSQUEDA_ENVIADA,
    "programacion-vista-previa": CONSULTA,
    "programacion-costo": CONSULTA,
    "programacion-ejecutar": CONSULTA,
    "entrantes": CONSULTA,
    "bajas": CONSULTA,
    "seguridad": CONSULTA,
    "importacion-muestra": CONSULTA,
    "importacion-leer": SUBIDA,
    "importacion-empezar": SUBIDA,
    "importaciones": SUBIDA,
    "rne": SUBIDA,
    "clientes-exportar": DESCARGA,
    "cliente-expediente": DESCARGA,
    "campana-exportar": DESCARGA,
    "entrantes-exportar": DESCARGA,
    "bajas-exportar": DESCARGA,
    "importacion-errores": DESCARGA,
    "importacion-telefonos": DESCARGA,
    "cierre-pedir": SUBIDA,
    "revision-twilio": SUBIDA,  # asks Twilio
}


class PageRates:
    """Middleware that counts them, behind the one that knows who asks."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        ritmo = RITMOS.get(name)
        counts = ritmo is not None and (not ritmo.metodos or request.method in ritmo.metodos)
        if not counts and name not in DE_ALGUIEN:
            return None
        # Who has not signed in is sent to the door, which costs nothing.
        if not request.user.is_authenticated:
            return None
        wait = None
        if ritmo is not None and counts:
            item = item_of(settings.PAGE_RATES[ritmo.nombre])
            wait = count_here_too(item, f"pagina:{ritmo.nombre}:{request.user.pk}")
        if wait is None and name in DE_PERSONAS:
            wait = contar_lectura(request.user)
        if name in DE_ALGUIEN:
            rows = "|".join(request.GET.get(field, "") for field in FILAS)
            wait = contar_lectura(request.user, vista=f"{request.path}?{rows}")
        return None if wait is None else rechazar(request, wait)


def rechazar(request: HttpRequest, wait: float) -> HttpResponse:
    """Answer 429: a page, or to htmx the sentence that the page shows (`core/app.js`). The log has one a minute.

    Args:
        wait: seconds until another request is allowed.
    """
    if count_here_too(ONCE, f"pagina:limite:{request.user.pk}") is None:
        anotar(Tipo.LIMITE, detalle=request.path)
    segundos = max(1, ceil(wait))
    texto = DEMASIADAS.format(espera=formato.duracion(segundos))
    if "HX-Request" in request.headers:
        response = HttpResponse(texto, content_type="text/plain; charset=utf-8")
    else:
        response = render(request, "429.html", {"texto": texto})
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response["Retry-After"] = str(segundos)
    response["Cache-Control"] = "no-store"
    return response
