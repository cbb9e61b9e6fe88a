"""The form of what a shop wants to be told."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from campaigns.alertas.direccion import leer
from campaigns.alertas.models import AjustesAlertas
from core.errors import InvalidInputError
from core.forms import ConAspecto, ConservaLoNoEnviado, Interruptor

CORREOS_MAX: Final = 5
DEMASIADOS: Final = "Son demasiados: hasta {max} correos."
NO_ES_CORREO: Final = "«{correo}» no es una dirección de correo."


def correos_de(texto: str) -> list[str]:
    """The addresses of a text, one a line or with commas in between, each once.

    Raises:
        ValidationError: one is no address, or they are too many.
    """
    found = list(dict.fromkeys(word for word in texto.replace(",", " ").replace(";", " ").split() if word))
    for correo in found:
        try:
            validate_email(correo)
        except ValidationError as error:
            raise ValidationError(NO_ES_CORREO.format(correo=correo[:80])) from error
    if len(found) > CORREOS_MAX:
        raise ValidationError(DEMASIADOS.format(max=CORREOS_MAX))
    return found


class AjustesForm(ConservaLoNoEnviado, ConAspecto, forms.ModelForm[AjustesAlertas]):
    url = forms.URLField(
        label="Dirección del webhook",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="Un programa suyo que recibe cada alerta: https://…",
    )
    al_pausarse = Interruptor(label="Una campaña se pausa sola")
    al_detenerse = Interruptor(label="Una campaña deja de avanzar")
    al_fallar = Interruptor(label="Una campaña termina con error")
    correos = forms.CharField(
        label="Correos",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "gerencia@tienda.co"}),
        help_text=f"Hasta {CORREOS_MAX}, uno por renglón.",
    )

    class Meta:
        model = AjustesAlertas
        fields = ("url", "correos", "al_pausarse", "al_detenerse", "al_fallar", "minutos_sin_avance")
        labels = {
            "minutos_sin_avance": "Minutos sin avance",
        }
        help_texts = {
            "minutos_sin_avance": "Después de cuántos se avisa que una campaña dejó de avanzar.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        known: AjustesAlertas = kwargs["instance"]
        super().__init__(*args, initial={"correos": "\n".join(known.correos)}, **kwargs)
        self.fields["url"].widget.attrs.update(placeholder="https://", autocomplete="off")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if url:
            try:
                leer(url)
            except InvalidInputError as error:
                raise ValidationError(error.message) from error
        return url

    def clean_correos(self) -> list[str]:
        return correos_de(self.cleaned_data["correos"])
