"""A header task never raises: it would break its chord."""

import secrets
import time
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
import redis
from django.conf import settings
from django.db import OperationalError
from django.db.models.functions import Now

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, SMSLog
from clientes.models import RegistroBaja
from tests.workers.engine.conftest import Running, post, take
from tests.workers.engine.slots import micros
from workers.engine.base import database
from workers.engine.campaign import pausas
from workers.engine.message import claims, ledger, optouts, outbox, sending
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.pace import throttle
from workers.engine.pace.rates import Rates, Sender
from workers.gateway.classify import classify_error
from workers.gateway.outcomes import Account, Outcome, Permanent

REFUSAL = Account("20003", "Twilio rechazó las credenciales")


class Refusing:
    def send(self, **message: object) -> Outcome:
        return REFUSAL


class Blocked:
    def send(self, **message: object) -> Outcome:
        return Permanent("21610", "El destinatario pidió no recibir mensajes")


def down(*args: object, **kwargs: object) -> None:
    raise OperationalError("the server closed the connection unexpectedly")


@pytest.fixture(autouse=True)
def _twilio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "get_gateway", Refusing)
    monkeypatch.setattr(database, "drop_connection", lambda: None)  # the test's own


def test_it_pauses_when_the_account_is_refused(running: Running) -> None:
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert (running.campana.estado, running.logs[0].estado) == ("pausado", "pendiente")


