"""Parts that the forms of the pages share: look, yes-or-no fields, passwords, and keeping what a request does not
send."""

from collections.abc import Iterable
from typing import Any, Final, cast

from django import forms
from django.http import QueryDict

SI_O_NO: Final = {
    **dict.fromkeys(("true", "1", "on", "si", "sí"), True),
    **dict.fromkeys(("false", "0", "off", "no", ""), False),
}
AYUDA_CLAVE: Final = "8 caracteres o más, que no se adivine fácil. Tres o cuatro palabras sueltas sirven."
NI_SI_NI_NO = "Escriba «true» o «false»."

CLASES: Final = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)


class TrueFalseCheckbox(forms.CheckboxInput):
    """A checkbox that programs fill in with `true` or `false`.

    The page sends a hidden `false` before it, so that an unticked box differs from a field that was not sent.
    """

    def __init__(self) -> None:
        super().__init__({"value": "true"}, check_test=lambda value: value is True)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        raw = data.get(name)
        return SI_O_NO.get(raw.strip().lower(), raw) if isinstance(raw, str) else raw

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def format_value(self, value: Any) -> None:
        """The box's own value never changes."""


class YesNoField(forms.BooleanField):
    """Yes or no; what is neither is an error, not a yes."""

    widget = TrueFalseCheckbox

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise forms.ValidationError(NI_SI_NI_NO, code="invalid")


class StyledForm(forms.BaseForm):
    """The kit's classes on every field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = next(clase for kind, clase in CLASES if isinstance(field.widget, kind))


class KeepsUnsentForm(forms.BaseModelForm[Any]):
    """A field that the request leaves out keeps its value: that of the row, or a new row's default."""

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if data is not None:
            self.data = self._completed(cast("QueryDict", self.data).copy())

    def _completed(self, data: QueryDict) -> QueryDict:
        for name, field in self.fields.items():
            if name not in data:
                data.setlist(name, _as_sent(self.get_initial_for_field(field, name)))
        return data


def _as_sent(value: Any) -> list[str]:
    """Return a field's value as a browser would send it."""
    if value is None:
        return []
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [str(getattr(row, "pk", row)) for row in value]
    return [str(value)]


def shorten_password_help(form: forms.BaseForm, first: str, second: str) -> None:
    """Django's own help for a password is a list inside a list."""
    form.fields[first].help_text = AYUDA_CLAVE
    form.fields[second].label, form.fields[second].help_text = "La misma clave otra vez", ""
    for name in (first, second):
        form.fields[name].widget.attrs["autocomplete"] = "new-password"
