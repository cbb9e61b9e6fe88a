"""Pages of the recurring campaigns."""

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from campaigns.audiencia.medida import medir
from campaigns.campana.selectors import progreso_de
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import texto
from campaigns.models import Programacion
from campaigns.pages.polling import intervalo_de
from campaigns.programaciones import criterios, palabras, selectors, services
from campaigns.programaciones.fechas import Fecha, fechas, prever
from campaigns.programaciones.resumen import Resumen, resumir
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import DE_MOVER, Accion

PROGRAMACIONES = 50
HISTORIA = 20
SOLO_ADMIN = "Solo un administrador puede crear, cambiar o ejecutar programaciones."
EN_ESPERA_S = 30  # seconds between two looks while nothing runs but something will

# action of a button: what the person reads
HECHO = {
    "pausar": "«{nombre}» quedó en pausa. Sus campañas que ya empezaron siguen.",
    "reanudar": "«{nombre}» sigue con su próxima fecha.",
}
MOVER = {"pausar": services.pausar_programacion, "reanudar": services.reanudar_programacion}


def propia(usuario: Usuario, pk: int) -> Programacion:
    return get_object_or_404(selectors.programaciones_de(usuario), pk=pk)


@require_safe
@never_cache
@pagina
def programaciones(request: HttpRequest) -> HttpResponse:
    antes = entero(request, "antes")
    page = page_before(selectors.programaciones_de(con_permiso(request, Accion.VER_CAMPANAS)), antes, PROGRAMACIONES)
    last = selectors.ultimas_de(page.rows)
    context = {
        "seccion": "campanas",
        "filas": [(row, palabras.en_palabras(row.recurrencia), _local(row), last.get(row.pk)) for row in page.rows],
        "antes": antes,
        "siguiente": page.siguiente,
    }
    return render(request, "campaigns/programaciones/programaciones.html", context)


@require_safe
@never_cache
@pagina
def programacion(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CAMPANAS)
    row = propia(usuario, pk)
    context = {
        **_historia(request, row),
        "cuando": palabras.en_palabras(row.recurrencia),
        "quienes": criterios.en_palabras(row.audiencia, tenant_id=row.usuario_id),
        "proximas": _fechas(row),
        "mover_hora": f"{reverse('programacion-editar', args=[row.pk])}#id_hora"
        if usuario.puede(Accion.EDITAR_CAMPANAS)
        else "",
        # A key for this look at the page: pressing twice makes one campaign.
        "clave": str(uuid4()),
    }
    return render(request, "campaigns/programaciones/programacion.html", context)


@require_safe
@never_cache
@pagina
def ocurrencias(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the history of a programación, which refreshes itself."""
    row = propia(con_permiso(request, Accion.VER_CAMPANAS), pk)
    return render(request, "campaigns/programaciones/_historia.html", _historia(request, row))


@require_safe
@never_cache
@pagina
def costo(request: HttpRequest, pk: int) -> HttpResponse:
    """Count who would receive it now, and what that costs: asked when somebody is about to run it."""
    row = propia(con_permiso(request, Accion.VER_CAMPANAS), pk)
    return render(request, "campaigns/programaciones/_costo.html", {"resumen": _resumen(row)})


@require_POST
@pagina
def mover(request: HttpRequest, pk: int, accion: str) -> HttpResponse:
    """Pause or resume, and go back to the page, which says what happened."""
    row = propia(con_permiso(request, DE_MOVER[accion]), pk)
    try:
        MOVER[accion](programacion=row)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, HECHO[accion].format(nombre=row.nombre))
    return redirect("programacion", pk)


@require_POST
@pagina
def ejecutar(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one more campaign now, then go to its page."""
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    row = propia(usuario, pk)
    clave = request.POST.get("clave", "").replace("\0", "")[:64] or str(uuid4())
    try:
        ocurrencia, _ = services.ejecutar_programacion(
            programacion=row, usuario=usuario, idempotency=Idempotency.of(clave, {"ejecutar": row.pk})
        )
    except (ConflictError, InvalidInputError) as refusal:
        messages.error(request, f"No se ejecutó. {refusal.message}")
        return redirect("programacion", pk)
    messages.success(request, "La campaña está en camino. Las fechas de la programación no cambian.")
    return redirect("campana", ocurrencia.campana_id)


@require_POST
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    row = propia(con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN), pk)
    services.eliminar_programacion(programacion=row)
    messages.success(request, f"La programación «{row.nombre}» se eliminó. Las campañas que creó siguen.")
    return redirect("programaciones")


def _fechas(row: Programacion) -> list[Fecha]:
    """Return its next dates, counted for each one's day; only their moments while nobody is in its audience."""
    momentos = selectors.proximas_de(row)
    ajustes = ajustes_de(row.usuario_id)
    try:
        audiencia = criterios.vigente(row.audiencia, tenant_id=row.usuario_id)
        medir(audiencia, tenant_id=row.usuario_id)
        mensaje = row.plantilla.mensaje if row.plantilla else row.mensaje
        texto.validate(mensaje)
    except InvalidInputError:
        return fechas(ajustes, momentos)
    return prever(ajustes, audiencia, mensaje, momentos, remitente=row.remitente)


def _local(row: Programacion) -> Any:
    """Return its next moment on its own clock; None when there is none to come."""
    return row.proxima.astimezone(ZoneInfo(row.zona)) if row.proxima and row.activa else None


def _resumen(row: Programacion) -> Resumen:
    usuario = row.usuario
    try:
        audiencia = criterios.vigente(row.audiencia, tenant_id=row.usuario_id)
    except InvalidInputError as error:
        return Resumen(error=error.message)
    return resumir(usuario, audiencia, row.plantilla.mensaje if row.plantilla else row.mensaje, remitente=row.remitente)


def _historia(request: HttpRequest, row: Programacion) -> dict[str, Any]:
    antes = entero(request, "antes")
    page = page_before(selectors.ocurrencias_de(row), antes, HISTORIA)
    campanas = selectors.campanas_de(page.rows)
    progreso = progreso_de(campanas)
    zona = ZoneInfo(row.zona)
    waiting = EN_ESPERA_S if row.activa and not row.terminada else None
    return {
        "seccion": "campanas",
        "programacion": row,
        "historia": [
            (each, each.ocurrencia_utc.astimezone(zona), progreso.get(each.campana_id or 0)) for each in page.rows
        ],
        "antes": antes,
        "siguiente": page.siguiente,
        "intervalo": intervalo_de(campanas) or waiting,
    }
