"""A header task never raises: it would break its chord."""

import time
import uuid

import pytest
from django.db import OperationalError

from campaigns.models import SMSLog
from clientes.models import RegistroBaja
from tests.workers.engine.conftest import Running, take
from workers.engine.base import database
from workers.engine.campaign import pausas
from workers.engine.message import claims, ledger, optouts, outbox, sending
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.pace.rates import Sender
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
        assert sending._post(self.claim()) == REFUSAL

    @pytest.mark.parametrize("clock", ["time", "monotonic", "clock_gettime"])
    def test_it_posts_nothing_on_waking(self, monkeypatch: pytest.MonkeyPatch, clock: str) -> None:
        claim = self.claim()
        real = getattr(time, clock)
        monkeypatch.setattr(time, clock, lambda *which: real(*which) + 600)
        assert sending._post(claim) == NotPosted()

    def test_its_claim_is_made_again(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        claim = take(running.logs[0].pk)
        assert claim is not None
        wall = time.time
        monkeypatch.setattr(time, "time", lambda: wall() + 600)
        again = claims.fresh(claim)
        assert again is not None
        assert again.token != claim.token
