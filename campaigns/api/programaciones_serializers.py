"""A programación, as the API takes and shows it."""

from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from campaigns.api.audiencia import AudienciaSerializer, audiencia_de
from campaigns.api.campanas_serializers import DOS_MENSAJES, FALTA_MENSAJE, CampanaSerializer
from campaigns.api.fields import MensajeField
from campaigns.api.plantillas import MENSAJE, PlantillaField
from campaigns.api.remitentes import RemitenteField
from campaigns.audiencia.seleccion import Audiencia
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, Ocurrencia, Programacion
from campaigns.models.programacion import GRACIA, GRACIA_MAX, NOMBRE_MAX
from campaigns.programaciones import criterios, palabras, selectors
from campaigns.programaciones.fechas import fechas
from campaigns.programaciones.services import Definicion
from campaigns.values.recurrencia import ANOS, CRON_MAX, Frecuencia, Recurrencia
from campaigns.values.zonas import hoy
from core.api import texts
from core.api.serializers import ListaField, RefusesUnknown
from core.errors import InvalidInputError

NO_VA = "«{campo}» no va con la frecuencia «{frecuencia}»."
# frecuencia: the fields that say when, with what stands for their absence
PROPIOS: Final = {
    Frecuencia.DIARIA: {"hora"},
    Frecuencia.SEMANAL: {"hora", "dias"},
    Frecuencia.MENSUAL: {"hora", "dia_mes"},
    Frecuencia.CRON: {"cron"},
}
AUSENTES: Final[dict[str, Any]] = {"hora": None, "dias": [], "dia_mes": None, "cron": ""}


# In JSON Schema: that a field says something, and that it says nothing.
DICHOS: Final[dict[str, Any]] = {
    "hora": {"type": "string"},
    "dias": {"minItems": 1},
    "dia_mes": {"type": "integer"},
    "cron": {"minLength": 1},
}
CALLADOS: Final[dict[str, Any]] = {
    "hora": {"not": {"type": "string"}},
    "dias": {"maxItems": 0},
    "dia_mes": {"not": {"type": "integer"}},
    "cron": {"maxLength": 0},
}


def _cuando(frecuencia: Frecuencia) -> dict[str, Any]:
    propios = PROPIOS[frecuencia]
    fields = {campo: (DICHOS if campo in propios else CALLADOS)[campo] for campo in AUSENTES}
    return {"required": sorted(propios), "properties": {"frecuencia": {"pattern": f"^{frecuencia.value}$"}, **fields}}


REGLAS: Final = {
    "allOf": [
        {
            "anyOf": [
                {
                    "required": ["mensaje"],
                    "properties": {"mensaje": {"minLength": 1}, "plantilla": CALLADOS["dia_mes"]},
                },
                {
                    "required": ["plantilla"],
                    "properties": {"plantilla": {"type": "integer"}, "mensaje": {"maxLength": 0}},
                },
            ]
        },
        {"anyOf": [_cuando(frecuencia) for frecuencia in Frecuencia]},
    ]
}


class AudienciaGuardada(AudienciaSerializer):
    """The clients that are in any of these, without those in `excluir`; asked again at each occurrence."""

    def to_representation(self, instance: Any) -> Any:
        return instance


@extend_schema_field({"type": "string", "pattern": texts.HORA})
class WallClockField(serializers.TimeField):
    """An hour of no zone; JSON Schema's `time` has seconds and an offset."""


