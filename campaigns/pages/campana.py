"""One campaign: live, its recipients, and the buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from campaigns.audiencia.resultado import APARTE, POR_QUE_FALLARON, Resultado
from campaigns.campana import reintentos, selectors, services, sondeo, tope
from campaigns.campana.embudo import embudo_de
from campaigns.campana.historia import historia_de
from campaigns.campana.serie import serie_de
from campaigns.campana.sondeo import PAUSA, VERSION, Fragmento
from campaigns.campana.velo import velar, velar_motivos
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS, SMSLog
from campaigns.models.smslog import CODIGO_MAX
from campaigns.pages.polling import intervalo_de
from campaigns.values import estados
from campaigns.vista_previa.aprobaciones import no_aprueba
from core.errors import ConflictError
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_of
from core.pages.query import entero
from core.permisos import DE_MOVER, Accion
from core.text import formato

DESTINATARIOS = 25
FILAS_S = 4  # seconds between two looks at the recipients
SERIE_S = 10  # … and at the drawing
SOLO_ADMIN = (
    "Solo un administrador puede pausar, reanudar, cancelar o reintentar una campaña; un operador, todo menos cancelar."
)

# In the order of the counters above the table.
FILTROS = (
    ("", "Todos"),
    *((estado, row.varios) for estado, row in estados.MENSAJES.items() if estado in estados.SMS_FINALES),
    *((resultado, row.varios) for resultado, row in APARTE.items()),
    *((estado, row.varios) for estado, row in estados.MENSAJES.items() if estado not in estados.SMS_FINALES),
)

# The moves that have a button.
ACCIONES = {action: move for action, move in estados.MOVES.items() if move.hecho}


def campana_de(usuario: Usuario, pk: int) -> CampanaSMS:
    return get_object_or_404(
        selectors.campanas_de(usuario).select_related(
            "plantilla", "remitente", "ocurrencia__programacion", "creada_por", "decidida_por"
        ),
        pk=pk,
    )


@require_safe
@never_cache
@pagina
def campana(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CAMPANAS)
    campana = campana_de(usuario, pk)
    context = {**_campana_viva(usuario, campana), **_destinatarios(request, usuario, campana)}
    context["no_aprueba"] = no_aprueba(campana, usuario)
    context["muestra"] = next(iter(velar(usuario, selectors.destinatarios_de(campana).exclude(mensaje="")[:1])), None)
    context["serie"] = serie_de(campana)
    context["version"] = ""  # of nothing: the first look brings whatever has changed since
    return render(request, "campaigns/campana/campana.html", context)


@require_safe
@never_cache
@pagina
def campana_viva(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the part of a campaign's page that moves; with `?visto=` another estado than now, also what depends on
    it."""
    usuario = con_permiso(request, Accion.VER_CAMPANAS)

    def build() -> Fragmento:
        context = _campana_viva(usuario, campana_de(usuario, pk))
        context |= {"version": VERSION, "pausa": PAUSA, "fragmento": True}
        html = render_to_string("campaigns/campana/_viva.html", context)
        return Fragmento(html, context["intervalo"] or SERIE_S, context["visto"])

    found = sondeo.fragmento(sondeo.clave(usuario, "campana", pk), build)
    extra = ""
    if request.GET.get("visto") != found.marca:
        # With its form's token, so of this person alone.
        campana = campana_de(usuario, pk)
        context = {
            "campana": campana,
            "acciones": _acciones(usuario, campana),
            "no_aprueba": no_aprueba(campana, usuario),
        }
        extra = render_to_string("campaigns/campana/_cambio.html", context, request)
    return sondeo.responder(request, found, extra=extra)


@require_safe
@never_cache
@pagina
def destinatarios(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CAMPANAS)
    if "v" not in request.GET:  # a person asks, not the page by itself
        context = _destinatarios(request, usuario, campana_de(usuario, pk))
        return render(request, "campaigns/campana/_destinatarios.html", {**context, "version": ""})

    def build() -> Fragmento:
        context = _destinatarios(request, usuario, campana_de(usuario, pk))
        context |= {"version": VERSION, "pausa": PAUSA, "user": usuario}
        return Fragmento(render_to_string("campaigns/campana/_destinatarios.html", context), FILAS_S)

    asked = (request.GET.get("estado", "")[:10], _codigo(request), entero(request, "despues"))
    found = sondeo.fragmento(sondeo.clave(usuario, "filas", pk, *asked), build)
    return sondeo.responder(request, found)


@require_safe
@never_cache
@pagina
def serie(request: HttpRequest, pk: int) -> HttpResponse:
    """The campaign over time, as a table that the page draws."""
    usuario = con_permiso(request, Accion.VER_CAMPANAS)

    def build() -> Fragmento:
        campana = campana_de(usuario, pk)
        context: dict[str, Any] = {"campana": campana, "serie": serie_de(campana), "intervalo": intervalo_de([campana])}
        context |= {"version": VERSION, "pausa_serie": PAUSA}
        return Fragmento(render_to_string("campaigns/campana/_serie.html", context), SERIE_S)

    return sondeo.responder(request, sondeo.fragmento(sondeo.clave(usuario, "serie", pk), build))


