"""The events of a campaign, and who did them, through the API."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404

from campaigns.campana import selectors
from campaigns.models import Suceso
from core.api.base import ShopRowsView


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Una persona la pausó",
            value={
                "id": 41,
                "tipo": "pausada",
                "texto": "Pausada",
                "usuario": "duena",
                "ip": "192.0.2.7",
                "via": "pagina",
                "detalle": "La pausó duena.",
                "creado": "2026-03-15T10:31:02-05:00",
            },
            response_only=True,
        )
    ]
)
class SucesoSerializer(serializers.ModelSerializer[Suceso]):
    texto = serializers.CharField(source="get_tipo_display", help_text="The tipo, for people.")
    usuario = serializers.CharField(
        source="usuario.username", default=None, allow_null=True, help_text="null: the product itself."
    )

    class Meta:
        model = Suceso
        fields = ("id", "tipo", "texto", "usuario", "ip", "via", "detalle", "creado")


@extend_schema(tags=["campanas"], summary="List what happened to the campaign and who did it, the newest first")
class SucesoListView(ShopRowsView[Suceso], ListAPIView[Suceso]):
    serializer_class = SucesoSerializer

    def rows(self) -> QuerySet[Suceso]:
        found = selectors.campanas_de(self.usuario, solo_prueba=self.de_prueba)
        campana = get_object_or_404(found, pk=self.kwargs["pk"])
        return Suceso.objects.filter(campana=campana).select_related("usuario").order_by("-pk")
