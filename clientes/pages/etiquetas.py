"""Tags: a list with a line to add one; rename and delete."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clientes.api.etiquetas import EtiquetaSerializer
from clientes.grupos.services import eliminar_etiqueta
from clientes.models import Etiqueta
from clientes.selectors import etiquetas_de
from core.api.serializers import REPETIDO
from core.errors import ConflictError
from core.pages.access import con_permiso, pagina
from core.permisos import Accion

SOLO_ADMIN = "Solo un administrador puede cambiar las etiquetas."
MAX = 500  # on the page


@require_safe
@never_cache
@pagina
def lista(request: HttpRequest) -> HttpResponse:
    return _lista(request, {})


@require_POST
@pagina
def crear(request: HttpRequest) -> HttpResponse:
    con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    nombre = request.POST.get("nombre", "")
    if error := _guardar(request, nombre):
        return _lista(request, {"nombre": nombre, "error": error})
    messages.success(request, "La etiqueta quedó creada. Póngala en la página de cada cliente.")
    return redirect("etiquetas")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    etiqueta = get_object_or_404(etiquetas_de(con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)), pk=pk)
    context = {"seccion": "clientes", "etiqueta": etiqueta, "nombre": etiqueta.nombre, "error": ""}
    if request.method == "POST":
        context["nombre"] = request.POST.get("nombre", "")
        context["error"] = _guardar(request, str(context["nombre"]), etiqueta)
        if not context["error"]:
            messages.success(request, "La etiqueta cambió de nombre.")
            return redirect("etiquetas")
    return render(request, "clientes/etiquetas/editar.html", context)


@require_POST
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    etiqueta = get_object_or_404(etiquetas_de(con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)), pk=pk)
    try:
        eliminar_etiqueta(etiqueta=etiqueta)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "La etiqueta se eliminó. Sus clientes siguen.")
    return redirect("etiquetas")


def _lista(request: HttpRequest, form: dict[str, Any]) -> HttpResponse:
    active = Count("clientes", filter=Q(clientes__activo=True))
    rows = etiquetas_de(con_permiso(request, Accion.VER_CLIENTES)).annotate(cuantos=active).order_by("nombre")[:MAX]
    return render(request, "clientes/etiquetas/etiquetas.html", {"seccion": "clientes", "etiquetas": rows, **form})


def _guardar(request: HttpRequest, nombre: str, etiqueta: Etiqueta | None = None) -> str:
    """Create or rename; returns what is wrong with the name, or ""."""
    serializer = EtiquetaSerializer(etiqueta, data={"nombre": nombre}, context={"request": request})
    if not serializer.is_valid():
        return str(serializer.errors["nombre"][0])
    try:
        with transaction.atomic():
            serializer.save()
    except IntegrityError:  # another request took the name meanwhile
        return REPETIDO
    return ""
