"""The form of a programación: its text, its moments and its audience."""

from datetime import time
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from campaigns import remitentes
from campaigns.campana.selectors import plantillas_de
from campaigns.mensaje.texto import sin_retornos
from campaigns.models import PlantillaSMS, Programacion
from campaigns.models.programacion import GRACIA, GRACIA_MAX, NOMBRE_MAX
from campaigns.programaciones.services import Definicion
from campaigns.values.recurrencia import CRON_MAX, Frecuencia, Recurrencia
from campaigns.values.ventanas import NOMBRES
from campaigns.values.zonas import hoy, ofrecidas, zonas
from campaigns.vista_previa.borrador import ALGUNOS, TODOS, Borrador
from core.errors import InvalidInputError
from core.forms import StyledForm
from core.models import Usuario

PLANTILLA: Final = "plantilla"
MENSAJE: Final = "mensaje"
DIAS: Final = tuple((n, nombre.capitalize()) for n, nombre in enumerate(NOMBRES, 1))
FALTA_PLANTILLA = "Elija una plantilla, o escriba el mensaje."
FALTA_MENSAJE = "Escriba el mensaje, o elija una plantilla."
# What says when; the live preview of the dates needs these and no others.
DE_FECHAS: Final = ("frecuencia", "hora", "dias", "dia_mes", "cron", "zona", "desde", "hasta")


class ProgramacionForm(StyledForm, forms.Form):
    nombre = forms.CharField(
        max_length=NOMBRE_MAX,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Cada campaña lleva este nombre y su fecha; los clientes no lo ven.",
    )
    frecuencia = forms.ChoiceField(choices=Frecuencia.choices)
    dias = forms.TypedMultipleChoiceField(choices=DIAS, coerce=int, required=False)
    dia_mes = forms.TypedChoiceField(
        choices=[("", "Elija el día"), *((n, "31, o el último" if n == 31 else str(n)) for n in range(1, 32))],
        coerce=int,
        empty_value=None,
        required=False,
        label="Día del mes",
        help_text="Si el mes es más corto, ocurre en su último día.",
    )
    hora = forms.TimeField(required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    cron = forms.CharField(
        max_length=CRON_MAX,
        required=False,
        label="Expresión cron",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "0 9 * * 1-5"}),
        help_text="Minuto (un solo número), hora, día del mes, mes y día de la semana: «0 9 * * 1-5» es de lunes a "
        "viernes a las 9:00.",
    )
    zona = forms.CharField(widget=forms.Select, label="Zona horaria")
    desde = forms.DateField(
        required=False,
        label="Desde",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="Incluido.",
    )
    hasta = forms.DateField(
        required=False,
        label="Hasta",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="Incluido. En blanco, no termina.",
    )
    gracia_minutos = forms.IntegerField(
        min_value=1,
        max_value=GRACIA_MAX,
        label="Periodo de gracia, en minutos",
        help_text="Si a su hora el sistema no estaba en marcha, se crea tarde hasta por este tiempo; después se omite.",
    )
    fuente = forms.ChoiceField(choices=[(PLANTILLA, "Una plantilla"), (MENSAJE, "Un texto propio")])
    mensaje = forms.CharField(
        strip=False,
        required=False,
        widget=forms.Textarea({"rows": 5, "placeholder": "Hola {nombre}, …", "spellcheck": "true"}),
        help_text="Escriba {nombre} donde va el nombre de cada cliente.",
    )

    def __init__(self, data: QueryDict | None = None, *, programacion: Programacion | None = None) -> None:
        super().__init__(data, initial=_de(programacion) if programacion else _nueva())
        offered = ofrecidas()
        chosen = str(self["zona"].value())
        known = offered if chosen in offered or chosen not in zonas() else [chosen, *offered]
        self.fields["zona"].widget.choices = [(zona, zona.replace("_", " ")) for zona in known]

    def clean_mensaje(self) -> str:
        """Join line ends: browsers send each as two characters, and each would cost a letter of the SMS."""
        mensaje: str = self.cleaned_data["mensaje"]
        return sin_retornos(mensaje)

    def recurrencia(self) -> Recurrencia:
        """Read the recurrence. The form may hold fields of another frequency, which are left out.

        Raises:
            InvalidInputError: what a field says makes no sense.
        """
        for name in DE_FECHAS:
            if name in self.errors:  # cleans the form the first time; what the service refused stays with its field
                raise InvalidInputError(str(self.errors[name][0]), field=name)
        data, frecuencia = self.cleaned_data, self.cleaned_data["frecuencia"]
        made = Recurrencia(
            frecuencia=frecuencia,
            zona=data["zona"],
            desde=data["desde"] or hoy(data["zona"]),
            hasta=data["hasta"],
            hora=None if frecuencia == Frecuencia.CRON else data["hora"],
            dias=tuple(data["dias"]) if frecuencia == Frecuencia.SEMANAL else (),
            dia_mes=data["dia_mes"] if frecuencia == Frecuencia.MENSUAL else None,
            cron=data["cron"] if frecuencia == Frecuencia.CRON else "",
        )
        made.validar()
        return made

    def definicion(self, usuario: Usuario, borrador: Borrador) -> Definicion:
        """Return the definition that a valid form asks for.

        Raises:
            InvalidInputError: naming the field.
        """
        plantilla = self.plantilla(usuario, borrador)
        mensaje = "" if plantilla else self.cleaned_data["mensaje"]
        if not (plantilla or mensaje.strip()):
            raise InvalidInputError(FALTA_MENSAJE, field="mensaje", code="required")
        return Definicion(
            nombre=self.cleaned_data["nombre"],
            mensaje=mensaje,
            plantilla=plantilla,
            remitente=remitentes.elegido(usuario, borrador.remitente),
            audiencia=borrador.audiencia(),
            recurrencia=self.recurrencia(),
            gracia_minutos=self.cleaned_data["gracia_minutos"],
        )

    def plantilla(self, usuario: Usuario, borrador: Borrador) -> PlantillaSMS | None:
        """Return the chosen template.

        Raises:
            InvalidInputError: it is to be a template, and none of the shop's active ones is chosen.
        """
        if self["fuente"].value() != PLANTILLA:
            return None
        found = plantillas_de(usuario).filter(activo=True, pk=borrador.plantilla).first()
        if found is None:
            raise InvalidInputError(FALTA_PLANTILLA, field="plantilla", code="required")
        return found


