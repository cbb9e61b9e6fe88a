"""The page that brings a consultation of the register, and shows the evidence of the earlier ones."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clientes.importacion import limites
from clientes.models import Importacion
from clientes.pages.upload import solo_admin, upload_page
from clientes.rne import services
from clientes.rne.selectors import archivos_de, consultas_de, excluidos_de
from core.errors import InvalidInputError
from core.pages.access import usuario_de
from core.text import formato

ULTIMAS = 20
SEGUNDOS = 1  # between two looks at a file that is read
EN_CAMINO = (Importacion.Estado.PENDIENTE, Importacion.Estado.PROCESANDO)
NO_ES_FECHA = "Escriba la fecha de la consulta."
TRAIDA = "La consulta quedó guardada: {numeros} número{s} del RNE."
ILEGIBLES = "{n} celda{s} no tenía{ene} un número y no se tomó en cuenta."


def _subir(request: HttpRequest, subido: "UploadedFile[Any]") -> HttpResponse:
    dia = _dia(request.POST.get("consultado_en", ""))
    if dia is None:
        return _pagina(request, error=NO_ES_FECHA, campo="consultado_en")
    try:
        hecho = services.traer(
            usuario=usuario_de(request),
            subido=subido,
            consultado_en=dia,
            reemplaza=request.POST.get("modo") == "reemplaza",
        )
    except InvalidInputError as error:
        return _pagina(request, error=error.message, campo=error.field or "archivo")
    if isinstance(hecho, Importacion):
        return redirect("rne-archivo", hecho.pk)
    s = "" if hecho.numeros == 1 else "s"
    messages.success(request, TRAIDA.format(numeros=formato.numero(hecho.numeros), s=s))
    if n := hecho.ilegibles:
        plural = {"s": "", "ene": ""} if n == 1 else {"s": "s", "ene": "n"}
        messages.warning(request, ILEGIBLES.format(n=formato.numero(n), **plural))
    return redirect("rne")


@require_safe
@never_cache
@solo_admin
def archivo(request: HttpRequest, pk: int) -> HttpResponse:
    """A large file of the register: its bar, or its result."""
    return render(request, "clientes/rne/archivo.html", _avance(request, pk))


@require_safe
@never_cache
@solo_admin
def archivo_vivo(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the part of the page that moves while a worker reads the file."""
    return render(request, "clientes/rne/_archivo.html", _avance(request, pk))


def _avance(request: HttpRequest, pk: int) -> dict[str, Any]:
    found = get_object_or_404(archivos_de(usuario_de(request).tenant_id), pk=pk)
    return {"seccion": "ajustes", "importacion": found, "intervalo": SEGUNDOS if found.viva else None}


def _dia(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _pagina(request: HttpRequest, *, error: str = "", campo: str = "archivo") -> HttpResponse:
    usuario = usuario_de(request)
    context: dict[str, Any] = {
        "seccion": "ajustes",
        "error": error,
        "campo": campo,
        "modo": request.POST.get("modo", "agrega"),
        "consultado_en": request.POST.get("consultado_en") or str(timezone.localdate()),
        "hoy": str(timezone.localdate()),
        "en_camino": archivos_de(usuario.tenant_id).filter(estado__in=EN_CAMINO).defer("muestra"),
        "consultas": consultas_de(usuario.tenant_id)[:ULTIMAS],
        "excluidos": excluidos_de(usuario.tenant_id),
        "mb": limites.BYTES_MAX // limites.MB,
        "filas_max": limites.FILAS_MAX,
    }
    return render(request, "clientes/rne/rne.html", context)


rne = upload_page(show=_pagina, take=_subir)
