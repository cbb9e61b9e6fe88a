"""One error shape for every refusal, and never a 500, whatever the body."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError
from rest_framework.test import APIClient

from core.api import parsers
from core.api.answers import PayloadTooLargeAnswer
from core.api.serializers import NO_EXISTE
from core.api.views import CREDENTIALS_MAX, FALTA_BARRA, NO_HAY, CredentialsParser
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of, errors_of, row_counts
from tests.factories import ClienteFactory
from tests.growth import growth

CAMPANAS = "/api/v1/campanas/"
TOKEN = "/api/v1/auth/token/"
WRITES = [CAMPANAS, "/api/v1/clientes/", "/api/v1/plantillas/", TOKEN]


def post(api: APIClient, path: str, body: Any, content_type: str = "application/json", **headers: Any) -> Any:
    """Exactly these bytes, where `APIClient.post` would write JSON of its own."""
    return api.generic("POST", path, body, content_type=content_type, **headers)


NOT_JSON = {
    "empty": b"{",
    "garbage": b"hola",
    "trailing": b"{} {}",
    "single quotes": b"{'mensaje': 'hola'}",
    "NaN": b'{"mensaje": NaN}',
    "Infinity": b'{"cliente_ids": [Infinity]}',
    "a number no float holds": b'{"plantilla": 1e999, "cliente_ids": [1]}',
    "an integer of 5,000 digits": b'{"cliente_ids": [' + b"9" * 5_000 + b"]}",
    "invalid UTF-8": b'{"mensaje": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"mensaje": "hola"}',
    "UTF-16": '{"mensaje": "hola"}'.encode("utf-16"),
    "a lone surrogate in a text": b'{"mensaje": "\\ud800", "cliente_ids": [1]}',
    "a lone surrogate in a list of ids": b'{"mensaje": "x", "cliente_ids": ["\\ud800"]}',
    "a lone surrogate in a key": b'{"\\uDFFF": 1}',
    "a repeated key": b'{"mensaje": "x", "cliente_ids": [1], "cliente_ids": [1, 2]}',
    "a repeated key deep inside": b'{"audiencia": {"todos": true, "todos": false}}',
    "a repeated key that is no text": b'{"\\ud800": 1, "\\ud800": 2}',
    "a repeated key among many": b'{"k": 0, ' + b", ".join(b'"k%d": 0' % n for n in range(8_000)) + b', "k": 1}',
    "100,000 levels of lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "900 levels": b'{"cliente_ids": ' + b"[" * 900 + b"]" * 900 + b"}",
    "one level too many": b"[" * (parsers.MAX_DEPTH + 1) + b"]" * (parsers.MAX_DEPTH + 1),
}


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_it_rejects_what_is_not_plain_json(api: APIClient, path: str, body: bytes) -> None:
    before = row_counts()
    status, code = (413, "too_large") if path == TOKEN and len(body) > CREDENTIALS_MAX else (400, "parse_error")
    error = error_of(post(api, path, body), status)
    assert (error["code"], error["attr"]) == (code, None)
    assert row_counts() == before


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("body", ["[]", '[{"nombre": "x"}]', '"x"', "null", "7", "1.5", "true"])
def test_it_rejects_a_body_that_is_not_an_object(api: APIClient, path: str, body: str) -> None:
    before = row_counts()
    assert error_of(post(api, path, body), 400)["attr"] == "non_field_errors"
    assert row_counts() == before


@pytest.mark.parametrize("path", WRITES)
def test_it_rejects_an_empty_body(api: APIClient, path: str) -> None:
    assert {error["code"] for error in errors_of(post(api, path, b""), 400)} == {"required"}


@pytest.mark.parametrize("depth", [1, parsers.MAX_DEPTH])
def test_it_reads_as_many_levels_as_it_says(depth: int) -> None:
    parsers.parse_json(b"[" * depth + b"]" * depth)


def test_it_reads_surrogate_pairs_and_escaped_backslashes() -> None:
    assert parsers.parse_json(b'["\\ud83d\\ude00", "\\\\ud800"]') == ["😀", "\\ud800"]


def test_it_reads_utf8_whatever_charset_is_named(api: APIClient, owner: Any) -> None:
    """RFC 8259: the charset parameter means nothing for JSON."""
    body = json.dumps({"nombre": "\\u0041"})
    for charset in ("unicode_escape", "latin-1", "zlib", "nonsense"):
        response = post(api, "/api/v1/clientes/", body, f"application/json; charset={charset}")
        assert response.json()["nombre"] == "\\u0041", charset


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "x", ""],
)
@pytest.mark.parametrize("path", WRITES)
def test_it_rejects_another_content_type(api: APIClient, path: str, content_type: str) -> None:
    before = row_counts()
    assert error_of(post(api, path, '{"nombre": "x"}', content_type), 415)["code"] == "unsupported_media_type"
    assert row_counts() == before


@pytest.mark.parametrize("path", WRITES)
def test_it_rejects_a_body_that_is_too_large(api: APIClient, path: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = settings.BIG_BODY_MAX_SIZE = 1_000
    body = json.dumps({"nombre": "x" * 2_000})
    error = error_of(post(api, path, body), 413)
    assert error["code"] == "too_large"
    assert str(len(body)) in error["detail"]
    assert "1000" in error["detail"]
    at_the_limit = '{"n":"' + "x" * 992 + '"}'
    assert len(at_the_limit) == 1_000
    errors_of(post(api, path, at_the_limit), 400)


def test_it_rejects_credentials_that_are_too_large(api: APIClient) -> None:
    """The caller is nobody yet while they ask for a token: that body is far smaller."""
    body = json.dumps({"username": "x", "password": "x" * CREDENTIALS_MAX})
    error = error_of(post(api, TOKEN, body), 413)
    assert error["code"] == "too_large"
    assert str(len(body)) in error["detail"]
    assert str(CREDENTIALS_MAX) in error["detail"]
    fits = json.dumps({"username": "x", "password": ""})
    fits = json.dumps({"username": "x", "password": "x" * (CREDENTIALS_MAX - len(fits))})
    assert len(fits) == CREDENTIALS_MAX
    errors_of(post(api, TOKEN, fits), 400)


@pytest.mark.parametrize(
    ("parser", "maximo", "limit"),
    [
        (parsers.BoundedJSONParser(), 1_000, 1_000),
        (CredentialsParser(), 1_000, 1_000),
        (CredentialsParser(), 1_000_000, CREDENTIALS_MAX),
    ],
)
def test_it_reads_no_more_than_the_limit(parser: Any, maximo: int, limit: int, settings: Any) -> None:
    """The declared length does not matter: a stream that is longer is not read to its end."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = maximo
    stream = io.BytesIO(b'"' + b"x" * 2_000_000)
    with pytest.raises(PayloadTooLargeAnswer):
        parser.parse(stream)
    assert stream.tell() == limit + 1


