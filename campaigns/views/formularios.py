from django import forms

from campaigns import mensaje as mensajes
from campaigns.models import PlantillaSMS
from core.errors import InvalidInputError
from core.forms import ConAspecto, ConservaLoNoEnviado, Interruptor


class PlantillaForm(ConservaLoNoEnviado, ConAspecto, forms.ModelForm[PlantillaSMS]):
    mensaje = forms.CharField(
        strip=False,
        widget=forms.Textarea({"rows": 5, "placeholder": "Hola {nombre}, …", "spellcheck": "true"}),
        help_text="Escriba {nombre} donde va el nombre de cada cliente, y {enlace_baja} donde va un enlace de baja.",
    )
    activo = Interruptor(label="Activa", help_text="Solo las activas se ofrecen al crear una campaña.", initial=True)

    class Meta:
        model = PlantillaSMS
        fields = ("nombre", "mensaje", "activo")
        help_texts = {"nombre": "Para reconocerla en las listas; los clientes no lo ven."}
        widgets = {"nombre": forms.TextInput({"autocomplete": "off"})}

    def clean_mensaje(self) -> str:
        """Browsers send every line end as two characters, and each would cost a letter of the SMS."""
        mensaje: str = self.cleaned_data["mensaje"].replace("\r\n", "\n")
        try:
            mensajes.validate(mensaje)
        except InvalidInputError as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return mensaje