def test_it_pauses_before_the_row_is_free_again(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who resumes once nothing is under way is not overruled by a refusal from before."""
    seen: list[str] = []

    def put(claim: ledger.Claim, outcome: Outcome | ledger.NotPosted) -> None:
        running.reload()
        seen.append(running.campana.estado)

    monkeypatch.setattr(outbox, "put_outcome", put)
    sending.send_one(running.logs[0].pk)
    assert seen == ["pausado"]


@pytest.mark.parametrize(
    ("window", "estado"),
    [
        (None, "pausado"),  # none of ours: the Messaging Service's own Validity Period
        (timedelta(hours=3), "pausado"),
        (timedelta(minutes=2), "procesando"),  # the close is near; the rest waits for the next window
    ],
)
def test_a_time_that_twilio_finds_too_short(
    running: Running, monkeypatch: pytest.MonkeyPatch, window: timedelta | None, estado: str
) -> None:
    refused = classify_error(400, {}, '{"code": 30012, "message": "TTL is too small", "status": 400}')
    monkeypatch.setattr(sending, "get_gateway", lambda: SimpleNamespace(send=lambda **message: refused))
    slowed: list[Sender] = []
    monkeypatch.setattr(throttle, "slow_down", lambda sender, retry_after_s: slowed.append(sender))
    CampanaSMS.objects.update(ventana_hasta=window and Now() + window)
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert (running.campana.estado, running.logs[0].estado, running.logs[0].intentos) == (estado, "pendiente", 0)
    assert ("Validity Period" in running.campana.motivo) == (estado == "pausado")
    assert slowed == []


class TestAPassingRefusal:
    """401, 403 and 404 come also of incidents: it is tried again after a pause, and only then is somebody called."""

    @pytest.fixture
    def held(self, monkeypatch: pytest.MonkeyPatch) -> Sender:
        """The installation's sender, whose pauses are over at once."""
        valor = f"+57{secrets.randbelow(10**9):09}"
        monkeypatch.setattr(settings, "TWILIO_SENDER", valor)
        monkeypatch.setattr(settings, "SENDER_SEGMENTS_PER_S", 0.0)
        throttle.current.cache_clear()
        return Sender.of(None, None)

    def answer(self, monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
        monkeypatch.setattr(sending, "get_gateway", lambda: SimpleNamespace(send=lambda **message: outcome))

    def pass_time(self, held: Sender) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            key = f"sms:remitente:{held.value}:corte"
            if client.exists(key):
                client.hset(key, "hasta", micros(client) - 1)

    def test_the_third_pauses_and_costs_nobody_an_attempt(
        self, running: Running, held: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.answer(monkeypatch, Account("20003", "Twilio rechazó las credenciales", transient=True))
        seen = []
        for log in running.logs:
            sending.send_one(log.pk)
            running.reload()
            seen.append((running.campana.estado, log.estado, log.intentos, log.codigo))
            self.pass_time(held)
        assert seen == [(estado, "pendiente", 0, "20003") for estado in ("procesando", "procesando", "pausado")]

    def test_all_of_one_moment_are_one(self, running: Running, held: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(100):
            assert not throttle.refused(held)
        assert throttle.is_held(held)
        sending.send_one(running.logs[0].pk)
        running.reload()
        assert (running.campana.estado, running.logs[0].estado) == ("procesando", "pendiente")

    def test_a_good_answer_in_between_forgets_it(
        self, running: Running, held: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for n in range(9):
            assert not throttle.refused(held)
            self.pass_time(held)
            if n % 2:
                throttle.answered(held)

    def test_while_redis_is_away_the_process_counts_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1000.0]
        monkeypatch.setattr(throttle, "monotonic", lambda: now[0])
        alone, sender = throttle.Throttle(Rates("redis://127.0.0.1:1/0"), at_once=4), Sender("85432", 0.0)
        found = []
        for _ in range(3):
            found.append([alone.refused(sender) for _ in range(3)][-1])
            now[0] += 100
        assert found == [False, False, True]


def test_a_refusal_of_before_a_person_resumed_pauses_nothing(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call was under way while somebody mended the account and resumed."""

    class Slow:
        def send(self, **message: object) -> Outcome:
            for action in ("pausar", "reanudar"):
                mover_campana(campana=running.campana, action=action)
            return REFUSAL

    monkeypatch.setattr(sending, "get_gateway", Slow)
    claimed = Now() - timedelta(seconds=1)
    admitted = sending._admitted

    async def earlier(claim: ledger.Claim, hands: sending.Hands) -> ledger.Claim | None:
        SMSLog.objects.filter(pk=running.logs[0].pk).update(reclamado_en=claimed)
        return await admitted(claim, hands)

    monkeypatch.setattr(sending, "_admitted", earlier)
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert (running.campana.estado, running.logs[0].estado) == ("procesando", "pendiente")
    # One that was claimed since does.
    claimed = Now() + timedelta(seconds=1)
    monkeypatch.setattr(sending, "get_gateway", Refusing)
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert running.campana.estado == "pausado"


def test_a_phone_that_twilio_blocks_opts_out(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "get_gateway", Blocked)
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert (running.logs[0].estado, running.logs[0].codigo) == ("fallido", "21610")
    registro = RegistroBaja.objects.get()
    assert (registro.usuario, registro.telefono) == (running.campana.usuario, running.logs[0].telefono)
    assert (registro.fuente, registro.campana_id) == ("twilio_21610", running.campana.pk)
    SMSLog.objects.filter(pk=running.logs[0].pk).update(estado="pendiente")
    assert take(running.logs[0].pk) is None


def test_the_row_ends_when_its_opt_out_cannot_be_kept(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "get_gateway", Blocked)
    monkeypatch.setattr(optouts, "learn", down)
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert running.logs[0].codigo == "21610"


@pytest.mark.parametrize(
    ("module", "name"), [(pausas, "pause_for_account"), (ledger, "claim_many"), (ledger, "record_many")]
)
def test_it_does_not_raise_while_the_database_is_away(
    running: Running, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    monkeypatch.setattr(module, name, down)
    for insisting in (claims, outbox):
        monkeypatch.setattr(insisting, "PAUSES_S", (0.0,))
    sending.send_one(running.logs[0].pk)
    assert SMSLog.objects.get(pk=running.logs[0].pk).estado in {"pendiente", "enviando"}


class TestAMachineThatSleptAfterItsClaim:
    """The lease is over long since, and somebody else may have sent the message."""

    @staticmethod
    def claim() -> Claim:
        sender = Sender("x", 0.0)
        return Claim(1, 1, uuid.uuid4(), "+573001112233", "m", 1, time.monotonic(), sender, 3600.0, None)

    def test_it_posts_while_it_is_in_time(self) -> None:
        assert post(self.claim()) == REFUSAL

    @pytest.mark.parametrize("clock", ["time", "monotonic", "clock_gettime"])
    def test_it_posts_nothing_on_waking(self, monkeypatch: pytest.MonkeyPatch, clock: str) -> None:
        claim = self.claim()
        real = getattr(time, clock)
        monkeypatch.setattr(time, clock, lambda *which: real(*which) + 600)
        assert post(claim) == NotPosted()

    def test_its_claim_is_made_again(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        claim = take(running.logs[0].pk)
        assert claim is not None
        wall = time.time
        monkeypatch.setattr(time, "time", lambda: wall() + 600)
        again = claims.fresh(claim)
        assert again is not None
        assert again.token != claim.token
