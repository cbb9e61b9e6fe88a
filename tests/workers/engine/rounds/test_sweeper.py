from datetime import timedelta
from unittest.mock import Mock

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db.models.functions import Now
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampanaSMS, Lote, SMSLog
from core import queues
from core.models import Usuario
from tests.factories import EACH_ITS_SID, CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running, take, write
from workers.engine.base import locks
from workers.engine.lote import publishing
from workers.engine.lote.due import Due
from workers.engine.message.ledger import NotPosted
from workers.engine.publish.slices import Slice
from workers.engine.rounds import sweeper
from workers.models import Arriendo

pytestmark = pytest.mark.django_db(transaction=True)  # advisory locks belong to sessions
LONG_AGO = Now() - timedelta(hours=1)


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lotes that were published, instead of a broker that no worker reads."""
    published: list[int] = []

    def publish(due: Due, *, most: int) -> Slice:
        published.append(due.lote_id)
        return Slice([1])

    monkeypatch.setattr(publishing, "_publish", publish)
    return published


def stand_still(running: Running) -> None:
    SMSLog.objects.filter(lote=running.lote).update(actualizado=LONG_AGO)
    Lote.objects.filter(pk=running.lote.pk).update(publicado_en=LONG_AGO)


def test_it_publishes_again_a_lote_whose_tasks_are_gone(running: Running, broker: list[int]) -> None:
    stand_still(running)
    found = sweeper.sweep()
    assert found is not None
    assert (found.lost, broker) == (1, [running.lote.pk])
    found = sweeper.sweep()
    assert found is not None
    assert (found.lost, len(broker)) == (0, 1)


def test_it_leaves_a_lote_alone_that_moved_lately(running: Running, broker: list[int]) -> None:
    stand_still(running)
    SMSLog.objects.filter(pk=running.logs[0].pk).update(actualizado=Now())
    sweeper.sweep()
    assert broker == []


def test_it_publishes_nothing_of_a_paused_campaign(running: Running, broker: list[int]) -> None:
    stand_still(running)
    CampanaSMS.objects.update(estado="pausado")
    sweeper.sweep()
    assert broker == []


def test_it_ends_a_campaign_whose_callback_was_lost(running: Running) -> None:
    SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID)
    sweeper.sweep()
    running.reload()
    assert (running.lote.estado, running.campana.estado) == ("cerrado", "completado")


@pytest.mark.patient
def test_it_leaves_a_lote_that_ended_just_now_to_its_chord(running: Running) -> None:
    SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID, actualizado=LONG_AGO)
    SMSLog.objects.filter(pk=running.logs[0].pk).update(actualizado=Now())
    found = sweeper.sweep()
    running.reload()
    assert found is not None
    assert (found.closed, running.lote.estado) == (0, "abierto")
    SMSLog.objects.update(actualizado=Now() - timedelta(seconds=sweeper.patience_s() + 1))
    sweeper.sweep()
    running.reload()
    assert (running.lote.estado, running.campana.estado) == ("cerrado", "completado")


@pytest.mark.patient
def test_it_waits_for_no_chord_when_what_ended_is_in_doubt(running: Running) -> None:
    SMSLog.objects.update(estado="incierto", actualizado=Now())
    sweeper.sweep()
    running.reload()
    assert running.lote.estado == "por_conciliar"


def test_it_closes_a_lote_when_its_last_uncertain_row_is_settled(running: Running) -> None:
    SMSLog.objects.update(estado="incierto")
    sweeper.sweep()
    running.reload()
    assert running.lote.estado == "por_conciliar"
    SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID)
    sweeper.sweep()
    running.reload()
    assert running.campana.estado == "completado"


def test_it_opens_again_a_lote_whose_late_worker_gave_a_row_back(running: Running, broker: list[int]) -> None:
    """The lease ran out and the Lote left the window; then the stopped worker woke and had not POSTed."""
    claim = take(running.logs[0].pk)
    assert claim is not None
    SMSLog.objects.exclude(pk=claim.log_id).update(estado="enviado", twilio_sid=EACH_ITS_SID)
    SMSLog.objects.filter(pk=claim.log_id).update(lease_hasta=LONG_AGO)
    sweeper.sweep()
    running.reload()
    assert running.lote.estado == "por_conciliar"
    assert write(claim, NotPosted())
    sweeper.sweep()
    running.reload()
    assert running.lote.estado == "abierto"
    assert running.lote.publicar_desde is not None


@pytest.mark.parametrize("estado", ["abierto", "por_conciliar"])
def test_it_closes_a_lote_that_was_to_be_published_and_has_nothing_left(running: Running, estado: str) -> None:
    """A copy of a task sent the rows that were to be published again."""
    Lote.objects.update(estado=estado, publicar_desde=Now() + timedelta(minutes=5))
    SMSLog.objects.update(estado="incierto")
    sweeper.sweep()
    SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID)
    sweeper.sweep()
    running.reload()
    assert (running.lote.estado, running.campana.estado) == ("cerrado", "completado")


def test_a_lote_in_trouble_does_not_keep_it_from_the_others(running: Running, owner: Usuario) -> None:
    SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID)
    healthy = running.campana
    broken = CampanaFactory.create(usuario=owner, total_clientes=2, estado="procesando")
    Lote.objects.create(pk=running.lote.pk - 1, campana=broken, numero=1, cliente_ids=[1, 2], total=2, estado="abierto")
    found = sweeper.sweep()
    assert found is not None
    assert found.closed == 1
    healthy.refresh_from_db()
    assert healthy.estado == "completado"


def test_campaigns_that_only_wait_cost_nothing(
    running: Running, owner: Usuario, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        campana = CampanaFactory.create(usuario=owner, estado="procesando")
        cliente = ClienteFactory.create(usuario=owner)
        sms_log(campana, open_lote(campana, [cliente]), cliente)
    with django_assert_max_num_queries(12):
        found = sweeper.sweep()
    assert found is not None
    assert found.campaigns == 0


@pytest.mark.parametrize(
    ("campana", "lote"),
    [
        ({"estado": "pendiente"}, {"estado": "pendiente"}),
        ({"estado": "cancelado"}, {"estado": "abierto"}),
        ({"estado": "procesando"}, {"estado": "abierto", "publicar_desde": LONG_AGO}),
        ({"estado": "procesando"}, {"estado": "pendiente"}),  # room in the window
        ({"estado": "procesando"}, {"estado": "cerrado", "exitosos": 3, "cerrado_en": LONG_AGO}),  # to be ended
    ],
)
def test_it_sees_every_campaign_that_has_something_to_do(
    running: Running, campana: dict[str, object], lote: dict[str, object]
) -> None:
    CampanaSMS.objects.update(**campana)
    Lote.objects.update(**lote)
    found = sweeper.sweep()
    assert found is not None
    assert found.campaigns == 1


def test_one_sweeps_at_a_time(running: Running) -> None:
    with locks.alone(locks.SWEEP) as held:
        assert held
        assert sweeper.sweep() is None
    assert sweeper.sweep() is not None


def test_it_ends_when_another_has_begun(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was stopped between two campaigns: the other moves them on."""
    moved: list[int] = []
    monkeypatch.setattr(
        "workers.engine.campaign.campana.advance", lambda campana_id, **options: moved.append(campana_id)
    )
    monkeypatch.setattr(
        "campaigns.programaciones.ocurrencias.atender_vencidas", lambda: Arriendo.objects.all().delete()
    )
    CampanaSMS.objects.update(cierra_en=None)
    assert sweeper.sweep() is None
    assert moved == []


def test_many_campaigns_are_handed_to_all_workers_and_what_the_queue_does_not_take_is_moved_on(
    running: Running, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "ALONE", 2)
    moved: list[int] = []
    monkeypatch.setattr(
        "workers.engine.campaign.campana.advance", lambda campana_id, **options: moved.append(campana_id)
    )
    more = CampanaFactory.create_batch(3, usuario=owner, estado="procesando", cierra_en=None)
    CampanaSMS.objects.update(cierra_en=None)
    ids = sorted([running.campana.pk, *(campana.pk for campana in more)])
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(queues.CAMPANAS)
        try:
            found = sweeper.sweep()
            assert found is not None
            assert (found.campaigns, moved, client.llen(queues.CAMPANAS)) == (4, [], 4)
            # Nobody takes them: the next sweep adds nothing, and does it.
            sweeper.sweep()
            assert (moved, client.llen(queues.CAMPANAS)) == (ids, 4)
        finally:
            client.delete(queues.CAMPANAS)
    # A broker that takes the first and no more leaves the others to the sweep.
    moved.clear()
    send = Mock(side_effect=[None, OperationalError("gone")])
    monkeypatch.setattr(current_app, "send_task", send)
    sweeper.sweep()
    assert moved == ids[1:]
