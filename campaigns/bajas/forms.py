from django import forms

from clientes.models import RegistroBaja
from core.forms import ConAspecto

MOTIVO_MAX = RegistroBaja._meta.get_field("motivo").max_length
EVIDENCIA_MAX = RegistroBaja._meta.get_field("evidencia").max_length


class BajaForm(ConAspecto, forms.Form):
    telefono = forms.CharField(
        label="Teléfono",
        max_length=40,
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
        help_text="300 123 4567, o +57… con el código del país.",
    )
    motivo = forms.CharField(
        label="Qué dijo, y cómo",
        max_length=MOTIVO_MAX,
        widget=forms.Textarea({"rows": 3}),
        help_text="Por ejemplo: «llamó a la tienda y pidió no recibir más mensajes».",
    )
    evidencia = forms.CharField(
        label="Prueba",
        required=False,
        max_length=EVIDENCIA_MAX,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Dónde está guardada: una carta, una grabación, un correo.",
    )


class AltaForm(ConAspecto, forms.Form):
    motivo = forms.CharField(
        label="Cómo consintió de nuevo",
        max_length=MOTIVO_MAX,
        widget=forms.Textarea({"rows": 3}),
        help_text="Por ejemplo: «firmó la autorización en la tienda el 3 de mayo».",
    )
    evidencia = forms.CharField(
        label="Prueba",
        max_length=EVIDENCIA_MAX,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Dónde está guardada. La tienda debe poder mostrarla si la autoridad la pide.",
    )
