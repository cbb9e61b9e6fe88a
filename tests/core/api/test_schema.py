"""The OpenAPI description is valid, whole, and true: real answers validate against it."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from openapi_spec_validator import validate
from rest_framework.test import APIClient

from core.models import Usuario
from tests.campaigns.support import finished_campana, running_campana
from tests.core.api.test_matrix import TABLE
from tests.factories import CampanaFactory, ClienteFactory, PlantillaFactory

Node = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Node:
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    loaded: Node = yaml.safe_load(out.getvalue())
    return loaded


def operations(schema: Node) -> Iterator[tuple[str, str, Node]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def translated(node: Any) -> Any:
    """OpenAPI 3.0 in the words of JSON Schema: `nullable` is a type, and a `$ref` may lie beside it."""
    if isinstance(node, list):
        return [translated(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: translated(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") else made


def problems(schema: Node, part: Node, value: object) -> list[str]:
    whole = translated({**part, "components": schema["components"]})
    checker = Draft202012Validator(whole, format_checker=FormatChecker(["date-time"]))
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(value)]


def test_it_is_valid_openapi(schema: Node) -> None:
    validate(schema)


def test_it_describes_every_route_of_the_table(schema: Node) -> None:
    described = {(method, path) for method, path, _ in operations(schema)}
    assert described == {(row.method, "/" + row.route.replace("<int:pk>", "{id}")) for row in TABLE}


def test_every_operation_has_its_own_name_and_summary(schema: Node) -> None:
    summaries = [operation.get("summary", "") for _, _, operation in operations(schema)]
    assert all(summaries)
    assert len(set(summaries)) == len(summaries)
    assert len({operation["operationId"] for _, _, operation in operations(schema)}) == len(summaries)


def test_every_operation_says_which_errors_it_answers(schema: Node) -> None:
    for method, path, operation in operations(schema):
        errors = {status for status in operation["responses"] if status >= "4"}
        expected = {"429"}
        if "auth/token" not in path:
            expected |= {"401", "403"}
        if "{id}" in path:
            expected.add("404")
        if "requestBody" in operation:
            expected |= {"400", "413", "415"}
        assert expected <= errors, (method, path)
        for status in errors:
            content = operation["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/v1/campanas/"),
        ("post", "/api/v1/campanas/{id}/pausar/"),
        ("post", "/api/v1/campanas/{id}/reanudar/"),
        ("post", "/api/v1/campanas/{id}/cancelar/"),
        ("post", "/api/v1/campanas/{id}/reintentar/"),
        ("delete", "/api/v1/clientes/{id}/"),
        ("delete", "/api/v1/etiquetas/{id}/"),
        ("delete", "/api/v1/segmentos/{id}/"),
        ("delete", "/api/v1/plantillas/{id}/"),
        ("post", "/api/v1/programaciones/{id}/pausar/"),
        ("post", "/api/v1/programaciones/{id}/reanudar/"),
        ("post", "/api/v1/programaciones/{id}/ejecutar/"),
    ],
)
def test_it_tells_of_conflicts(schema: Node, method: str, path: str) -> None:
    assert "409" in schema["paths"][path][method]["responses"]


def test_every_example_validates(schema: Node) -> None:
    seen = 0
    for method, path, operation in operations(schema):
        contents = [("body", operation.get("requestBody", {}).get("content", {}))]
        contents += [(status, answer.get("content", {})) for status, answer in operation["responses"].items()]
        for where, content in contents:
            for media in content.values():
                for name, example in media.get("examples", {}).items():
                    seen += 1
                    assert problems(schema, media["schema"], example["value"]) == [], (method, path, where, name)
    assert seen > 30


def test_every_body_and_every_answer_has_an_example(schema: Node) -> None:
    for method, path, operation in operations(schema):
        contents = [operation["requestBody"]["content"]] if "requestBody" in operation else []
        contents += [a["content"] for s, a in operation["responses"].items() if s < "3" and "content" in a]
        for content in contents:
            assert content["application/json"].get("examples"), (method, path)


@pytest.fixture
def says(schema: Node, api: APIClient) -> Any:
    """Calls, and holds the answer against what the description says of it."""

    def call(method: str, path: str, template: str | None = None, body: object = None, **headers: Any) -> Any:
        response = getattr(api, method)(path, body, **headers)
        operation = schema["paths"][template or path][method]
        assert str(response.status_code) in operation["responses"], (response.status_code, response.content)
        answer = operation["responses"][str(response.status_code)]
        if "content" not in answer:
            assert response.content == b""
            return None
        value = response.json()
        assert problems(schema, answer["content"]["application/json"]["schema"], value) == []
        return value

    return call


CAMPANAS, CLIENTES, PLANTILLAS = "/api/v1/campanas/", "/api/v1/clientes/", "/api/v1/plantillas/"
PROGRAMACIONES = "/api/v1/programaciones/"


def test_campaigns_answer_as_described(says: Any, owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    body = {"mensaje": "Hola", "cliente_ids": [cliente.pk]}
    made = says("post", CAMPANAS, body=body, HTTP_IDEMPOTENCY_KEY="k")
    says("post", CAMPANAS, body=body, HTTP_IDEMPOTENCY_KEY="k")
    says("post", CAMPANAS, body={**body, "mensaje": "x"}, HTTP_IDEMPOTENCY_KEY="k")  # 409
    wrong: list[object] = [{}, [], {**body, "cliente_ids": ["x"]}, {**body, "x": 1}, {**body, "cliente_ids": [0]}]
    for bad in wrong:
        says("post", CAMPANAS, body=bad)  # 400
    running, finished = running_campana(owner), finished_campana(owner)
    says("get", CAMPANAS)
    for campana in (made["id"], running.pk, finished.pk, 0):
        says("get", f"{CAMPANAS}{campana}/", CAMPANAS + "{id}/")
        says("get", f"{CAMPANAS}{campana}/progreso/", CAMPANAS + "{id}/progreso/")
        says("get", f"{CAMPANAS}{campana}/logs/", CAMPANAS + "{id}/logs/")
    for action in ("pausar", "reanudar", "cancelar", "cancelar", "reintentar"):
        says("post", f"{CAMPANAS}{running.pk}/{action}/", CAMPANAS + "{id}/" + action + "/")


def test_clients_answer_as_described(says: Any, owner: Usuario) -> None:
    made = says("post", CLIENTES, body={"nombre": "Ana", "telefono": "3001234567"})
    says("post", CLIENTES, body={"nombre": ""})
    says("get", CLIENTES)
    path, template = f"{CLIENTES}{made['id']}/", CLIENTES + "{id}/"
    for method, body in (("get", None), ("put", {"nombre": "B"}), ("patch", {"activo": False}), ("patch", {"x": 1})):
        says(method, path, template, body)
    says("delete", path, template)
    says("delete", path, template)  # 404


def test_templates_answer_as_described(says: Any, owner: Usuario) -> None:
    pk = PlantillaFactory.create(usuario=owner).pk
    CampanaFactory.create(usuario=owner, plantilla_id=pk)
    says("post", PLANTILLAS, body={"nombre": "A", "mensaje": "{nombre}"})
    says("post", PLANTILLAS, body={"nombre": "A", "mensaje": "{x}"})
    says("get", PLANTILLAS)
    path, template = f"{PLANTILLAS}{pk}/", PLANTILLAS + "{id}/"
    for method, body in (("get", None), ("put", {"nombre": "B", "mensaje": "C"}), ("patch", {"activo": False})):
        says(method, path, template, body)
    says("delete", path, template)


def test_settings_answer_as_described(says: Any) -> None:
    path = "/api/v1/ajustes/"
    says("get", path)
    says("patch", path, body={"ventanas": {"sabado": None}, "dias_cerrados": ["2026-12-24"]})
    says("patch", path, body={"zona_horaria": "x"})
    says("get", path + "historial/")


def test_recurring_campaigns_answer_as_described(says: Any, owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    body = {"nombre": "A", "mensaje": "{nombre}", "audiencia": {"todos": True}, "frecuencia": "diaria", "hora": "09:00"}
    made = says("post", PROGRAMACIONES, body=body)
    says("post", PROGRAMACIONES, body={**body, "hora": None})  # 400
    says("get", PROGRAMACIONES)
    path, template = f"{PROGRAMACIONES}{made['id']}/", PROGRAMACIONES + "{id}/"
    weekly = {**body, "frecuencia": "semanal", "dias": [1], "audiencia": {"cliente_ids": [cliente.pk]}}
    for method, change in (("get", None), ("put", weekly), ("patch", {"nombre": "B"}), ("patch", {"x": 1})):
        says(method, path, template, change)
    for action in ("ejecutar", "pausar", "pausar", "reanudar", "reanudar"):
        says("post", f"{path}{action}/", f"{template}{action}/")
    says("get", f"{path}ocurrencias/", f"{template}ocurrencias/")
    says("delete", path, template)
    says("delete", path, template)  # 404


def test_signing_in_answers_as_described(says: Any, owner: Usuario) -> None:
    says("post", "/api/v1/auth/token/", body={"username": "duena", "password": "clave-de-prueba"})
    says("post", "/api/v1/auth/token/", body={"username": "duena", "password": "x"})


def test_the_check_itself_notices(schema: Node) -> None:
    """A validator that finds nothing would pass everything above."""
    part = {"$ref": "#/components/schemas/Progreso"}
    assert problems(schema, part, {"id": "x"})
    log = {"$ref": "#/components/schemas/SMSLog"}
    assert any("entrega" in problem for problem in problems(schema, log, {"entrega": "volando"}))


def test_it_is_served(db: None, schema: Node) -> None:
    response = APIClient().get("/api/schema/")
    assert response["Content-Type"].startswith("application/vnd.oai.openapi")
    assert yaml.safe_load(response.content)["paths"].keys() == schema["paths"].keys()
