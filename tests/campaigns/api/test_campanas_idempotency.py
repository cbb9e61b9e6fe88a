"""`Idempotency-Key`: one campaign, however often and however late the request is repeated."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from campaigns.models import CampanaSMS, Lote, PlantillaSMS
from clientes.models import Cliente
from core.idempotency import CLAVE_REUTILIZADA
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of, row_counts
from tests.factories import ClienteFactory, PlantillaFactory

URL = "/api/v1/campanas/"


def post(api: APIClient, body: object, key: str) -> Any:
    return api.post(URL, body, HTTP_IDEMPOTENCY_KEY=key)


@pytest.fixture
def body(owner: Usuario) -> dict[str, Any]:
    return {"nombre": "Marzo", "mensaje": "Hola", "cliente_ids": [ClienteFactory.create(usuario=owner).pk]}


def test_it_works(api: APIClient, body: dict[str, Any]) -> None:
    first = post(api, body, "marzo-1")
    before = row_counts()
    again = post(api, body, "marzo-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert row_counts() == before


def test_it_answers_with_the_campaign_as_it_is_now(api: APIClient, body: dict[str, Any]) -> None:
    pk = post(api, body, "k").json()["id"]
    CampanaSMS.objects.update(estado="procesando")
    again = post(api, body, "k").json()
    assert (again["id"], again["estado"]) == (pk, "procesando")


def test_it_makes_another_campaign_for_another_key_or_none(api: APIClient, body: dict[str, Any]) -> None:
    ids = {post(api, body, "a").json()["id"], post(api, body, "b").json()["id"]}
    ids |= {api.post(URL, body).json()["id"], api.post(URL, body).json()["id"]}
    assert len(ids) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"mensaje": "Hola!"},
        {"nombre": "Abril"},
        {"cliente_ids": []},
        {"nombre": "Marzo "},
        {"extra": 1},
    ],
)
def test_it_rejects_the_key_with_another_body(api: APIClient, body: dict[str, Any], change: dict[str, Any]) -> None:
    post(api, body, "k")
    before = row_counts()
    error = error_of(post(api, {**body, **change}, "k"), 409)
    assert (error["code"], error["detail"]) == ("idempotency_key_reused", CLAVE_REUTILIZADA)
    assert row_counts() == before


def test_it_tells_true_from_1_in_the_body(api: APIClient, body: dict[str, Any]) -> None:
    todos: dict[str, Any] = {"mensaje": "Hola", "audiencia": {"todos": True}}
    assert post(api, todos, "k").status_code == 201
    error_of(post(api, {**todos, "audiencia": {"todos": 1}}, "k"), 409)


def test_it_does_not_mind_the_order_of_keys_or_the_spaces(api: APIClient, body: dict[str, Any]) -> None:
    pk = post(api, body, "k").json()["id"]
    text = json.dumps(dict(reversed(body.items())), indent=3)
    again = api.generic("POST", URL, text, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k")
    assert again.json()["id"] == pk


def test_it_minds_the_order_of_the_recipients(api: APIClient, owner: Usuario) -> None:
    ids = [ClienteFactory.create(usuario=owner).pk for _ in range(2)]
    post(api, {"mensaje": "Hola", "cliente_ids": ids}, "k")
    error_of(post(api, {"mensaje": "Hola", "cliente_ids": ids[::-1]}, "k"), 409)


def test_it_is_case_sensitive(api: APIClient, body: dict[str, Any]) -> None:
    assert post(api, body, "Clave").json()["id"] != post(api, body, "clave").json()["id"]


def test_it_is_each_shops_own(api: APIClient, body: dict[str, Any], stranger: Usuario) -> None:
    mine = post(api, body, "k").json()["id"]
    theirs = {"mensaje": "Otra cosa", "cliente_ids": [ClienteFactory.create(usuario=stranger).pk]}
    response = post(signed_in(stranger), theirs, "k")
    assert response.status_code == 201
    assert response.json()["id"] != mine
    assert "Idempotent-Replayed" not in response


@pytest.mark.parametrize("key", ["", "k" * 256, "a\0b", "a\nb", "\x7f"])
def test_it_rejects_a_key_out_of_bounds(api: APIClient, body: dict[str, Any], key: str) -> None:
    error = error_of(post(api, body, key), 400)
    assert error["attr"] == "Idempotency-Key"
    assert not CampanaSMS.objects.exists()


@pytest.mark.parametrize("key", ["k", "k" * 255, "clave con espacios", "ñandú", "'; DROP TABLE --", "{}", "%s"])
def test_it_takes_any_printable_key(api: APIClient, body: dict[str, Any], key: str) -> None:
    assert post(api, body, key).json()["id"] == post(api, body, key).json()["id"]


def test_it_stores_nothing_for_a_refused_request(api: APIClient, body: dict[str, Any]) -> None:
    error_of(post(api, {**body, "mensaje": ""}, "k"), 400)
    assert post(api, body, "k").status_code == 201  # the same key, now with a body that is right


CHANGES: list[Callable[[], object]] = [
    lambda: PlantillaSMS.objects.all().delete(),
    lambda: PlantillaSMS.objects.update(activo=False, mensaje="{otro}"),
    lambda: Cliente.objects.all().delete(),
    lambda: Cliente.objects.update(activo=False, nombre="x" * 150),
]


@pytest.mark.parametrize("change", CHANGES)
def test_it_answers_a_repeat_whatever_has_changed_since(
    api: APIClient, owner: Usuario, change: Callable[[], object]
) -> None:
    plantilla = PlantillaFactory.create(usuario=owner, mensaje="{nombre}" + "x" * 1_500)
    body = {"plantilla": plantilla.pk, "cliente_ids": [ClienteFactory.create(usuario=owner).pk]}
    pk = post(api, body, "k").json()["id"]
    change()
    again = post(api, body, "k")
    assert (again.status_code, again.json()["id"], again["Idempotent-Replayed"]) == (201, pk, "true")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_body", [True, False])
def test_it_makes_one_campaign_of_many_requests_at_once(owner: Usuario, same_body: bool) -> None:
    threads_count = 8
    ids = [ClienteFactory.create(usuario=owner).pk]
    barrier = threading.Barrier(threads_count)
    answers: list[Any] = []

    def one(n: int, key: str) -> None:
        try:
            client = signed_in(owner)
            barrier.wait()
            text = "Hola" if same_body else f"Hola {n}"
            answers.append(post(client, {"mensaje": text, "cliente_ids": ids}, key))
        finally:
            connection.close()

    for key in ("k1", "k2", "k3", "k4", "k5"):
        answers.clear()
        threads = [threading.Thread(target=one, args=[n, key]) for n in range(threads_count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = [answer for answer in answers if answer.status_code == 201]
        campana = CampanaSMS.objects.get(idempotency_key=key)
        assert Lote.objects.filter(campana=campana).count() == 1
        assert len(answers) == threads_count
        assert {answer.json()["id"] for answer in made} == {campana.pk}
        fresh = [answer for answer in made if "Idempotent-Replayed" not in answer]
        assert len(fresh) == 1
        if same_body:
            assert len(made) == threads_count
        else:
            assert len(made) == 1
            for answer in answers:
                if answer.status_code != 201:
                    error_of(answer, 409)
    assert CampanaSMS.objects.count() == 5
