"""The form in which a draft travels from step to step, and in which a programación's audience is chosen."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any, Final

from django import forms
from django.http import QueryDict

from campaigns.mensaje.texto import sin_retornos
from campaigns.models import CampanaSMS
from campaigns.vista_previa.borrador import ALGUNOS, DESPUES, TODOS, Borrador
from core.ids import MAX_ID

FECHA_MAX: Final = 30

# What each step asks; the rest of the draft travels hidden.
PASO_AUDIENCIA: Final = frozenset(
    {"quienes", "etiquetas", "segmento", "clientes", "excluir_etiquetas", "excluir_segmento", "excluir_clientes"}
)
PASO_MENSAJE: Final = frozenset({"nombre", "plantilla", "mensaje", "remitente", "clase", "clase_motivo"})
PASO_REVISION: Final = frozenset({"cuando", "fecha"})


class TextoField(forms.CharField):
    """A text without NUL, which PostgreSQL does not hold."""

    def to_python(self, value: Any) -> str | None:
        return super().to_python((value or "").replace("\0", ""))


class IdField(forms.Field):
    """An id; 0 is none."""

    def to_python(self, value: Any) -> int:
        return _id(value or "")


class IdsField(forms.Field):
    """Ids, each once, in the order in which they were chosen; what is none is left out."""

    widget = hidden_widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[int, ...]:
        return tuple(dict.fromkeys(number for number in map(_id, value or ()) if number))


def _id(raw: str) -> int:
    number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 20 else 0
    return number if number <= MAX_ID else 0


class BorradorForm(forms.Form):
    """Every field may be missing; one that makes no sense counts as missing. Each has the name of one of `Borrador`."""

    quienes = forms.ChoiceField(choices=[(TODOS, TODOS), (ALGUNOS, ALGUNOS)], required=False)
    etiquetas = IdsField(required=False)
    segmento = IdField(required=False)
    clientes = IdsField(required=False)
    excluir_etiquetas = IdsField(required=False)
    excluir_segmento = IdField(required=False)
    excluir_clientes = IdsField(required=False)
    nombre = TextoField(required=False)
    plantilla = IdField(required=False)
    mensaje = TextoField(required=False, strip=False)
    remitente = IdField(required=False)
    clase = forms.ChoiceField(choices=CampanaSMS.Clase.choices, required=False)
    clase_motivo = TextoField(required=False)
    cuando = forms.ChoiceField(choices=[(DESPUES, DESPUES)], required=False)
    fecha = TextoField(required=False, strip=False)

    def clean_mensaje(self) -> str:
        """Browsers send every line end as two characters, and each would cost a letter of the SMS."""
        mensaje: str = self.cleaned_data["mensaje"]
        return sin_retornos(mensaje)

    def clean_fecha(self) -> str:
        fecha: str = self.cleaned_data["fecha"]
        return fecha[:FECHA_MAX]

    def clean(self) -> dict[str, Any]:
        found = {name: value for name, value in self.cleaned_data.items() if value}
        if found.get("clase", CampanaSMS.Clase.PROMOCIONAL) == CampanaSMS.Clase.PROMOCIONAL:
            found.pop("clase_motivo", None)  # whatever was typed beside it
        return found


def leer(data: QueryDict) -> Borrador:
    """The draft that a form or a link carries."""
    form = BorradorForm(data)
    form.is_valid()
    return Borrador(**form.cleaned_data)


def ocultos(borrador: Borrador, shown: Iterable[str]) -> list[forms.BoundField]:
    """The fields of a draft that a step does not show, to be written hidden; what says nothing is left out."""
    form = BorradorForm(initial=asdict(borrador), auto_id=False)
    said = [each.name for each in fields(borrador) if getattr(borrador, each.name) != each.default]
    return [form[name] for name in said if name not in shown]