@pytest.mark.parametrize(
    "body_of",
    [
        lambda n: b"{" + b",".join(b'"k%d":0' % i for i in range(n)) + b',"k%d":0}' % (n - 1),
        lambda n: b"[" + b",".join([b'{"a":0}'] * n) + b',{"a":0,"a":0}]',
        lambda n: b"9" * n * 10,
        lambda n: b"[" * n,
        lambda n: b'["' + b"\\ud83d\\ude00" * n + b"\\ud83d" + b'"]',
    ],
    ids=["a repeated key", "many objects", "digits", "levels", "surrogates"],
)
def test_it_refuses_a_large_body_in_one_pass(body_of: Callable[[int], bytes]) -> None:
    def refuse(body: bytes) -> None:
        with pytest.raises(ParseError):
            parsers.parse_json(body)

    assert growth(refuse, body_of, 4_000) < 30


NUL_BODIES = [
    (CAMPANAS, {"mensaje": "a\0b", "cliente_ids": [1]}, "mensaje"),
    (CAMPANAS, {"nombre": "a\0b", "mensaje": "x", "cliente_ids": [1]}, "nombre"),
    ("/api/v1/clientes/", {"nombre": "a\0b"}, "nombre"),
    ("/api/v1/clientes/", {"nombre": "a", "telefono": "3\0"}, "telefono"),
    ("/api/v1/clientes/", {"nombre": "a", "documento": "\0"}, "documento"),
    ("/api/v1/plantillas/", {"nombre": "\0", "mensaje": "x"}, "nombre"),
    ("/api/v1/plantillas/", {"nombre": "a", "mensaje": "\0"}, "mensaje"),
    ("/api/v1/auth/token/", {"username": "\0", "password": "x"}, "username"),
]


@pytest.mark.parametrize(("path", "body", "attr"), NUL_BODIES)
def test_it_rejects_nul_naming_the_field(api: APIClient, path: str, body: dict[str, Any], attr: str) -> None:
    error = error_of(api.post(path, body), 400)
    assert (error["code"], error["attr"]) == ("null_characters_not_allowed", attr)


