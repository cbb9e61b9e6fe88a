"""The messages that one client was sent, and whether they opted out: a part of the client's page, loaded by itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.campana import selectors
from campaigns.entrantes.selectors import entrantes_de
from campaigns.remitentes import valores_de
from clientes.bajas.selectors import ultima_palabra
from clientes.selectors import clientes_de
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import Accion

MENSAJES = 10


@require_safe
@never_cache
@pagina
def mensajes(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    cliente = get_object_or_404(clientes_de(usuario), pk=pk)
    found = selectors.logs_de(usuario).filter(cliente=cliente).select_related("campana").order_by("-pk")
    antes = entero(request, "antes")
    page = page_before(found, antes, MENSAJES)
    phone = cliente.telefono_e164
    last = ultima_palabra(phone, tienda_id=usuario.tenant_id, remitentes=valores_de(usuario)) if phone else None
    context = {
        "cliente": cliente,
        "logs": page.rows,
        "antes": antes,
        "siguiente": page.siguiente,
        "no_sirve": selectors.numero_malo(cliente) if phone else None,
        "baja": last if last and last.vigente else None,
        "respondio": bool(phone) and entrantes_de(usuario).filter(telefono=phone).exists(),
    }
    return render(request, "campaigns/mensajes/_mensajes.html", context)
