"""Progress, which programs and pages ask for many times a second while the machine is busy sending.

The quick way asks PostgreSQL once, for the key's user and the campaign's row together; the counts of a campaign in
course may be a second old. Every request that is not plainly a good one goes on to the framework, which gives the same
answers and every refusal.
"""

import re
from dataclasses import asdict
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer

from campaigns.api.campanas_serializers import ProgresoSerializer
from campaigns.campana.selectors import Progreso, campana_con_llave, progreso_reciente
from campaigns.models import CampanaSMS
from core import llaves
from core.api.alcances import bastan
from core.api.throttling import UserThrottle
from core.models import Usuario

LLAVE: Final = re.compile(f"(?:Token|Bearer) ({llaves.LLAVE.pattern})")
ALCANCES: Final = bastan("GET", "api/v1/campanas/<int:pk>/progreso/")
# What programs say that would take anything, or JSON; other wishes are weighed by the framework.
ACCEPTED: Final = frozenset({"", "*/*", "application/json", "application/json, text/plain, */*"})
# `campana_con_llave` reads these; what `cuerpo` shows of a campaign must be among them.
CAMPOS: Final = frozenset(
    (
        "id",
        "estado",
        "motivo",
        "espera_hasta",
        "completado_en",
        "total_clientes",
        "enviados_exitosos",
        "enviados_fallidos",
        "desconocidos",
        "no_enviados",
        "excluidos",
    )
)


# One for all answers: a new one copies every field.
_serializer: Final = ProgresoSerializer()


def cuerpo(campana: CampanaSMS, progreso: Progreso) -> Any:
    return _serializer.to_representation(
        {
            **asdict(progreso),
            "id": campana.pk,
            "estado": campana.estado,
            "motivo": campana.motivo,
            "resultado": progreso.resultado,
            "porcentaje": progreso.porcentaje,
            "segundos_restantes": progreso.segundos_restantes,
            "espera_hasta": campana.espera_hasta,
            "completado_en": campana.completado_en,
        }
    )


def respuesta(request: HttpRequest, pk: int, allow: str) -> HttpResponse | None:
    """The answer by the quick way, or None.

    Args:
        allow: the methods of the endpoint, for the header.
    """
    llave = LLAVE.fullmatch(request.META.get("HTTP_AUTHORIZATION", ""))
    if llave is None or request.META.get("QUERY_STRING") or request.META.get("HTTP_ACCEPT", "") not in ACCEPTED:
        return None
    found = campana_con_llave(llave[1], pk, CAMPOS, ALCANCES)
    if found is None:
        return None
    usuario_id, campana = found
    progreso = progreso_reciente(campana)
    request.user = Usuario(pk=usuario_id)
    if progreso is None or not UserThrottle().allow_request(request, None):  # type: ignore[arg-type]  # of DRF's it asks no more
        return None
    return HttpResponse(
        JSONRenderer().render(cuerpo(campana, progreso)), content_type="application/json", headers={"Allow": allow}
    )
