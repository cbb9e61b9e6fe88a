"""Twenty minutes without Twilio, by production's settings, in three seconds: the same ratios, and nobody pays for it.

`scripts/faults --outage all` is the long one, through the whole product.
"""

import time
from collections import Counter

import pytest
from django.conf import settings
from django.utils import timezone

from campaigns.models import SMSLog
from tests.faults import compressed, conditions
from tests.faults.outages import ALL_CALLS
from tests.faults.sitting import OUTAGE_S
from tests.local.fixtures import MakeGateway, _simulator_process, make_gateway, simulator  # noqa: F401
from tests.local.simulator_process import RunningSimulator
from tests.ports import held, port_of
from tests.workers.engine.conftest import Running, running  # noqa: F401
from workers.engine.campaign import final
from workers.engine.lote import closing
from workers.engine.message import sending
from workers.engine.pace import throttle
from workers.gateway.outcomes import Outcome
from workers.gateway.twilio import TwilioGateway

BY = 400.0
ENDS_WITHIN_S = 60.0


class Twilio:
    """The gateway of now, and how often each phone was tried."""

    def __init__(self, gateway: TwilioGateway) -> None:
        self.gateway = gateway
        self.tries: Counter[str] = Counter()

    def send(self, **message: object) -> Outcome:
        self.tries[str(message["to"])] += 1
        return self.gateway.send(**message)


def test_the_times_are_productions() -> None:
    assert {name: getattr(settings, name) for name in compressed.SETTINGS} == compressed.SETTINGS
    assert settings.SEND_ATTEMPTS == 8
    assert "SEND_ATTEMPTS" not in conditions.ENVIRONMENT | compressed.environment(10)


def test_every_time_is_divided_by_the_same() -> None:
    assert compressed.environment(10)["RETRY_BACKOFF_S"] == "0.5"
    changed = {(module.__name__, name): value for module, name, value in compressed.constants(10)}  # type: ignore[attr-defined]
    assert {name for _, name in changed} == {*compressed.PAUSES, "PROBE"}
    assert changed["workers.engine.pace.rates", "LONGEST_CUT_S"] == 6.0
    assert changed["workers.engine.pace.throttle", "LONGEST_CUT_S"] == 6.0
    assert changed["workers.engine.pace.rates", "PROBE"] == 10.0


@pytest.mark.django_db
@pytest.mark.parametrize("outage", ["unreachable", "5xx"])
def test_twenty_minutes_without_twilio_cost_nobody_anything(
    running: Running,  # noqa: F811
    simulator: RunningSimulator,  # noqa: F811
    make_gateway: MakeGateway,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    outage: str,
) -> None:
    for name, seconds in compressed.SETTINGS.items():
        monkeypatch.setattr(settings, name, seconds / BY)
    for module, name, value in compressed.constants(BY):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(settings, "TWILIO_SENDER", f"+57{time.time_ns() % 10**9:09}")  # whom nobody has braked
    monkeypatch.setattr(settings, "SENDER_SEGMENTS_PER_S", 0.0)
    throttle.current.cache_clear()
    here = make_gateway(simulator.url)
    with held() as nobody:
        twilio = Twilio(make_gateway(f"http://127.0.0.1:{port_of(nobody)}") if outage == "unreachable" else here)
        monkeypatch.setattr(sending, "get_gateway", lambda: twilio)
        if outage == "5xx":
            simulator.control.set_faults(*ALL_CALLS)
        until = time.monotonic() + OUTAGE_S / BY
        while time.monotonic() < until:
            turn(running)
            assert set(estados(running)) <= {"pendiente", "incierto"}
    assert max(twilio.tries.values()) > settings.SEND_ATTEMPTS
    simulator.control.clear_faults()
    twilio.gateway = here
    deadline = time.monotonic() + ENDS_WITHIN_S
    while set(estados(running)) != {"enviado"} and time.monotonic() < deadline:
        turn(running)
    assert estados(running) == ["enviado"] * len(running.logs)
    assert final.finish(running.campana.pk)
    running.reload()
    assert running.campana.estado == "completado"
    received = Counter(row.to for row in simulator.control.ledger())
    assert received == Counter(log.telefono for log in running.logs)


def turn(running: Running) -> None:  # noqa: F811
    """Send once more to whoever waits, when the Lote's pause is over."""
    SMSLog.objects.filter(estado="incierto").update(estado="pendiente")  # absent twice, as 503 was the answer
    running.lote.refresh_from_db()
    if running.lote.publicar_desde and running.lote.publicar_desde > timezone.now():
        time.sleep(0.001)
        return
    for log in running.logs:
        sending.send_one(log.pk)
    closing.close(running.lote.pk)


def estados(running: Running) -> list[str]:  # noqa: F811
    return list(SMSLog.objects.filter(campana=running.campana).order_by("pk").values_list("estado", flat=True))
