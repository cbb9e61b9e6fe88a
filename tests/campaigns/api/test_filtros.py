"""The filters of lists: phones as people write them, dates at the edge of the calendar, ids, unknown names."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from rest_framework.test import APIClient

from campaigns.bajas.services import registrar
from campaigns.models import Entrante
from clientes.api.telefonos import TELEFONO_INVALIDO
from core.api.filters import NO_ES_ID, REPETIDO
from core.api.serializers import NO_EXISTE
from core.dates import FECHA_LEJANA
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, VentaFactory, open_lote, sms_log

PHONE = "+573001234567"


@pytest.fixture
def lists(owner: Usuario) -> list[str]:
    """The address of every list that can be asked for a phone; each has a row of PHONE and one of another."""
    campana = CampanaFactory.create(usuario=owner)
    phones = (PHONE, "+14155550123", "+525587654321")
    clientes = [ClienteFactory.create(usuario=owner, telefono=phone) for phone in phones]
    lote = open_lote(campana, clientes)
    for cliente, phone in zip(clientes, phones, strict=True):
        sms_log(campana, lote, cliente, telefono=phone)
        Entrante.objects.create(usuario=owner, sid=f"SM{phone}", telefono=phone, texto="Hola")
        registrar(usuario=owner, telefono=phone, motivo="Lo pidió")
    return [f"/api/v1/{name}/" for name in (f"campanas/{campana.pk}/logs", "entrantes", "bajas", "clientes")]


def test_it_reads_a_phone_as_people_write_it(lists: list[str], api: APIClient) -> None:
    queries = [
        "%2B573001234567", "+573001234567", "3001234567", "573001234567", "300%20123%204567", "+57%20300-123-4567",
        "(300)+123-4567", "%2B57 (300) 123 4567", "0057 300 1234567", "%EF%BC%8B573001234567", "tel:3001234567",
        "300.123.4567", "%C2%A03001234567%20", "+57+300+123+4567", "٣٠٠١٢٣٤٥٦٧",
    ]  # fmt: skip
    for path in lists:
        for query in queries:
            response = api.get(f"{path}?telefono={query}")
            assert response.status_code == 200, (path, query, response.content)
            rows = response.json()["results"]
            assert [row.get("telefono_e164") or row["telefono"] for row in rows] == [PHONE], (path, query)


@pytest.mark.parametrize(
    ("query", "found"),
    [("+14155550123", "+14155550123"), ("+52 55 8765 4321", "+525587654321"), ("+44 7400 123456", None)],
)
def test_a_lost_plus_is_a_plus_in_every_country(
    query: str, found: str | None, lists: list[str], api: APIClient
) -> None:
    for path in lists:
        rows = api.get(f"{path}?telefono={query}").json()["results"]
        assert [row.get("telefono_e164") or row["telefono"] for row in rows] == ([found] if found else []), path


@pytest.mark.parametrize(
    "query",
    [
        "123",
        "300123456",
        "hola",
        "%2B",
        "3001234567x",
        "%2B57300123456789012",
        "%00",
        "1" * 5_000,
        "300,310",
        "-",
        "%25",
        "5%25s%25",
    ],
)
def test_it_refuses_what_is_no_phone(query: str, lists: list[str], api: APIClient) -> None:
    for path in lists:
        error = error_of(api.get(f"{path}?telefono={query}"), 400)
        assert error["attr"] == "telefono", path
        assert error["detail"].endswith(TELEFONO_INVALIDO.rpartition("»")[2]) or query == "%00"


def test_no_phone_is_no_filter(lists: list[str], api: APIClient) -> None:
    for path in lists:
        for query in ("", "?telefono=", "?telefono=%20"):
            assert len(api.get(f"{path}{query}").json()["results"]) == 3, (path, query)


DATED = {
    "/api/v1/clientes/": ("creado_desde", "creado_hasta"),
    "/api/v1/campanas/": ("creado_desde", "creado_hasta"),
    "/api/v1/ventas/": ("fecha_desde", "fecha_hasta"),
    "/api/v1/entrantes/": ("recibido_desde", "recibido_hasta"),
}
EDGES = [
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00",
    "0001-01-01", "0001-01-01T23:59:59-12:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59.999999", "9999-12-31", "9999-12-31T23:59:59%2B14:00",
    "1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("path", DATED)
def test_it_refuses_the_edges_of_the_calendar(path: str, api: APIClient) -> None:
    for name in DATED[path]:
        for edge in EDGES:
            error = error_of(api.get(f"{path}?{name}={edge}"), 400)
            assert (error["attr"], error["detail"]) == (name, FECHA_LEJANA), (name, edge)
        for wrong in (
            "9999-13-31T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00%2B99:00",
            "ayer",
            "10000-01-01T00:00:00Z",
        ):
            assert error_of(api.get(f"{path}?{name}={wrong}"), 400)["attr"] == name, wrong
        for right in (
            "1900-01-01T00:00:00%2B14:00",
            "2200-12-31T23:59:59-12:00",
            "2026-01-01T00:00:00+02:00",
            "2141-02-03T04:32:27-18:32",
            "1982-04-24T08:14:47%2B19:03",
            "2026-01-01T00:00:00%2B23:59",
            "2026-01-01 10:00",
            "",
        ):
            assert api.get(f"{path}?{name}={right}").status_code == 200, right


BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("ventas", {"total": "1.00", "fecha": "{}"}, "fecha"),
    ("campanas", {"mensaje": "x", "programada_para": "{}"}, "programada_para"),
]


@pytest.mark.parametrize(("path", "body", "attr"), BODIES)
@pytest.mark.parametrize("edge", [edge.replace("%2B", "+") for edge in EDGES if "T" in edge])
def test_a_moment_at_the_edge_is_refused(
    path: str, body: dict[str, Any], attr: str, edge: str, api: APIClient, owner: Usuario
) -> None:
    cliente = ClienteFactory.create(usuario=owner).pk
    whole = {**body, attr: edge, **({"cliente": cliente} if path == "ventas" else {"cliente_ids": [cliente]})}
    assert error_of(api.post(f"/api/v1/{path}/", whole), 400)["attr"] == attr


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1899-12-31", "2201-01-01"])
def test_a_day_at_the_edge_is_refused(day: str, api: APIClient) -> None:
    def attr_of(method: str, path: str, body: dict[str, Any]) -> Any:
        return error_of(getattr(api, method)(f"/api/v1/{path}/", body), 400)["attr"]

    consent = {"nombre": "Ana", "consentimiento_fuente": "Caja", "consentimiento_en": day}
    assert attr_of("post", "clientes", consent) == "consentimiento_en"
    assert attr_of("post", "rne", {"numeros": ["3001234567"], "consultado_en": day}) == "consultado_en"
    for name in ("creado_desde", "creado_hasta"):
        assert attr_of("post", "segmentos", {"nombre": "x", "condiciones": {name: day}}) == f"condiciones.{name}"
    assert attr_of("patch", "ajustes", {"dias_cerrados": ["2026-12-24", day]}).startswith("dias_cerrados")
    diaria = {"nombre": "x", "mensaje": "x", "audiencia": {"todos": True}, "frecuencia": "diaria", "hora": "09:00"}
    for name in ("desde", "hasta"):
        assert attr_of("post", "programaciones", {**diaria, name: day}) == name


@pytest.mark.parametrize(("path", "name"), [("ventas", "cliente"), ("entrantes", "campana"), ("clientes", "etiqueta")])
def test_another_shops_id_reads_as_nobodys(
    path: str, name: str, api: APIClient, owner: Usuario, stranger: Usuario
) -> None:
    cliente, campana = ClienteFactory.create(usuario=stranger), CampanaFactory.create(usuario=stranger)
    VentaFactory.create(cliente=cliente)
    Entrante.objects.create(usuario=stranger, sid="SM9", telefono=PHONE, texto="Hola", campana=campana)
    theirs = {"cliente": cliente.pk, "campana": campana.pk, "etiqueta": 1}[name]
    answers = [api.get(f"/api/v1/{path}/", {name: one}) for one in (theirs, 10**9, 2**63, 10**30, 0, -1)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert answers[0].json()["results"] == []
    for wrong in ("x", "1.5", "%", "%s", "1e3", "٣", "1_0", "9" * 5_000):
        error = error_of(api.get(f"/api/v1/{path}/", {name: wrong}), 400)
        assert (error["attr"], error["detail"]) == (name, NO_ES_ID % {"value": wrong[:40]})


def test_an_id_of_ones_own_finds_its_rows(api: APIClient, owner: Usuario) -> None:
    venta, _ = VentaFactory.create(cliente__usuario=owner), VentaFactory.create(cliente__usuario=owner)
    rows = api.get("/api/v1/ventas/", {"cliente": venta.cliente_id}).json()["results"]
    assert [row["id"] for row in rows] == [venta.pk]


@pytest.mark.parametrize(
    "path", ["clientes", "campanas", "ventas", "entrantes", "bajas", "plantillas", "etiquetas", "programaciones", "rne"]
)
def test_a_list_refuses_a_filter_that_it_does_not_know(path: str, api: APIClient) -> None:
    """A misspelt filter that is ignored would answer with everybody."""
    error = error_of(api.get(f"/api/v1/{path}/", {"telefno": "3001234567"}), 400)
    assert (error["attr"], error["detail"], error["code"]) == ("telefno", NO_EXISTE, "unknown_field")


def test_one_row_is_not_filtered(api: APIClient, owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    assert api.get(f"/api/v1/clientes/{cliente.pk}/", {"activo": "false", "x": "1"}).status_code == 200


def test_people_find_a_phone_as_they_write_it(lists: list[str], owner: Usuario, api: APIClient) -> None:
    """The search of the pages and of the API's clients, by a whole phone or by a part."""
    browser = signed_in(owner)
    browser.force_login(owner)
    for q in ("+57 300 123 4567", "0057 300-123-4567", "(300) 123 4567", "123 45 67", "3001234567"):
        for page in ("/bajas/", "/respuestas/", "/clientes/"):
            shown = browser.get(page, {"q": q}).content.decode()
            assert "3001234567" in shown.replace(" ", ""), (page, q)
            assert "5550123" not in shown.replace(" ", ""), (page, q)
        rows = api.get("/api/v1/clientes/", {"q": q}).json()["results"]
        assert [row["telefono_e164"] for row in rows] == [PHONE], q


