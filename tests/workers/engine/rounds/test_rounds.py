"""The work of the timers: in time, once, and with or without the broker."""

from datetime import timedelta
from functools import partial

import pytest
from django.db.models.functions import Now
from django.test import override_settings
from kombu.exceptions import OperationalError

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running
from workers.alerts import deliver, stalls
from workers.engine.lote import entregas, publishing
from workers.engine.lote.due import Due
from workers.engine.message import reconciler
from workers.engine.rounds import rounds, sweeper, turns
from workers.models import Turno

pytestmark = pytest.mark.django_db(transaction=True)  # advisory locks belong to sessions
LONG_AGO = Now() - timedelta(hours=1)
NO_BROKER = override_settings(REDIS_URL="redis://127.0.0.1:1/0")


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lotes that were published, instead of a broker that no worker reads."""
    published: list[int] = []
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: published.append(due.lote_id))
    return published


def swept_just_now() -> None:
    assert turns.take(turns.SWEEP, every=5.0)


def publish(lote: Lote, *, after: timedelta) -> None:
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=Now() + after)


def test_two_timers_and_beat_sweep_once(running: Running) -> None:
    assert rounds.sweep() is not None
    assert rounds.sweep() is None
    Turno.objects.update(tomado_en=LONG_AGO)
    assert rounds.sweep() is not None


def test_a_round_sweeps_when_it_is_due_and_sleeps_until_then(running: Running) -> None:
    SMSLog.objects.update(estado="enviando", token="0" * 32, lease_hasta=LONG_AGO)
    swept_just_now()
    assert rounds.sweep_round() <= rounds.LOOK_S
    assert SMSLog.objects.filter(estado="incierto").count() == 0
    Turno.objects.update(tomado_en=LONG_AGO)
    assert 0.0 < rounds.sweep_round() <= rounds.LOOK_S
    assert SMSLog.objects.filter(estado="incierto").count() == 3


def test_it_publishes_in_time_between_two_sweeps(running: Running, broker: list[int]) -> None:
    publish(running.lote, after=timedelta(milliseconds=300))
    pause = rounds.publish_round()
    assert broker == []
    assert 0.0 < pause <= 0.3
    publish(running.lote, after=timedelta(0))
    assert rounds.publish_round() == 0.0  # what follows may be due
    assert rounds.publish_round() == rounds.LOOK_S
    assert broker == [running.lote.pk]
    running.reload()
    assert running.lote.publicar_desde is None


@pytest.mark.parametrize("estado", ["pendiente", "pausado", "cancelado"])
def test_it_neither_publishes_nor_wakes_for_a_campaign_that_does_not_run(
    running: Running, broker: list[int], estado: str
) -> None:
    CampanaSMS.objects.update(estado=estado)
    publish(running.lote, after=timedelta(milliseconds=300))
    assert rounds.publish_round() == rounds.LOOK_S
    publish(running.lote, after=timedelta(0))
    assert rounds.publish_round() == rounds.LOOK_S
    assert broker == []


@NO_BROKER
def test_it_does_everything_else_while_the_broker_is_down(running: Running, broker: list[int], owner: Usuario) -> None:
    publish(running.lote, after=timedelta(0))
    ended = CampanaFactory.create(usuario=owner, estado="procesando")
    cliente = ClienteFactory.create(usuario=owner)
    sms_log(ended, open_lote(ended, [cliente]), cliente, estado="enviado", twilio_sid="SM1")
    lost = running.logs[0]
    SMSLog.objects.filter(pk=lost.pk).update(estado="enviando", token="0" * 32, lease_hasta=LONG_AGO)
    assert rounds.publish_round() == rounds.LOOK_S  # it does not spin on what it cannot publish
    rounds.sweep_round()
    running.reload()
    assert lost.estado == "incierto"
    assert running.lote.publicar_desde is not None
    ended.refresh_from_db()
    assert ended.estado == "completado"
    assert broker == []


def test_a_broker_that_fails_while_publishing_fails_once_for_all_campaigns(
    running: Running, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each failure may take as long as the broker's timeouts: twenty campaigns in turn would take minutes."""
    tried: list[int] = []

    def fail(due: Due, *, most: int) -> None:
        tried.append(due.lote_id)
        raise OperationalError("gone")

    monkeypatch.setattr(publishing, "_publish", fail)
    publish(running.lote, after=timedelta(0))
    for _ in range(3):
        campana = CampanaFactory.create(usuario=owner, estado="procesando")
        cliente = ClienteFactory.create(usuario=owner)
        lote = open_lote(campana, [cliente])
        sms_log(campana, lote, cliente)
        publish(lote, after=timedelta(0))
    sweeper.publish_due()
    assert len(tried) == 1
    sweeper.sweep()
    assert len(tried) == 2
    # What was not tried stays due; what failed is tried again after a pause.
    assert Lote.objects.exclude(publicar_desde=None).count() == 4


def test_it_does_not_spin_on_a_campaign_in_trouble(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(due: Due, *, most: int) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(publishing, "_publish", fail)
    publish(running.lote, after=timedelta(0))
    assert rounds.publish_round() == rounds.LOOK_S


def test_it_opens_and_publishes_what_it_finds_when_the_broker_is_back(running: Running, broker: list[int]) -> None:
    publish(running.lote, after=timedelta(0))
    with NO_BROKER:
        rounds.publish_round()
    assert broker == []
    rounds.publish_round()
    assert broker == [running.lote.pk]


def test_reconciling_is_somebodys_turn_too(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def reconcile() -> int:
        calls.append(1)
        return 7

    monkeypatch.setattr(reconciler, "reconcile", reconcile)
    assert rounds.reconcile() == 7
    assert rounds.reconcile() == 0
    assert rounds.reconcile_round() > 0.0
    assert len(calls) == 1
    Turno.objects.update(tomado_en=LONG_AGO)
    rounds.reconcile_round()
    assert len(calls) == 2


def test_deliveries_stalls_and_alerts_each_have_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for module, name in ((entregas, "contar"), (stalls, "report"), (deliver, "deliver")):
        monkeypatch.setattr(module, name, partial(calls.append, name))
    for _ in range(2):
        assert 0.0 < rounds.deliveries_round() <= rounds.DELIVERIES_S
        assert 0.0 < rounds.alerts_round() <= rounds.ALERTS_S
    assert calls == ["contar", "report", "deliver"]
    Turno.objects.exclude(tarea=turns.STALLS).update(tomado_en=LONG_AGO)
    rounds.deliveries_round()
    rounds.alerts_round()
    assert calls[3:] == ["contar", "deliver"]
