"""The pages of clients' texts: the list, and the conversation with one client."""

from typing import Any, Final
from uuid import uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.entrantes import selectors
from campaigns.entrantes.services import E164, decidir, marcar_leidos
from campaigns.mensaje.texto import editor
from campaigns.models import MENSAJE_MAX
from campaigns.remitentes import valores_de
from campaigns.respuestas.selectors import cuando_sale, en_camino, guardadas_de, se_mueve, ultimo_de
from campaigns.respuestas.services import responder
from clientes import phones
from clientes.bajas.selectors import ultima_palabra
from clientes.models import Cliente
from clientes.selectors import clientes_de, clientes_de_telefonos
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario
from core.pages import borrador
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before, page_of
from core.pages.query import entero
from core.permisos import Accion
from core.text import formato

TEXTOS: Final = 25
GLOBOS: Final = 30
Q_MAX: Final = 60
NOMBRES: Final = {
    "": "Todos",
    "sin_leer": "Sin leer",
    "por_decidir": "Por decidir",
    "bajas": "Bajas",
    "altas": "Altas",
    "otros": "Otros",
}
SOLO_ADMIN: Final = "Solo un administrador puede marcar los mensajes como leídos."
SOLO_ADMIN_DECIDE: Final = "Solo un administrador puede decidir si una respuesta es una baja."
ES_BAJA: Final = "Es una baja: no se le escribe más."
POR_APROBAR: Final = "La respuesta quedó escrita y espera aprobación: no sale hasta que la aprueben."
CUENTA_MAX: Final = 99  # beyond it the menu says "more than"
NO_ES_BAJA: Final = "No es una baja: se le puede volver a escribir."


