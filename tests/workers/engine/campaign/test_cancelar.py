"""Cancelling takes effect at once, and what it leaves to do is done in slices."""

import pytest
from django.db import connection, transaction

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory
from workers.engine.campaign import campana
from workers.engine.publish import chords

LOTES = 7
EACH = 3


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Campaigns for which another task was asked."""
    asked: list[int] = []
    monkeypatch.setattr(campana, "nudge", asked.append)
    monkeypatch.setattr(campana, "DRAINED", 3)
    monkeypatch.setattr(chords, "publish", lambda **options: None)
    return asked


@pytest.fixture
def cancelled(owner: Usuario) -> CampanaSMS:
    """Seven Lotes of three, none of them open."""
    clientes = ClienteFactory.create_batch(LOTES * EACH, usuario=owner)
    found = CampanaFactory.create(usuario=owner, total_clientes=LOTES * EACH, estado="procesando")
    for numero in range(LOTES):
        ids = [cliente.pk for cliente in clientes[numero * EACH : (numero + 1) * EACH]]
        Lote.objects.create(campana=found, numero=numero + 1, cliente_ids=ids, total=EACH)
    mover_campana(campana=found, action="cancelar", motivo="La canceló una persona.")
    return found


def closed(cancelled: CampanaSMS) -> int:
    return cancelled.lotes.filter(estado="cerrado").count()


@pytest.mark.django_db
def test_it_is_drained_slice_by_slice(cancelled: CampanaSMS, nudged: list[int]) -> None:
    for expected in (3, 6):
        campana.advance(cancelled.pk)
        assert closed(cancelled) == expected
        cancelled.refresh_from_db()
        assert cancelled.completado_en is None
    assert nudged == [cancelled.pk] * 2

    campana.advance(cancelled.pk)
    cancelled.refresh_from_db()
    assert (cancelled.estado, cancelled.motivo) == ("cancelado", "La canceló una persona.")
    assert (cancelled.enviados_exitosos, cancelled.enviados_fallidos) == (0, LOTES * EACH)
    assert cancelled.completado_en is not None
    assert SMSLog.objects.filter(estado="fallido", codigo="campana_cancelada").count() == LOTES * EACH
    campana.advance(cancelled.pk)
    assert nudged == [cancelled.pk] * 2


@pytest.mark.django_db
def test_open_lotes_come_first(cancelled: CampanaSMS, nudged: list[int]) -> None:
    """What a person sees moving when they press the button."""
    CampanaSMS.objects.update(estado="procesando")
    campana.advance(cancelled.pk)
    waiting = SMSLog.objects.filter(estado="pendiente").count()
    assert waiting > 0
    CampanaSMS.objects.update(estado="cancelado")
    campana.advance(cancelled.pk)
    assert SMSLog.objects.filter(estado="pendiente").count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_do_not_wait_for_each_other(cancelled: CampanaSMS, nudged: list[int]) -> None:
    """The sweeper meets a slice under way: it leaves the campaign to whoever is at it."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM campaigns_campanasms WHERE id = %s FOR NO KEY UPDATE", [cancelled.pk])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            assert not campana._drain(cancelled.pk)
        other.rollback()
    finally:
        other.close()
    assert closed(cancelled) == 0
    assert campana._drain(cancelled.pk)
    assert closed(cancelled) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("estado", ["pendiente", "procesando", "pausado"])
def test_only_a_cancelled_campaign_is_drained(cancelled: CampanaSMS, nudged: list[int], estado: str) -> None:
    CampanaSMS.objects.update(estado=estado)
    assert not campana._drain(cancelled.pk)
    assert closed(cancelled) == 0
