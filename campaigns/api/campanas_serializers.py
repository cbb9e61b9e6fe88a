from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from campaigns.api.audiencia import AudienciaSerializer
from campaigns.api.fields import DestinatariosField, IdListField, MensajeField, TimedDateField
from campaigns.api.plantillas import MARCADORES, MENSAJE, PlantillaField
from campaigns.api.remitentes import RemitenteField
from campaigns.audiencia.resultado import Resultados
from campaigns.campana.selectors import Progreso
from campaigns.models import CampanaSMS
from campaigns.models.campana import MOTIVO_MAX, NOMBRE_MAX
from campaigns.vista_previa import aprobaciones
from core.api.serializers import RefusesUnknown, one_of

FALTA_MENSAJE = "Envíe «mensaje» o «plantilla»."
DOS_MENSAJES = "Envíe «mensaje» o «plantilla», no los dos."
FALTA_AUDIENCIA = "Envíe «cliente_ids», «audiencia» o «destinatarios»."
PEDIDO = "Hola {nombre|vecino}, tu pedido {pedido} llega a {ciudad|tu ciudad}. Zapatos Luna"
PROMOCIONAL = {"pattern": f"^{CampanaSMS.Clase.PROMOCIONAL.value}$"}
DOS_AUDIENCIAS = "Envíe «cliente_ids» o «audiencia», no los dos."
LLAMADA = {
    "mensaje": PEDIDO,
    "destinatarios": [
        {"telefono": "300 123 4567", "nombre": "Ana", "variables": {"pedido": "A-1234", "ciudad": "Cali"}},
        {"telefono": "3109876543", "variables": {"pedido": "A-1235"}},
    ],
}
MOTIVO = {"clase": "transaccional", "clase_motivo": "Avisos de pedidos"}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A una etiqueta, menos algunos",
            value={"mensaje": MENSAJE, "audiencia": {"etiquetas": [3], "excluir": {"cliente_ids": [15]}}},
            request_only=True,
        ),
        OpenApiExample("A personas por su teléfono", value=LLAMADA, request_only=True),
    ]
)
class TextoYAudienciaSerializer(RefusesUnknown):
    """The text and the audience: the preview takes them, and the creation takes them with a name."""

    mensaje = MensajeField(required=False, help_text=f"The text; give this or `plantilla`. {MARCADORES}")
    plantilla = PlantillaField(required=False, help_text="Id of a template; give this or `mensaje`.")
    cliente_ids = IdListField(
        required=False, help_text="1 to 100,000 ids of the shop's clients; give this or `audiencia`."
    )
    audiencia = AudienciaSerializer(required=False, help_text="The audience; give this or `cliente_ids`.")
    destinatarios = DestinatariosField(
        required=False,
        help_text="1 to 100,000 people by their phones, alone or beside one of the two: never twice to one phone. "
        "`mensaje` may then have variables of theirs, {pedido}, or with what stands where one has none, "
        "{ciudad|tu ciudad}.",
    )
    clase = serializers.ChoiceField(
        choices=CampanaSMS.Clase.choices,
        required=False,
        help_text=(
            "`promocional` when absent. The others leave at any hour and are not counted against the cap on contacts; "
            "they need `clase_motivo`, and never reach clients who opted out."
        ),
    )
    remitente = RemitenteField(
        required=False, allow_null=True, help_text="Id of a sender of the shop's; the installation's when absent."
    )

    body_rules = {
        "allOf": [
            one_of("mensaje", "plantilla"),
            {"anyOf": [{"required": [name]} for name in ("cliente_ids", "audiencia", "destinatarios")]},
            {"not": {"required": ["cliente_ids", "audiencia"]}},
        ]
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _one_of(attrs, "mensaje", "plantilla", FALTA_MENSAJE, DOS_MENSAJES)
        if "destinatarios" not in attrs or {"cliente_ids", "audiencia"} <= attrs.keys():
            _one_of(attrs, "cliente_ids", "audiencia", FALTA_AUDIENCIA, DOS_AUDIENCIAS)
        return attrs


class PreverSerializer(TextoYAudienciaSerializer):
    programada_para = TimedDateField(
        required=False,
        allow_null=True,
        help_text="The moment for which to count, within a year, instead of now. Without an offset it is in TIME_ZONE.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A tres clientes",
            value={"nombre": "Promoción Marzo", "mensaje": MENSAJE, "cliente_ids": [1, 2, 3]},
            request_only=True,
        ),
        OpenApiExample(
            "A todos, con una plantilla",
            value={"plantilla": 1, "audiencia": {"todos": True}},
            request_only=True,
        ),
        OpenApiExample(
            "Más tarde",
            value={"plantilla": 1, "audiencia": {"todos": True}, "programada_para": "2026-12-01T09:00:00-05:00"},
            request_only=True,
        ),
        OpenApiExample("A personas por su teléfono", value={**LLAMADA, **MOTIVO}, request_only=True),
    ]
)
class CrearCampanaSerializer(TextoYAudienciaSerializer):
    nombre = serializers.CharField(
        max_length=NOMBRE_MAX, required=False, help_text="Name of the campaign; made from the date when absent."
    )
    programada_para = TimedDateField(
        required=False,
        allow_null=True,
        help_text="The moment to start, within a year, instead of now. Without an offset it is in TIME_ZONE. The "
        "recipients and the text are frozen now all the same.",
    )
    clase_motivo = serializers.CharField(
        max_length=MOTIVO_MAX,
        required=False,
        help_text="Why the campaign is not promotional; kept with the person who made it.",
    )

    body_rules = {
        "allOf": [
            *TextoYAudienciaSerializer.body_rules["allOf"],
            {
                "anyOf": [
                    {"properties": {"clase": PROMOCIONAL}, "not": {"required": ["clase_motivo"]}},
                    {"properties": {"clase": {"not": PROMOCIONAL}}, "required": ["clase", "clase_motivo"]},
                ]
            },
        ]
    }


