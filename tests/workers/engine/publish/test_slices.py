"""A limited sender's campaigns are published little by little, in slots, and shortly before their time."""

import secrets
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db.models.functions import Now
from django.test import override_settings
from kombu.exceptions import OperationalError

from campaigns.models import Lote, Remitente, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from workers.engine.campaign import campana
from workers.engine.lote import closing, due, paced, publishing
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

    def publish_loose(tasks: Sequence[tuple[str, Sequence[int]]]) -> None:
        found.extend((list(log_ids), False) for _, log_ids in tasks)

    monkeypatch.setattr(paced, "hand", paced.Hand())
    # Each look is a new process's, which remembers no slot of its own.
    monkeypatch.setattr(paced, "shared_rates", lambda: Rates(settings.REDIS_URL))
    monkeypatch.setattr(chords, "publish", publish)
    monkeypatch.setattr(chords, "publish_loose", publish_loose)
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


def its_turn_has_come(remitente: Remitente) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(f"sms:remitente:{remitente.valor}:tanda")


def all_held(published: list[tuple[list[int], bool]], messages: int) -> None:
    """Hand out what is held until so many messages are published."""
    deadline = time.monotonic() + 30
    while sum(len(ids) for ids, _ in published) < messages:
        assert time.monotonic() < deadline, published
        time.sleep(min(rounds.hand_round(), 0.02))


