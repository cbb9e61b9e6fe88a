"""The page of the settings: one form for each section, which changes only its own."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, ClassVar, Final
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import Ajustes
from campaigns.values.ventanas import DIAS, NOMBRES
from core.errors import InvalidInputError
from core.forms import StyledForm, YesNoField

# Where most shops are; any other country that somebody chose through the API stays in the list.
PAISES: Final = {
    "": "Ninguno: se envía también en festivos",
    "CO": "Colombia",
    "AR": "Argentina",
    "BO": "Bolivia",
    "BR": "Brasil",
    "CL": "Chile",
    "CR": "Costa Rica",
    "CU": "Cuba",
    "DO": "República Dominicana",
    "EC": "Ecuador",
    "ES": "España",
    "GT": "Guatemala",
    "HN": "Honduras",
    "MX": "México",
    "NI": "Nicaragua",
    "PA": "Panamá",
    "PE": "Perú",
    "PR": "Puerto Rico",
    "PY": "Paraguay",
    "SV": "El Salvador",
    "US": "Estados Unidos",
    "UY": "Uruguay",
    "VE": "Venezuela",
}
LUGARES: Final = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)
FECHAS: Final = ("%Y-%m-%d", "%d/%m/%Y")
NO_ES_FECHA = "«{valor}» no es una fecha. Escriba una por línea, como 24/12/2026."
NO_ES_PRECIO = "«{valor}» no es un país y su precio. Escriba uno por línea, como US 0,0083."
AYUDA_MOTIVO = "Queda en el historial. Es obligatorio para apagar o aflojar una protección."


class SeccionForm(StyledForm, forms.Form):
    """Args:
    ajustes: what the section shows before anything is sent.
    """

    nombre: ClassVar[str]

    motivo = forms.CharField(required=False, max_length=300, help_text=AYUDA_MOTIVO)

    def __init__(self, ajustes: Ajustes, data: Any = None) -> None:
        super().__init__(data, initial=self.valores(ajustes), auto_id=f"{self.nombre}-%s", label_suffix="")
        self.fields["motivo"].widget.attrs["autocomplete"] = "off"

    def valores(self, ajustes: Ajustes) -> dict[str, Any]:
        return {name: getattr(ajustes, name) for name in self.base_fields if hasattr(ajustes, name)}

    def cambios(self) -> dict[str, Any]:
        """The settings of a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if name != "motivo"}

    def rechazar(self, error: InvalidInputError) -> None:
        """Show what the service refused beside its field."""
        field = (error.field or "").replace("ventanas.", "").split(".")[0]
        self.add_error(field if field in self.fields else None, error.message)


@cache
def zonas() -> tuple[str, ...]:
    """The zones by place; the others are old names of these."""
    return (*sorted(zona for zona in available_timezones() if zona.startswith(LUGARES)), "UTC")


