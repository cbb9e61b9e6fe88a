"""A form of a client that reads its fields as every other door does: the shop's page and the operator's admin."""

from typing import Any

from django import forms

from clientes import consentimiento, ficha
from clientes.models import Cliente
from core.errors import InvalidInputError


class FichaForm(forms.ModelForm[Cliente]):
    """Reads name, document and phone by `clientes.ficha`, and checks that a consent is whole."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        self._ilegibles: list[InvalidInputError] = []
        if data is not None:
            leidos, self._ilegibles = ficha.leer(data, kwargs.get("instance"))
            data = data.copy()
            for campo, valor in leidos.items():
                data[campo] = valor
        super().__init__(data, *args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for error in self._ilegibles:
            self.add_error(error.field, error.message)
        if set(consentimiento.CAMPOS) & self.errors.keys():
            return data
        sent = {campo: data[campo] for campo in consentimiento.CAMPOS if campo in data}
        now = consentimiento.con_su_prueba(consentimiento.de_cliente(self.instance), sent)
        try:
            consentimiento.validar(now[consentimiento.FUENTE], now[consentimiento.EN], now)
        except InvalidInputError as error:
            self.add_error(error.field, error.message)
        else:
            data.update({campo: now[campo] for campo in sent})
        return data
