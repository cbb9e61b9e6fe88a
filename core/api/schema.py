"""The OpenAPI description: every operation says which errors it answers, in one shape, and which bodies it takes."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance, is_patched_serializer
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from core.api import texts
from core.api.alcances import bastan
from core.api.serializers import RefusesUnknown
from core.dates import Anos

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


class LlaveScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # how it registers itself
    """Describes how a program says its key."""

    target_class = "core.auth.LlaveAuthentication"
    name = "llave"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "`Authorization: Token …` means the same."}


class DescribesErrors(AutoSchema):
    """Describes what the framework does not know of: every error, and what bodies the serializers here refuse."""

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        text: str = super().get_description()
        if not any(self.get_auth()):
            return text
        enough = bastan(self.method, self.path.removeprefix("/").replace("{id}", "<int:pk>"))
        return f"{text}\n\nA key's scope, one of: {', '.join(f'`{alcance}`' for alcance in enough)}.".strip()

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses = super()._get_response_bodies(direction=direction)
        for status in sorted(self._error_statuses() - responses.keys()):
            responses[status] = self._get_response_for_code(ErrorSerializer, status)  # type: ignore[no-untyped-call]
        return responses

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction=direction)  # type: ignore[no-untyped-call]
        if body and getattr(self.get_request_serializer(), "body_rules", None) and self.method != "PATCH":
            body["required"] = True
        return body

    def _error_statuses(self) -> set[str]:
        # 503: while PostgreSQL is away
        found = {"405", "406", "503"}
        found |= {"429"} if self.view.get_throttles() else set()
        if self.method not in SAFE_METHODS:
            found |= {"400", "413", "415"}
        if any(self.get_auth()):
            found |= {"401", "403"}  # 403: the key's scopes and networks, and the role
        if "{" in self.path:
            found.add("404")
        if self._is_list_view():
            found |= {"400", "404"}  # a filter, or a cursor, that is not one
        return found

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        serializer = force_instance(serializer)  # type: ignore[no-untyped-call]
        if direction != "request" or not isinstance(serializer, RefusesUnknown):
            return schema
        for name, field in serializer.fields.items():
            if field.read_only:
                schema["properties"][name] = {"readOnly": True, "description": "Ignored: it may be sent back as read."}
            elif name in schema["properties"]:
                schema["properties"][name] = tightened(field, schema["properties"][name])
                if name in serializer.sent_max:
                    schema["properties"][name]["maxLength"] = serializer.sent_max[name]
        schema["additionalProperties"] = False
        return schema if is_patched_serializer(serializer, direction) else {**schema, **serializer.body_rules}


def tightened(field: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a field's schema with what its field refuses besides: blanks, NULs, far years, odd numbers."""
    if isinstance(field, serializers.ListField) and "items" in schema:
        return {**schema, "items": tightened(field.child, schema["items"])}
    if isinstance(field, serializers.DictField) and isinstance(schema.get("additionalProperties"), dict):
        return {**schema, "additionalProperties": tightened(field.child, schema["additionalProperties"])}
    if isinstance(field, serializers.DecimalField) and "pattern" in schema:
        return _decimal(field, schema)
    if schema.get("type") != "string" or "enum" in schema:
        return schema
    if isinstance(field, serializers.DateField | serializers.DateTimeField):
        within = next(validator for validator in field.validators if isinstance(validator, Anos))
        return {**schema, "pattern": within.pattern}
    if isinstance(field, serializers.CharField) and not {"pattern", "format"} & schema.keys():
        return {**schema, "pattern": texts.SIN_NULO if field.allow_blank else texts.CON_TEXTO}
    return schema


def _decimal(field: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """A number as a text, as the API writes it, or as a number of JSON."""
    kept = {key: value for key, value in schema.items() if key in {"nullable", "description", "writeOnly"}}
    pattern = texts.decimal(field.max_whole_digits, field.decimal_places, least=field.min_value)
    most = 10**field.max_whole_digits - 1
    least = -most if field.min_value is None else float(field.min_value)
    return {
        **kept,
        "anyOf": [
            {"type": "string", "format": "decimal", "pattern": pattern},
            {"type": "number", "minimum": least, "maximum": most, "multipleOf": 10**-field.decimal_places},
        ],
    }
