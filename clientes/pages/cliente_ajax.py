"""`POST /clientes/crear/ajax/`: the reference's call to create a client from another page."""

from typing import Any

from django.utils import timezone, translation
from rest_framework.request import Request
from rest_framework.response import Response

from clientes.api.clientes import ClienteSerializer
from clientes.models import Cliente
from core.api.ajax import ReferenceView

OPCIONALES = ("telefono", "documento")


class ClienteAjaxSerializer(ClienteSerializer):
    class Meta:
        model = Cliente
        fields = ("nombre", "telefono", "documento", "activo", "etiquetas")
        extra_kwargs = {field: {"allow_null": True} for field in OPCIONALES}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A program says null for what it does not have; the column says ""."""
        return {key: "" if value is None and key in OPCIONALES else value for key, value in attrs.items()}


class ClienteAjaxView(ReferenceView):
    def post(self, request: Request) -> Response:
        # The words of these errors are part of the reference, which is written in English.
        with translation.override("en"):
            serializer = ClienteAjaxSerializer(data=request.data, context={"request": request})
            serializer.is_valid(raise_exception=True)
        return Response({"success": True, "cliente": _as_json(serializer.save())})


def _as_json(cliente: Cliente) -> dict[str, Any]:
    return {
        "id": cliente.pk,
        "nombre": cliente.nombre,
        "telefono": cliente.telefono,
        "documento": cliente.documento,
        "activo": cliente.activo,
        "creado": timezone.localtime(cliente.creado).isoformat(timespec="seconds"),
    }
