"""POST /api/v1/campanas/: what it stores, and that nothing is sent inside the request."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from campaigns.audiencia import seleccion
from campaigns.audiencia.medida import medir
from campaigns.models import CampanaSMS, Lote, SMSLog
from clientes.models import Cliente
from core import nudges
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of, row_counts
from tests.factories import ClienteFactory, PlantillaFactory
from tests.ports import silent

URL = "/api/v1/campanas/"


def make_clientes(owner: Usuario, count: int, **fields: Any) -> list[int]:
    rows = [Cliente(usuario=owner, nombre=f"Cliente {n}", **fields) for n in range(count)]
    return [cliente.pk for cliente in Cliente.objects.bulk_create(rows, batch_size=10_000)]


def make_many(owner: Usuario, count: int) -> list[int]:
    """Make clients of one name, by one statement."""
    [first] = make_clientes(owner, 1)
    columns = ", ".join(str(f.column) for f in Cliente._meta.concrete_fields if not f.primary_key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO clientes_cliente ({columns}) SELECT {columns} FROM clientes_cliente, generate_series(2, %s)"
            " WHERE id = %s RETURNING id",
            [count, first],
        )
        return [first, *(pk for (pk,) in cursor.fetchall())]


def frozen(campana_id: int) -> list[list[int]]:
    lotes = Lote.objects.filter(campana_id=campana_id).order_by("numero")
    assert [lote.numero for lote in lotes] == list(range(1, len(lotes) + 1))
    assert {lote.estado for lote in lotes} == {"pendiente"}
    assert all(lote.total == len(lote.cliente_ids) for lote in lotes)
    return [lote.cliente_ids for lote in lotes]


def test_it_works(api: APIClient, owner: Usuario) -> None:
    ids = make_clientes(owner, 3)
    response = api.post(URL, {"nombre": "Promoción Marzo", "mensaje": "Hola {nombre}", "cliente_ids": ids})
    assert response.status_code == 201
    campana = CampanaSMS.objects.get()
    body = response.json()
    assert body.pop("creado")
    assert body == {
        "id": campana.pk,
        "nombre": "Promoción Marzo",
        "mensaje": "Hola {nombre}",
        "plantilla": None,
        "remitente": None,
        "clase": "promocional",
        "clase_motivo": "",
        "estado": "pendiente",
        "aprobacion": "",
        "motivo": "",
        "total_clientes": 3,
        "enviados_exitosos": 0,
        "enviados_fallidos": 0,
        "resultado": {"enviados": 0, "no_enviados": 0, "excluidos": 0, "fallidos": 0},
        "programada_para": None,
        "iniciado_en": None,
        "vence_en": None,
        "completado_en": None,
        "espera_hasta": None,
        "reanuda_en": None,
        "prueba": False,
        "respuesta_a": None,
        "automatica": False,
        "progreso_url": f"http://testserver{URL}{campana.pk}/progreso/",
        "logs_url": f"http://testserver{URL}{campana.pk}/logs/",
    }
    assert (campana.usuario, campana.idempotency_key) == (owner, None)
    assert "Idempotent-Replayed" not in response
    assert frozen(campana.pk) == [ids]
    for url in (body["progreso_url"], body["logs_url"]):
        assert api.get(url).status_code == 200


def test_it_names_a_campaign_without_a_name_by_its_date(api: APIClient, owner: Usuario, time_machine: Any) -> None:
    time_machine.move_to("2026-03-15T23:30:00-05:00", tick=False)
    body = {"mensaje": "Hola", "cliente_ids": make_clientes(owner, 1)}
    assert api.post(URL, body).json()["nombre"] == "Campaña 2026-03-15 23:30"  # the shop's clock, not UTC's


def test_it_takes_a_template(api: APIClient, owner: Usuario) -> None:
    plantilla = PlantillaFactory.create(usuario=owner, mensaje=" Hola {nombre} \n")
    response = api.post(URL, {"plantilla": plantilla.pk, "cliente_ids": make_clientes(owner, 1)})
    assert (response.status_code, response.json()["plantilla"]) == (201, plantilla.pk)
    plantilla.mensaje = "otro"
    plantilla.save(update_fields=["mensaje"])
    assert CampanaSMS.objects.get().mensaje == " Hola {nombre} \n"  # as it was, to the last space


def test_it_takes_all_active_clients_in_order(api: APIClient, owner: Usuario) -> None:
    ids = make_clientes(owner, 5)
    Cliente.objects.filter(pk=ids[2]).update(activo=False)
    ClienteFactory.create()  # another shop's
    response = api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}})
    assert response.json()["total_clientes"] == 4
    assert frozen(response.json()["id"]) == [[*ids[:2], *ids[3:]]]


def test_it_keeps_the_order_and_drops_repetitions(api: APIClient, owner: Usuario) -> None:
    a, b, c = make_clientes(owner, 3)
    response = api.post(URL, {"mensaje": "Hola", "cliente_ids": [c, a, c, b, a, c]})
    assert response.json()["total_clientes"] == 3
    assert frozen(response.json()["id"]) == [[c, a, b]]


def test_it_takes_a_chosen_client_that_is_inactive(api: APIClient, owner: Usuario) -> None:
    """It is no silent skip: the engine gives this recipient a row, failed, with the reason."""
    (pk,) = make_clientes(owner, 1, activo=False)
    assert api.post(URL, {"mensaje": "Hola", "cliente_ids": [pk]}).status_code == 201


def test_it_freezes_the_audience(api: APIClient, owner: Usuario) -> None:
    ids = make_clientes(owner, 2)
    response = api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}})
    make_clientes(owner, 3)
    Cliente.objects.filter(pk=ids[0]).delete()
    assert frozen(response.json()["id"]) == [ids]
    assert api.get(response.json()["progreso_url"]).json()["total"] == 2


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (4, [4]), (5, [5]), (6, [5, 1]), (10, [5, 5]), (11, [5, 5, 1])])
@pytest.mark.parametrize("todos", [False, True], ids=["ids", "todos"])
def test_it_cuts_lotes_of_lote_size(
    api: APIClient, owner: Usuario, settings: Any, count: int, sizes: list[int], todos: bool
) -> None:
    settings.LOTE_SIZE = 5
    ids = make_clientes(owner, count)[:: 1 if todos else -1]
    who = {"audiencia": {"todos": True}} if todos else {"cliente_ids": ids}
    response = api.post(URL, {"mensaje": "Hola", **who})
    lotes = frozen(response.json()["id"])
    assert [len(lote) for lote in lotes] == sizes
    assert [pk for lote in lotes for pk in lote] == ids


def test_it_takes_100_000_ids_and_not_one_more(api: APIClient, owner: Usuario) -> None:
    ids = make_many(owner, 100_001)
    refused = api.post(URL, {"mensaje": "Hola {nombre}", "cliente_ids": ids})
    assert error_of(refused, 400)["detail"] == seleccion.DEMASIADOS
    assert not CampanaSMS.objects.exists()
    with CaptureQueriesContext(connection) as queries:
        response = api.post(URL, {"mensaje": "Hola {nombre}", "cliente_ids": ids[:100_000]})
    assert len(queries) < 50  # this is no place for a loop over the ids
    assert response.json()["total_clientes"] == 100_000
    assert [pk for lote in frozen(response.json()["id"]) for pk in lote] == ids[:100_000]
    todos = api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}})
    assert todos.json()["total_clientes"] == 100_001


def test_it_writes_no_row_per_recipient(
    api: APIClient, owner: Usuario, django_assert_max_num_queries: Any, settings: Any
) -> None:
    settings.LOTE_SIZE = 10
    ids = make_clientes(owner, 100)
    before = row_counts()
    # the audience, the campaign, its Lotes, what happened, the shop's settings; two for the savepoint
    with django_assert_max_num_queries(7):
        api.post(URL, {"mensaje": "Hola", "cliente_ids": ids})
    after = row_counts()
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert changed == {"campaigns.CampanaSMS": 1, "campaigns.Lote": 10, "campaigns.Suceso": 1}
    assert not SMSLog.objects.exists()


def test_it_announces_the_campaign_only_once_it_is_committed(
    api: APIClient, owner: Usuario, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: sent.append((name, args)))
    with django_capture_on_commit_callbacks() as callbacks:
        pk = api.post(URL, {"mensaje": "Hola", "cliente_ids": make_clientes(owner, 1)}).json()["id"]
        assert sent == []
    for callback in callbacks:
        callback()
    assert sent == [("workers.avanzar_campana", [pk])]


@pytest.mark.django_db(transaction=True)
def test_it_leaves_nothing_behind_when_the_freeze_fails(api: APIClient, owner: Usuario, monkeypatch: Any) -> None:
    ids = make_clientes(owner, 2)
    real = seleccion.congelar

    def fail(*args: Any, **kwargs: Any) -> int:
        real(*args, **kwargs)
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(seleccion, "congelar", fail)
    monkeypatch.setattr(nudges, "_send", lambda *task: pytest.fail("announced what was never stored"))
    before = row_counts()
    with pytest.raises(RuntimeError):
        api.post(URL, {"mensaje": "Hola", "cliente_ids": ids})
    assert row_counts() == before


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a Python socket connects to."""
    seen: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        seen.append(address)
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return seen


