"""The buttons of a campaign that waits for approval."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from campaigns.campana import sondeo
from campaigns.pages.campana import campana_de
from campaigns.vista_previa import aprobaciones
from core.errors import DomainError
from core.pages.access import con_permiso, pagina
from core.permisos import Accion

APROBADA = "La campaña quedó aprobada y está en camino."
APROBADA_CON_FECHA = "La campaña quedó aprobada: empieza en su fecha."
RECHAZADA = "La campaña se rechazó: no se enviará nada."


@require_POST
@pagina
def decidir(request: HttpRequest, pk: int, aprobar: bool) -> HttpResponse:
    usuario = con_permiso(request, Accion.APROBAR)
    campana = campana_de(usuario, pk)
    motivo = request.POST.get("motivo", "").replace("\0", "")
    try:
        # To say no needs no second look; to say yes, what was seen.
        huella = request.POST.get("visto", "") if aprobar else None
        campana = aprobaciones.decidir(campana=campana, usuario=usuario, aprobar=aprobar, motivo=motivo, huella=huella)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        aprobada = APROBADA_CON_FECHA if campana.espera_fecha else APROBADA
        messages.success(request, aprobada if aprobar else RECHAZADA)
    sondeo.olvidar(usuario, "campana", pk)
    return redirect("campana", pk)