PROGRAMACION: Final = {
    "id": 3,
    "nombre": "Recordatorio semanal",
    "mensaje": "",
    "plantilla": 1,
    "remitente": None,
    "audiencia": {"etiquetas": [3]},
    "frecuencia": "semanal",
    "hora": "09:00",
    "dias": [1, 4],
    "dia_mes": None,
    "cron": "",
    "zona": "America/Bogota",
    "desde": "2026-12-01",
    "hasta": None,
    "gracia_minutos": 60,
    "activa": True,
    "prueba": False,
    "descripcion": "Los lunes y jueves a las 9:00 a. m.",
    "proximas": ["2026-12-03T09:00:00-05:00", "2026-12-07T09:00:00-05:00"],
    "saldran_en": ["2026-12-03T09:00:00-05:00", "2026-12-07T09:00:00-05:00"],
    "creado": "2026-11-24T10:30:00-05:00",
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Los lunes y jueves, con una plantilla",
            value={
                "nombre": "Recordatorio semanal",
                "plantilla": 1,
                "audiencia": {"etiquetas": [3]},
                "frecuencia": "semanal",
                "dias": [1, 4],
                "hora": "09:00",
            },
            request_only=True,
        ),
        OpenApiExample(
            "El último día de cada mes, hasta junio",
            value={
                "nombre": "Cierre de mes",
                "mensaje": MENSAJE,
                "audiencia": {"todos": True},
                "frecuencia": "mensual",
                "dia_mes": 31,
                "hora": "10:30",
                "zona": "America/Mexico_City",
                "hasta": "2027-06-30",
            },
            request_only=True,
        ),
        OpenApiExample("Programación", value=PROGRAMACION, response_only=True),
    ]
)
class ProgramacionSerializer(RefusesUnknown, serializers.ModelSerializer[Programacion]):
    nombre = serializers.CharField(max_length=NOMBRE_MAX, help_text="Name of its campaigns, which add their date.")
    mensaje = MensajeField(
        required=False,
        allow_blank=True,
        help_text="The text, with {nombre}; give this or `plantilla`.",
    )
    plantilla = PlantillaField(
        required=False,
        allow_null=True,
        help_text="Id of a template, whose text is read at each occurrence; give this or `mensaje`.",
    )
    remitente = RemitenteField(
        required=False, allow_null=True, help_text="Id of a sender of the shop's; the installation's when absent."
    )
    audiencia = AudienciaGuardada()
    frecuencia = serializers.ChoiceField(choices=Frecuencia.choices)
    hora = WallClockField(
        required=False,
        allow_null=True,
        format="%H:%M",
        input_formats=["%H:%M", "%H:%M:%S"],
        help_text="The hour by the clock on the wall in `zona`; not for `cron`.",
    )
    dias = ListaField(
        child=serializers.IntegerField(min_value=1, max_value=7),
        required=False,
        max_length=7,
        help_text="Days of the week, for `semanal`: from 1, Monday, to 7.",
    )
    dia_mes = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=31,
        help_text="Day of the month, for `mensual`; in a shorter month it is the last day.",
    )
    cron = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=CRON_MAX,
        help_text="The expression, for `cron`: minute (one number), hour, day of the month, month, day of the week.",
    )
    zona = serializers.CharField(required=False, max_length=64, help_text="IANA name; TIME_ZONE when absent.")
    desde = serializers.DateField(
        required=False, validators=[ANOS], help_text="First day on which it may occur; today when absent."
    )
    hasta = serializers.DateField(
        required=False, allow_null=True, validators=[ANOS], help_text="Last day; null is without end."
    )
    gracia_minutos = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=GRACIA_MAX,
        help_text="Minutes by which a campaign may be made late; later the occurrence is recorded as skipped.",
    )
    descripcion = serializers.SerializerMethodField(help_text="When it occurs, in words.")
    proximas = serializers.SerializerMethodField(help_text="The next 5 moments; none while it is paused or over.")
    saldran_en = serializers.SerializerMethodField(
        help_text="When each of them really leaves, by the shop's sending hours; null where it would never."
    )

    body_rules = REGLAS

    class Meta:
        model = Programacion
        fields = tuple(PROGRAMACION)
        read_only_fields = ("activa", "prueba", "creado")

    def get_descripcion(self, programacion: Programacion) -> str:
        return palabras.en_palabras(programacion.recurrencia)

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField(allow_null=True)))
    def get_saldran_en(self, programacion: Programacion) -> list[str | None]:
        found = fechas(self._ajustes_de(programacion.usuario_id), selectors.proximas_de(programacion))
        return [fecha.sale.isoformat() if fecha.sale else None for fecha in found]

    def _ajustes_de(self, tenant_id: int) -> Ajustes:
        """Read the shop's settings once, however many rows are shown."""
        known: dict[int, Ajustes] = vars(self).setdefault("_de_tienda", {})
        if tenant_id not in known:
            known[tenant_id] = ajustes_de(tenant_id)
        return known[tenant_id]

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField()))
    def get_proximas(self, programacion: Programacion) -> list[str]:
        return [moment.isoformat() for moment in selectors.proximas_de(programacion)]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check what concerns several fields: one text, and only the fields that the frequency uses."""
        if attrs.get("mensaje") and attrs.get("plantilla"):
            raise serializers.ValidationError({"plantilla": [DOS_MENSAJES]}, code="invalid")
        frecuencia = attrs["frecuencia"] if "frecuencia" in attrs else cast("Programacion", self.instance).frecuencia
        for campo in AUSENTES.keys() - PROPIOS[Frecuencia(frecuencia)]:
            if attrs.get(campo):
                text = NO_VA.format(campo=campo, frecuencia=frecuencia)
                raise serializers.ValidationError({campo: [text]}, code="invalid")
        return attrs

    def definicion(self) -> Definicion:
        """Return the definition that the validated body asks for; in a PATCH, on top of the present one.

        Raises:
            InvalidInputError: naming the field and the reason.
        """
        data: dict[str, Any] = {**(_presente(self.instance) if self.partial else {}), **self.validated_data}
        sent = self.validated_data
        if sent.get("plantilla"):
            data["mensaje"] = ""
        elif sent.get("mensaje"):
            data["plantilla"] = None
        if not (data.get("mensaje") or data.get("plantilla")):
            raise InvalidInputError(FALTA_MENSAJE, field="mensaje", code="required")
        zona = data.get("zona") or settings.TIME_ZONE
        when = {**AUSENTES, **{campo: data[campo] for campo in PROPIOS[data["frecuencia"]] if campo in data}}
        return Definicion(
            nombre=data["nombre"],
            mensaje=data.get("mensaje", ""),
            plantilla=data.get("plantilla"),
            remitente=data.get("remitente"),
            audiencia=audiencia_de(sent) if "audiencia" in sent else self._audiencia(),
            gracia_minutos=data.get("gracia_minutos", GRACIA),
            recurrencia=Recurrencia(
                frecuencia=data["frecuencia"],
                zona=zona,
                desde=data.get("desde") or hoy(zona),
                hasta=data.get("hasta"),
                **{**when, "dias": tuple(when["dias"])},
            ),
        )

    def _audiencia(self) -> Audiencia:
        """Return the present audience without the clients that were deleted since: nobody asked about them now."""
        present = cast("Programacion", self.instance)
        return criterios.vigente(present.audiencia, tenant_id=present.usuario_id)


def _presente(programacion: Any) -> dict[str, Any]:
    fields = set(PROGRAMACION) - {"id", "activa", "prueba", "descripcion", "proximas", "saldran_en", "creado"}
    return {name: getattr(programacion, name) for name in fields}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Omitida",
            value={
                "id": 41,
                "programacion": 3,
                "ocurrencia_utc": "2026-12-03T14:00:00Z",
                "tipo": "programada",
                "estado": "omitida",
                "motivo": "A esa hora la audiencia no tenía a nadie.",
                "campana": None,
                "creado": "2026-12-03T09:00:01-05:00",
            },
            response_only=True,
        )
    ]
)
class OcurrenciaSerializer(serializers.ModelSerializer[Ocurrencia]):
    ocurrencia_utc = serializers.DateTimeField(
        default_timezone=ZoneInfo("UTC"), read_only=True, help_text="The moment for which the campaign was due."
    )
    campana = CampanaSerializer(allow_null=True, read_only=True)

    class Meta:
        model = Ocurrencia
        fields = ("id", "programacion", "ocurrencia_utc", "tipo", "estado", "motivo", "campana", "creado")
        read_only_fields = fields