def _one_of(attrs: dict[str, Any], first: str, second: str, none: str, both: str) -> None:
    if first not in attrs and second not in attrs:
        raise serializers.ValidationError({first: [none]}, code="required")
    if first in attrs and second in attrs:
        raise serializers.ValidationError({second: [both]}, code="invalid")


class ResultadoSerializer(serializers.Serializer[Any]):
    """Recipients by what became of them; `enviados_fallidos` is the sum of the last three."""

    enviados = serializers.IntegerField(help_text="Accepted by Twilio.")
    no_enviados = serializers.IntegerField(
        help_text="Not sent any more: the campaign was cancelled, or its deadline came first, also for a cap."
    )
    excluidos = serializers.IntegerField(help_text="Left out on purpose, for a reason that the preview counts.")
    fallidos = serializers.IntegerField(help_text="Tried and refused, or of unknown outcome.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Campaña",
            value={
                "id": 10,
                "nombre": "Promoción Marzo",
                "mensaje": MENSAJE,
                "plantilla": None,
                "remitente": None,
                "clase": "promocional",
                "clase_motivo": "",
                "estado": "pendiente",
                "aprobacion": "",
                "huella": "9f86d081884c7d65",
                "motivo": "",
                "total_clientes": 3,
                "enviados_exitosos": 0,
                "enviados_fallidos": 0,
                "resultado": {"enviados": 0, "no_enviados": 0, "excluidos": 0, "fallidos": 0},
                "creado": "2026-03-15T10:30:00-05:00",
                "programada_para": None,
                "iniciado_en": None,
                "vence_en": None,
                "completado_en": None,
                "espera_hasta": None,
                "reanuda_en": None,
                "prueba": False,
                "respuesta_a": None,
                "automatica": False,
                "progreso_url": "http://localhost:8000/api/v1/campanas/10/progreso/",
                "logs_url": "http://localhost:8000/api/v1/campanas/10/logs/",
            },
            response_only=True,
        )
    ]
)
class CampanaSerializer(serializers.ModelSerializer[CampanaSMS]):
    aprobacion = serializers.ChoiceField(
        CampanaSMS.Aprobacion.choices,
        allow_blank=True,
        read_only=True,
        help_text="`pendiente`: the campaign is large and starts only once approved; `motivo` says how large.",
    )
    huella = serializers.CharField(
        read_only=True,
        help_text="Another when the name, the text or the date is. Sent back with a change or a decision, it refuses "
        "what was not seen.",
    )
    enviados_exitosos = serializers.SerializerMethodField(help_text="Counted live while the campaign runs.")
    enviados_fallidos = serializers.SerializerMethodField(help_text="Counted live while the campaign runs.")
    resultado = serializers.SerializerMethodField(help_text="Both, in four words. Counted live while it runs.")
    progreso_url = serializers.SerializerMethodField()
    logs_url = serializers.SerializerMethodField()

    class Meta:
        model = CampanaSMS
        fields = (
            "id",
            "nombre",
            "mensaje",
            "plantilla",
            "remitente",
            "clase",
            "clase_motivo",
            "estado",
            "aprobacion",
            "huella",
            "motivo",
            "total_clientes",
            "enviados_exitosos",
            "enviados_fallidos",
            "resultado",
            "creado",
            "programada_para",
            "iniciado_en",
            "vence_en",
            "completado_en",
            "espera_hasta",
            "reanuda_en",
            "prueba",
            "respuesta_a",
            "automatica",
            "progreso_url",
            "logs_url",
        )
        read_only_fields = fields
        extra_kwargs = {
            "prueba": {"help_text": "Made with a test key: nothing of it leaves, and it costs nothing."},
            "respuesta_a": {"help_text": "The client's text (`entrantes`) that it answers; null for a campaign."},
            "automatica": {"help_text": "An answer that no person wrote: see `respuestas`."},
            "espera_hasta": {"help_text": "The next opening, while the campaign waits for the shop's sending window."},
            "reanuda_en": {
                "help_text": "When a campaign that a cap on spending paused goes on by itself, a day or a month later."
            },
            "vence_en": {
                "help_text": "Nothing is sent after this moment: the campaign ends, in `error` if anything is left."
            },
        }

    def _progreso(self, campana: CampanaSMS) -> Progreso | None:
        known: dict[int, Progreso] = self.context.get("progreso", {})
        return known.get(campana.pk)

    def get_enviados_exitosos(self, campana: CampanaSMS) -> int:
        progreso = self._progreso(campana)
        return progreso.exitosos if progreso else campana.enviados_exitosos

    def get_enviados_fallidos(self, campana: CampanaSMS) -> int:
        progreso = self._progreso(campana)
        return progreso.fallidos if progreso else campana.enviados_fallidos

    @extend_schema_field(ResultadoSerializer)
    def get_resultado(self, campana: CampanaSMS) -> dict[str, int]:
        progreso = self._progreso(campana)
        if progreso:
            return progreso.resultado.as_json()
        exitosos, fallidos = campana.enviados_exitosos, campana.enviados_fallidos
        parts = {"no_enviados": campana.no_enviados, "excluidos": campana.excluidos}
        return Resultados.de(exitosos, fallidos, **parts).as_json()

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_progreso_url(self, campana: CampanaSMS) -> str:
        return self._url("api-campana-progreso", campana)

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_logs_url(self, campana: CampanaSMS) -> str:
        return self._url("api-campana-logs", campana)

    def _url(self, name: str, campana: CampanaSMS) -> str:
        path = reverse(name, args=[campana.pk])
        request = self.context.get("request")
        return request.build_absolute_uri(path) if request else path


