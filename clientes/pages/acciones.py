"""An admin's actions on one client: delete, deactivate, erase the personal data."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clientes import services
from clientes.pages.comun import cliente_propio
from core.errors import ConflictError
from core.pages.comun import pagina

CON_HISTORIA = "No se puede eliminar a {}: tiene ventas o mensajes. Puede <a href='{}'>desactivarlo o anonimizarlo</a>."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks first; and says what else can be done when it would be refused."""
    cliente = cliente_propio(request, pk)
    if request.method != "POST":
        context = {"seccion": "clientes", "cliente": cliente, "tiene_historia": services.tiene_historia(cliente)}
        return render(request, "clientes/eliminar.html", context)
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
