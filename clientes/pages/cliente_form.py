"""The form of one client."""

from typing import Any

from django import forms

from clientes.ficha_form import FichaForm
from clientes.models import Cliente, Etiqueta
from clientes.selectors import etiquetas_de
from core.forms import KeepsUnsentForm, StyledForm, YesNoField
from core.models import Usuario


class TickedBoxes(forms.CheckboxSelectMultiple):
    """Boxes to tick. The page sends an empty one too, so that none ticked differs from a field that was not sent."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return [value for value in super().value_from_datadict(data, files, name) or [] if value]


class ClienteForm(KeepsUnsentForm, StyledForm, FichaForm):
    activo = YesNoField(
        label="Activo", help_text="Las campañas a todos los clientes solo llegan a los activos.", initial=True
    )
    etiquetas = forms.ModelMultipleChoiceField(Etiqueta.objects.none(), required=False, widget=TickedBoxes)

    class Meta:
        model = Cliente
        fields = (
            "nombre",
            "telefono",
            "documento",
            "etiquetas",
            "consentimiento_fuente",
            "consentimiento_en",
            "consentimiento_hora",
            "consentimiento_medio",
            "consentimiento_lugar",
            "consentimiento_texto",
            "activo",
        )
        labels = {
            "telefono": "Teléfono",
            "consentimiento_fuente": "Aceptó recibir mensajes en",
            "consentimiento_en": "Cuándo",
            "consentimiento_hora": "A qué hora",
            "consentimiento_medio": "De qué manera",
            "consentimiento_lugar": "Dirección IP o lugar",
            "consentimiento_texto": "Lo que se le mostró o leyó",
        }
        help_texts = {
            "telefono": "El celular al que llegan los SMS: 300 123 4567, o +57… con el código del país.",
            "documento": "Cédula, NIT u otro número de identificación.",
            "consentimiento_fuente": "De dónde viene: un formulario, la caja, una llamada. En blanco si no lo ha dado.",
            "consentimiento_lugar": "190.24.8.15, o «Local de la Calle 72».",
            "consentimiento_texto": "Las palabras que aceptó. Con la manera, el lugar y la hora son la prueba.",
        }
        widgets = {
            "nombre": forms.TextInput({"autocomplete": "off"}),
            "telefono": forms.TextInput({"type": "tel", "autocomplete": "off", "inputmode": "tel"}),
            "documento": forms.TextInput({"autocomplete": "off"}),
            "consentimiento_fuente": forms.TextInput({"autocomplete": "off"}),
            "consentimiento_en": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            "consentimiento_hora": forms.TimeInput({"type": "time", "step": "1"}, format="%H:%M:%S"),
            "consentimiento_lugar": forms.TextInput({"autocomplete": "off"}),
            "consentimiento_texto": forms.Textarea({"rows": 3}),
        }

    def __init__(self, data: Any = None, *, usuario: Usuario, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["etiquetas"].queryset = etiquetas_de(usuario)  # type: ignore[attr-defined]