UNKNOWN = [
    ({"mensaje": "x", "cliente_ids": [1], "enviar_el": "2030-01-01T08:00:00Z"}, CAMPANAS, "enviar_el"),
    ({"mensaje": "x", "audiencia": {"todos": True, "exluir": [1]}}, CAMPANAS, "audiencia.exluir"),
    ({"mensaje": "x", "cliente_ids": [1], "estado": "completado"}, CAMPANAS, "estado"),
    ({"mensaje": "x", "cliente_ids": [1], "": 1}, CAMPANAS, ""),
    ({"nombre": "x", "teléfono": "3001234567"}, "/api/v1/clientes/", "teléfono"),
    ({"nombre": "x", "usuario": 1}, "/api/v1/clientes/", "usuario"),
    ({"nombre": "x", "mensaje": "x", "Activo": False}, "/api/v1/plantillas/", "Activo"),
    ({"nombre": "x", "mensaje": "x", "\0": False}, "/api/v1/plantillas/", "\0"),
]


@pytest.mark.parametrize(("body", "path", "attr"), UNKNOWN)
def test_it_rejects_a_field_it_does_not_know(api: APIClient, body: dict[str, Any], path: str, attr: str) -> None:
    before = row_counts()
    error = error_of(api.post(path, body), 400)
    assert (error["code"], error["attr"], error["detail"]) == ("unknown_field", attr, NO_EXISTE)
    assert row_counts() == before


def test_it_names_every_unknown_field(api: APIClient) -> None:
    body = {"nombre": "x", "uno": 1, "dos": 2}
    assert {error["attr"] for error in errors_of(api.post("/api/v1/clientes/", body), 400)} == {"uno", "dos"}


def test_it_takes_back_what_it_gave(api: APIClient, owner: Any) -> None:
    """A read-only field is known: what was read may be changed and sent back whole."""
    path = f"/api/v1/clientes/{ClienteFactory.create(usuario=owner).pk}/"
    read = api.get(path).json()
    written = api.put(path, {**read, "nombre": "Otro", "telefono_e164": "+1", "id": 0}).json()
    assert written == {**read, "nombre": "Otro"}


UNKNOWN_PATHS = [
    "/api/v1/",
    "/api/v1/nada/",
    "/api/v1/campanas/abc/",
    "/api/v1/campanas/-1/",
    "/api/v1/campanas/1.0/",
    "/api/v1/campanas/1_0/",
    "/api/v1/campanas/%D9%A3/",
    "/api/v1/campanas/%00/",
    "/api/v1/campanas/%0A",
    "/api/v1/campanas/x/logs/",
    "/api/v1/campanas/1/nada/",
    "/api/v1/clientes/%F0%9F%98%80/",
    "/api/v1/%FF%FE",
]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_it_answers_404_in_json_for_an_unknown_path(path: str, method: str, db: None) -> None:
    error = error_of(getattr(signed_in(None), method)(path), 404)
    assert (error["code"], error["attr"]) == ("not_found", None)


@pytest.mark.parametrize("pk", [0, 2**31, 2**63, 10**40])
@pytest.mark.parametrize("path", ["campanas/{}/", "campanas/{}/logs/", "campanas/{}/progreso/", "clientes/{}/"])
def test_it_answers_404_for_an_id_that_no_row_can_have(api: APIClient, path: str, pk: int) -> None:
    error_of(api.get("/api/v1/" + path.format(pk)), 404)


@pytest.mark.parametrize("method", ["get", "post"])
def test_it_hints_at_a_missing_slash_and_never_redirects(api: APIClient, method: str) -> None:
    """A redirect would turn the POST that was to start a campaign into a GET of the list."""
    path = "/api/v1/campanas"
    assert error_of(getattr(api, method)(path, {}), 404)["detail"] == FALTA_BARRA.format(path=path)
    assert error_of(api.get("/api/v1/nada"), 404)["detail"] == NO_HAY.format(path="/api/v1/nada")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("delete", CAMPANAS),
        ("put", CAMPANAS),
        ("patch", CAMPANAS),
        ("delete", "/api/v1/clientes/"),
        ("get", "/api/v1/auth/token/"),
    ],
)
def test_it_rejects_another_method(api: APIClient, method: str, path: str) -> None:
    response = getattr(api, method)(path)
    assert error_of(response, 405)["code"] == "method_not_allowed"
    assert response["Allow"]


def test_it_rejects_a_format_it_does_not_speak(api: APIClient) -> None:
    assert error_of(api.get(CAMPANAS, HTTP_ACCEPT="application/xml"), 406)["code"] == "not_acceptable"
    error_of(api.get(CAMPANAS, {"format": "xml"}), 404)


