"""Segments: a name and conditions, with a count that follows the form."""

from typing import Any, Final

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clientes.api.condiciones import CondicionesSerializer
from clientes.api.segmentos import SegmentoSerializer
from clientes.condiciones import filtrar
from clientes.grupos.palabras import en_palabras
from clientes.grupos.services import eliminar_segmento
from clientes.models import Segmento
from clientes.selectors import clientes_de, etiquetas_de, segmentos_de
from core.api.serializers import REPETIDO
from core.errors import ConflictError
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.permisos import Accion

SOLO_ADMIN = "Solo un administrador puede cambiar los segmentos."
MAX = 500  # on the page
SENCILLAS: Final = (
    "compro_en_dias",
    "no_compro_en_dias",
    "gasto_minimo",
    "gasto_en_dias",
    "creado_desde",
    "creado_hasta",
)


@require_safe
@never_cache
@pagina
def lista(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    names = dict(etiquetas_de(usuario).values_list("pk", "nombre"))
    rows = [(s, en_palabras(s.condiciones, names)) for s in segmentos_de(usuario).order_by("nombre")[:MAX]]
    return render(request, "clientes/segmentos/segmentos.html", {"seccion": "clientes", "filas": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def nuevo(request: HttpRequest) -> HttpResponse:
    return _formulario(request, con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN), None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    return _formulario(request, usuario, get_object_or_404(segmentos_de(usuario), pk=pk))


@require_POST
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    segmento = get_object_or_404(segmentos_de(con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)), pk=pk)
    try:
        eliminar_segmento(segmento=segmento)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "El segmento se eliminó. Las campañas que lo usaron conservan sus destinatarios.")
    return redirect("segmentos")


@require_POST
@never_cache
@pagina
def cuenta(request: HttpRequest) -> HttpResponse:
    """Count the clients who meet the conditions of the form as it is now."""
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    return render(request, "clientes/segmentos/_cuenta.html", _cuenta(request, usuario, condiciones_de(request.POST)))


@require_safe
@never_cache
@pagina
def cuenta_de(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the clients in one segment now: the list asks for each apart, so that a slow one holds nobody up."""
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    segmento = get_object_or_404(segmentos_de(usuario), pk=pk)
    found = filtrar(clientes_de(usuario).order_by(), segmento.condiciones).count()
    return render(request, "clientes/segmentos/_cuantos.html", {"cuantos": found})


def condiciones_de(data: QueryDict) -> dict[str, Any]:
    """The conditions of a form, as the API takes them: what was left blank is no condition."""
    asked: dict[str, Any] = {field: value for field in SENCILLAS if (value := data.get(field, "").strip())}
    asked |= {field: ids for field in ("etiquetas", "sin_etiquetas") if (ids := data.getlist(field))}
    if data.get("activo") in {"si", "no"}:
        asked["activo"] = data["activo"] == "si"
    if "con_movil" in data:
        asked["con_movil"] = True
    return asked


def _formulario(request: HttpRequest, usuario: Usuario, segmento: Segmento | None) -> HttpResponse:
    errors: dict[str, Any] = {}
    nombre = segmento.nombre if segmento else ""
    condiciones: dict[str, Any] = {**segmento.condiciones} if segmento else {"con_movil": True}
    if request.method == "POST":
        nombre, condiciones = request.POST.get("nombre", ""), condiciones_de(request.POST)
        errors = _guardar(request, nombre, condiciones, segmento)
        if not errors:
            messages.success(request, "El segmento quedó guardado.")
            return redirect("segmentos")
    context = {
        "seccion": "clientes",
        "segmento": segmento,
        "nombre": nombre,
        "condiciones": condiciones,
        "marcadas": {field: {str(pk) for pk in condiciones.get(field, ())} for field in ("etiquetas", "sin_etiquetas")},
        "etiquetas": etiquetas_de(usuario),
        "errores": {"nombre": errors.get("nombre"), **errors.get("condiciones", {})},
        **_cuenta(request, usuario, condiciones),
    }
    return render(request, "clientes/segmentos/form.html", context)


def _guardar(
    request: HttpRequest, nombre: str, condiciones: dict[str, Any], segmento: Segmento | None
) -> dict[str, Any]:
    data = {"nombre": nombre, "condiciones": condiciones}
    serializer = SegmentoSerializer(segmento, data=data, context={"request": request, "form": True})
    if not serializer.is_valid():
        return dict(serializer.errors)
    try:
        with transaction.atomic():
            serializer.save()
    except IntegrityError:  # another request took the name meanwhile
        return {"nombre": [REPETIDO]}
    return {}


def _cuenta(request: HttpRequest, usuario: Usuario, condiciones: dict[str, Any]) -> dict[str, Any]:
    serializer = CondicionesSerializer(data=condiciones, context={"request": request, "form": True})
    if not serializer.is_valid():
        return {"cuantos": None}
    return {"cuantos": filtrar(clientes_de(usuario).order_by(), serializer.as_stored()).count()}
