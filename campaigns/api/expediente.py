"""All that is kept about one client, through the API."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.campana.expediente import expediente_de
from clientes.selectors import clientes_de
from core.api.base import SignedInView
from core.api.permissions import RecentSession, RoleMay
from core.api.schema import ErrorSerializer
from core.registro import Tipo, anotar


class ConsentimientoSerializer(serializers.Serializer[Any]):
    fuente = serializers.CharField()
    fecha = serializers.DateField(allow_null=True)
    hora = serializers.CharField(allow_null=True, help_text="The hour of the consent, such as 16:20:00.")
    medio = serializers.CharField()
    texto = serializers.CharField()
    lugar = serializers.CharField()
    revocado_en = serializers.DateField(allow_null=True, help_text="Null while it stands.")
    historia = serializers.ListField(
        child=serializers.DictField(), help_text="Each consent as it was written down, and each withdrawal (`en` null)."
    )


class ExpedienteSerializer(serializers.Serializer[Any]):
    """Each part with the fields that the other calls show of it."""

    generado = serializers.DateTimeField()
    tienda = serializers.CharField()
    cliente = serializers.DictField()
    consentimiento = ConsentimientoSerializer()
    registro_de_numeros_excluidos = serializers.DictField(
        allow_null=True, help_text="Since when the number stands in it, and the latest consultation that had it."
    )
    bajas = serializers.ListField(child=serializers.DictField(), help_text="The last word, with all that was said.")
    ventas = serializers.ListField(child=serializers.DictField())
    mensajes = serializers.ListField(child=serializers.DictField(), help_text="What the shop sent, or tried to.")
    respuestas = serializers.ListField(child=serializers.DictField(), help_text="What the client wrote.")
    contactos_por_dia = serializers.ListField(child=serializers.DictField())
    filas_de_archivos = serializers.ListField(
        child=serializers.DictField(), help_text="Kept rows of imported files that hold the phone or the document."
    )


EJEMPLO: dict[str, Any] = {
    "generado": "2026-03-15T10:31:02-05:00",
    "tienda": "Zapatos Luna",
    "cliente": {"id": 15, "nombre": "Maria Gonzalez", "telefono_e164": "+573001234567", "etiquetas": ["VIP"]},
    "consentimiento": {
        "fuente": "Formulario de la tienda",
        "fecha": "2026-03-01",
        "hora": "16:20:00",
        "medio": "web",
        "texto": "Acepto recibir ofertas de Zapatos Luna por SMS",
        "lugar": "190.24.8.15",
        "revocado_en": None,
        "historia": [],
    },
    "registro_de_numeros_excluidos": None,
    "bajas": [],
    "ventas": [{"fecha": "2026-03-15T10:30:00-05:00", "total": "85000.00", "referencia": "F-1021"}],
    "mensajes": [{"campana": "Promoción Marzo", "mensaje": "Hola Maria", "estado": "enviado"}],
    "respuestas": [],
    "contactos_por_dia": [],
    "filas_de_archivos": [],
}


class ExpedienteView(SignedInView):
    permission_classes = (RoleMay, RecentSession)

    @extend_schema(
        tags=["clientes"],
        summary="Read all that is kept about one client, for the client who asks",
        responses={200: ExpedienteSerializer, 403: ErrorSerializer},
        examples=[OpenApiExample("Expediente", value=EJEMPLO, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, pk: int) -> Response:
        cliente = get_object_or_404(clientes_de(self.usuario), pk=pk)
        anotar(Tipo.EXPORTACION, usuario=self.usuario, detalle=f"expediente del cliente {cliente.pk}")
        return Response(expediente_de(self.usuario, cliente))
