"""Pages: upload, choose the columns, watch, see what became of each row. For admins only: it is personal data."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clientes.importacion import columnas, descargas, limites, services
from clientes.importacion.limites import UnreadableFileError
from clientes.importacion.opciones import Opciones, opciones_guardadas
from clientes.importacion.services import importaciones_de
from clientes.models import Etiqueta, Importacion
from clientes.pages import importacion_form
from clientes.pages.upload import solo_admin, upload_page
from core.errors import ConflictError, InvalidInputError
from core.pages.access import reciente, usuario_de
from core.pages.descarga import descargar
from core.text import formato

ULTIMAS = 20
DETALLE = 20
SEGUNDOS = 1  # between two looks at an import that runs


def _importacion(request: HttpRequest, pk: int) -> Importacion:
    return get_object_or_404(importaciones_de(usuario_de(request)), pk=pk)


def _importaciones(request: HttpRequest, *, error: str = "") -> HttpResponse:
    """The latest imports, and a form for a new one."""
    context = {
        "seccion": "clientes",
        "tipo": _tipo(request),
        "tipos": [(tipo.value, tipo.label) for tipo in columnas.CAMPOS],
        "error": error,
        "importaciones": importaciones_de(usuario_de(request)).defer("muestra")[:ULTIMAS],
        "mb": limites.BYTES_MAX // limites.MB,
        "filas_max": limites.FILAS_MAX,
    }
    return render(request, "clientes/importacion/importaciones.html", context)


def _tipo(request: HttpRequest) -> str:
    """Return what is imported, as the form says that was sent, or the link that led here."""
    asked = (request.POST if request.method == "POST" else request.GET).get("tipo", "")
    return asked if asked in set(columnas.CAMPOS) else Importacion.Tipo.CLIENTES


def _subir(request: HttpRequest, subido: "UploadedFile[Any]") -> HttpResponse:
    try:
        importacion = services.subir(usuario=usuario_de(request), tipo=_tipo(request), subido=subido)
    except UnreadableFileError as error:
        return _importaciones(request, error=error.message)
    return redirect("importacion", importacion.pk)


importaciones = upload_page(show=_importaciones, take=_subir)


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
        "dudas": importacion_form.dudas(found, opciones),
        "lectura": importacion_form.lecturas(found),
        "claves": [c for c in Importacion.Clave if c != Importacion.Clave.REFERENCIA],
        "error": error,
        # Offered on coming, never put back when it was taken out.
        "sugerida": "" if request.method == "POST" else f"Importados {formato.dia(timezone.localdate())}",
    }
    return render(request, "clientes/importacion/columnas.html", context)


@require_POST
@never_cache
@solo_admin
def muestra(request: HttpRequest, pk: int) -> HttpResponse:
    """The first rows as they would be read with what is chosen in the form now."""
    found = _importacion(request, pk)
    opciones = importacion_form.opciones_de(found, request.POST)
    context = {
        "muestra": importacion_form.muestra(found, opciones),
        "dudas": importacion_form.dudas(found, opciones),
        "importacion": found,
    }
    return render(request, "clientes/importacion/_muestra.html", context)


@require_safe
@never_cache
@solo_admin
def importacion_viva(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the part of the page that moves while an import runs."""
    return render(request, "clientes/importacion/_importacion.html", _contexto(_importacion(request, pk)))


def _contexto(found: Importacion) -> dict[str, Any]:
    ended = not found.viva
    menos = descargas.con_algo_menos(found)
    total_menos = menos.count() if ended and found.estado == Importacion.Estado.COMPLETADA else 0
    varios = descargas.con_varios_telefonos(found)
    total_varios = varios.count() if ended and found.estado == Importacion.Estado.COMPLETADA else 0
    tagged = Etiqueta.objects.filter(usuario=found.usuario_id, nombre__iexact=found.etiqueta)
    return {
        "seccion": "clientes",
        "importacion": found,
        "etiqueta": tagged.first() if found.etiqueta and ended else None,
        "intervalo": SEGUNDOS if found.viva else None,
        "malas": list(descargas.malas(found)[:DETALLE]) if ended and found.rechazadas + found.repetidas else [],
        "total_malas": found.rechazadas + found.repetidas,
        "telefonos": list(descargas.con_telefono_repetido(found)[:DETALLE]) if ended else [],
        "varios": list(varios[:DETALLE]) if total_varios else [],
        "total_varios": total_varios,
        "menos": list(menos[:DETALLE]) if total_menos else [],
        "total_menos": total_menos,
        "segundos": (found.terminada_en - found.iniciada_en).total_seconds()
        if found.terminada_en and found.iniciada_en
        else None,
    }


@require_POST
@solo_admin
def releer(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the file as the form says: another sheet, charset or row of titles."""
    found = _importacion(request, pk)
    try:
        services.releer(importacion=found, eleccion=importacion_form.eleccion_de(found, request.POST))
    except UnreadableFileError as error:
        return _columnas(request, found, opciones_guardadas(found), error)
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("importacion", pk)


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
@reciente("importaciones")
def errores(request: HttpRequest, pk: int) -> Any:
    """The rows that did not enter, to correct and import again."""
    titulos, filas = descargas.archivo_de_errores(_importacion(request, pk))
    que, nombre = f"filas con errores de la importación {pk}", f"importacion-{pk}-errores"
    return descargar(request, usuario_de(request), que=que, nombre=nombre, titulos=titulos, filas=filas)


@require_safe
@solo_admin
@reciente("importaciones")
def repetidos(request: HttpRequest, pk: int) -> Any:
    """The rows whose phone another row or client has."""
    titulos, filas = descargas.archivo_de_repetidos(_importacion(request, pk))
    que, nombre = f"filas con teléfonos repetidos de la importación {pk}", f"importacion-{pk}-telefonos"
    return descargar(request, usuario_de(request), que=que, nombre=nombre, titulos=titulos, filas=filas)