@pytest.mark.parametrize("cliente", [" ", "%1C", "%09", "+7", "7+", "%E2%80%A8"])
def test_blanks_are_no_empty_filter(api: APIClient, cliente: str) -> None:
    """A filter that reads as none shows everybody's rows."""
    response = api.get(f"/api/v1/ventas/?cliente={cliente}")
    assert error_of(response, 400)["attr"] == "cliente"


def test_an_empty_filter_is_none_where_the_description_says_so_and_none_is_said_twice(
    api: APIClient, owner: Usuario
) -> None:
    pk = CampanaFactory.create(usuario=owner).pk
    doc = SchemaGenerator().get_schema(request=None, public=True)
    seen = 0
    for route, operations in doc["paths"].items():
        named = [part for part in operations.get("get", {}).get("parameters", []) if part["in"] == "query"]
        path = route.replace("/campanas/{id}/", f"/campanas/{pk}/")
        if "{id}" in path or not any(part["name"] == "cursor" for part in named):
            continue
        for part in named:
            name, several = part["name"], part["schema"].get("type") == "array"
            empty = api.get(f"{path}?{name}=")
            if several or not Draft202012Validator(part["schema"]).is_valid(""):
                assert error_of(empty, 400)["attr"] == name, (path, name)
            else:
                assert empty.status_code == 200, (path, name, empty.content)
            if not several:
                error = error_of(api.get(f"{path}?{name}=1&{name}=1"), 400)
                assert (error["attr"], error["detail"]) == (name, REPETIDO), (path, name)
            seen += 1
    assert seen > 40
