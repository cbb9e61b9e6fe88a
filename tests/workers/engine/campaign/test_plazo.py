"""The deadline: what is left ends, what is under way ends first, and the campaign says so."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import EACH_ITS_SID, CampanaFactory, ClienteFactory
from tests.workers.engine.conftest import Running, take, write
from workers.engine.campaign import campana, plazo
from workers.engine.lote import closing, publishing
from workers.engine.message import ledger
from workers.engine.rounds import sweeper
from workers.gateway.outcomes import Accepted, Retryable

pytestmark = pytest.mark.django_db(transaction=True)  # other threads write too
SID = "SM" + "0" * 32


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lotes that were published, instead of a broker that no worker reads."""
    published: list[int] = []
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: published.append(due.lote_id))
    return published


def expired(running: Running, *, ago: timedelta = timedelta(seconds=1), **fields: object) -> None:
    CampanaSMS.objects.filter(pk=running.campana.pk).update(vence_en=Now() - ago, **fields)


def over() -> timedelta:
    """Return a moment so long after the deadline that nothing is looked up any more."""
    return timedelta(seconds=plazo.grace_s() + 1)


def put(running: Running, *estados: str) -> None:
    for log, estado in zip(running.logs, estados, strict=True):
        SMSLog.objects.filter(pk=log.pk).update(
            estado=estado,
            twilio_sid=f"SM{log.pk}" if estado == "enviado" else "",
            codigo="21211" if estado == "fallido" else "",
            error="Número inválido" if estado == "fallido" else "",
            token=uuid.uuid4(),
            lease_hasta=Now() + timedelta(minutes=1),
        )


def unopened(running: Running, owner: Usuario, count: int) -> list[Lote]:
    total = running.campana.total_clientes
    found = []
    for numero in range(2, 2 + count):
        clientes = ClienteFactory.create_batch(2, usuario=owner)
        total += 2
        ids = [cliente.pk for cliente in clientes]
        found.append(Lote.objects.create(campana=running.campana, numero=numero, cliente_ids=ids, total=2))
    CampanaSMS.objects.filter(pk=running.campana.pk).update(total_clientes=total)
    return found


def sweep() -> None:
    assert sweeper.sweep() is not None


