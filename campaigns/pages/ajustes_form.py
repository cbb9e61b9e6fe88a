"""The page of the settings: its sections, sent together and saved all or none.

The fields come from the table `campaigns.ley.reglas.AJUSTES`, and their kinds from the columns of `Ajustes`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Final, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.forms import DeclarativeFieldsMetaclass

from campaigns.ley.reglas import AJUSTES, Ajuste
from campaigns.models import Ajustes
from campaigns.models.ajustes import MOTIVO_MAX
from campaigns.values.ventanas import DIAS, NOMBRES
from campaigns.values.zonas import ofrecidas
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
FECHAS: Final = ("%Y-%m-%d", "%d/%m/%Y")
NO_ES_FECHA = "«{valor}» no es una fecha. Escriba una por línea, como 24/12/2026."
NO_ES_PRECIO = "«{valor}» no es un país y su precio. Escriba uno por línea, como US 0,0083."
AYUDA_MOTIVO = "Queda en el historial. Es obligatorio para apagar o aflojar una protección."


# Letters of a field of lines, far more than its rule lets through: before any line is read.
LINEAS_MAX: Final = 10_000


class LineasField(forms.CharField):
    """A value in each line."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LINEAS_MAX, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "rows": 3, "spellcheck": "false"}


class FechasField(LineasField):
    """Dates, one in each line."""

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


class PreciosField(LineasField):
    """A country and its price, one in each line."""

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

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().replace(",", ".") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}".replace(".", ",") if isinstance(value, Decimal) else value


class HorasField(forms.FloatField):
    """Written without the decimals that it does not have."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value:g}" if isinstance(value, float) else value


# setting: its field, where the column alone does not tell
PROPIOS: Final[dict[str, type[forms.Field]]] = {
    "zona_horaria": forms.ChoiceField,
    "festivos_pais": forms.ChoiceField,
    "dias_cerrados": FechasField,
    "precios": PreciosField,
}
COLUMNAS: Final = {column.name: column for column in Ajustes._meta.fields}


def _campo(ajuste: Ajuste) -> forms.Field:
    column = COLUMNAS[ajuste.name]
    texts = {"label": ajuste.label, "help_text": ajuste.help}
    if isinstance(column, models.BooleanField):
        return YesNoField(**texts)
    kwargs: dict[str, Any] = {**texts, "required": not column.blank}
    if ajuste.name in PROPIOS:
        return PROPIOS[ajuste.name](**kwargs)
    match column:
        case models.DecimalField():
            return DineroField(max_digits=column.max_digits, decimal_places=column.decimal_places, **kwargs)
        case models.FloatField():
            return HorasField(**kwargs)
        case models.IntegerField():
            return forms.IntegerField(**kwargs)
        case models.CharField():
            return forms.CharField(max_length=column.max_length, **kwargs)
    raise TypeError(f"a setting of this kind needs a form field of its own: {ajuste.name}")


def _campo_de(error: InvalidInputError) -> str:
    return (error.field or "").replace("ventanas.", "").split(".")[0]


class SeccionForm(StyledForm, forms.Form):
    """A section of the settings' page.

    Args:
        ajustes: what the section shows before anything is sent.
    """

    nombre: ClassVar[str]
    filas: ClassVar[tuple[Ajuste, ...]]

    motivo = forms.CharField(required=False, max_length=MOTIVO_MAX, help_text=AYUDA_MOTIVO)

    def __init__(self, ajustes: Ajustes, data: Any = None) -> None:
        self.guardados = ajustes
        super().__init__(data, initial=self.valores(ajustes), auto_id=f"{self.nombre}-%s", label_suffix="")
        self.fields["motivo"].widget.attrs["autocomplete"] = "off"

    def valores(self, ajustes: Ajustes) -> dict[str, Any]:
        return {fila.name: getattr(ajustes, fila.name) for fila in self.filas}

    def campos(self) -> Iterator[tuple[forms.BoundField, str]]:
        """Each setting's field, and what is written beside it."""
        for fila in self.filas:
            plural = "" if getattr(self.guardados, fila.name) == 1 else "s"
            yield self[fila.name], fila.unit.format(s=plural, moneda=settings.SMS_PRICE_CURRENCY)

    def cambios(self) -> dict[str, Any]:
        """The settings of a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if name != "motivo"}

    def rechazar(self, error: InvalidInputError) -> None:
        """Show what the service refused beside its field."""
        field = _campo_de(error)
        self.add_error(field if field in self.fields else None, error.message)

    def tiene(self, error: InvalidInputError) -> bool:
        """Tell whether the refused setting is one of the section's."""
        return _campo_de(error) in self.fields


class HorarioForm(SeccionForm):
    """A section with the timetable: a field for each day."""

    def __init__(self, ajustes: Ajustes, data: Any = None) -> None:
        super().__init__(ajustes, data)
        for dia, escrito in zip(DIAS, NOMBRES, strict=True):
            self.fields[dia] = FranjaField(escrito)
        self._ofrecer("zona_horaria", {zona: zona for zona in ofrecidas()}, ajustes.zona_horaria)
        self._ofrecer("festivos_pais", PAISES, ajustes.festivos_pais)

    def _ofrecer(self, field: str, choices: Mapping[str, str], current: str) -> None:
        offered = {**choices, current: choices.get(current, current)}
        self.fields[field].choices = offered.items()  # type: ignore[attr-defined]

    def valores(self, ajustes: Ajustes) -> dict[str, Any]:
        return {**super().valores(ajustes), **{dia: ajustes.ventanas.get(dia) for dia in DIAS}}

    def dias(self) -> Iterator[forms.BoundField]:
        return (self[dia] for dia in DIAS)

    def cambios(self) -> dict[str, Any]:
        found = super().cambios()
        ventanas = {dia: found.pop(dia) for dia in DIAS}
        return {**found, "ventanas": ventanas}


def _seccion(nombre: str) -> type[SeccionForm]:
    # The timetable has a field for each day: `HorarioForm`.
    filas = tuple(fila for fila in AJUSTES if fila.section == nombre and fila.name != "ventanas")
    base = HorarioForm if nombre == "horario" else SeccionForm
    body = {"nombre": nombre, "filas": filas, **{fila.name: _campo(fila) for fila in filas}}
    return cast("type[SeccionForm]", DeclarativeFieldsMetaclass(f"{nombre.capitalize()}Form", (base,), body))


SECCIONES: Final = {nombre: _seccion(nombre) for nombre in dict.fromkeys(fila.section for fila in AJUSTES)}
