"""The threads that wait, those that are turned away, and what a sender without a limit pays for it."""

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from campaigns.models import Lote, Remitente, SMSLog
from tests.workers.engine.conftest import Running, take
from tests.workers.engine.slots import admit, micros
from workers.engine.campaign import envio, final, jornadas
from workers.engine.lote import closing
from workers.engine.message import sending
from workers.engine.pace import rates, throttle
from workers.engine.pace.rates import LONGEST_CUT_S, PROBE, PUBLISH, SEND, Rates, Sender
from workers.engine.pace.throttle import UNANSWERED, Throttle
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Retryable

AWAY = "redis://127.0.0.1:1/0"
TWO_SEGMENTS = "ó" * 71


def sender(rate: float) -> Sender:
    """One that nobody has sent for."""
    return Sender(f"+57{secrets.randbelow(10**9):09}", rate)


@pytest.fixture
def mine() -> Throttle:
    return Throttle(Rates(settings.REDIS_URL), at_once=32)


def test_no_thread_sends_before_its_slot(mine: Throttle) -> None:
    limited = sender(50.0)
    with redis.Redis.from_url(settings.REDIS_URL) as clock:
        begun = micros(clock)

        def work(_: int) -> list[int]:
            return [micros(clock) for _ in range(5) if admit(mine, limited, "Hola")]

        with ThreadPoolExecutor(8) as pool:
            admitted = sorted(instant for found in pool.map(work, range(8)) for instant in found)
    assert len(admitted) == 40
    # The n-th message had at least n slots before it.
    assert all(instant >= begun + n * 20_000 for n, instant in enumerate(admitted))


def test_segments_are_counted_and_not_messages(mine: Throttle) -> None:
    limited = sender(2.0)
    assert admit(mine, limited, TWO_SEGMENTS)
    slot = Rates(settings.REDIS_URL).take_slot(SEND, limited, segments=1, patience_s=0.0)
    assert not slot.granted
    assert slot.wait_s > 0.5  # of the second that two segments take


def test_who_passes_by_asks_nobody_however_old_is_what_was_seen(mine: Throttle) -> None:
    """Between `asks` and it the belief may have ended: the loop that sends must not wait for Redis then."""
    unlimited = sender(0.0)
    assert mine.asks(unlimited)
    assert mine.turn(unlimited, "Hola") == throttle.NOW
    assert not mine.asks(unlimited)
    mine._seen[unlimited.value].at -= 2 * throttle.BELIEF_S
    mine._rates = Mock(spec=[])  # any question to it fails
    assert mine.pass_by(unlimited, "Hola") == throttle.NOW
    mine._seen[unlimited.value].braked = True
    mine.heard(unlimited)
    with pytest.raises(AttributeError):
        mine.answered(unlimited)


def test_a_turn_far_away_is_not_waited_for(mine: Throttle) -> None:
    limited = sender(0.1)
    assert admit(mine, limited, "Hola")
    assert not admit(mine, limited, "Hola")


def test_few_threads_wait_at_a_time() -> None:
    """A slot is a second away; one of four threads waits for it, and the others are free for other senders."""
    crowded = Throttle(Rates(settings.REDIS_URL), at_once=4)
    limited = sender(1.25)
    assert admit(crowded, limited, "Hola")
    waiting = threading.Thread(target=admit, args=(crowded, limited, "Hola"))
    waiting.start()
    assert not [n for n in range(3) if admit(crowded, limited, "Hola")]
    waiting.join()
    assert admit(crowded, sender(1.25), "Hola")


def test_a_sender_without_a_limit_pays_no_round_trip_for_a_message(
    mine: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Sender] = []

    def look(self: Rates, sender: Sender, *, sent: int) -> bool:
        looks.append(sender)
        return False

    monkeypatch.setattr(Rates, "is_braked", look)
    monkeypatch.setattr(Rates, "take_slot", None)
    unlimited = sender(0.0)
    assert all(admit(mine, unlimited, "Hola") for _ in range(500))
    assert looks == [unlimited]


def test_the_process_that_was_refused_stops_at_once(mine: Throttle) -> None:
    unlimited = sender(0.0)
    assert admit(mine, unlimited, "Hola")
    mine.slow_down(unlimited, 30.0)
    assert not admit(mine, unlimited, "Hola")
    assert admit(mine, sender(0.0), "Hola")