class FechasField(forms.CharField):
    """Dates, one in each line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{day:%d/%m/%Y}" for day in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[date]:
        return [_fecha(line) for line in super().clean(value).replace(",", "\n").splitlines() if line.strip()]


def _fecha(line: str) -> date:
    for known in FECHAS:
        try:
            return datetime.strptime(line.strip(), known).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    raise ValidationError(NO_ES_FECHA.format(valor=line.strip()[:20]), code="invalid")


class FranjaWidget(forms.MultiWidget):
    """Open or not, from when, until when."""

    template_name = "campaigns/ajustes/franja.html"

    def __init__(self, dia: str) -> None:
        hour = {"inputmode": "numeric", "maxlength": "5", "autocomplete": "off", "class": "form-control hora"}
        super().__init__(
            {
                "abierto": forms.CheckboxInput({"class": "form-check-input"}),
                "abre": forms.TextInput({**hour, "aria-label": f"{dia.capitalize()}, desde"}),
                "cierra": forms.TextInput({**hour, "aria-label": f"{dia.capitalize()}, hasta"}),
            }
        )
        self._rotulo = dia.capitalize()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["rotulo"] = self._rotulo
        return context

    def decompress(self, value: Any) -> list[Any]:
        return [True, value["abre"], value["cierra"]] if value else [False, "", ""]


class FranjaField(forms.Field):
    def __init__(self, dia: str) -> None:
        super().__init__(widget=FranjaWidget(dia), required=False, label=dia.capitalize())

    def clean(self, value: list[Any]) -> dict[str, str] | None:
        abierto, abre, cierra = value
        return {"abre": (abre or "").strip(), "cierra": (cierra or "").strip()} if abierto else None


class HorarioForm(SeccionForm):
    nombre = "horario"

    ventanas_activas = YesNoField(label="Enviar solo dentro del horario")
    zona_horaria = forms.ChoiceField(label="Zona horaria")
    festivos_pais = forms.ChoiceField(label="Festivos de", required=False)
    dias_cerrados = FechasField(label="Otros días cerrados", required=False, help_text="Uno por línea: 24/12/2026.")
    plazo_h = forms.FloatField(
        label="Plazo de una campaña",
        help_text="Desde que empieza, pausas y esperas incluidas. Lo que no haya salido ya no se envía.",
    )
    field_order = ("ventanas_activas", *DIAS, "zona_horaria", "festivos_pais", "dias_cerrados", "plazo_h", "motivo")

    def __init__(self, ajustes: Ajustes, data: Any = None) -> None:
        super().__init__(ajustes, data)
        for dia, escrito in zip(DIAS, NOMBRES, strict=True):
            self.fields[dia] = FranjaField(escrito)
        self._ofrecer("zona_horaria", {zona: zona for zona in zonas()}, ajustes.zona_horaria)
        self._ofrecer("festivos_pais", PAISES, ajustes.festivos_pais)
        self.fields["dias_cerrados"].widget.attrs.update(rows=3, spellcheck="false")

    def _ofrecer(self, field: str, choices: Mapping[str, str], current: str) -> None:
        offered = {**choices, current: choices.get(current, current)}
        self.fields[field].choices = offered.items()  # type: ignore[attr-defined]

    def valores(self, ajustes: Ajustes) -> dict[str, Any]:
        dias = {dia: ajustes.ventanas.get(dia) for dia in DIAS}
        return {**super().valores(ajustes), **dias, "plazo_h": f"{ajustes.plazo_h:g}"}

    def dias(self) -> Iterator[forms.BoundField]:
        return (self[dia] for dia in DIAS)

    def cambios(self) -> dict[str, Any]:
        found = super().cambios()
        ventanas = {dia: found.pop(dia) for dia in DIAS}
        return {**found, "ventanas": ventanas}


class FrecuenciaForm(SeccionForm):
    nombre = "frecuencia"

    frecuencia_activa = YesNoField(label="Limitar los mensajes a un mismo teléfono")
    frecuencia_maxima = forms.IntegerField(label="Máximo", help_text="En un día, entre todas las campañas.")


class ExclusionesForm(SeccionForm):
    nombre = "exclusiones"

    rne_activo = YesNoField(label="Excluir los números del RNE")
    rne_vigencia_dias = forms.IntegerField(label="Una consulta del RNE vale")
    rne_exigir_consulta = YesNoField(label="No enviar publicidad sin una consulta vigente")
    exigir_consentimiento = YesNoField(label="Exigir el consentimiento registrado")


class PreciosField(forms.CharField):
    """A country and its price, one in each line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{pais} {precio}" for pais, precio in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, Decimal]:
        return dict(_precio(line) for line in super().clean(value).splitlines() if line.strip())


def _precio(line: str) -> tuple[str, Decimal]:
    pais, _, precio = line.strip().replace(":", " ").partition(" ")
    try:
        return pais.upper(), _decimal(precio)
    except InvalidOperation as error:
        raise ValidationError(NO_ES_PRECIO.format(valor=line.strip()[:30]), code="invalid") from error


def _decimal(text: str) -> Decimal:
    """Raises InvalidOperation: it is no number."""
    found = Decimal(text.strip().replace(",", "."))
    if not found.is_finite():
        raise InvalidOperation
    return found


class DineroField(forms.DecimalField):
    """Written with a comma or a point."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().replace(",", ".") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}".replace(".", ",") if isinstance(value, Decimal) else value


class GastoForm(SeccionForm):
    nombre = "gasto"

    precio_segmento = DineroField(label="Precio por segmento", required=False, max_digits=12, decimal_places=6)
    precios = PreciosField(
        label="Precio en otros países", required=False, help_text="Uno por línea, con el código del país: US 0,0083."
    )
    tope_diario = DineroField(label="Tope del día", required=False, max_digits=14, decimal_places=2)
    tope_mensual = DineroField(label="Tope del mes", required=False, max_digits=14, decimal_places=2)

    def __init__(self, ajustes: Ajustes, data: Any = None) -> None:
        super().__init__(ajustes, data)
        self.fields["precios"].widget.attrs.update(rows=3, spellcheck="false")
        for name in ("precio_segmento", "tope_diario", "tope_mensual"):
            self.fields[name].widget.attrs.update(inputmode="decimal", autocomplete="off")


class AprobacionForm(SeccionForm):
    nombre = "aprobacion"

    aprobacion_destinatarios = forms.IntegerField(label="Más de", required=False)
    aprobacion_costo = DineroField(label="O un costo mayor que", required=False, max_digits=14, decimal_places=2)

    def __init__(self, ajustes: Ajustes, data: Any = None) -> None:
        super().__init__(ajustes, data)
        self.fields["aprobacion_costo"].widget.attrs.update(inputmode="decimal", autocomplete="off")


SECCIONES: Final[dict[str, type[SeccionForm]]] = {
    form.nombre: form for form in (HorarioForm, FrecuenciaForm, ExclusionesForm, GastoForm, AprobacionForm)
}