def borrador_de(programacion: Programacion) -> Borrador:
    """Its audience, its template and its sender, as the form's fields have them."""
    stored = programacion.audiencia
    less = stored.get("excluir", {})
    return Borrador(
        quienes=TODOS if stored.get("todos") else ALGUNOS,
        etiquetas=tuple(stored.get("etiquetas", ())),
        segmento=stored.get("segmento", 0),
        clientes=tuple(stored.get("cliente_ids", ())),
        excluir_etiquetas=tuple(less.get("etiquetas", ())),
        excluir_segmento=less.get("segmento", 0),
        excluir_clientes=tuple(less.get("cliente_ids", ())),
        plantilla=programacion.plantilla_id or 0,
        remitente=programacion.remitente_id or 0,
    )


def propuesta() -> Recurrencia:
    """Return the recurrence that the form of a new programación begins with."""
    return Recurrencia(Frecuencia.SEMANAL, settings.TIME_ZONE, timezone.localdate(), hora=time(9), dias=(1,))


def _nueva() -> dict[str, Any]:
    chosen = propuesta()
    return {**{name: getattr(chosen, name) for name in DE_FECHAS}, "gracia_minutos": GRACIA, "fuente": PLANTILLA}


def _de(programacion: Programacion) -> dict[str, Any]:
    fields = ("nombre", "gracia_minutos", "mensaje", *DE_FECHAS)
    initial = {name: getattr(programacion, name) for name in fields}
    return {**initial, "fuente": PLANTILLA if programacion.plantilla_id else MENSAJE}
