"""Parts that the API's request bodies share.

The first classes have no docstrings: the classes that inherit from them would show those in the API's description.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, ClassVar, Final, TypeVar

from django.db.models import Model
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api import texts
from core.dates import Anos, de_este_mundo
from core.text.limpio import legible

# Errors of one body that are told: each costs as much as a hundred right values, and all of them make an answer that is
# longer than the body. OWASP ASVS 5.0, 15.2.2.
ERRORES_MAX: Final = 20
NO_EXISTE: Final = "Este campo no existe."
REPETIDO: Final = "Ya existe con ese nombre."

# No field here takes a longer text, but for messages, which are kept as they are.
LEGIBLE_MAX: Final = 2_000

M = TypeVar("M", bound=Model)
Field = serializers.Field[Any, Any, Any, Any]


def es_id(value: Any) -> bool:
    return type(value) is int  # a bool is an int for isinstance


def not_its_type(field: Field, value: Any) -> Any:
    """Return what is wrong with the JSON type of a value, as DRF nests errors; None when nothing is.

    DRF takes 0 for no, 5 for a text and "5" for a number: a program that mixes them up should hear of it before the
    name of a client is "0". Null is left to the field, which says whether it may be.
    """
    if value is None:
        return None
    if isinstance(field, serializers.CharField):
        return _not_its_text(field, value)
    if isinstance(field, serializers.BooleanField):
        return None if isinstance(value, bool) else [field.error_messages["invalid"]]
    if isinstance(field, serializers.IntegerField):
        # JSON knows one kind of number: 5.0 is 5.
        whole = es_id(value) or (isinstance(value, float) and value.is_integer())
        return None if whole else [field.error_messages["invalid"]]
    if isinstance(field, serializers.DecimalField):
        plain = texts.DECIMAL.fullmatch(value.strip()) if isinstance(value, str) else type(value) in {int, float}
        return None if plain else [field.error_messages["invalid"]]
    if isinstance(field, serializers.DateField | serializers.DateTimeField) and isinstance(value, str):
        within = next(validator for validator in field.validators if isinstance(validator, Anos))
        return None if within.holds_written(value) else [ErrorDetail(within.texto, code="overflow")]
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return _too_long(field, value) or _first_wrong(field.child, enumerate(value))
    if isinstance(field, serializers.DictField) and isinstance(value, dict):
        return _first_wrong(field.child, value.items())
    return None


def _not_its_text(field: Any, value: Any) -> Any:
    """Return what is wrong with a text as it was sent: the description counts its blanks too."""
    if not isinstance(value, str):
        return [field.error_messages["invalid"]]
    if field.max_length is not None and len(value) > field.max_length:
        text = field.error_messages["max_length"].format(max_length=field.max_length)
        return [ErrorDetail(text, code="max_length")]
    # A NUL is for the field to refuse.
    if not field.allow_blank and "\0" not in value and not texts.TINTA.search(value):
        return [ErrorDetail(field.error_messages["blank"], code="blank")]
    return None


def _is_text(field: Field) -> bool:
    return isinstance(field, serializers.CharField)


def _legible(name: str, field: Field, value: Any) -> Any:
    """Return a text without the characters that nobody sees. A message, a password and an address are as they were."""
    if type(field) is not serializers.CharField or not field.trim_whitespace or not isinstance(value, str):
        return value
    if "\0" in value or len(value) > LEGIBLE_MAX:
        return value  # for the field to refuse
    plain = legible(value)
    return " ".join(plain.split()) if name.startswith("nombre") else plain


def _too_long(field: serializers.ListField, value: list[Any]) -> Any:
    """Count the items before any of them is looked at."""
    if field.max_length is None or len(value) <= field.max_length:
        return None
    text = field.error_messages["max_length"].format(max_length=field.max_length)
    return [ErrorDetail(text, code="max_length")]


def _first_wrong(child: Field, values: Iterable[tuple[Any, Any]]) -> Any:
    found = ((key, not_its_type(child, value)) for key, value in values)
    return next(({str(key): wrong} for key, wrong in found if wrong), None)


class ListaField(serializers.ListField):
    """A list whose first wrong items alone are told."""

    def run_child_validation(self, data: Any) -> list[Any]:
        found: list[Any] = []
        errors: dict[str, Any] = {}
        for at, item in enumerate(data):
            try:
                found.append(self.child.run_validation(item))
            except serializers.ValidationError as error:
                errors[str(at)] = error.detail
                if len(errors) == ERRORES_MAX:
                    break
        if errors:
            raise serializers.ValidationError(errors)
        return found


# A misspelt `programada_para` that is ignored would send at once. A read-only field is known: what was read may
# be changed and sent back whole.
class RefusesUnknown(serializers.Serializer[Any]):
    # Keywords of JSON Schema for a whole body, which no field alone can say, such as one of two texts.
    body_rules: ClassVar[dict[str, Any]] = {}
    # Most characters of texts as they may be sent, where what is kept of them is shorter, such as a phone's link.
    sent_max: ClassVar[Mapping[str, int]] = {}

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            dated = getattr(field, "child", field)
            dates = isinstance(dated, serializers.DateField | serializers.DateTimeField) and not field.read_only
            if dates and not any(isinstance(validator, Anos) for validator in dated.validators):
                dated.validators.append(de_este_mundo)
        return fields

    def to_internal_value(self, data: Any) -> Any:
        wrong: dict[str, Any] = {}
        if isinstance(data, Mapping):
            unknown = list(islice((key for key in data if key not in self.fields), ERRORES_MAX))
            if unknown:
                raise serializers.ValidationError({key: [NO_EXISTE] for key in unknown}, code="unknown_field")
            written = {name: field for name, field in self.fields.items() if name in data and not field.read_only}
            if not self.context.get("form"):  # a form's values are texts, whatever they mean
                wrong = {name: found for name, field in written.items() if (found := not_its_type(field, data[name]))}
            # Texts that are too long, or blank, are told of beside what is wrong with the other fields.
            if any(not (isinstance(data[name], str) and _is_text(written[name])) for name in wrong):
                raise serializers.ValidationError(wrong, code="invalid")
            data = {**data, **{name: _legible(name, field, data[name]) for name, field in written.items()}}
        try:
            made = super().to_internal_value(data)
        except serializers.ValidationError as error:
            others: Any = error.detail  # of a body: a mapping
            raise serializers.ValidationError({**others, **wrong}) from error
        if wrong:
            raise serializers.ValidationError(wrong)
        return made


def one_of(*names: str) -> dict[str, Any]:
    """Return the keywords of JSON Schema that say: exactly one of these fields."""
    return {"oneOf": [{"required": [name]} for name in names]}


# A row of the caller's shop by its id. A base of fields: those who inherit say which rows, and describe themselves.
class ShopRowField(serializers.PrimaryKeyRelatedField[M]):
    def to_internal_value(self, data: Any) -> Any:
        if not es_id(data):  # "7" and 7.0 are no ids in a list of ids either
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


# A row of the caller's shop: what is created belongs to it.
class ShopRowSerializer(RefusesUnknown, serializers.ModelSerializer[M]):
    @property
    def tenant_id(self) -> int:
        tenant_id: int = self.context["request"].user.tenant_id
        return tenant_id

    def create(self, validated_data: dict[str, Any]) -> M:
        return super().create({**validated_data, "usuario_id": self.tenant_id})

    def others(self) -> Any:
        """The shop's rows of the same kind, without the one that is being changed."""
        found = self.Meta.model.objects.filter(usuario_id=self.tenant_id)  # type: ignore[attr-defined]
        return found if self.instance is None else found.exclude(pk=self.instance.pk)


class UniqueNameSerializer(ShopRowSerializer[M]):
    """A row whose name is unique in its shop, whatever the case."""

    def validate_nombre(self, nombre: str) -> str:
        if self.others().filter(nombre__iexact=nombre).exists():
            raise serializers.ValidationError(REPETIDO, code="unique")
        return nombre