def test_some_seconds_are_taken_and_handed_out_moment_by_moment(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, rows = sending(remitente, 60, owner)
    began = time.monotonic()
    [piece] = publishing.publish_due(lote.campana_id, most=500)
    assert (piece.log_ids, piece.until) == (rows[:50], rows[49])
    assert piece.next_in_s is not None
    assert 3.5 < piece.next_in_s <= 5.0 - paced.EARLY_S
    lote.refresh_from_db()
    assert (lote.publicado_hasta, lote.publicar_desde is not None) == (rows[49], True)
    # What is due by its turn, and no more: two messages are a moment, and a moment is a fifth of a second.
    all_held(published, 10)
    assert time.monotonic() - began > 0.3
    assert [ids for ids, _ in published] == [rows[n : n + 2] for n in range(0, 2 * len(published), 2)]
    assert not any(closes for _, closes in published)
    assert sum(len(ids) for ids, _ in published) < 50


def test_only_the_last_moments_end_closes_the_lote(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, rows = sending(remitente, 3, owner)
    publishing.publish_due(lote.campana_id, most=500)
    lote.refresh_from_db()
    assert (lote.publicado_hasta, lote.publicar_desde) == (None, None)
    all_held(published, 3)
    assert published == [(rows[:2], False), (rows[2:], True)]


def test_campaigns_of_one_sender_take_turns_and_those_of_others_need_not(
    remitente: Remitente, owner: Usuario, stranger: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    """They share its time, whoever has waited longest goes first, and a Lote whose slot is not near is as it was."""
    Remitente.objects.update(segmentos_por_segundo=1)
    mine = [sending(remitente, 12, owner)[0] for _ in range(3)]
    own = Remitente.objects.create(usuario=stranger, nombre="Otra", valor="85432", segmentos_por_segundo=1)
    other, _ = sending(own, 12, stranger)
    order: list[int] = []
    mine_pk = [lote.pk for lote in mine]
    for _ in range(2):
        taken = due.paced(most=9)
        assert len(taken) >= 3
        pieces = paced.publish(taken)
        order += [lote.lote_id for lote, piece in zip(taken, pieces, strict=True) if piece.log_ids]
        paced.hand.let_go(mine_pk)
        its_turn_has_come(remitente)
        Lote.objects.filter(pk__in=mine_pk).update(publicar_desde=LONG_AGO)
    # Of a second each two have their slots soon; the third is taken first the next time.
    assert [pk for pk in order if pk != other.pk] == [*mine_pk, mine_pk[0]]
    assert order.count(other.pk) == 1
    assert not Lote.objects.filter(pk__in=mine_pk, publicado_hasta=None).exists()  # they hold their places


def test_what_is_held_already_goes_out_before_what_is_taken_next(remitente: Remitente) -> None:
    hand = paced.Hand()
    for first in (1, 2):
        hand.hold([paced.Moment(7, sender_of(remitente), "q", time.monotonic(), 0.1, [first], closes=False)])
    found: list[int] = []
    while hand.lotes():
        found += [log_id for moment in hand.due() for log_id in moment.log_ids]
    assert found == [1, 2]


@pytest.mark.parametrize("gap_s", [0.15, 0.2, 0.4, 1.0])
def test_what_comes_late_is_handed_out_one_after_the_other_too(remitente: Remitente, gap_s: float) -> None:
    hand, late = paced.Hand(), time.monotonic() - 60
    sender = sender_of(remitente)
    hand.hold([paced.Moment(7, sender, "q", late + n * gap_s, gap_s, [n], closes=False) for n in range(9)])
    assert [moment.log_ids for moment in hand.due()] == [[0]]
    assert (hand.due_in() or 0.0) > gap_s / 4
    assert hand.due() == []


def test_two_processes_take_different_lotes(remitente: Remitente, owner: Usuario) -> None:
    for _ in range(3):
        sending(remitente, 2, owner)
    taken = [lote.lote_id for lote in due.paced(most=2)]
    assert len(taken) == 2
    assert [lote.lote_id not in taken for lote in due.paced(most=2)] == [True]
    assert due.paced(most=2) == []


def test_a_brake_gives_back_what_is_held(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, _ = sending(remitente, 60, owner)
    publishing.publish_due(lote.campana_id, most=500)
    sent = len(published)
    Rates(settings.REDIS_URL).slow_down(sender_of(remitente), retry_after_s=20.0, sent_rate=10.0)
    time.sleep(0.3)
    rounds.hand_round()
    assert (len(published), paced.hand.lotes()) == (sent, [])
    assert Lote.objects.filter(pk=lote.pk, publicado_hasta=None, publicar_desde__lte=Now()).exists()
    sweeper.publish_paced()
    lote.refresh_from_db()
    assert lote.publicado_hasta == 0
    assert Lote.objects.filter(pk=lote.pk, publicar_desde__gt=Now() + timedelta(seconds=15)).exists()


def test_a_process_that_ends_gives_back_what_it_holds(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, _ = sending(remitente, 60, owner)
    publishing.publish_due(lote.campana_id, most=500)
    paced.give_back()
    assert paced.hand.lotes() == []
    assert [again.lote_id for again in due.paced(most=9)] == [lote.pk]


def test_what_a_task_takes_while_the_process_ends_is_given_back_too(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, _ = sending(remitente, 60, owner)
    paced.give_back()
    publishing.publish_due(lote.campana_id, most=500)
    assert (published, paced.hand.lotes()) == ([], [])
    assert [again.lote_id for again in due.paced(most=9)] == [lote.pk]


def test_what_cannot_be_closed_keeps_nothing_else_from_being_held(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Lote of which nothing is left is closed by the broker, which is away; the next one is held none the less."""

    def away(lote_id: int) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(chords, "close_later", away)
    over, rows = sending(remitente, 1, owner)
    SMSLog.objects.filter(pk__in=rows).update(estado="fallido", codigo="21211")
    lote, _ = sending(remitente, 60, owner)
    taken = due.paced(most=9)
    assert [one.lote_id for one in taken] == [over.pk, lote.pk]
    paced.publish(taken)
    assert paced.hand.lotes() == [lote.pk]
    assert Lote.objects.filter(pk=over.pk, publicar_desde=None, estado="abierto").exists()  # the sweeper's


def test_what_was_given_back_is_published_in_the_next_pass(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, rows = sending(remitente, 3, owner)
    publishing.publish_due(lote.campana_id, most=500)
    all_held(published, 3)
    SMSLog.objects.exclude(pk=rows[0]).update(estado="fallido", codigo="21211")
    Lote.objects.update(publicar_desde=None)
    closing.close(lote.pk)
    for _ in range(2):  # it takes a slot, and has it; or has it at once, when the passes before took their time
        if len(published) == 2:
            Lote.objects.update(publicar_desde=LONG_AGO)
            publishing.publish_due(lote.campana_id, most=500)
            paced.push()
    assert published[2:] == [(rows[:1], True)]


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_it_tries_again_later_while_redis_is_away(
    remitente: Remitente, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paced, "shared_rates", lambda: Rates(settings.REDIS_URL))
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


def test_the_next_lote_opens_when_the_last_slice_is_taken(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, _ = sending(remitente, 53, owner)
    following = Lote.objects.create(campana=lote.campana, numero=2, cliente_ids=[10**12], total=1)
    campana.advance(lote.campana_id)
    following.refresh_from_db()
    assert following.estado == "pendiente"

    its_turn_has_come(remitente)
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    rounds.publish_round()
    following.refresh_from_db()
    assert following.estado == "abierto"


def test_the_sweeper_sees_a_limited_campaign_only_when_it_is_due(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    lote, _ = sending(remitente, 9, owner)
    Lote.objects.create(campana=lote.campana, numero=2, cliente_ids=[10**12], total=1)
    Lote.objects.filter(pk=lote.pk).update(publicado_hasta=0, publicar_desde=Now() + timedelta(minutes=1))

    def ready() -> list[tuple[int, ...]]:
        return sweeper._rows(sweeper.READY_SQL, sweeper.ready_params())

    assert ready() == []
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    assert ready() == [(lote.campana_id,)]
    # All of it is published: the next one may open.
    Lote.objects.filter(pk=lote.pk).update(publicado_hasta=None, publicar_desde=None)
    assert ready() == [(lote.campana_id,)]


# --- the publishing clock ----------------------------------------------------------------------------


def test_it_publishes_what_is_due_and_looks_again_soon(
    remitente: Remitente, owner: Usuario, published: list[tuple[list[int], bool]]
) -> None:
    assert rounds.publish_round() == rounds.LOOK_S
    lote, rows = sending(remitente, 90, owner)
    assert rounds.publish_round() == rounds.BUSY_LOOK_S
    assert published[0] == (rows[:2], False)
    assert 0.0 < rounds.hand_round() <= rounds.HAND_S
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=Now() + timedelta(minutes=5))
    assert rounds.publish_round() == rounds.LOOK_S
