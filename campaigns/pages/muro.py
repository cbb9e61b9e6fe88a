"""The wall: everything that runs now, large enough for a screen that hangs there, and what happened last."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.campana import selectors, sondeo
from campaigns.campana.historia import sucesos_de
from campaigns.campana.sondeo import PAUSA, VERSION, Fragmento
from campaigns.models import CampanaSMS
from campaigns.pages.polling import REPOSO_S, filas_de, intervalo_de
from campaigns.values import estados
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.permisos import Accion

CAMPANAS = 24
SUCESOS = 12


@require_safe
@never_cache
@pagina
def muro(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/muro/muro.html", _muro(con_permiso(request, Accion.VER_CAMPANAS)))


@require_safe
@never_cache
@pagina
def muro_vivo(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CAMPANAS)

    def build() -> Fragmento:
        context = _muro(usuario) | {"version": VERSION, "pausa": PAUSA}
        return Fragmento(render_to_string("campaigns/muro/_muro.html", context), context["intervalo"])

    return sondeo.responder(request, sondeo.fragmento(sondeo.clave(usuario, "muro"), build))


def _muro(usuario: Usuario) -> dict[str, Any]:
    vivas = list(selectors.en_curso_de(usuario))
    progreso = selectors.progreso_de(vivas)
    shown = sorted(vivas, key=lambda campana: (estados.CAMPANAS[CampanaSMS.Estado(campana.estado)].orden, -campana.pk))
    # It never rests: a wall is there to see the next campaign begin.
    intervalo = intervalo_de(vivas) or REPOSO_S
    return {
        "seccion": "muro",
        "filas": filas_de(shown[:CAMPANAS], progreso),
        "resto": max(0, len(shown) - CAMPANAS),
        "resumen": selectors.resumen_de(usuario, progreso.values()),
        "faltan": sum(p.total - p.terminados for p in progreso.values()),
        "historia": sucesos_de(usuario, n=SUCESOS),
        "con_campana": True,
        "intervalo": intervalo,
        "version": "",
        "pausa": intervalo,
    }