@pytest.mark.django_db(transaction=True)
def test_it_speaks_to_nobody_but_the_broker(
    api: APIClient, owner: Usuario, settings: Any, addresses: list[Any]
) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    assert api.post(URL, {"mensaje": "Hola", "cliente_ids": make_clientes(owner, 1)}).status_code == 201
    broker = settings.REDIS_URL.removeprefix("unix://").partition("?")[0]
    assert set(addresses) == {broker}


@pytest.fixture
def broker() -> Iterator[Callable[[str], None]]:
    """Sets the broker's address for one test."""
    conf: Any = current_app.conf
    real = conf.broker_url
    yield lambda url: setattr(conf, "broker_url", url)
    conf.broker_url = real


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/valkey.sock", "redis://nowhere.invalid/0"]
)
def test_it_works_while_the_broker_is_down(api: APIClient, owner: Usuario, broker: Any, url: str) -> None:
    broker(url)
    ids = make_clientes(owner, 1)
    response = api.post(URL, {"mensaje": "Hola", "cliente_ids": ids})
    assert response.status_code == 201
    assert frozen(response.json()["id"]) == [ids]


@pytest.mark.django_db(transaction=True)
def test_it_works_while_the_broker_stalls(api: APIClient, owner: Usuario, broker: Any) -> None:
    """The broker takes the connection and never answers."""
    with silent() as port:
        broker(f"redis://127.0.0.1:{port}/0")
        ids = make_clientes(owner, 1)
        assert api.post(URL, {"mensaje": "Hola", "cliente_ids": ids}).status_code == 201


