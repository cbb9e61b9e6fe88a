"""A running campaign with one open Lote of three clients, as the engine has it when a worker gets a task."""

from dataclasses import dataclass

import pytest

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from workers.engine.message import comeback, ledger, sending
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.rounds import sweeper
from workers.gateway.outcomes import Outcome


@dataclass
class Running:
    campana: CampanaSMS
    lote: Lote
    logs: list[SMSLog]

    def reload(self) -> None:
        for row in (self.campana, self.lote, *self.logs):
            row.refresh_from_db()


@pytest.fixture
def running(owner: Usuario) -> Running:
    comeback.watch.look()  # as every worker does when it begins
    clientes = ClienteFactory.create_batch(3, usuario=owner)
    campana = CampanaFactory.create(usuario=owner, total_clientes=3, estado="procesando")
    lote = open_lote(campana, clientes)
    return Running(campana, lote, [sms_log(campana, lote, cliente) for cliente in clientes])


@pytest.fixture(autouse=True)
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep waits for no chord: in these tests there is none. A test marked `patient` has the product's wait."""
    if not request.node.get_closest_marker("patient"):
        monkeypatch.setattr(sweeper, "patience_s", lambda: 0.0)


def take(log_id: int) -> Claim | None:
    """One row's claim, as a group of one."""
    return ledger.claim_many({log_id: None}).get(log_id)


def post(claim: Claim) -> Outcome | NotPosted:
    """Take the one step of handing the message over, in this thread."""
    try:
        sending._post(claim, sending._HERE).send(None)
    except StopIteration as answer:
        return answer.value  # type: ignore[no-any-return]
    raise AssertionError("it waits for an event loop")


def write(claim: Claim, outcome: Outcome | NotPosted) -> bool:
    """Write one outcome; whether the row was still the claim's."""
    return ledger.record_many([(claim, outcome)]) == {claim.log_id}
