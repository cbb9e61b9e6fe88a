"""The preview, as the API answers it."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from campaigns.audiencia.juicio import TEXTOS
from campaigns.models import Ajustes
from campaigns.vista_previa.avisos import avisos_de, cuando
from campaigns.vista_previa.calculo import Ejemplo, VistaPrevia
from campaigns.vista_previa.costo import Costo


class ExcluidosSerializer(serializers.Serializer[Any]):
    codigo = serializers.CharField()
    texto = serializers.CharField()
    cantidad = serializers.IntegerField()


class CostoSerializer(serializers.Serializer[Any]):
    mensajes = serializers.IntegerField(help_text="Recipients that will be sent to.")
    segmentos = serializers.IntegerField(
        help_text="The segments that Twilio bills: the sum over all rendered messages."
    )
    segmentos_por_mensaje = serializers.DictField(
        child=serializers.IntegerField(), help_text="The number of messages that take 1, 2, … segments."
    )
    encoding = serializers.DictField(
        child=serializers.IntegerField(), help_text="The number of messages in GSM-7, and in UCS-2."
    )
    segmentos_por_pais = serializers.DictField(
        child=serializers.IntegerField(), help_text="Segments by the country of the recipients, such as CO."
    )
    precio = serializers.DecimalField(
        max_digits=18, decimal_places=4, allow_null=True, help_text="Null while the shop has no price per segment."
    )
    moneda = serializers.CharField()


class EjemploSerializer(serializers.Serializer[Any]):
    cliente_id = serializers.IntegerField()
    nombre = serializers.CharField()
    mensaje = serializers.CharField()
    encoding = serializers.CharField()
    segmentos = serializers.IntegerField()


class VentanaSerializer(serializers.Serializer[Any]):
    abierta = serializers.BooleanField(help_text="true: the first messages would leave at once, or when planned.")
    desde = serializers.DateTimeField(
        allow_null=True, help_text="When the first messages would leave; null if the shop never opens."
    )
    hasta = serializers.DateTimeField(allow_null=True, help_text="When the window closes; null if nothing ends it.")
    texto = serializers.CharField(help_text="The same as a sentence, by the shop's clock.")


class SalidaSerializer(serializers.Serializer[Any]):
    dia = serializers.DateField(help_text="On the shop's calendar.")
    desde = serializers.DateTimeField(help_text="When the first messages of the day would leave.")
    cantidad = serializers.IntegerField(help_text="Messages that would leave on it.")


class AvisoSerializer(serializers.Serializer[Any]):
    codigo = serializers.CharField()
    texto = serializers.CharField()


class TransliteradoSerializer(serializers.Serializer[Any]):
    mensaje = serializers.CharField()
    costo = CostoSerializer()
    ahorro_segmentos = serializers.IntegerField()


COSTO = {
    "mensajes": 2,
    "segmentos": 2,
    "segmentos_por_mensaje": {"1": 2},
    "encoding": {"GSM-7": 2},
    "segmentos_por_pais": {"CO": 2},
    "precio": "0.1000",
    "moneda": "USD",
}
EJEMPLO = {"cliente_id": 1, "nombre": "Maria", "mensaje": "Hola Maria!", "encoding": "GSM-7", "segmentos": 1}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Vista previa",
            value={
                "total": 3,
                "excluidos": [{"codigo": "sin_telefono", "texto": "El cliente no tiene teléfono.", "cantidad": 1}],
                "costo": COSTO,
                "ventana": {
                    "abierta": False,
                    "desde": "2026-11-30T08:00:00-05:00",
                    "hasta": "2026-11-30T19:00:00-05:00",
                    "texto": "Está fuera del horario de envío: se enviará el lunes 30 nov, 8:00 a. m.",
                },
                "programada_para": None,
                "saldra_en": "2026-11-30T08:00:00-05:00",
                "salidas": [{"dia": "2026-11-30", "desde": "2026-11-30T08:00:00-05:00", "cantidad": 2}],
                "salidas_aproximadas": False,
                "no_enviados": 0,
                "avisos": [{"codigo": "rne", "texto": "Falta la consulta del Registro de Números Excluidos…"}],
                "letras_ucs2": [],
                "invisibles": [],
                "ejemplos": [EJEMPLO],
                "mas_largo": EJEMPLO,
                "transliterado": None,
            },
            response_only=True,
        )
    ]
)
class VistaPreviaSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField(help_text="Recipients, sendable or not.")
    excluidos = ExcluidosSerializer(many=True)
    costo = CostoSerializer()
    ventana = VentanaSerializer(help_text="When it would be sent.")
    programada_para = serializers.DateTimeField(
        allow_null=True, help_text="The moment for which all of this was computed; null is now."
    )
    saldra_en = serializers.DateTimeField(
        allow_null=True,
        help_text="When the first message would leave, by the shop's hours and caps; null when none would.",
    )
    salidas = SalidaSerializer(
        many=True,
        help_text="How many messages would leave on which day: one day, or, where a cap stops the campaign, each until "
        "its deadline, a month away at most. As if all were accepted and nothing else were sent.",
    )
    salidas_aproximadas = serializers.BooleanField(
        help_text="true: the campaign is large, and the days of a cap are estimated by what a message costs on average."
    )
    no_enviados = serializers.IntegerField(
        help_text="Recipients that would have had no turn at the deadline, for its sake or a cap's."
    )
    avisos = AvisoSerializer(many=True, help_text="Warnings of what may surprise the person who creates the campaign.")
    letras_ucs2 = serializers.ListField(
        child=serializers.CharField(), help_text="Letters of the text that force UCS-2: 70 characters instead of 160."
    )
    invisibles = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the letters of the text that nobody sees."
    )
    ejemplos = EjemploSerializer(many=True)
    mas_largo = EjemploSerializer(allow_null=True, help_text="The longest rendering among those who are sent to.")
    transliterado = TransliteradoSerializer(
        allow_null=True,
        help_text="The text without those letters, and what it would save. It is never applied unasked.",
    )


def as_json(vista: VistaPrevia) -> dict[str, Any]:
    """The body of the answer."""
    transliterado = None
    if vista.transliterado is not None and vista.costo_transliterado is not None:
        transliterado = {
            "mensaje": vista.transliterado,
            "costo": _costo(vista.costo_transliterado, vista.ajustes),
            "ahorro_segmentos": vista.costo.segmentos - vista.costo_transliterado.segmentos,
        }
    shown: dict[str, Any] = VistaPreviaSerializer(
        {
            "total": vista.total,
            "excluidos": [
                {"codigo": codigo, "texto": TEXTOS[codigo], "cantidad": n}
                for codigo, n in vista.costo.excluidos.most_common()
            ],
            "costo": _costo(vista.costo, vista.ajustes),
            "ventana": _ventana(vista),
            "programada_para": vista.programada_para,
            "saldra_en": vista.reparto.saldra_en,
            "salidas": vista.reparto.salidas,
            "salidas_aproximadas": vista.reparto.aproximado,
            "no_enviados": vista.reparto.no_salen,
            "avisos": [{"codigo": aviso.codigo, "texto": plain(aviso.texto)} for aviso in avisos_de(vista)],
            "letras_ucs2": vista.letras_ucs2,
            "invisibles": vista.invisibles,
            "ejemplos": [_ejemplo(ejemplo) for ejemplo in vista.ejemplos],
            "mas_largo": _ejemplo(vista.mas_largo) if vista.mas_largo else None,
            "transliterado": transliterado,
        }
    ).data
    return shown


def plain(text: str) -> str:
    """Return the text without the spaces that only keep a line from breaking."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _ventana(vista: VistaPrevia) -> dict[str, Any]:
    jornada = vista.jornada
    return {
        "abierta": jornada is not None and jornada.desde <= (vista.programada_para or timezone.now()),
        "desde": jornada.desde if jornada else None,
        "hasta": jornada.ventana_hasta if jornada else None,
        "texto": plain(cuando(vista)),
    }


def _costo(costo: Costo, ajustes: Ajustes) -> dict[str, Any]:
    return {
        "mensajes": costo.destinatarios,
        "segmentos": costo.segmentos,
        "segmentos_por_mensaje": {str(n): costo.por_segmentos[n] for n in sorted(costo.por_segmentos)},
        "encoding": dict(costo.por_encoding),
        "segmentos_por_pais": dict(costo.por_pais),
        "precio": costo.precio(ajustes),
        "moneda": settings.SMS_PRICE_CURRENCY,
    }


def _ejemplo(ejemplo: Ejemplo) -> dict[str, Any]:
    return {
        "cliente_id": ejemplo.cliente_id,
        "nombre": ejemplo.nombre,
        "mensaje": ejemplo.mensaje,
        "encoding": ejemplo.segmentos.encoding,
        "segmentos": ejemplo.segmentos.segmentos,
    }