def test_it_is_set_when_the_campaign_starts_and_stays(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    found = CampanaFactory.create(usuario=owner)
    Lote.objects.create(campana=found, numero=1, cliente_ids=[cliente.pk], total=1)
    campana.advance(found.pk)
    found.refresh_from_db()
    assert found.iniciado_en is not None
    assert found.vence_en == found.iniciado_en + timedelta(hours=settings.CAMPAIGN_DEADLINE_H)
    before = found.vence_en
    for estado in ("pausado", "procesando"):
        CampanaSMS.objects.update(estado=estado)
        campana.advance(found.pk)
    found.refresh_from_db()
    assert found.vence_en == before


def test_one_that_is_begun_again_gets_a_new_one(running: Running) -> None:
    """A person who sends to the failed ones again takes the old deadline away."""
    long_ago = timezone.now() - timedelta(days=30)
    CampanaSMS.objects.update(iniciado_en=long_ago, vence_en=None)
    campana.advance(running.campana.pk)
    running.reload()
    assert running.campana.iniciado_en == long_ago
    assert running.campana.vence_en is not None
    assert running.campana.vence_en > timezone.now() + timedelta(hours=settings.CAMPAIGN_DEADLINE_H - 1)


@pytest.mark.parametrize("estado", ["procesando", "pausado"])
def test_what_was_not_sent_ends_and_the_campaign_says_how_many_were(
    running: Running, owner: Usuario, broker: list[int], estado: str
) -> None:
    put(running, "enviado", "fallido", "pendiente")
    unopened(running, owner, 2)
    expired(running, estado=estado)
    sweep()
    running.reload()
    assert running.campana.estado == "error"
    assert running.campana.motivo == "El plazo de la campaña venció: se enviaron 1 de 7 mensajes."
    assert (running.campana.enviados_exitosos, running.campana.enviados_fallidos) == (1, 6)
    codes = list(SMSLog.objects.order_by("id").values_list("codigo", flat=True))
    assert codes == ["", "21211", *["plazo_vencido"] * 5]
    assert all(SMSLog.objects.filter(estado="fallido").values_list("error", flat=True))
    assert broker == []


def test_nothing_is_claimed_after_it(running: Running) -> None:
    """Tasks that wait in the queue come after the deadline, and before the sweep."""
    expired(running)
    assert take(running.logs[0].pk) is None
    CampanaSMS.objects.update(vence_en=Now() + timedelta(minutes=1))
    assert take(running.logs[0].pk) is not None


@pytest.mark.parametrize(("outcome", "estado"), [(Accepted(SID, "queued", 1), "completado"), (None, "error")])
def test_a_call_that_is_under_way_ends_first(running: Running, outcome: Accepted | None, estado: str) -> None:
    claim = take(running.logs[0].pk)
    assert claim is not None
    SMSLog.objects.exclude(pk=claim.log_id).update(estado="enviado", twilio_sid=EACH_ITS_SID)
    expired(running)
    sweep()
    running.reload()
    assert (running.logs[0].estado, running.campana.estado) == ("enviando", "procesando")
    write(claim, outcome or Retryable("20429", "Demasiadas"))
    sweep()
    running.reload()
    # Nothing was cut off: the deadline passed over a campaign that had sent all.
    assert running.campana.estado == estado
    assert running.logs[0].codigo == ("" if outcome else "plazo_vencido")


class TestWhatIsUncertain:
    def test_it_is_looked_up_a_little_longer(self, running: Running) -> None:
        put(running, "enviado", "incierto", "pendiente")
        expired(running)
        sweep()
        running.reload()
        assert [log.estado for log in running.logs] == ["enviado", "incierto", "fallido"]
        assert running.campana.estado == "procesando"
        SMSLog.objects.filter(estado="incierto").update(estado="enviado", twilio_sid=SID)
        sweep()
        running.reload()
        assert running.campana.motivo == "El plazo de la campaña venció: se enviaron 2 de 3 mensajes."

    def test_then_it_stays_unknown_and_is_counted_as_such(self, running: Running) -> None:
        put(running, "enviado", "incierto", "incierto")
        expired(running, ago=over())
        sweep()
        running.reload()
        assert {log.codigo for log in running.logs[1:]} == {"desconocido"}
        assert running.campana.estado == "error"
        assert running.campana.motivo == (
            "El plazo de la campaña venció: se enviaron 1 de 3 mensajes; de 2 no se sabe si salieron."
        )
        assert (running.campana.desconocidos, running.lote.desconocidos) == (2, 2)
        assert (running.campana.enviados_exitosos, running.campana.enviados_fallidos) == (1, 2)

    def test_a_cancelled_campaign_ends_too(self, running: Running) -> None:
        put(running, "enviado", "incierto", "pendiente")
        expired(running, ago=over(), estado="cancelado", motivo="La canceló una persona.")
        sweep()
        running.reload()
        assert [log.codigo for log in running.logs] == ["", "desconocido", "campana_cancelada"]
        assert (running.campana.estado, running.campana.motivo) == ("cancelado", "La canceló una persona.")
        assert running.campana.desconocidos == 1
        assert running.campana.completado_en is not None

    def test_a_worker_that_wakes_up_later_writes_nothing(self, running: Running) -> None:
        """The worker slept through its lease, the deadline and the end of the campaign; its call had been accepted."""
        claim = take(running.logs[0].pk)
        assert claim is not None
        SMSLog.objects.exclude(pk=claim.log_id).update(estado="enviado", twilio_sid=EACH_ITS_SID)
        SMSLog.objects.filter(pk=claim.log_id).update(lease_hasta=Now() - timedelta(seconds=1))
        assert ledger.expire_leases() == 1
        expired(running, ago=over())
        sweep()
        assert not write(claim, Accepted(SID, "queued", 1))
        running.reload()
        assert (running.logs[0].estado, running.logs[0].codigo) == ("fallido", "desconocido")
        assert running.campana.enviados_exitosos == 2


def test_one_that_ended_in_time_is_not_touched(running: Running) -> None:
    put(running, "enviado", "enviado", "enviado")
    sweep()
    expired(running, ago=over())
    sweep()
    running.reload()
    assert (running.campana.estado, running.campana.motivo) == ("completado", "")


def test_a_paused_one_that_has_nothing_left_ends_well(running: Running) -> None:
    put(running, "enviado", "enviado", "fallido")
    closing.close(running.lote.pk)
    expired(running, estado="pausado")
    sweep()
    running.reload()
    assert (running.campana.estado, running.campana.motivo) == ("completado", "")


def test_it_ends_a_large_campaign_slice_by_slice(
    running: Running, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plazo, "SLICE", 2)
    unopened(running, owner, 3)
    expired(running)
    with monkeypatch.context() as patch:
        patch.setattr(plazo, "TURN_S", -1.0)  # its turn is over at once: nothing is done, and nothing is lost
        sweep()
        running.reload()
        assert running.campana.estado == "procesando"
    sweep()
    running.reload()
    assert (running.campana.estado, running.campana.enviados_fallidos) == ("error", 9)
    assert running.campana.motivo.endswith("se enviaron 0 de 9 mensajes.")