class HuellaField(serializers.CharField):
    """The campaign as the caller saw it."""

    def __init__(self) -> None:
        super().__init__(
            max_length=64,
            required=False,
            help_text="The `huella` of the campaign that was read; when it has changed since, 409 (`changed`).",
        )


@extend_schema_serializer(
    examples=[OpenApiExample("Otra fecha", value={"programada_para": "2026-12-01T09:00:00-05:00"}, request_only=True)]
)
class EditarSerializer(RefusesUnknown):
    nombre = serializers.CharField(max_length=NOMBRE_MAX, required=False)
    mensaje = MensajeField(required=False)
    programada_para = TimedDateField(required=False)
    huella = HuellaField()


@extend_schema_serializer(examples=[OpenApiExample("Decisión", value={"motivo": "Falta el precio en el texto"})])
class DecisionSerializer(RefusesUnknown):
    huella = HuellaField()
    motivo = serializers.CharField(
        max_length=aprobaciones.MOTIVO_MAX, required=False, help_text="Why the campaign is refused, for its page."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A medio camino",
            value={
                "id": 10,
                "estado": "procesando",
                "motivo": "",
                "total": 1000,
                "pendientes": 312,
                "enviando": 64,
                "inciertos": 0,
                "exitosos": 610,
                "fallidos": 14,
                "desconocidos": 0,
                "resultado": {"enviados": 610, "no_enviados": 0, "excluidos": 9, "fallidos": 5},
                "porcentaje": 62.4,
                "por_segundo": 208.5,
                "segundos_restantes": 2,
                "espera_hasta": None,
                "completado_en": None,
            },
            response_only=True,
        )
    ]
)
class ProgresoSerializer(serializers.Serializer[Any]):
    """Counts of a campaign: total = pendientes + enviando + inciertos + exitosos + fallidos, at every moment.

    While the campaign is in course and is asked for again and again, the counts may be a second old.
    """

    id = serializers.IntegerField()
    estado = serializers.ChoiceField(choices=CampanaSMS.Estado.choices)
    motivo = serializers.CharField(help_text="Why the campaign is paused or ended in error.")
    total = serializers.IntegerField()
    pendientes = serializers.IntegerField()
    enviando = serializers.IntegerField()
    inciertos = serializers.IntegerField(
        help_text="The outcome is unknown; it is being reconciled, never blindly sent again."
    )
    exitosos = serializers.IntegerField()
    fallidos = serializers.IntegerField()
    desconocidos = serializers.IntegerField(
        help_text="The part of `fallidos` of which Twilio never told: they may have been sent all the same."
    )
    resultado = ResultadoSerializer(help_text="The same recipients, as far as they are done, in four words.")
    porcentaje = serializers.FloatField(help_text="Recipients whose turn has come; it freezes when one is cancelled.")
    por_segundo = serializers.FloatField(help_text="Recipients finished per second over the last 10 seconds.")
    segundos_restantes = serializers.IntegerField(allow_null=True)
    espera_hasta = serializers.DateTimeField(
        allow_null=True,
        help_text="The next opening, while it waits for the shop's sending window; it goes on by itself.",
    )
    completado_en = serializers.DateTimeField(allow_null=True)
