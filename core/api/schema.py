"""The OpenAPI description: every operation says which errors it answers, all in one shape."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

TYPES = ["validation_error", "client_error", "server_error"]


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="A stable code, for programs.")
    detail = serializers.CharField(help_text="The reason, in Spanish, for people.")
    attr = serializers.CharField(
        allow_null=True,
        help_text="Path of the field at fault, such as `cliente_ids.3`; null if the whole request is at fault.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Campo",
            value={
                "type": "validation_error",
                "errors": [{"code": "required", "detail": "Este campo es requerido.", "attr": "nombre"}],
            },
            response_only=True,
            status_codes=["400"],
        )
    ]
)
class ErrorSerializer(serializers.Serializer[Any]):
    """The shape of every 4xx and 5xx answer."""

    type = serializers.ChoiceField(choices=TYPES)
    errors = ErrorDetailSerializer(many=True)  # type: ignore[assignment] # a field here, a property in DRF


class DescribesErrors(AutoSchema):
    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses = super()._get_response_bodies(direction=direction)
        for status in sorted(self._error_statuses() - responses.keys()):
            responses[status] = self._get_response_for_code(ErrorSerializer, status)  # type: ignore[no-untyped-call]
        return responses

    def _error_statuses(self) -> set[str]:
        found = {"503"}  # while PostgreSQL is away
        found |= {"429"} if self.view.get_throttles() else set()
        if self.get_request_serializer() and self.method in {"POST", "PUT", "PATCH"}:
            found |= {"400", "413", "415"}
        if any(self.get_auth()):
            found.add("401")
            found |= set() if self.method in SAFE_METHODS else {"403"}
        if "{" in self.path:
            found.add("404")
        if self._is_list_view():
            found |= {"400", "404"}  # a filter, or a cursor, that is not one
        return found