@pytest.mark.parametrize(
    "cursor", ["p=abc", "p=", "p=1.5", "p=-1", "p=\0", "p=2026-01-01", "p=" + "9" * 30, "o=x", "r=x"]
)
@pytest.mark.parametrize("path", [CAMPANAS, "/api/v1/clientes/", "/api/v1/plantillas/"])
def test_it_rejects_a_cursor_it_did_not_give(api: APIClient, path: str, cursor: str) -> None:
    error_of(api.get(path, {"cursor": base64.b64encode(cursor.encode()).decode()}), 404)


@pytest.mark.parametrize("cursor", ["%%%", "é", "x" * 5_000, "AA"])
def test_it_rejects_a_cursor_that_is_no_cursor(api: APIClient, cursor: str) -> None:
    assert api.get(CAMPANAS, {"cursor": cursor}).status_code in {200, 404}


BAD_FILTERS = [
    (CAMPANAS, {"estado": "volando"}, "estado"),
    (CAMPANAS, {"creado_desde": "ayer"}, "creado_desde"),
    (CAMPANAS, {"creado_hasta": "\0"}, "creado_hasta"),
    (CAMPANAS, {"q": "\0"}, "q"),
    ("/api/v1/clientes/", {"activo": "quizás"}, "activo"),
    ("/api/v1/clientes/", {"documento": "\0"}, "documento"),
    ("/api/v1/plantillas/", {"activo": "2"}, "activo"),
]


@pytest.mark.parametrize(("path", "query", "attr"), BAD_FILTERS)
def test_it_rejects_a_filter_it_cannot_read(api: APIClient, path: str, query: dict[str, str], attr: str) -> None:
    assert error_of(api.get(path, query), 400)["attr"] == attr


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KNOWN_FIELDS = ["nombre", "mensaje", "plantilla", "cliente_ids", "audiencia", "telefono", "documento", "activo", "otro"]
BODIES = st.dictionaries(st.sampled_from(KNOWN_FIELDS), JSON, max_size=6) | JSON


@pytest.mark.parametrize("path", WRITES)
@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=BODIES, key=st.none() | st.text(st.characters(codec="latin-1"), max_size=4))
def test_it_never_fails_on_arbitrary_json(api: APIClient, path: str, body: Any, key: str | None) -> None:
    api.raise_request_exception = False
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    response = post(api, path, json.dumps(body), **headers)
    assert response.status_code in {201, 400, 409, 429}, (body, response.content)
    if response.status_code != 201:
        errors_of(response, response.status_code)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    query=st.dictionaries(
        st.sampled_from(["q", "estado", "activo", "documento", "cursor", "page_size", "creado_desde", "codigo"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        max_size=4,
    )
)
def test_it_never_fails_on_an_arbitrary_query(api: APIClient, query: dict[str, str]) -> None:
    api.raise_request_exception = False
    for path in (CAMPANAS, "/api/v1/clientes/"):
        assert api.get(path, query).status_code in {200, 400, 404, 429}, query


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "clientes/", lambda n: {f"k{i}": 1 for i in range(n)}),
        ("patch", "ajustes/", lambda n: {"ventanas": {f"k{i}": 1 for i in range(n)}}),
        ("patch", "ajustes/", lambda n: {"precios": {f"k{i}": "1.0" for i in range(n)}}),
        ("patch", "ajustes/", lambda n: {"dias_cerrados": ["x"] * n}),
        ("post", "campanas/", lambda n: {"mensaje": "a", "audiencia": {f"k{i}": 1 for i in range(n)}}),
        ("post", "campanas/", lambda n: {"mensaje": "a", "audiencia": {"etiquetas": list(range(1, n))}}),
        ("post", "segmentos/", lambda n: {"nombre": "a", "condiciones": {"etiquetas": [0] * n}}),
        ("post", "programaciones/", lambda n: {"nombre": "a", "frecuencia": "semanal", "dias": [9] * n}),
        ("patch", "alertas/ajustes/", lambda n: {"correos": ["x"] * n}),
        ("post", "llaves/", lambda n: {"nombre": "x", "alcances": ["x"] * n, "redes": ["x"] * n}),
        ("post", "rne/", lambda n: {"numeros": ["1" * 41] * n, "consultado_en": "2026-01-01"}),
        ("post", "rne/", lambda n: {"numeros": [str(i) for i in range(n)], "consultado_en": "2026-01-01"}),
    ],
)
def test_a_body_of_nothing_but_mistakes_is_soon_refused(owner: Usuario, method: str, path: str, body: Any) -> None:
    """Each one told costs as much as a hundred right values: half a megabyte was seconds, and megabytes came back."""
    api = signed_in(owner)
    answer = getattr(api, method)(f"/api/v1/{path}", body(20_000))
    assert answer.status_code == 400
    assert len(answer.content) < 10_000
