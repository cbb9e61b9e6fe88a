"""`/api/v1/respuestas/`: the shop's saved answers, and the words that are answered by themselves."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework.viewsets import ModelViewSet

from campaigns.api.fields import MensajeField
from campaigns.models import RespuestaGuardada
from campaigns.respuestas.selectors import guardadas_de
from campaigns.respuestas.services import guardar_respuesta
from core.api.base import ShopRowsView
from core.api.permissions import RoleMay, TrialKeyOnlyReads
from core.api.serializers import ShopRowSerializer

HORARIO = {"nombre": "Horario", "mensaje": "Abrimos de lunes a sabado, de 9 a 7.", "palabra": "HORARIO"}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Respuesta guardada", value=HORARIO, request_only=True),
        OpenApiExample(
            "Respuesta guardada (leída)",
            value={"id": 4, **HORARIO, "palabra": "horario", "creado": "2026-03-15T10:30:00-05:00"},
            response_only=True,
        ),
    ]
)
class RespuestaSerializer(ShopRowSerializer[RespuestaGuardada]):
    mensaje = MensajeField(help_text="{nombre} is replaced by the client's name.")

    class Meta:
        model = RespuestaGuardada
        fields = ("id", "nombre", "mensaje", "palabra", "creado")
        extra_kwargs = {
            "palabra": {
                "help_text": "A client of the shop who writes this and nothing else gets the answer by itself, at most"
                " three of them a day. Compared without accents, case, signs and courtesy, and kept so; a word that"
                " asks to leave or to come back is refused. Empty: only people give the answer.",
            }
        }

    def create(self, validated_data: dict[str, Any]) -> RespuestaGuardada:
        return self._write(RespuestaGuardada(usuario_id=self.tenant_id), validated_data)

    def update(self, instance: RespuestaGuardada, validated_data: dict[str, Any]) -> RespuestaGuardada:
        return self._write(instance, validated_data)

    def _write(self, respuesta: RespuestaGuardada, data: dict[str, Any]) -> RespuestaGuardada:
        given = {name: data.get(name, getattr(respuesta, name)) for name in ("nombre", "mensaje", "palabra")}
        guardar_respuesta(respuesta=respuesta, **given)
        return respuesta


@extend_schema(tags=["respuestas"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's saved answers"),
    create=extend_schema(summary="Save an answer"),
    retrieve=extend_schema(summary="Read a saved answer"),
    update=extend_schema(summary="Replace a saved answer"),
    partial_update=extend_schema(summary="Change some fields of a saved answer"),
    destroy=extend_schema(summary="Delete a saved answer; what was answered with it stays"),
)
class RespuestaViewSet(ShopRowsView[RespuestaGuardada], ModelViewSet[RespuestaGuardada]):
    permission_classes = (RoleMay, TrialKeyOnlyReads)
    serializer_class = RespuestaSerializer
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[RespuestaGuardada]:
        return guardadas_de(self.usuario)
