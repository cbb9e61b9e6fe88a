"""A header task never raises: it would break its chord."""

import pytest
from django.db import OperationalError

from campaigns.models import SMSLog
from tests.workers.engine.conftest import Running
from workers.engine import campana, claims, database, ledger, outbox, sending
from workers.gateway.outcomes import Account, Outcome

REFUSAL = Account("20003", "Twilio rechazó las credenciales")


class Refusing:
    def send(self, **message: object) -> Outcome:
        return REFUSAL


def down(*args: object) -> None:
    raise OperationalError("the server closed the connection unexpectedly")


@pytest.fixture(autouse=True)
def _twilio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "get_gateway", Refusing)
    monkeypatch.setattr(database, "drop_connection", lambda: None)  # the test's own


def test_it_pauses_when_the_account_is_refused(running: Running) -> None:
    sending.send_one(running.logs[0].pk)
    running.reload()
    assert (running.campana.estado, running.logs[0].estado) == ("pausado", "pendiente")


@pytest.mark.parametrize(
    ("module", "name"), [(campana, "pause_for_account"), (ledger, "claim_many"), (ledger, "record_many")]
)
def test_it_does_not_raise_while_the_database_is_away(
    running: Running, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    monkeypatch.setattr(module, name, down)
    for insisting in (claims, outbox):
        monkeypatch.setattr(insisting, "PAUSES_S", (0.0,))
    sending.send_one(running.logs[0].pk)
    assert SMSLog.objects.get(pk=running.logs[0].pk).estado in {"pendiente", "enviando"}
