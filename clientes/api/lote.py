"""`POST /api/v1/clientes/lote/`: many clients in one call."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from clientes.importacion import lote
from clientes.models import Importacion, Medio
from core.api.base import SignedInView
from core.api.idempotency import de_prueba, header, idempotency_of
from core.api.schema import ErrorSerializer
from core.api.serializers import ListaField, RefusesUnknown

CLAVES: Final = (Importacion.Clave.DOCUMENTO, Importacion.Clave.TELEFONO)
# A row that is not as it should be does not refuse the call, so the types are told of and not demanded.
FILA: Final = {
    "type": "object",
    "properties": {
        "nombre": {"description": "Text; a new client needs one."},
        "telefono": {"description": "Text, as people write it; refused when it is no phone number."},
        "documento": {"description": "Text."},
        "activo": {"description": "true or false."},
        "etiquetas": {"description": "List of ids of the shop's tags; they are added to those that the client has."},
        "consentimiento_fuente": {"description": "Text: where the client agreed to be written to; with its date."},
        "consentimiento_en": {"description": "Date, as 2026-03-01: when the client agreed; with its source."},
        "consentimiento_hora": {"description": "Time, as 16:20. This and the next three prove the consent."},
        "consentimiento_medio": {"description": f"How the client agreed: {', '.join(Medio)}."},
        "consentimiento_texto": {"description": "Text: the words that the client was shown or read."},
        "consentimiento_lugar": {"description": "Text: the IP address or the place."},
    },
}
ANA: Final = {"nombre": "Ana Díaz", "telefono": "300 123 4567", "documento": "1020304050"}
EJEMPLO: Final = {
    "clave": "documento",
    "clientes": [ANA, {"documento": "52123456", "telefono": "3109876543"}, {"nombre": "Luis", "telefono": "12"}],
    "todo_o_nada": False,
}
ERRORES: Final = [
    {"code": "invalid", "detail": "El teléfono «12» no es válido.", "attr": "telefono"},
    {"code": "required", "detail": "Falta el documento, con el que se busca al cliente.", "attr": "documento"},
]
RESPUESTA: Final = {
    "creados": 1,
    "actualizados": 1,
    "sin_cambios": 0,
    "rechazados": 1,
    "filas": [
        {"indice": 0, "id": 15, "resultado": "creado", "errores": [], "aviso": ""},
        {"indice": 1, "id": 7, "resultado": "actualizado", "errores": [], "aviso": ""},
        {"indice": 2, "id": None, "resultado": "rechazado", "errores": ERRORES, "aviso": ""},
    ],
}


@extend_schema_field(FILA)
class FilaField(serializers.DictField):
    """A client as the caller knows them; `clientes.importacion.lote` reads it."""


@extend_schema_serializer(examples=[OpenApiExample("Tres clientes", value=EJEMPLO, request_only=True)])
class LoteSerializer(RefusesUnknown):
    clave = serializers.ChoiceField(
        [(clave.value, clave.label) for clave in CLAVES], help_text="What finds the client who is already there."
    )
    clientes = ListaField(child=FilaField(), min_length=1, max_length=lote.MAXIMO)
    todo_o_nada = serializers.BooleanField(
        default=False, help_text="true: one bad row refuses the call with 400, and nothing is written."
    )


class ErrorDeFilaSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(help_text="The field.")


class FilaSerializer(serializers.Serializer[Any]):
    indice = serializers.IntegerField(help_text="The row's place in the call, from 0.")
    id = serializers.IntegerField(allow_null=True, help_text="The client's; null for a row that was not taken.")
    resultado = serializers.ChoiceField([(each, each) for each in lote.Resultado.TODOS])
    errores = ErrorDeFilaSerializer(many=True)
    aviso = serializers.CharField(
        help_text="What to look at in a row that was taken, in Spanish: a value that was left out, or who else has its"
        " phone. Empty for most."
    )


@extend_schema_serializer(examples=[OpenApiExample("Uno nuevo, uno cambiado", value=RESPUESTA, response_only=True)])
class LoteHechoSerializer(serializers.Serializer[Any]):
    creados = serializers.IntegerField()
    actualizados = serializers.IntegerField()
    sin_cambios = serializers.IntegerField()
    rechazados = serializers.IntegerField()
    filas = FilaSerializer(many=True, help_text="One for each row of the call, in its order.")


@extend_schema(tags=["clientes"])
class LoteView(SignedInView):
    @extend_schema(
        operation_id="clientes_lote",
        summary="Create or change up to 10,000 clients",
        description=(
            "Each row is the client that has its `clave`, or a new one. What a row does not say, or says empty, stays "
            "as it is: a call clears no phone, no consent and no tag, and opt-outs stand whatever it says. A row with "
            "an error is `rechazado` with the reasons, and the others are written, all at once. The same call again "
            "writes nothing."
        ),
        parameters=[header("The same call again within a day gets the same answer, and writes nothing.")],
        request=LoteSerializer,
        responses={200: LoteHechoSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = LoteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        idempotency = idempotency_of(request)
        try:
            answer = lote.guardar(
                usuario=self.usuario,
                clave=asked["clave"],
                filas=asked["clientes"],
                todo_o_nada=asked["todo_o_nada"],
                idempotency=de_prueba(idempotency) if self.de_prueba else idempotency,
            )
        except lote.LoteRechazadoError as error:
            raise serializers.ValidationError({"clientes": _errores(error.malas)}) from error
        return Response(answer)


def _errores(malas: Any) -> dict[str, dict[str, list[ErrorDetail]]]:
    """Nest the errors of rows as DRF nests those of a list's fields."""
    nested: dict[str, dict[str, list[ErrorDetail]]] = {}
    for mala in malas:
        fields = nested.setdefault(str(mala.indice), {})
        for error in mala.errores:
            fields.setdefault(error.attr, []).append(ErrorDetail(error.detail, error.code))
    return nested
