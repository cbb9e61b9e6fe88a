"""One client: what is known of them, their sales, and what an admin does: change, delete, deactivate, erase."""

from django.contrib import messages
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clientes import selectors, services
from clientes.bajas.selectors import ultima_palabra
from clientes.models import Cliente
from clientes.pages.cliente_form import ClienteForm
from clientes.rne.selectors import registrado_desde, revocado_en
from core.errors import ConflictError
from core.pages.access import con_permiso, pagina, usuario_de
from core.pages.query import entero
from core.permisos import Accion

SOLO_ADMIN = "Solo un administrador puede crear, cambiar o eliminar clientes."
CON_HISTORIA = "No se puede eliminar a {}: tiene ventas o mensajes. Puede <a href='{}'>desactivarlo o anonimizarlo</a>."
VENTAS = 10
CONSENTIMIENTOS = 10
SIN_SMS = "El teléfono «{}» no es un número válido: {} no recibirá SMS hasta que se corrija."
SIN_MOVIL = "El teléfono «{}» no es de un celular: es posible que {} no reciba SMS."
REPETIDO = "{} tiene el mismo teléfono: en una campaña, solo uno de los dos recibirá el mensaje."


def cliente_visible(request: HttpRequest, pk: int) -> Cliente:
    return get_object_or_404(selectors.clientes_de(con_permiso(request, Accion.VER_CLIENTES)), pk=pk)


def cliente_propio(request: HttpRequest, pk: int) -> Cliente:
    """The client, for somebody who may change it."""
    return get_object_or_404(selectors.clientes_de(con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)), pk=pk)


@require_safe
@never_cache
@pagina
def cliente(request: HttpRequest, pk: int) -> HttpResponse:
    cliente = cliente_visible(request, pk)
    ventas = cliente.ventas.order_by("-fecha", "-pk")
    context = {
        "seccion": "clientes",
        "cliente": cliente,
        "de_baja": _de_baja(cliente),
        "de_campana": entero(request, "campana"),  # whose recipients lead here, and back
        "etiquetas": list(cliente.etiquetas.all()),
        "registrado_desde": registrado_desde(cliente),
        "revocado_en": revocado_en(cliente),
        "consentimientos": list(cliente.consentimientos.select_related("quien")[:CONSENTIMIENTOS]),
        "ventas": ventas[:VENTAS],
        "resumen": ventas.aggregate(n=Count("pk"), total=Sum("total"), ultima=Max("fecha")),
    }
    return render(request, "clientes/cliente/cliente.html", context)


def _de_baja(cliente: Cliente) -> bool:
    """Tell whether the client has opted out of all that the shop sends."""
    if not cliente.telefono_e164:
        return False
    last = ultima_palabra(cliente.telefono_e164, tienda_id=cliente.usuario_id, remitentes=())
    return last is not None and last.vigente


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def nuevo(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    # The conversation with a number that is nobody's yet leads here.
    asked = {"telefono": request.GET.get("telefono", "")[:20]}
    blank = Cliente(usuario_id=usuario.tenant_id)
    form = ClienteForm(_sent(request), usuario=usuario, instance=blank, initial=asked)
    if form.is_valid():
        cliente = services.crear_cliente(quien=usuario, guardar=form.save)
        messages.success(request, format_html("{} quedó entre sus clientes.", _link(cliente)))
        _warn(request, cliente)
        return redirect("clientes")
    return render(request, "clientes/cliente/form.html", {"seccion": "clientes", "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    cliente = cliente_propio(request, pk)
    if cliente.anonimizado_en:
        messages.error(request, services.YA_ANONIMO)
        return redirect("cliente", pk)
    nombre = cliente.nombre  # the form writes what it could not accept into the row it was given
    form = ClienteForm(_sent(request), usuario=cliente.usuario, instance=cliente)
    if form.is_valid():
        services.cambiar_cliente(cliente=cliente, quien=usuario_de(request), guardar=form.save)
        messages.success(request, format_html("Los cambios de {} quedaron guardados.", _link(cliente)))
        if "telefono" in form.changed_data:
            _warn(request, cliente)
        return redirect("clientes")
    context = {"seccion": "clientes", "form": form, "cliente": cliente, "nombre": nombre}
    return render(request, "clientes/cliente/form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks first; and says what else can be done when it would be refused."""
    cliente = cliente_propio(request, pk)
    if request.method != "POST":
        context = {"seccion": "clientes", "cliente": cliente, "tiene_historia": services.tiene_historia(cliente)}
        return render(request, "clientes/cliente/eliminar.html", context)
    nombre, url = cliente.nombre, reverse("cliente-eliminar", args=[pk])
    try:
        services.eliminar_cliente(cliente=cliente)
    except ConflictError:
        messages.error(request, format_html(CON_HISTORIA, nombre, url))
    else:
        messages.success(request, f"{nombre} ya no está entre sus clientes.")
    return redirect("clientes")


@require_POST
@pagina
def activar(request: HttpRequest, pk: int, activo: bool) -> HttpResponse:
    cliente = cliente_propio(request, pk)
    try:
        services.activar_cliente(cliente=cliente, activo=activo)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        said = "está activo otra vez" if activo else "quedó inactivo: las campañas a todos ya no le llegan"
        messages.success(request, f"{cliente.nombre} {said}.")
    return redirect("cliente", pk)


@require_POST
@pagina
def anonimizar(request: HttpRequest, pk: int) -> HttpResponse:
    cliente = cliente_propio(request, pk)
    try:
        services.anonimizar_cliente(cliente=cliente)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Los datos personales se borraron. Sus ventas y sus envíos siguen en los totales.")
    return redirect("cliente", pk)


def _sent(request: HttpRequest) -> object:
    return request.POST if request.method == "POST" else None


def _link(cliente: Cliente) -> str:
    return format_html('<a href="{}">{}</a>', reverse("cliente", args=[cliente.pk]), cliente.nombre)


def _warn(request: HttpRequest, cliente: Cliente) -> None:
    """Say now what would surprise when a campaign is sent."""
    if not cliente.telefono:
        return
    if not cliente.telefono_e164:
        messages.warning(request, SIN_SMS.format(cliente.telefono, cliente.nombre))
        return
    if not cliente.movil:
        messages.warning(request, SIN_MOVIL.format(cliente.telefono, cliente.nombre))
    same = Cliente.objects.filter(usuario=cliente.usuario_id, telefono_e164=cliente.telefono_e164)
    if other := same.exclude(pk=cliente.pk).first():
        messages.warning(request, format_html(REPETIDO, _link(other)))
