"""Filters that refuse values that they cannot read, and lists that refuse filters that they do not know."""

import re
from datetime import UTC
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import NO_EXISTE
from core.api.texts import SIN_NULO
from core.dates import FECHA_LEJANA, de_este_mundo

SPELLINGS: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
# A "+" that the address did not escape arrives as a space.
LOST_PLUS: Final = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")
# Filled in by the framework, in whose hands a "%" of the value would be a fault.
NO_ES_ID: Final = "«%(value)s» no es un id: se esperaba un número entero."
REPETIDO: Final = "Está repetido: diga un solo valor."
# Digits of an id, and more: PostgreSQL's largest has 19, and what is larger is the id of no row.
ID_MAX: Final = 40
FORMAT: Final = "format"  # the framework's own, for what it may answer in


def or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a filter that may be left empty: then it is none, as everywhere."""
    return {"anyOf": [schema, {"type": "string", "maxLength": 0}]}


@extend_schema_field(or_empty({"type": "boolean"}))
class YesNoFilter(filters.TypedChoiceFilter):
    """Yes or no; anything else is 400. django-filter's own takes what it cannot read for no filter at all."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [(spelling, spelling) for spelling in SPELLINGS]
        super().__init__(choices=choices, coerce=SPELLINGS.__getitem__, empty_value=None, **kwargs)


class IdField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)  # blanks and controls are no empty filter, which would show everybody

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        if len(text) > ID_MAX or not (text.isascii() and text.removeprefix("-").isdecimal()):
            raise ValidationError(NO_ES_ID, code="invalid", params={"value": text[:ID_MAX]})
        return int(text)


@extend_schema_field(or_empty({"type": "integer"}))
class IdFilter(filters.Filter):
    """Rows that belong to another one, by its id.

    An id of another shop and one of nobody both have no rows here: django-filter's own field would ask whether the
    other row exists, in any shop, and refuse the id of nobody only.
    """

    field_class = IdField


class MomentField(IsoDateTimeField):
    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            if not de_este_mundo.holds_written(value):
                raise ValidationError(FECHA_LEJANA, code="invalid")
            if "T" in value:
                value = LOST_PLUS.sub("+", value)
        moment = super().to_python(value)
        # PostgreSQL knows no offset of 16 hours or more; ISO 8601 does.
        return moment and moment.astimezone(UTC)


@extend_schema_field(or_empty({"type": "string", "format": "date-time", "pattern": de_este_mundo.pattern}))
class MomentFilter(filters.IsoDateTimeFilter):
    """A date with its time, in ISO 8601; without an offset it is in TIME_ZONE."""

    field_class = MomentField


@extend_schema_field({"type": "string", "pattern": SIN_NULO})
class TextFilter(filters.CharFilter):
    """Text, to the letter or a part: the filter's lookup says."""


class FilterBackend(filters.DjangoFilterBackend):
    """Refuses a parameter that the list does not know: a misspelt filter would answer with everybody.

    So is one that is said twice and takes one value: the last would win, and nobody would know.
    """

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if getattr(view, "detail", False):
            return queryset  # one row, by its id
        filterset = self.get_filterset_class(view, queryset)
        known = {FORMAT, *(filterset.base_filters if filterset else ())}
        if (paginator := getattr(view, "paginator", None)) is not None:
            known |= {paginator.cursor_query_param, paginator.page_size_query_param}
        if unknown := [name for name in request.query_params if name not in known]:
            raise serializers.ValidationError({name: [NO_EXISTE] for name in unknown}, code="unknown_field")
        several = {name for name, each in (filterset.base_filters if filterset else {}).items() if _is_multiple(each)}
        if twice := [name for name, said in request.query_params.lists() if len(said) > 1 and name not in several]:
            raise serializers.ValidationError({name: [REPETIDO] for name in twice}, code="repeated")
        return super().filter_queryset(request, queryset, view)


def _is_multiple(each: Any) -> bool:
    return isinstance(each, filters.MultipleChoiceFilter)
