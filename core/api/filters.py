"""Filters that say what they could not read."""

from typing import Any, Final

from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

SPELLINGS: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


@extend_schema_field(OpenApiTypes.BOOL)
class YesNoFilter(filters.TypedChoiceFilter):
    """Yes or no; anything else is 400. django-filter's own takes what it cannot read for no filter at all."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [(spelling, spelling) for spelling in SPELLINGS]
        super().__init__(choices=choices, coerce=SPELLINGS.__getitem__, empty_value=None, **kwargs)
