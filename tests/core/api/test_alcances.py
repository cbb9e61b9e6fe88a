"""The table of scopes: every route of the API has its row, and every row opens what it says and nothing more."""

from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework.test import APIClient

from core.api.alcances import DESCRIPCIONES, SIN_LLAVE, TABLA, V1, bastan
from core.models import LlaveApi, Registro, Usuario
from tests.core.api.support import error_of
from tests.core.api.test_matrix import TABLE as MATRIX
from tests.core.api.test_matrix import routes
from tests.factories import ClienteFactory, llave_de
from tests.pages import signed_in

SCOPES = ("leer", "clientes", "campanas", "todo")
NEEDS_A_KEY = [row for row in MATRIX if row.route.removeprefix(V1) not in SIN_LLAVE]
# Written out again, as docs/api.md promises them: the scopes that read, and those that write.
READ = {
    "clientes": {"leer", "clientes", "campanas", "todo"},
    "segmentos": {"leer", "clientes", "campanas", "todo"},
    "ventas": {"leer", "clientes", "todo"},
    "plantillas": {"leer", "campanas", "todo"},
    "campanas": {"leer", "campanas", "todo"},
    "remitentes": {"leer", "campanas", "todo"},
    "ajustes": {"leer", "todo"},
    "registro": {"leer", "todo"},
    "llaves": {"leer", "todo"},
}
WRITE = {
    "clientes": {"clientes", "todo"},
    "etiquetas": {"clientes", "todo"},
    "segmentos": {"clientes", "todo"},
    "ventas": {"clientes", "todo"},
    "bajas": {"clientes", "todo"},
    "rne": {"clientes", "todo"},
    "plantillas": {"campanas", "todo"},
    "campanas": {"campanas", "todo"},
    "campanas/vista-previa": {"campanas", "todo"},
    "programaciones": {"campanas", "todo"},
    "ajustes": {"todo"},
    "alertas/ajustes": {"todo"},
    "llaves": {"todo"},
}


def api_routes() -> set[str]:
    return {route.removeprefix(V1) for _, route in routes(get_resolver().url_patterns)}


def test_it_has_a_row_for_every_route() -> None:
    assert api_routes() == TABLA.keys() | SIN_LLAVE


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_leer_reads_every_route_and_todo_does_everything(method: str) -> None:
    for route in TABLA:
        assert {"leer", "todo"} <= set(bastan(method, V1 + route))
        for writing in ("POST", "PUT", "PATCH", "DELETE"):
            assert "todo" in bastan(writing, V1 + route)
            assert "leer" not in bastan(writing, V1 + route)


def test_a_route_without_a_row_is_for_todo_only() -> None:
    assert bastan("GET", "api/v1/nueva/") == bastan("POST", "api/v1/nueva/") == ("todo",)


def test_who_writes_there_reads_there() -> None:
    for route, fila in TABLA.items():
        if fila.escribe != "todo":
            assert fila.escribe in bastan("GET", V1 + route), route


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("scope", SCOPES)
def test_reading(path: str, scope: str, owner: Usuario) -> None:
    client = APIClient(headers={"Authorization": f"Bearer {llave_de(owner, scope)}"})
    answer = client.get(f"/{V1}{path}/")
    if scope in READ[path]:
        assert answer.status_code == 200, answer.content
    else:
        assert_lacks(answer, "leer")


@pytest.mark.parametrize("path", WRITE)
@pytest.mark.parametrize("scope", SCOPES)
def test_writing(path: str, scope: str, owner: Usuario) -> None:
    client = APIClient(headers={"Authorization": f"Token {llave_de(owner, scope)}"})
    call = client.patch if "ajustes" in path else client.post
    answer = call(f"/{V1}{path}/", {"no": "existe"})
    if scope in WRITE[path]:
        assert answer.status_code == 400, answer.content
    else:
        assert_lacks(answer, next(s for s in SCOPES if s in WRITE[path]))


def assert_lacks(answer: Any, scope: str) -> None:
    error = error_of(answer, 403)
    assert (error["code"], error["attr"]) == ("insufficient_scope", None)
    assert f"«{scope}»" in error["detail"]


@pytest.mark.parametrize("row", NEEDS_A_KEY, ids=lambda row: f"{row.method} {row.route}")
def test_no_view_lets_a_key_without_the_scope_in(row: Any, owner: Usuario) -> None:
    """Views name authentication and permissions of their own: none forgets the scope."""
    enough = bastan(row.method.upper(), row.route)
    lacking = [scope for scope in SCOPES if scope not in enough]
    for scope in lacking:
        client = APIClient(headers={"Authorization": f"Token {llave_de(owner, scope)}"})
        answer = getattr(client, row.method)("/" + row.route.replace("<int:pk>", "1"), {})
        assert_lacks(answer, enough[0])


def test_a_scope_gives_nobody_more_than_their_role(teammate: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=teammate.creado_por)
    client = APIClient(headers={"Authorization": f"Token {llave_de(teammate, 'todo')}"})
    assert client.get(f"/api/v1/clientes/{cliente.pk}/").status_code == 200
    assert client.post("/api/v1/clientes/", {"nombre": "Ana"}).status_code == 403
    assert client.get("/api/v1/ajustes/").status_code == 403


def test_a_session_has_no_scopes(owner: Usuario) -> None:
    client = signed_in(owner)
    assert client.get("/api/v1/ajustes/").status_code == 200
    assert client.post("/api/v1/clientes/", {"nombre": "Ana"}, content_type="application/json").status_code == 201


@pytest.mark.parametrize("path", sorted(DESCRIPCIONES))
def test_the_description_is_everybodys(path: str, owner: Usuario, settings: Any) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    client = APIClient(headers={"Authorization": f"Bearer {llave_de(owner, 'clientes')}"})
    assert client.get(f"/{path}").status_code == 200


def test_a_refused_scope_is_written_down_once_a_minute(owner: Usuario) -> None:
    client = APIClient(headers={"Authorization": f"Token {llave_de(owner, 'leer')}"})
    for _ in range(3):
        assert client.post("/api/v1/clientes/", {"nombre": "Ana"}).status_code == 403
    row = Registro.objects.get()
    assert (row.tipo, row.quien, row.tienda_id, row.via) == ("llave_negada", "duena", owner.pk, "api")
    assert row.detalle.startswith(f"{LlaveApi.objects.get()}: POST /api/v1/clientes/: ")
    assert "«clientes»" in row.detalle
