"""Pages: upload, choose the columns, watch, see what became of each row. For admins only: it is personal data."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clientes.importacion import descargas, limites, services, subida
from clientes.importacion.limites import ArchivoIlegible
from clientes.importacion.opciones import Opciones, opciones_guardadas
from clientes.importacion.services import importaciones_de
from clientes.models import Importacion
from clientes.pages import importacion_form
from core.errors import ConflictError, InvalidInputError
from core.pages.comun import View, pagina, usuario_de
from core.text import planilla

SOLO_ADMIN = "Solo un administrador puede importar."
SIN_ARCHIVO = "Elija un archivo."
ULTIMAS = 20
DETALLE = 20
SEGUNDOS = 1  # between two looks at an import that runs


def solo_admin(view: Callable[..., HttpResponse]) -> View:
    """A page for admins who have signed in."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not usuario_de(request).es_admin:
            raise PermissionDenied(SOLO_ADMIN)
        return view(request, *args, **kwargs)

    return pagina(wrapper)


def _importacion(request: HttpRequest, pk: int) -> Importacion:
    return get_object_or_404(importaciones_de(usuario_de(request)), pk=pk)


@csrf_exempt  # the token is in the body, and the body is not read before it is bounded: `_subir` asks for it
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@solo_admin
def importaciones(request: HttpRequest) -> HttpResponse:
    """The latest imports, and a form for a new one."""
    if request.method == "POST":
        subida.limitar(request)
        answer: HttpResponse = _subir(request)
        return answer
    return _formulario(request)


@csrf_protect
def _subir(request: HttpRequest) -> HttpResponse:
    tipo = request.POST.get("tipo", "")
    if tipo not in Importacion.Tipo.values:
        tipo = Importacion.Tipo.CLIENTES
    subido = request.FILES.get("archivo")
    if subida.es_demasiado(request):
        return _formulario(request, tipo=tipo, error=limites.DEMASIADO_GRANDE)
    if subido is None:
        return _formulario(request, tipo=tipo, error=limites.VACIO if "archivo" in request.FILES else SIN_ARCHIVO)
    try:
        importacion = services.subir(usuario=usuario_de(request), tipo=tipo, subido=subido)
    except ArchivoIlegible as error:
        return _formulario(request, tipo=tipo, error=error.message)
    return redirect("importacion", importacion.pk)


def _formulario(request: HttpRequest, tipo: str = "", error: str = "") -> HttpResponse:
    if not tipo:
        tipo = "ventas" if request.GET.get("tipo") == "ventas" else "clientes"
    context = {
        "seccion": "clientes",
        "tipo": tipo,
        "tipos": Importacion.Tipo.choices,
        "error": error,
        "importaciones": importaciones_de(usuario_de(request)).defer("muestra")[:ULTIMAS],
        "mb": limites.BYTES_MAX // limites.MB,
        "filas_max": limites.FILAS_MAX,
    }
    return render(request, "clientes/importacion/importaciones.html", context)


@require_safe
@never_cache
@solo_admin
def importacion(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: its columns, its bar or its result."""
    found = _importacion(request, pk)
    if found.estado == Importacion.Estado.POR_CONFIRMAR:
        return _columnas(request, found, opciones_guardadas(found))
    return render(request, "clientes/importacion/importacion.html", _contexto(found))


def _columnas(
    request: HttpRequest, found: Importacion, opciones: Opciones, error: InvalidInputError | None = None
) -> HttpResponse:
    context = {
        "seccion": "clientes",
        "importacion": found,
        "opciones": opciones,
        "selectores": importacion_form.selectores(found, opciones),
        "muestra": importacion_form.muestra(found, opciones),
        "claves": [c for c in Importacion.Clave if c != Importacion.Clave.REFERENCIA],
        "error": error,
    }
    return render(request, "clientes/importacion/columnas.html", context)


@require_POST
@never_cache
@solo_admin
def muestra(request: HttpRequest, pk: int) -> HttpResponse:
    """The first rows as they would be read with what is chosen in the form now."""
    found = _importacion(request, pk)
    opciones = importacion_form.opciones_de(found, request.POST)
    context = {"muestra": importacion_form.muestra(found, opciones), "importacion": found}
    return render(request, "clientes/importacion/_muestra.html", context)


@require_safe
@never_cache
@solo_admin
def importacion_viva(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the part of the page that moves while an import runs."""
    return render(request, "clientes/importacion/_importacion.html", _contexto(_importacion(request, pk)))


def _contexto(found: Importacion) -> dict[str, Any]:
    ended = not found.viva
    return {
        "seccion": "clientes",
        "importacion": found,
        "intervalo": SEGUNDOS if found.viva else None,
        "malas": list(descargas.malas(found)[:DETALLE]) if ended and found.rechazadas + found.repetidas else [],
        "total_malas": found.rechazadas + found.repetidas,
        "telefonos": list(descargas.con_telefono_repetido(found)[:DETALLE]) if ended else [],
        "segundos": (found.terminada_en - found.iniciada_en).total_seconds()
        if found.terminada_en and found.iniciada_en
        else None,
    }


@require_POST
@solo_admin
def empezar(request: HttpRequest, pk: int) -> HttpResponse:
    found = _importacion(request, pk)
    opciones = importacion_form.opciones_de(found, request.POST)
    try:
        services.empezar(importacion=found, opciones=opciones)
    except InvalidInputError as error:
        return _columnas(request, found, opciones, error)
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("importacion", pk)


@require_POST
@solo_admin
def buenas(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the good rows after all."""
    try:
        services.importar_buenas(importacion=_importacion(request, pk))
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("importacion", pk)


@require_POST
@solo_admin
def descartar(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        services.descartar(importacion=_importacion(request, pk))
    except ConflictError as error:
        messages.error(request, error.message)
        return redirect("importacion", pk)
    messages.success(request, "El archivo se descartó. No se importó nada.")
    return redirect("importaciones")


@require_safe
@solo_admin
def errores(request: HttpRequest, pk: int) -> Any:
    """The rows that did not enter, to correct and import again."""
    return planilla.descarga(f"importacion-{pk}-errores", *descargas.archivo_de_errores(_importacion(request, pk)))


@require_safe
@solo_admin
def repetidos(request: HttpRequest, pk: int) -> Any:
    """The rows whose phone another row or client has."""
    return planilla.descarga(f"importacion-{pk}-telefonos", *descargas.archivo_de_repetidos(_importacion(request, pk)))