@require_POST
@pagina
def mover(request: HttpRequest, pk: int, accion: str) -> HttpResponse:
    """Pause, resume, retry or cancel, and go back to the page, which says what happened."""
    usuario = con_permiso(request, DE_MOVER[accion], SOLO_ADMIN)
    campana = campana_de(usuario, pk)
    move = ACCIONES[accion]
    # One that a person held, on a day without money: it waits again for the day on which it goes on by itself.
    falta = tope.falta_tope(campana) if accion == "reanudar" else None
    try:
        services.mover_campana(campana=campana, action=accion, motivo=move.anota.format(usuario=usuario.username))
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    else:
        if falta is not None and falta.sigue is not None:
            zona = ajustes_de(campana.usuario_id).zona
            messages.info(request, formato.frase(tope.SIGUE.format(cuando=formato.proximo(falta.sigue, zona))))
        else:
            messages.success(request, move.hecho)
    sondeo.olvidar(usuario, "campana", pk)
    return redirect("campana", pk)


def _campana_viva(usuario: Usuario, campana: CampanaSMS) -> dict[str, Any]:
    progreso = selectors.progreso_de([campana])[campana.pk]
    motivos = selectors.motivos_de(campana) if progreso.fallidos else []
    duracion = (
        (campana.completado_en - campana.iniciado_en).total_seconds()
        if campana.completado_en and campana.iniciado_en
        else None
    )
    embudo = embudo_de(campana) if campana.iniciado_en else None
    intervalo = intervalo_de([campana])
    return {
        "seccion": "campanas",
        "campana": campana,
        "progreso": progreso,
        "motivos": _por_resultado(velar_motivos(usuario, motivos)),
        "motivos_muestra": progreso.fallidos > selectors.FALLOS_MAX,
        "acciones": _acciones(usuario, campana),
        "duracion": duracion,
        "promedio": progreso.exitosos / duracion if duracion else None,
        "embudo": embudo if embudo and embudo.enviados else None,
        "historia": historia_de(campana),
        "intervalo": intervalo,
        "pausa": intervalo,
        "pausa_serie": SERIE_S,
        "visto": "-".join(
            [
                campana.estado,
                *(espera.clave for espera in estados.esperas_de(campana, timezone.now())),
                *["sola"] * (campana.reanuda_en is not None),
                *["fin"] * (campana.completado_en is not None),
            ]
        ),
    }


def _por_resultado(motivos: list[selectors.Motivo]) -> list[tuple[str, str, list[selectors.Motivo]]]:
    """Return (title, slug, reasons) of those who failed, then of those who were left out, then of the others."""
    titles = {Resultado.FALLIDO: POR_QUE_FALLARON} | {resultado: row.titulo for resultado, row in APARTE.items()}
    found = {resultado: [each for each in motivos if each.resultado == resultado] for resultado in titles}
    return [(titles[resultado], resultado.value, rows) for resultado, rows in found.items() if rows]


def _acciones(usuario: Usuario, campana: CampanaSMS) -> list[str]:
    """The buttons this person may press now."""
    mine = [accion for accion in ACCIONES if usuario.puede(DE_MOVER[accion])]
    allowed = [accion for accion in mine if estados.may(accion, campana.estado, campana.reanuda_en)]
    if "reintentar" in allowed and not reintentos.reintentables(campana):
        allowed.remove("reintentar")
    # While a cap lets nothing through and the campaign goes on by itself, to resume it does nothing.
    if "reanudar" in allowed and campana.reanuda_en is not None and tope.falta_tope(campana) is not None:
        allowed.remove("reanudar")
    return allowed


def _codigo(request: HttpRequest) -> str:
    return request.GET.get("codigo", "").replace("\0", "")[:CODIGO_MAX]


def _destinatarios(request: HttpRequest, usuario: Usuario, campana: CampanaSMS) -> dict[str, Any]:
    estado = request.GET.get("estado", "")
    if estado not in SMSLog.Estado.values and estado not in APARTE:
        estado = ""
    codigo = _codigo(request) if estado == SMSLog.Estado.FALLIDO else ""
    despues = entero(request, "despues")
    found = selectors.destinatarios_de(campana, estado=estado, codigo=codigo, despues=despues)
    if estado == SMSLog.Estado.FALLIDO and not codigo:
        found = selectors.solo_rechazados(found)
    page = page_of(found, DESTINATARIOS)
    return {
        "campana": campana,
        "logs": velar(usuario, page.rows),
        "filtros": FILTROS,
        "estado": estado,
        "codigo": codigo,
        "despues": despues,
        "siguiente": page.siguiente,
        "intervalo": intervalo_de([campana]),
        "pausa": FILAS_S,
    }
