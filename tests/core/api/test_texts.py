"""Texts in the API's bodies: counted as they are sent, and kept without what nobody sees."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers
from rest_framework.test import APIClient

from campaigns.api.fields import MensajeField
from core.api.serializers import RefusesUnknown
from core.models import Usuario
from tests.core.api.support import error_of, errors_of
from tests.core.api.test_matrix import make_world
from tests.factories import PlantillaFactory


class TextosSerializer(RefusesUnknown):
    nombre = serializers.CharField(max_length=5, required=False)
    motivo = serializers.CharField(max_length=9, required=False, allow_blank=True)
    clave = serializers.CharField(max_length=9, required=False, trim_whitespace=False)
    mensaje = MensajeField(required=False)
    total = serializers.IntegerField(required=False)


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("nombre", " Ana ", "Ana"),
        ("nombre", "A\x17na", "A na"),
        ("nombre", "A\nB", "A B"),
        ("nombre", "\u200bAna", "Ana"),
        ("nombre", "\ufeffé\u202c", "é"),
        ("nombre", "👩\u200d👧", "👩\u200d👧"),
        ("nombre", "می\u200cر", "می\u200cر"),
        ("motivo", "a\r\nb\x0c", "a\nb"),
        ("motivo", "\u2060\u00ad", ""),
        ("motivo", " \x1f ", ""),
        ("clave", " a\u200b ", " a\u200b "),
        ("mensaje", " a\u200b\r\n ", " a\u200b\n "),
    ],
)
def test_it_keeps_what_is_seen(field: str, sent: str, kept: str) -> None:
    serializer = TextosSerializer(data={field: sent})
    serializer.is_valid(raise_exception=True)
    assert serializer.validated_data == {field: kept}


NADA = [
    "", " ", "\n\t", "\x1c\x85", "\ufeff", "\u200b\u200d", "\u2060", "\u00a0\u3000", "\x17\x7f", "\u2800", "\u3164",
    "\u180e", "\ufe0f", "\u00ad",
]  # fmt: skip


# No pattern of JSON Schema can name a tag of the last plane, and a message is kept as it is.
@pytest.mark.parametrize(
    ("field", "sent"), [*(("nombre", sent) for sent in (*NADA, "\U000e0041")), *(("mensaje", sent) for sent in NADA)]
)
def test_nothing_that_is_seen_is_no_text(field: str, sent: str) -> None:
    serializer = TextosSerializer(data={field: sent})
    assert not serializer.is_valid()
    assert [error.code for error in serializer.errors[field]] == ["blank"]


@pytest.mark.parametrize("sent", ["Anita ", " Anita", "Anita\n", "Ana\u200b\u200b\u200b", "\x17Anita", "Anita" * 99])
def test_a_text_is_counted_as_it_is_sent(sent: str) -> None:
    serializer = TextosSerializer(data={"nombre": sent, "motivo": "m" * 10, "total": 5})
    assert not serializer.is_valid()
    assert {name: [one.code for one in found] for name, found in serializer.errors.items()} == {
        "nombre": ["max_length"],
        "motivo": ["max_length"],
    }


def test_a_nul_is_refused_wherever_it_is() -> None:
    serializer = TextosSerializer(data={"nombre": "A\0a", "motivo": "\0"})
    assert not serializer.is_valid()
    assert {one.code for found in serializer.errors.values() for one in found} == {"null_characters_not_allowed"}


def texts(doc: dict[str, Any], node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The plain texts of a body, by their names."""
    whole = doc["components"]["schemas"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    for name, schema in whole.get("properties", {}).items():
        if schema.get("type") == "string" and not {"enum", "format"} & schema.keys() and schema.get("maxLength", 0) > 1:
            yield name, schema


def test_every_text_is_what_its_description_says(owner: Usuario, api: APIClient) -> None:
    """One that is too long by a blank is refused by its name; so is one of which nothing is seen."""
    world, seen = make_world(owner), 0
    doc = SchemaGenerator().get_schema(request=None, public=True)
    for route, operations in doc["paths"].items():
        for method in operations.keys() & {"post", "patch"}:
            body = operations[method].get("requestBody")
            if not body or route == "/api/v1/remitentes/":  # the operator's alone
                continue
            url = route.replace("{id}", str(world.pk_of(route.lstrip("/").replace("{id}", "<int:pk>"))))
            for name, schema in texts(doc, body["content"]["application/json"]["schema"]):
                blank = ["\u200b\x17"] if "\\s" in schema.get("pattern", "") else []
                for text in ("a" * schema["maxLength"] + " ", *blank):
                    point = transaction.savepoint()
                    errors = errors_of(getattr(api, method)(url, {name: text}), 400)
                    transaction.savepoint_rollback(point)
                    codes = {error["code"] for error in errors if error["attr"] == name}
                    assert codes & {"max_length", "blank"}, (method, route, name, text)
                    seen += 1
    assert seen > 50


def test_a_name_is_kept_in_one_line(owner: Usuario, api: APIClient) -> None:
    url = f"/api/v1/plantillas/{PlantillaFactory.create(usuario=owner).pk}/"
    name = "\f åDm\x17µ¯>\nPꡝJ÷°\x0e"
    answer = api.patch(url, {"nombre": name + "*" * (100 - len(name))})
    assert answer.json()["nombre"] == "åDm µ¯> PꡝJ÷° " + "*" * (100 - len(name))
    assert error_of(api.patch(url, {"nombre": name + "*" * (101 - len(name))}), 400)["code"] == "max_length"
