"""The messages that one client was sent: a part of the client's page, which comes by itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns import selectors
from clientes.selectors import clientes_de
from core.pages import entero, pagina, usuario_de

MENSAJES = 10


@require_safe
@never_cache
@pagina
def mensajes(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = usuario_de(request)
    cliente = get_object_or_404(clientes_de(usuario), pk=pk)
    found = selectors.logs_de(usuario).filter(cliente=cliente).select_related("campana").order_by("-pk")
    if antes := entero(request, "antes"):
        found = found.filter(pk__lt=antes)
    rows = list(found[: MENSAJES + 1])
    siguiente = rows[MENSAJES - 1].pk if len(rows) > MENSAJES else None
    context = {"cliente": cliente, "logs": rows[:MENSAJES], "antes": antes, "siguiente": siguiente}
    return render(request, "campaigns/_mensajes_de_cliente.html", context)