def test_it_counts_clients_that_left_between_the_count_and_the_freeze(
    api: APIClient, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_clientes(owner, 3)
    real = medir

    def then_one_leaves(*args: Any, **kwargs: Any) -> Any:
        medida = real(*args, **kwargs)
        Cliente.objects.filter(pk=ids[0]).delete()
        return medida

    monkeypatch.setattr("campaigns.campana.services.medir", then_one_leaves)
    response = api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}})
    assert response.json()["total_clientes"] == 2
    assert frozen(response.json()["id"]) == [ids[1:]]


def test_it_rejects_an_audience_that_emptied_meanwhile(api: APIClient, owner: Usuario, monkeypatch: Any) -> None:
    make_clientes(owner, 1)
    real = medir

    def then_all_leave(*args: Any, **kwargs: Any) -> Any:
        medida = real(*args, **kwargs)
        Cliente.objects.all().delete()
        return medida

    monkeypatch.setattr("campaigns.campana.services.medir", then_all_leave)
    error = error_of(api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}}), 400)
    assert (error["attr"], error["code"]) == ("audiencia", "empty")
    assert not CampanaSMS.objects.exists()


def test_a_vendedors_admin_owns_nothing_of_another_shop(owner: Usuario, stranger: Usuario) -> None:
    """«Todos» of one shop holds no client of another."""
    make_clientes(owner, 2)
    mine = ClienteFactory.create(usuario=stranger)
    response = signed_in(stranger).post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}})
    assert frozen(response.json()["id"]) == [[mine.pk]]


def test_its_estado_in_the_database_is_pendiente(api: APIClient, owner: Usuario) -> None:
    pk = api.post(URL, {"mensaje": "Hola", "cliente_ids": make_clientes(owner, 1)}).json()["id"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT estado, iniciado_en, completado_en FROM campaigns_campanasms WHERE id = %s", [pk])
        assert cursor.fetchone() == ("pendiente", None, None)
