"""One campaign: live, its recipients, and the buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from campaigns import selectors, services, states
from campaigns.models import CampanaSMS, SMSLog
from campaigns.views.comun import campana_de, intervalo_de
from core.errors import ConflictError
from core.models import Usuario
from core.pages import admin_de, entero, pagina, usuario_de

DESTINATARIOS = 25
SOLO_ADMIN = "Solo un administrador puede pausar, reanudar o cancelar una campaña."

# In the order of the counters above the table.
FILTROS = (
    ("", "Todos"),
    (SMSLog.Estado.ENVIADO, "Enviados"),
    (SMSLog.Estado.FALLIDO, "Fallidos"),
    (SMSLog.Estado.INCIERTO, "Inciertos"),
    (SMSLog.Estado.ENVIANDO, "Enviando"),
    (SMSLog.Estado.PENDIENTE, "Pendientes"),
)

# action of a button: (what the log of the campaign says, what the person reads)
ACCIONES = {
    "pausar": ("La pausó {usuario}.", "La campaña quedó en pausa. Lo que ya salió hacia Twilio no se detiene."),
    "reanudar": ("", "La campaña continúa."),
    "cancelar": ("La canceló {usuario}.", "La campaña se canceló. Lo que no se había enviado ya no se enviará."),
}


@require_safe
@never_cache
@pagina
def campana(request: HttpRequest, pk: int) -> HttpResponse:
    campana = campana_de(usuario_de(request), pk)
    context = {**_campana_viva(request, campana), **_destinatarios(request, campana)}
    context["muestra"] = selectors.destinatarios_de(campana).exclude(mensaje="").first()
    return render(request, "campaigns/campana.html", context)


@require_safe
@never_cache
@pagina
def campana_viva(request: HttpRequest, pk: int) -> HttpResponse:
    """What moves in a campaign's page; with `?visto=` another estado than now, also what depends on it."""
    campana = campana_de(usuario_de(request), pk)
    context = _campana_viva(request, campana)
    context["cambio"] = request.GET.get("visto") != context["visto"]
    return render(request, "campaigns/_campana_viva.html", context)


@require_safe
@never_cache
@pagina
def destinatarios(request: HttpRequest, pk: int) -> HttpResponse:
    campana = campana_de(usuario_de(request), pk)
    return render(request, "campaigns/_destinatarios.html", _destinatarios(request, campana))


@require_POST
@pagina
def mover(request: HttpRequest, pk: int, accion: str) -> HttpResponse:
    """Pause, resume or cancel, and go back to the page, which says what happened."""
    usuario = admin_de(request, SOLO_ADMIN)
    campana = campana_de(usuario, pk)
    motivo, done = ACCIONES[accion]
    try:
        services.mover_campana(campana=campana, action=accion, motivo=motivo.format(usuario=usuario.username))
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    return redirect("campana", pk)


def _campana_viva(request: HttpRequest, campana: CampanaSMS) -> dict[str, Any]:
    progreso = selectors.progreso_de([campana])[campana.pk]
    motivos = selectors.motivos_de(campana) if progreso.fallidos else []
    duracion = (
        (campana.completado_en - campana.iniciado_en).total_seconds()
        if campana.completado_en and campana.iniciado_en
        else None
    )
    return {
        "seccion": "campanas",
        "campana": campana,
        "progreso": progreso,
        "motivos": motivos,
        "motivos_muestra": progreso.fallidos > selectors.FALLOS_MAX,
        "acciones": _acciones(usuario_de(request), campana),
        "duracion": duracion,
        "promedio": progreso.exitosos / duracion if duracion else None,
        "intervalo": intervalo_de([campana]),
        "visto": "-".join(
            [
                campana.estado,
                *["espera"] * campana.espera,
                *["aprobar"] * campana.por_aprobar,
                *["fin"] * (campana.completado_en is not None),
            ]
        ),
    }


def _acciones(usuario: Usuario, campana: CampanaSMS) -> list[str]:
    """The buttons this person may press now."""
    if not usuario.es_admin:
        return []
    return [accion for accion in ACCIONES if campana.estado in states.MOVES[accion][0]]


def _destinatarios(request: HttpRequest, campana: CampanaSMS) -> dict[str, Any]:
    estado = request.GET.get("estado", "")
    if estado not in SMSLog.Estado.values:
        estado = ""
    despues = entero(request, "despues")
    rows = list(selectors.destinatarios_de(campana, estado=estado, despues=despues)[: DESTINATARIOS + 1])
    return {
        "campana": campana,
        "logs": rows[:DESTINATARIOS],
        "filtros": FILTROS,
        "estado": estado,
        "despues": despues,
        "siguiente": rows[DESTINATARIOS - 1].pk if len(rows) > DESTINATARIOS else None,
        "intervalo": intervalo_de([campana]),
    }
