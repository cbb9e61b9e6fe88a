"""POST …/pausar/, …/reanudar/, …/cancelar/, …/reintentar/: the table of moves, and a reason for each refusal."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.campana import reintentos
from campaigns.models import CampanaSMS, Lote
from campaigns.values import estados
from clientes.models import Cliente
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.pages import signed_in as pages

ACTIONS = ["pausar", "reanudar", "cancelar", "reintentar"]
# from the design, not from the code: what each action makes of each estado, None where it is refused
EXPECTED: dict[str, dict[str, str | None]] = {
    "pendiente": {"pausar": None, "reanudar": None, "cancelar": "cancelado", "reintentar": None},
    "procesando": {"pausar": "pausado", "reanudar": None, "cancelar": "cancelado", "reintentar": None},
    "pausado": {"pausar": None, "reanudar": "procesando", "cancelar": "cancelado", "reintentar": None},
    "completado": {"pausar": None, "reanudar": None, "cancelar": None, "reintentar": "procesando"},
    "error": {"pausar": None, "reanudar": None, "cancelar": None, "reintentar": "procesando"},
    "cancelado": {"pausar": None, "reanudar": None, "cancelar": None, "reintentar": None},
}


def campana_in(owner: Usuario, estado: str) -> CampanaSMS:
    final = {"completado": {"enviados_exitosos": 1}, "error": {"enviados_fallidos": 1}}.get(estado)
    ended = {**final, "completado_en": "2026-01-01T00:00:00Z"} if final else {}
    campana = CampanaFactory.create(usuario=owner, estado=estado, **ended)
    if final:
        closed_lote(campana, ClienteFactory.create(usuario=owner))
    return campana


def closed_lote(campana: CampanaSMS, cliente: Cliente, codigo: str = "21408") -> Lote:
    """A Lote whose one recipient failed with this code."""
    lote = open_lote(campana, [cliente])
    sms_log(campana, lote, cliente, estado="fallido", codigo=codigo, error="No se pudo.")
    Lote.objects.filter(pk=lote.pk).update(estado="cerrado", fallidos=1, cerrado_en=Now())
    return lote


def url(campana: CampanaSMS, action: str) -> str:
    return f"/api/v1/campanas/{campana.pk}/{action}/"


def test_the_table_is_whole() -> None:
    assert set(EXPECTED) == set(CampanaSMS.Estado.values) == set(estados.REFUSALS)
    assert set(ACTIONS) == set(estados.MOVES) - {"iniciar"}


def test_a_campaign_that_would_go_on_by_itself_may_be_held(api: APIClient, owner: Usuario) -> None:
    campana = campana_in(owner, "pausado")
    open_lote(campana, [ClienteFactory.create(usuario=owner)])
    CampanaSMS.objects.update(reanuda_en=timezone.now() + timedelta(hours=9), motivo="Llegó al tope.")
    page = f"/campanas/{campana.pk}/"
    assert "Dejar en pausa" in pages(owner).get(page).content.decode()
    body = api.post(url(campana, "pausar")).json()
    assert (body["estado"], body["reanuda_en"], body["motivo"]) == ("pausado", None, "La pausó una persona.")
    assert "Dejar en pausa" not in pages(owner).get(page).content.decode()
    error_of(api.post(url(campana, "pausar")), 409)


@pytest.mark.parametrize("estado", EXPECTED)
@pytest.mark.parametrize("action", ACTIONS)
def test_it_moves_or_says_why_not(api: APIClient, owner: Usuario, estado: str, action: str) -> None:
    campana = campana_in(owner, estado)
    target = EXPECTED[estado][action]
    response = api.post(url(campana, action))
    campana.refresh_from_db()
    if target is None:
        error = error_of(response, 409)
        assert (error["code"], error["attr"]) == ("move_refused", None)
        assert error["detail"] == estados.refusal(action, estado)
        assert estados.REFUSALS[CampanaSMS.Estado(estado)] in error["detail"]
        assert campana.estado == estado
    else:
        assert (response.status_code, response.json()["estado"], campana.estado) == (200, target, target)
        assert response.json()["id"] == campana.pk


def test_it_says_who_stopped_it_and_forgets_it_on_resuming(api: APIClient, owner: Usuario) -> None:
    campana = campana_in(owner, "procesando")
    assert api.post(url(campana, "pausar")).json()["motivo"] == "La pausó una persona."
    assert api.post(url(campana, "reanudar")).json()["motivo"] == ""
    assert api.post(url(campana, "cancelar")).json()["motivo"] == "La canceló una persona."


def test_it_publishes_open_lotes_again_on_resuming(api: APIClient, owner: Usuario) -> None:
    """Their tasks were taken, and did nothing, while the campaign stood still."""
    campana = campana_in(owner, "pausado")
    abierto = open_lote(campana, [])
    pendiente = Lote.objects.create(campana=campana, numero=2, cliente_ids=[], total=1)
    other = open_lote(campana_in(owner, "pausado"), [])
    api.post(url(campana, "reanudar"))
    assert [Lote.objects.get(pk=lote.pk).publicar_desde is not None for lote in (abierto, pendiente, other)] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("action", ACTIONS)
def test_it_tells_the_workers_once_it_is_committed(
    api: APIClient, owner: Usuario, action: str, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    sent: list[list[int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: sent.append(args))
    before = {"reanudar": "pausado", "reintentar": "error"}.get(action, "procesando")
    refused = {"reanudar": "reanudar", "reintentar": "reintentar"}.get(action, "pausar")
    campana = campana_in(owner, before)
    with django_capture_on_commit_callbacks(execute=True):
        api.post(url(campana, action))
        assert sent == []
    assert sent == [[campana.pk]]
    with django_capture_on_commit_callbacks(execute=True):
        error_of(api.post(url(campana, refused)), 409)
    assert sent == [[campana.pk]]


@pytest.mark.parametrize("action", ACTIONS)
def test_it_takes_only_post(api: APIClient, owner: Usuario, action: str) -> None:
    campana = campana_in(owner, "procesando")
    for method in ("get", "put", "patch", "delete"):
        error_of(getattr(api, method)(url(campana, action)), 405)
    campana.refresh_from_db()
    assert campana.estado == "procesando"


@pytest.mark.django_db(transaction=True)
def test_it_moves_once_when_many_ask_at_once(owner: Usuario) -> None:
    campana = campana_in(owner, "procesando")
    barrier = threading.Barrier(6)
    statuses: list[int] = []

    def ask() -> None:
        try:
            client = signed_in(owner)
            barrier.wait()
            statuses.append(client.post(url(campana, "pausar")).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]


@pytest.mark.parametrize("codigo", reintentos.NUNCA)
def test_it_tries_nobody_again_who_may_have_got_it_or_left(api: APIClient, owner: Usuario, codigo: str) -> None:
    campana = CampanaFactory.create(usuario=owner, estado="error", enviados_fallidos=1, completado_en=Now())
    closed_lote(campana, ClienteFactory.create(usuario=owner), codigo)
    error = error_of(api.post(url(campana, "reintentar")), 409)
    assert (error["code"], error["detail"]) == ("move_refused", reintentos.NADA)
    campana.refresh_from_db()
    assert (campana.estado, campana.enviados_fallidos) == ("error", 1)


def test_its_progress_adds_up_at_once_when_the_failed_are_tried_again(api: APIClient, owner: Usuario) -> None:
    campana = campana_in(owner, "error")
    CampanaSMS.objects.filter(pk=campana.pk).update(total_clientes=1)
    assert api.post(url(campana, "reintentar")).status_code == 200
    now = api.get(f"/api/v1/campanas/{campana.pk}/progreso/").json()
    assert (now["total"], now["pendientes"], now["fallidos"]) == (1, 1, 0)
    assert len(api.get(f"/api/v1/campanas/{campana.pk}/logs/").json()["results"]) == 1
