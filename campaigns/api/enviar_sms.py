"""`POST /clientes/enviar-sms/`: the reference's call, which answers with what happened to each client."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.fields import IdListField, MensajeField
from campaigns.api.vista_previa import plain
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import selectors, services
from campaigns.campana.espera import esperar, por_que_espera
from campaigns.campana.services import NuevaCampana
from campaigns.models import CampanaSMS, SMSLog
from campaigns.models.campana import NOMBRE_MAX
from core.api.ajax import ReferenceView
from core.api.idempotency import idempotency_of
from core.api.prefer import Prefer
from core.api.serializers import RefusesUnknown
from core.idempotency import Idempotency
from core.models import Usuario

DETALLES = 1_000  # rows in the answer; of a larger campaign the rest is at `detalles_url`


class EnviarSMSSerializer(RefusesUnknown):
    cliente_ids = IdListField()
    mensaje = MensajeField()
    nombre_campana = serializers.CharField(max_length=NOMBRE_MAX, required=False, allow_blank=True, allow_null=True)


class EnviarSMSView(ReferenceView):
    def post(self, request: Request) -> Response:
        """Create the campaign, wait for its end, and tell what happened to each client.

        200 with the whole result, or 202 with what there is so far, its `estado` and `progreso_url`. A campaign that
        waits for a window, a cap on spending or an approval is answered at once, with `motivo` and `espera_hasta`.
        """
        usuario = self.usuario
        idempotency = idempotency_of(request)
        campana = services.campana_con_clave(usuario=usuario, idempotency=idempotency) if idempotency else None
        created = False
        if campana is None:
            campana, created = _crear(usuario, request.data, idempotency)
        headers = {} if created else {"Idempotent-Replayed": "true"}
        if applied := _wait(campana, Prefer.of(request.headers.get("Prefer", ""))):
            headers["Preference-Applied"] = applied
        campana.refresh_from_db()
        body = _resultado(campana, request)
        if campana.completado_en is None:
            if porque := por_que_espera(campana):
                body |= {
                    "espera_hasta": porque.hasta and localtime(porque.hasta).isoformat(),
                    "motivo": plain(porque.motivo),
                }
            headers["Location"] = body["progreso_url"]
            return Response(body, status=status.HTTP_202_ACCEPTED, headers=headers)
        return Response(body, headers=headers)


def _crear(usuario: Usuario, data: Any, idempotency: Idempotency | None) -> tuple[CampanaSMS, bool]:
    serializer = EnviarSMSSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    asked = serializer.validated_data
    nueva = NuevaCampana(
        nombre=asked.get("nombre_campana"),
        mensaje=asked["mensaje"],
        audiencia=Audiencia.de_ids(asked["cliente_ids"]),
    )
    return services.crear_campana(usuario=usuario, nueva=nueva, idempotency=idempotency)


def _wait(campana: CampanaSMS, prefer: Prefer) -> str:
    """Wait as long as the caller prefers, within ours; returns the preferences that were honoured."""
    limit = settings.SEND_WAIT_S
    if por_que_espera(campana):
        return "respond-async" if prefer.respond_async else ""
    if prefer.wait is None:
        if prefer.respond_async:
            return "respond-async"
        esperar(campana, segundos=limit)
        return ""
    seconds = min(prefer.wait, limit)
    if not esperar(campana, segundos=seconds) and seconds:
        return ""
    return f"wait={seconds:.0f}" + (", respond-async" if prefer.respond_async else "")


def _resultado(campana: CampanaSMS, request: Request) -> dict[str, Any]:
    progreso = selectors.progreso_de([campana])[campana.pk]
    rows = selectors.destinatarios_de(campana).defer("mensaje")[:DETALLES]
    body = {
        "success": True,
        "campana_id": campana.pk,
        "total_clientes": campana.total_clientes,
        "enviados_exitosos": progreso.exitosos,
        "enviados_fallidos": progreso.fallidos,
        "detalles": [_detalle(log) for log in rows],
    }
    if campana.total_clientes > DETALLES:
        body["detalles_url"] = request.build_absolute_uri(reverse("api-campana-logs", args=[campana.pk]))
    if campana.completado_en is None:
        body["estado"] = campana.estado
        body["progreso_url"] = request.build_absolute_uri(reverse("api-campana-progreso", args=[campana.pk]))
    return body


def _detalle(log: SMSLog) -> dict[str, Any]:
    detalle = {"cliente_id": log.cliente_id, "nombre": log.nombre, "estado": log.estado}
    if log.estado == SMSLog.Estado.ENVIADO:
        detalle["twilio_sid"] = log.twilio_sid
    elif log.error:
        detalle["error"] = log.error
    return detalle
