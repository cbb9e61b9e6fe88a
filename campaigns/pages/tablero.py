"""The dashboard: what runs now, the latest campaigns, and the last two weeks."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.campana import selectors, sondeo
from campaigns.campana.sondeo import PAUSA, VERSION, Fragmento
from campaigns.entrantes.selectors import SIN_LEER_MAX, sin_leer
from campaigns.ley.selectors import ajustes_de, consentimiento_decidido
from campaigns.pages.polling import REPOSO_S, filas_de, intervalo_de
from campaigns.pages.primeros_pasos import guia_de
from core.models import Usuario
from core.pages.access import con_permiso, pagina, usuario_de
from core.pages.paging import page_of
from core.permisos import Accion, Rol

CAMPANAS = 8
DIAS = 14


@require_safe
@never_cache
@pagina
def tablero(request: HttpRequest) -> HttpResponse:
    if usuario_de(request).rol == Rol.PLATAFORMA:
        return redirect("admin:index")
    usuario = con_permiso(request, Accion.VER_CAMPANAS)
    context = _tablero(usuario)
    # Asked once, on the first day: the answer is in the history of the settings.
    ajustes = ajustes_de(usuario.tenant_id)
    decidido = consentimiento_decidido(ajustes)
    context["preguntar"] = usuario.puede(Accion.ADMINISTRAR) and not decidido
    if usuario.puede(Accion.VER_CLIENTES):
        n = sin_leer(usuario)
        context |= {"sin_leer": min(n, SIN_LEER_MAX), "sin_leer_mas": n > SIN_LEER_MAX}
    context["guia"] = None if context["filas"] else guia_de(usuario, ajustes)
    context["dias"] = selectors.por_dia(usuario, dias=DIAS) if context["filas"] else []
    return render(request, "campaigns/tablero/tablero.html", context)


@require_safe
@never_cache
@pagina
def tablero_vivo(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CAMPANAS)

    def build() -> Fragmento:
        context = _tablero(usuario) | {"version": VERSION, "pausa": PAUSA}
        return Fragmento(render_to_string("campaigns/tablero/_tablero.html", context), context["intervalo"] or REPOSO_S)

    return sondeo.responder(request, sondeo.fragmento(sondeo.clave(usuario, "tablero"), build))


def _tablero(usuario: Usuario) -> dict[str, Any]:
    page = page_of(selectors.lista_de(usuario), CAMPANAS)
    vivas = list(selectors.en_curso_de(usuario))
    # One statement for what is shown and what is summed.
    progreso = selectors.progreso_de({c.pk: c for c in [*page.rows, *vivas]}.values())
    intervalo = intervalo_de(vivas)
    return {
        "seccion": "tablero",
        "user": usuario,
        "filas": filas_de(page.rows, progreso),
        "hay_mas": page.more,
        "resumen": selectors.resumen_de(usuario, [progreso[c.pk] for c in vivas]),
        "intervalo": intervalo,
        "version": "",
        "pausa": intervalo,
    }
