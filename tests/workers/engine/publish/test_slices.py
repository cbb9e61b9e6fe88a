"""A limited sender's campaigns are published little by little, in slots, and shortly before their time."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import override_settings

from campaigns.models import Lote, Remitente, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from workers.engine.campaign import campana
from workers.engine.lote import closing, publishing
from workers.engine.pace.rates import Rates, Sender
from workers.engine.publish import chords, slices, window
from workers.engine.rounds import rounds, sweeper

LONG_AGO = Now() - timedelta(hours=1)
FIVE_SEGMENTS = "a" * (4 * 153 + 1)


@pytest.fixture
def remitente(owner: Usuario) -> Remitente:
    """Ten segments a second: two messages a slice."""
    valor = f"+57{secrets.randbelow(10**9):09}"
    return Remitente.objects.create(usuario=owner, nombre="Ventas", valor=valor, segmentos_por_segundo=10)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[int], bool]]:
    """Record what is published: rows, and whether their end closes the Lote."""
    found: list[tuple[list[int], bool]] = []

    def publish(*, lote_id: int, log_ids: Sequence[int], queue: str, closes: bool = True) -> None:
        found.append((list(log_ids), closes))

    monkeypatch.setattr(chords, "publish", publish)
    monkeypatch.setattr(chords, "close_later", lambda lote_id: None)
    return found


def sending(remitente: Remitente | None, count: int, usuario: Usuario, mensaje: str = "Hola") -> tuple[Lote, list[int]]:
    """A campaign with one open Lote that is due, and its rows."""
    clientes = ClienteFactory.create_batch(count, usuario=usuario)
    made = CampanaFactory.create(usuario=usuario, total_clientes=count, estado="procesando", remitente=remitente)
    lote = open_lote(made, clientes)
    rows = [sms_log(made, lote, cliente, mensaje=mensaje).pk for cliente in clientes]
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    return lote, rows


def sender_of(remitente: Remitente) -> Sender:
    return Sender.of(remitente.valor, remitente.segmentos_por_segundo)


def test_a_slice_is_a_moment_of_the_senders_time(remitente: Remitente, owner: Usuario) -> None:
    lote, rows = sending(remitente, 5, owner)
    first = slices.cut(lote.pk, after=None, sender=sender_of(remitente), most=500)
    assert (first.log_ids, first.until) == (rows[:2], rows[1])
    assert first.next_in_s == 0.0  # the second slice goes out at once: 0.2 s are less than the way through the queue
    second = slices.cut(lote.pk, after=first.until, sender=sender_of(remitente), most=500)
    assert (second.log_ids, second.until) == (rows[2:4], rows[3])
    assert second.next_in_s is not None
    assert 0.0 < second.next_in_s <= 0.4 - slices.AHEAD_S
    last = slices.cut(lote.pk, after=second.until, sender=sender_of(remitente), most=500)
    assert last == slices.Slice(rows[4:])


def test_a_slice_is_one_message_at_least(remitente: Remitente, owner: Usuario) -> None:
    lote, rows = sending(remitente, 2, owner, mensaje=FIVE_SEGMENTS)
    first = slices.cut(lote.pk, after=None, sender=sender_of(remitente), most=500)
    assert first.log_ids == rows[:1]
    assert first.next_in_s is not None
    assert first.next_in_s > 0.2  # half a second for its five segments, less the way


def test_a_fast_senders_slices_fill_few_threads(remitente: Remitente, owner: Usuario) -> None:
    Remitente.objects.update(segmentos_por_segundo=100)
    remitente.refresh_from_db()
    lote, rows = sending(remitente, 60, owner)
    first = slices.cut(lote.pk, after=None, sender=sender_of(remitente), most=500)
    assert first.log_ids == rows[:20]
    assert first.next_in_s is not None
    assert 0.1 < first.next_in_s <= 0.2 - slices.LEAST_AHEAD_S


def test_the_campaigns_of_a_sender_take_slots(remitente: Remitente, owner: Usuario) -> None:
    """Another shop's campaigns too: the slots are the sender's."""
    Remitente.objects.update(segmentos_por_segundo=1)
    remitente.refresh_from_db()
    large, _ = sending(remitente, 9, owner)
    small, rows = sending(remitente, 2, owner)
    first = slices.cut(large.pk, after=None, sender=sender_of(remitente), most=500)
    # Two slots are taken: the large campaign's second slice and what it has published.
    waits = slices.cut(small.pk, after=None, sender=sender_of(remitente), most=500)
    assert (waits.log_ids, waits.until) == ([], 0)
    assert waits.next_in_s is not None
    assert 1.0 < waits.next_in_s <= 2.0
    # The large one's third comes after it.
    second = slices.cut(large.pk, after=first.until, sender=sender_of(remitente), most=500)
    assert second.next_in_s is not None
    assert second.next_in_s > waits.next_in_s
    # Its slot has come: it takes no other one.
    assert slices.cut(small.pk, after=0, sender=sender_of(remitente), most=500).log_ids == rows[:1]


def test_nothing_is_published_under_a_brake(remitente: Remitente, owner: Usuario) -> None:
    unlimited = Sender(remitente.valor, 0.0)
    lote, rows = sending(remitente, 30, owner)
    Rates(settings.REDIS_URL).slow_down(unlimited, retry_after_s=20.0, sent_rate=100.0)
    held = slices.cut(lote.pk, after=None, sender=unlimited, most=500)
    assert (held.log_ids, held.until) == ([], 0)
    assert held.next_in_s is not None
    assert 19.0 < held.next_in_s <= 20.0
    # Once it is released, little by little: half of what was sent before is 50 a second.
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        now, _ = client.time()
        client.hset(f"sms:remitente:{remitente.valor}:freno", "hasta", str(int(now) * 1_000_000))
    assert slices.cut(lote.pk, after=0, sender=unlimited, most=500).log_ids == rows[:10]


def test_only_the_last_slices_end_closes_the_lote(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, rows = sending(remitente, 3, owner)
    publishing.publish_due(lote.campana_id, most=500)
    lote.refresh_from_db()
    assert (lote.publicado_hasta, lote.publicar_desde is not None) == (rows[1], True)
    Lote.objects.update(publicar_desde=LONG_AGO)
    publishing.publish_due(lote.campana_id, most=500)
    lote.refresh_from_db()
    assert (lote.publicado_hasta, lote.publicar_desde) == (None, None)
    assert published == [(rows[:2], False), (rows[2:], True)]


def test_what_was_given_back_is_published_in_the_next_pass(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, rows = sending(remitente, 3, owner)
    for _ in range(2):
        publishing.publish_due(lote.campana_id, most=500)
        Lote.objects.update(publicar_desde=LONG_AGO)
    SMSLog.objects.exclude(pk=rows[0]).update(estado="fallido", codigo="21211")
    Lote.objects.update(publicar_desde=None)
    closing.close(lote.pk)
    for _ in range(2):  # it takes a slot, and has it; or has it at once, when the passes before took their time
        if len(published) == 2:
            Lote.objects.update(publicar_desde=LONG_AGO)
            publishing.publish_due(lote.campana_id, most=500)
    assert published[2:] == [(rows[:1], True)]


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_it_tries_again_later_while_redis_is_away(
    remitente: Remitente, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "_rates", lambda: Rates(settings.REDIS_URL))
    lote, _ = sending(remitente, 3, owner)
    with pytest.raises(redis.RedisError):
        publishing.publish_due(lote.campana_id, most=500)
    assert Lote.objects.filter(pk=lote.pk, publicar_desde__gt=Now(), publicado_hasta=None).exists()


# --- the window --------------------------------------------------------------------------------------


def test_limited_senders_take_no_room_from_the_others(remitente: Remitente, owner: Usuario) -> None:
    for _ in range(3):
        sending(remitente, 1, owner)
    fast, _ = sending(None, 1, owner)
    assert window.of(fast.campana_id).lotes == settings.LOTES_EN_VUELO
    with override_settings(SENDER_SEGMENTS_PER_S=1.0):
        assert window.of(fast.campana_id) == window.PACED


def test_the_next_lote_opens_when_the_last_slice_is_published(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, rows = sending(remitente, 3, owner)
    following = Lote.objects.create(campana=lote.campana, numero=2, cliente_ids=[10**12], total=1)
    campana.advance(lote.campana_id)
    following.refresh_from_db()
    assert following.estado == "pendiente"

    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    rounds.publish_round()
    assert [ids for ids, _ in published] == [rows[:2], rows[2:]]
    following.refresh_from_db()
    assert following.estado == "abierto"


def test_the_sweeper_sees_a_limited_campaign_only_when_it_is_due(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, _ = sending(remitente, 9, owner)
    Lote.objects.create(campana=lote.campana, numero=2, cliente_ids=[10**12], total=1)
    Lote.objects.filter(pk=lote.pk).update(publicado_hasta=0, publicar_desde=Now() + timedelta(minutes=1))

    def ready() -> list[tuple[int, ...]]:
        return sweeper._rows(sweeper.READY_SQL, {**window.params(), "lote": settings.LOTE_SIZE})

    assert ready() == []
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    assert ready() == [(lote.campana_id,)]
    # All of it is published: the next one may open.
    Lote.objects.filter(pk=lote.pk).update(publicado_hasta=None, publicar_desde=None)
    assert ready() == [(lote.campana_id,)]


# --- the publishing clock ----------------------------------------------------------------------------


def test_it_publishes_what_is_due_and_tells_when_to_look_again(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    assert rounds.publish_round() == rounds.LOOK_S
    lote, rows = sending(remitente, 9, owner)
    Lote.objects.filter(pk=lote.pk).update(publicado_hasta=0)
    assert rounds.publish_round() == 0.0
    assert published == [(rows[:2], False)]
    with connection.cursor() as cursor:  # by the transaction's clock, as what it asks
        cursor.execute("UPDATE campaigns_lote SET publicar_desde = now() + interval '0.5 second'")
    assert rounds.publish_round() == 0.5
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=Now() + timedelta(minutes=5))
    assert rounds.publish_round() == rounds.LOOK_S
    assert len(published) == 1