def test_it_tells_how_fast_it_was(mine: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []

    def slow_down(self: Rates, sender: Sender, *, retry_after_s: float | None, sent_rate: float, untold: int) -> None:
        told.append(sent_rate)

    monkeypatch.setattr(Rates, "slow_down", slow_down)
    unlimited = sender(0.0)
    for _ in range(200):
        admit(mine, unlimited, "Hola")
    mine.slow_down(unlimited, None)
    mine.slow_down(sender(0.0), None)
    assert 20 < told[0] <= 200
    assert told[1] == 0.0


def brake_of(sender: Sender) -> float:
    """The rate, in segments a second, at which the sender goes on once its brake is released."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        [rate] = client.hmget(f"sms:remitente:{sender.value}:freno", "ritmo")
    return float(rate)


def send(processes: list[Throttle], sender: Sender, mensaje: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each process send twenty messages, in a second of its own time and of Redis's."""
    now = [1000.0]
    monkeypatch.setattr(throttle, "monotonic", lambda: now[0])
    monkeypatch.setattr(throttle, "elapsed", lambda: now[0])
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        while micros(client) % 1_000_000 > 500_000:  # all is told within one second of its clock
            time.sleep(0.05)
    for _ in range(20):
        for process in processes:
            assert admit(process, sender, mensaje)
        now[0] += 0.05
    now[0] += 0.5


@pytest.mark.parametrize(("mensaje", "sent"), [("Hola", 40), (TWO_SEGMENTS, 80)])
def test_a_brake_begins_from_what_all_processes_sent_in_segments(
    mensaje: str, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty messages of each: one process alone would halve its own for both."""
    unlimited = sender(0.0)
    both = [Throttle(Rates(settings.REDIS_URL), at_once=4) for _ in range(2)]
    send(both, unlimited, mensaje, monkeypatch)
    assert not both[1]._is_braked(unlimited)  # as it asks before its next message
    both[0].slow_down(unlimited, None)
    assert brake_of(unlimited) == sent / 2


def test_a_limited_senders_slots_are_counted_with_no_question_of_their_own() -> None:
    """Eight of two segments each, at a limit of a hundred; what is published for it is not sent yet."""
    limited, rates = sender(100.0), Rates(settings.REDIS_URL)
    for process in (Throttle(rates, at_once=4), Throttle(Rates(settings.REDIS_URL), at_once=4)):
        assert all(admit(process, limited, TWO_SEGMENTS) for _ in range(4))
    rates.take_slot(PUBLISH, limited, segments=50, patience_s=9.0)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        told = client.hmget(f"sms:remitente:{limited.value}:enviado", "ahora", "antes")
    assert sum(map(int, told)) == 16


def test_a_wiped_redis_counts_anew(mine: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = sender(0.0)
    send([mine], unlimited, "Hola", monkeypatch)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*(f"sms:remitente:{unlimited.value}:{what}" for what in ("enviado", "freno", "turno")))
    mine.slow_down(unlimited, None)  # its own, of which it knows
    assert brake_of(unlimited) == 10.0
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(f"sms:remitente:{unlimited.value}:freno")
    assert Rates(settings.REDIS_URL).take_slot(SEND, unlimited, segments=1, patience_s=0.0).granted


def test_a_brake_of_a_limited_sender_never_counts_more_than_its_rate(mine: Throttle) -> None:
    limited = sender(20.0)
    Rates(settings.REDIS_URL).is_braked(limited, sent=1000)
    mine.slow_down(limited, None)
    assert Rates(settings.REDIS_URL).look(limited).rate == 10.0


def test_what_was_sent_a_while_ago_counts_no_more(mine: Throttle) -> None:
    unlimited = sender(0.0)
    Rates(settings.REDIS_URL).is_braked(unlimited, sent=1000)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        key = f"sms:remitente:{unlimited.value}:enviado"
        assert 0 < client.ttl(key) <= 10
        client.hincrby(key, "segundo", -5)
    mine.slow_down(unlimited, None)
    assert Rates(settings.REDIS_URL).look(unlimited).rate == 10.0  # the least


def test_what_a_process_has_sent_long_before_it_asks_is_not_told(
    mine: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was idle: in the second in which it begins again nobody sent those."""
    now, told = [1000.0], list[int]()
    monkeypatch.setattr(throttle, "elapsed", lambda: now[0])
    monkeypatch.setattr(Rates, "is_braked", lambda self, sender, *, sent: told.append(sent))
    unlimited = sender(0.0)
    for idle_s in (0.0, 0.6, 60.0, 0.6):
        now[0] += idle_s
        assert all(admit(mine, unlimited, "Hola") for _ in range(5))
    assert told == [0, 5, 0, 5]


@pytest.mark.parametrize(("rate", "admitted"), [(1.0, False), (0.0, True)])
def test_while_redis_is_away_only_a_sender_without_a_limit_goes_on(rate: float, admitted: bool) -> None:
    assert admit(Throttle(Rates(AWAY), at_once=4), sender(rate), "Hola") is admitted


def silence(throttle: Throttle, sender: Sender, calls: int = UNANSWERED) -> None:
    for _ in range(calls):
        throttle.unanswered(sender)


@pytest.mark.parametrize("rate", [0.0, 100.0])
def test_a_silence_holds_the_sender_in_all_processes(mine: Throttle, rate: float) -> None:
    silent = sender(rate)
    silence(mine, silent)
    other = Throttle(Rates(settings.REDIS_URL), at_once=32)
    assert mine.is_held(silent)
    assert other.is_held(silent)
    assert Rates(settings.REDIS_URL).look(silent).rate == PROBE
    assert not other.is_held(sender(rate))


def test_a_silence_now_and_then_holds_nobody(mine: Throttle) -> None:
    """Three answers in ten that are lost, or nine in a row."""
    unlucky = sender(0.0)
    for _ in range(20):
        silence(mine, unlucky, UNANSWERED - 1)
        mine.answered(unlucky)
    assert not mine.is_held(unlucky)
    assert admit(mine, unlucky, "Hola")


def test_the_first_answer_ends_it_for_all(mine: Throttle) -> None:
    silent = sender(0.0)
    other = Throttle(Rates(settings.REDIS_URL), at_once=32)
    silence(mine, silent)
    assert other._is_braked(silent)
    mine.answered(silent)
    for process in (mine, other):
        process._seen.clear()  # what it saw is half a second old
        assert not process.is_held(silent)
        assert all(admit(process, silent, "Hola") for _ in range(100))


def test_the_pauses_grow_and_are_bounded() -> None:
    rates, silent = Rates(settings.REDIS_URL), sender(0.0)
    pauses: list[float] = []
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for _ in range(10):
            rates.cut(silent)
            rates.cut(silent)  # all the failures of one moment are one
            pauses.append(rates.look(silent).brake_s)
            client.hset(f"sms:remitente:{silent.value}:corte", "hasta", micros(client))
    assert all(0.4 * 3 * 2**n < pause <= 3 * 2**n for n, pause in enumerate(pauses[:5]))
    assert all(0.4 * LONGEST_CUT_S < pause <= LONGEST_CUT_S for pause in pauses[5:])


def test_between_two_pauses_messages_go_one_a_second(mine: Throttle) -> None:
    """Each may be one more of which nobody knows."""
    silent = sender(0.0)
    silence(mine, silent)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.hset(f"sms:remitente:{silent.value}:corte", "hasta", micros(client))
    # Nobody knows yet whether it answers: no more Lotes are opened for this.
    assert (Rates(settings.REDIS_URL).look(silent).brake_s, mine.is_held(silent)) == (0.0, True)
    slots = [Rates(settings.REDIS_URL).take_slot(SEND, silent, segments=1, patience_s=9.0) for _ in range(3)]
    assert [round(slot.wait_s) for slot in slots] == [0, 1, 2]


def test_while_redis_is_away_the_process_holds_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(throttle, "monotonic", lambda: now[0])
    alone, silent = Throttle(Rates(AWAY), at_once=4), sender(0.0)
    waits: list[float] = []
    silence(alone, silent)
    for _ in range(8):
        assert not admit(alone, silent, "Hola")
        begun = now[0]
        now[0] = alone._silent[silent.value].until
        waits.append(now[0] - begun)
        silence(alone, silent, 5)  # those that were under way
    assert waits == [3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0, 60.0]
    alone.answered(silent)
    assert silent.value not in alone._silent


def test_while_redis_is_away_a_brake_that_was_seen_holds() -> None:
    alone = Throttle(Rates(AWAY), at_once=4)
    unlimited = sender(0.0)
    assert admit(alone, unlimited, "Hola")
    alone.slow_down(unlimited, None)
    assert not admit(alone, unlimited, "Hola")


# --- in the engine -----------------------------------------------------------------------------------


class Twilio:
    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.senders: list[object] = []

    def send(self, *, sender: str, **message: object) -> Outcome:
        self.senders.append(sender)
        return self.outcomes.pop(0)


@pytest.fixture
def limited(running: Running, monkeypatch: pytest.MonkeyPatch) -> Remitente:
    """The sender of the running campaign: one segment in ten seconds."""
    remitente = Remitente.objects.create(
        usuario=running.campana.usuario, nombre="Ventas", valor=sender(0).value, segmentos_por_segundo="0.10"
    )
    running.campana.remitente = remitente
    running.campana.save(update_fields=["remitente"])
    throttle.current.cache_clear()
    return remitente


def test_a_message_beyond_the_rate_is_given_back_and_was_no_attempt(
    running: Running, limited: Remitente, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio = Twilio(Accepted("SM1", "queued", 1))
    monkeypatch.setattr(sending, "get_gateway", lambda: twilio)
    for log in running.logs[:2]:
        sending.send_one(log.pk)
    running.reload()
    assert [(log.estado, log.intentos) for log in running.logs[:2]] == [("enviado", 1), ("pendiente", 0)]
    assert twilio.senders == [limited.valor]


def test_without_one_of_its_own_a_campaign_has_the_installations_sender(running: Running) -> None:
    with override_settings(TWILIO_SENDER="85432", SENDER_SEGMENTS_PER_S=100.0):
        claim = take(running.logs[0].pk)
    assert claim is not None
    assert claim.sender == Sender("85432", 100.0)


@pytest.mark.parametrize(("ritmo", "rate"), [("2.50", 2.5), (None, 0.0)])
def test_a_claim_names_the_campaigns_sender(
    running: Running, limited: Remitente, ritmo: str | None, rate: float
) -> None:
    Remitente.objects.update(segmentos_por_segundo=ritmo)
    claim = take(running.logs[0].pk)
    assert claim is not None
    assert claim.sender == Sender(limited.valor, rate)


@override_settings(SEND_ATTEMPTS=1, SENDER_SEGMENTS_PER_S=0.0)
def test_a_refusal_for_the_rate_is_no_attempt_and_slows_the_sender_down(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(TWILIO_SENDER=sender(0).value):
        throttle.current.cache_clear()
        twilio = Twilio(*[Retryable("20429", "Demasiadas", 30.0, throttled=True)] * 2)
        monkeypatch.setattr(sending, "get_gateway", lambda: twilio)
        for log in running.logs[:2]:
            sending.send_one(log.pk)
        running.reload()
        assert [(log.estado, log.intentos, log.codigo) for log in running.logs[:2]] == [
            ("pendiente", 0, "20429"),
            ("pendiente", 0, ""),  # not even tried
        ]
        assert len(twilio.senders) == 1
        assert Rates(settings.REDIS_URL).look(Sender.of(None, None)).brake_s > 20


DNS = Retryable("dns", "No se encontró la dirección de Twilio", unreachable=True)
SILENCE = {"nothing connects": DNS, "5xx": Ambiguous("http_503", "Twilio contestó HTTP 503")}


@override_settings(SEND_ATTEMPTS=1, SENDER_SEGMENTS_PER_S=0.0)
@pytest.mark.parametrize("silence", SILENCE.values(), ids=SILENCE)
def test_while_twilio_is_out_of_reach_the_sender_is_held_and_nobody_fails(
    running: Running, monkeypatch: pytest.MonkeyPatch, silence: Outcome
) -> None:
    monkeypatch.setattr(rates, "FIRST_CUT_S", LONGEST_CUT_S)  # it ends after this test, however slow the machine is
    with override_settings(TWILIO_SENDER=sender(0).value):
        throttle.current.cache_clear()
        twilio = Twilio(*[silence] * UNANSWERED)
        monkeypatch.setattr(sending, "get_gateway", lambda: twilio)
        for _ in range(3 * UNANSWERED):
            SMSLog.objects.filter(estado="incierto").update(estado="pendiente")  # absent twice
            sending.send_one(running.logs[0].pk)
        assert len(twilio.senders) == UNANSWERED  # and then it was held: nothing was asked of Twilio any more
        running.reload()
        assert (running.logs[0].estado, running.logs[0].intentos) == ("pendiente", 0)
        assert throttle.is_held(Sender.of(None, None))


@pytest.mark.parametrize("silence", SILENCE.values(), ids=SILENCE)
def test_an_outage_of_any_length_ends_no_campaign(
    running: Running, monkeypatch: pytest.MonkeyPatch, silence: Outcome
) -> None:
    """More tries than a recipient has attempts, by production's settings; the pauses between them are left out."""
    monkeypatch.setattr(throttle, "turn", lambda sender, mensaje: throttle.NOW)
    twilio = Twilio(*[silence] * 3 * 5 * settings.SEND_ATTEMPTS)
    monkeypatch.setattr(sending, "get_gateway", lambda: twilio)
    while twilio.outcomes:
        for log in running.logs:
            sending.send_one(log.pk)
        SMSLog.objects.filter(estado="incierto").update(estado="pendiente")  # absent twice
        closing.close(running.lote.pk)
        assert not final.finish(running.campana.pk)
        running.reload()
        assert (running.campana.estado, running.lote.estado) == ("procesando", "abierto")
    assert [(log.estado, log.intentos) for log in running.logs] == [("pendiente", 0)] * 3
    twilio.outcomes = [Accepted(f"SM{n}", "queued", 1) for n in range(3)]
    for log in running.logs:
        sending.send_one(log.pk)
    closing.close(running.lote.pk)
    assert final.finish(running.campana.pk)
    running.reload()
    assert (running.campana.estado, running.campana.enviados_exitosos) == ("completado", 3)


@override_settings(SENDER_SEGMENTS_PER_S=0.0)
def test_a_held_sender_opens_no_more_lotes(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each pause would open others, until all of a large campaign waited."""
    opened: list[int] = []

    def open_one(campana_id: int, room: object, passed: object) -> bool:
        opened.append(campana_id)
        return False

    monkeypatch.setattr(envio, "_open_one", open_one)
    monkeypatch.setattr(jornadas, "begin", lambda campana_id: True)
    monkeypatch.setattr(envio, "publish_due", lambda campana_id, most: [])
    with override_settings(TWILIO_SENDER=sender(0).value):
        throttle.current.cache_clear()
        installation = Sender.of(None, None)
        envio.send(running.campana.pk, publish=True)
        assert opened == [running.campana.pk]
        for _ in range(UNANSWERED):
            throttle.unanswered(installation)
        envio.send(running.campana.pk, publish=True)
        assert opened == [running.campana.pk]
        # But with nothing open nothing would be tried, and nobody would hear that Twilio is back.
        Lote.objects.update(estado="por_conciliar")
        envio.send(running.campana.pk, publish=True)
        assert opened == [running.campana.pk] * 2
        opened.pop()
        throttle.answered(installation)
        envio.send(running.campana.pk, publish=True)
        assert opened == [running.campana.pk] * 2


def test_a_campaign_ends_whatever_was_given_back(
    running: Running, limited: Remitente, monkeypatch: pytest.MonkeyPatch
) -> None:
    Remitente.objects.update(segmentos_por_segundo="5.00")
    twilio = Twilio(*[Accepted(f"SM{n}", "queued", 1) for n in range(3)])
    monkeypatch.setattr(sending, "get_gateway", lambda: twilio)
    while SMSLog.objects.filter(estado="pendiente").exists():
        for log in running.logs:
            sending.send_one(log.pk)
    closing.close(running.lote.pk)
    assert final.finish(running.campana.pk)