@require_safe
@never_cache
@pagina
def entrantes(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    filtro = request.GET.get("ver", "")
    filtro = filtro if filtro in selectors.FILTROS else ""
    # PostgreSQL holds no NUL, and a text has none.
    q = request.GET.get("q", "").replace("\0", "").strip()[:Q_MAX]
    antes = entero(request, "antes")
    found = selectors.entrantes_de(usuario).filter(selectors.FILTROS[filtro]).select_related("campana")
    if q:
        found = found.filter(_busca(q))
    page = page_before(found, antes, TEXTOS)
    clientes = clientes_de_telefonos(usuario, {row.telefono for row in page.rows})
    sin_leer = selectors.sin_leer(usuario)
    context = {
        "seccion": "respuestas",
        "filas": [(row, clientes.get(row.telefono)) for row in page.rows],
        "ids": [row.pk for row in page.rows if row.leido_en is None],
        "filtros": NOMBRES.items(),
        "ver": filtro,
        "q": q,
        "filtrado": bool(filtro or q),
        "busqueda": urlencode({"ver": filtro, "q": q}),
        "antes": antes,
        "siguiente": page.siguiente,
        "por_decidir": selectors.por_decidir(usuario),
        "sin_leer": min(sin_leer, selectors.SIN_LEER_MAX),
        "sin_leer_mas": sin_leer > selectors.SIN_LEER_MAX,
    }
    return render(request, "campaigns/entrantes/entrantes.html", context)


def _busca(q: str) -> Q:
    """Words of the text, or digits of the phone."""
    digits = phones.buscadas(q)
    return Q(texto__icontains=q) | (Q(telefono__contains=digits) if len(digits) >= 3 else Q(pk__in=[]))


@require_safe
@never_cache
@pagina
def conversacion(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the conversation with the sender of this text: a client of the shop, or a number that it does not know."""
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    entrante = get_object_or_404(selectors.entrantes_de(usuario), pk=pk)
    cliente = clientes_de_telefonos(usuario, {entrante.telefono}).get(entrante.telefono)
    return _conversacion(request, usuario, entrante.telefono, cliente)


@require_safe
@never_cache
@pagina
def de_cliente(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    cliente = get_object_or_404(clientes_de(usuario), pk=pk)
    return _conversacion(request, usuario, cliente.telefono_e164, cliente)


@require_safe
@never_cache
def sin_leer(request: HttpRequest) -> HttpResponse:
    """Count the texts that wait for a person, for the menu of every page.

    A page whose session has ended is left as it is: to load it again, as fragments do, would lose what somebody types.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    unread = selectors.entrantes_de(usuario).filter(leido_en=None).order_by("-pk").values_list("pk", flat=True)
    ids = list(unread[: CUENTA_MAX + 1])
    context = {"n": min(len(ids), CUENTA_MAX), "mas": len(ids) > CUENTA_MAX, "ultimo": ids[0] if ids else 0}
    return render(request, "campaigns/entrantes/_sin_leer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@pagina
def contestar(request: HttpRequest, pk: int) -> HttpResponse:
    """Send what a person wrote to the client of this text, once however often the form comes.

    Who had to sign in first comes back by GET, to the conversation, where the browser has kept what they wrote.
    """
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS)
    entrante = get_object_or_404(selectors.entrantes_de(usuario), pk=pk)
    if request.method != "POST":
        return redirect("entrante", pk)
    mensaje = request.POST.get("mensaje", "").replace("\0", "")
    clave = request.POST.get("clave", "").replace("\0", "")[:64]
    idempotency = Idempotency.of(clave or str(uuid4()), {"entrante": pk, "mensaje": mensaje})
    try:
        campana, created = responder(usuario=usuario, entrante=entrante, mensaje=mensaje, idempotency=idempotency)
    except (ConflictError, InvalidInputError) as refused:
        cliente = clientes_de_telefonos(usuario, {entrante.telefono}).get(entrante.telefono)
        return _conversacion(
            request, usuario, entrante.telefono, cliente, mensaje=mensaje, error=formato.frase(refused.message)
        )
    if created and campana.por_aprobar:
        messages.success(request, POR_APROBAR)
    return borrador.guardado(redirect(f"{reverse('entrante', args=[pk])}#ultimo"), _borrador(entrante.telefono))


def _borrador(telefono: str) -> str:
    return f"respuesta-{telefono}"


def _conversacion(
    request: HttpRequest,
    usuario: Usuario,
    telefono: str,
    cliente: Cliente | None,
    *,
    mensaje: str = "",
    error: str = "",
) -> HttpResponse:
    """Show a conversation.

    Args:
        mensaje, error: what a person wrote that was refused, and why.
    """
    antes = request.GET.get("antes", "")
    page = page_of(selectors.conversacion(usuario, telefono, antes=antes, n=GLOBOS + 1), GLOBOS)
    last = ultima_palabra(telefono, tienda_id=usuario.tenant_id, remitentes=valores_de(usuario)) if telefono else None
    context: dict[str, Any] = {
        "seccion": "respuestas",
        "cliente": cliente,
        "telefono": telefono,
        "globos": page.rows[::-1],
        "ids": [g.entrante.pk for g in page.rows if g.entrante and g.entrante.leido_en is None],
        "antes": antes,
        "siguiente": page.rows[-1].clave if page.more else "",
        "duda": bool(telefono) and selectors.por_decidir(usuario, telefono),
        "baja": last if last and last.vigente else None,
        "en_camino": [] if antes else en_camino(usuario, telefono)[::-1],
        **(_respuesta(request, usuario, telefono, cliente, mensaje) if not antes else {}),
        "error": error,
    }
    moving = [(g.log.campana, g.log.estado) for g in page.rows if g.log and g.log.campana.respuesta_a_id]
    moving += [(campana, "") for campana in context["en_camino"]]
    context["se_mueve"] = any(se_mueve(campana, estado) for campana, estado in moving)
    return render(request, "campaigns/entrantes/conversacion.html", context)


def _respuesta(
    request: HttpRequest, usuario: Usuario, telefono: str, cliente: Cliente | None, mensaje: str
) -> dict[str, Any]:
    """Return the variables of an answer's form; none where nobody wrote, or somebody who cannot be answered."""
    ultimo = ultimo_de(usuario, telefono) if usuario.puede(Accion.EDITAR_CAMPANAS) else None
    if ultimo is None or not E164.fullmatch(telefono):
        return {}
    guardadas = list(guardadas_de(usuario).order_by("nombre", "pk"))
    chosen = entero(request, "con")
    return {
        "ultimo": ultimo,
        "borrador": _borrador(telefono),
        "cuando": cuando_sale(usuario, ultimo),
        "guardadas": guardadas,
        "mensaje": mensaje or next((each.mensaje for each in guardadas if each.pk == chosen), ""),
        "mensaje_max": MENSAJE_MAX,
        "clave": str(uuid4()),
        "nombre": cliente.nombre if cliente else "",
        **editor(),
    }


@require_POST
@pagina
def leer(request: HttpRequest) -> HttpResponse:
    """Mark the texts of the form as read, or as unread again, and go back to where one was."""
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    ids = [int(raw) for raw in request.POST.getlist("id") if raw.isascii() and raw.isdigit() and len(raw) < 19]
    leido = request.POST.get("leido") != "no"
    changed = marcar_leidos(usuario=usuario, ids=ids, leido=leido)
    if changed:
        said = "leído" if leido else "no leído"
        plural = "" if changed == 1 else "s"
        messages.success(request, f"{changed} mensaje{plural} {said if not plural else said + 's'}.")
    return _back(request)


@require_POST
@pagina
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle whether a doubtful text was an opt-out, and go back to where one was."""
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN_DECIDE)
    entrante = get_object_or_404(selectors.entrantes_de(usuario).select_related("campana"), pk=pk)
    es_baja = request.POST.get("es_baja") == "si"
    try:
        decidir(usuario=usuario, entrante=entrante, es_baja=es_baja)
    except ConflictError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, ES_BAJA if es_baja else NO_ES_BAJA)
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("volver", "")
    local = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if local else "entrantes")
