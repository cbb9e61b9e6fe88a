"""An outcome that cannot be written keeps nothing else out."""

import json
from unittest.mock import Mock

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from campaigns.models import SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from workers.broker.results import Part
from workers.engine.message import ledger, outbox
from workers.engine.message.ledger import Claim
from workers.engine.message.outbox import Ended
from workers.gateway.classify import classify_error
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Permanent

# `transaction=True`: PostgreSQL refuses a statement of a group, and in a transaction all that follow.
pytestmark = pytest.mark.django_db(transaction=True)

POISON: dict[str, Outcome] = {
    "a sid that is too long": Accepted("SM" + "0" * 200, "queued", 1),
    "a NUL in a sid": Accepted("SM\0" + "0" * 31, "queued", 1),
    "half of a surrogate pair": Permanent("21999\ud800", "no"),
    "a NUL in a code": Ambiguous("x\0y", "?"),
}


def claims(owner: Usuario, n: int = 50) -> list[Claim]:
    clientes = ClienteFactory.create_batch(n, usuario=owner)
    campana = CampanaFactory.create(usuario=owner, total_clientes=n, estado="procesando")
    lote = open_lote(campana, clientes)
    ids = [sms_log(campana, lote, cliente).pk for cliente in clientes]
    found = ledger.claim_many(dict.fromkeys(ids))
    return [found[log_id] for log_id in ids]


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_one_that_cannot_be_written_loses_only_itself(
    owner: Usuario, monkeypatch: pytest.MonkeyPatch, poison: Outcome
) -> None:
    counted: list[Part] = []
    monkeypatch.setattr(outbox, "_count", counted.extend)
    monkeypatch.setattr(outbox, "sleep", Mock(side_effect=AssertionError("the others waited")))
    mine = claims(owner)
    results: list[outbox.Result] = [(claim, Accepted(f"SM{n:032}", "queued", 1)) for n, claim in enumerate(mine)]
    results[20] = (mine[20], poison)
    part = Mock(spec=Part)
    outbox._deliver([*results, Ended(part, None, Mock())])
    assert SMSLog.objects.filter(estado="enviado").count() == 49
    assert SMSLog.objects.get(pk=mine[20].log_id).estado == "enviando"  # until its lease runs out
    assert counted == [part]
    assert connection.is_usable()


def test_a_count_that_does_not_fit_does_not_put_an_accepted_message_in_doubt(owner: Usuario) -> None:
    [claim] = claims(owner, 1)
    outbox._deliver([(claim, Accepted("SM" + "f" * 32, "queued", 10**9))])
    row = SMSLog.objects.get()
    assert (row.estado, row.twilio_sid) == ("enviado", "SM" + "f" * 32)


def test_twilios_own_words_are_always_written(owner: Usuario) -> None:
    text = "bad \0 text \ud800 of Twilio's\n"
    mine = claims(owner, 2)
    outcome = classify_error(400, {}, json.dumps({"code": 21999, "message": text}))
    outbox._deliver([(mine[0], outcome), (mine[1], Permanent("21998", text))])
    assert list(SMSLog.objects.order_by("pk").values_list("codigo", "error")) == [
        ("21999", "bad text of Twilio's"),
        ("21998", "bad text of Twilio's"),
    ]


def test_a_fault_of_ours_takes_no_part_along(monkeypatch: pytest.MonkeyPatch, owner: Usuario) -> None:
    counted: list[Part] = []
    monkeypatch.setattr(outbox, "_count", counted.extend)
    monkeypatch.setattr(ledger, "record_many", Mock(side_effect=RuntimeError("a fault")))
    part = Mock(spec=Part)
    outbox._deliver([(claims(owner, 1)[0], Accepted("SM" + "0" * 32, "queued", 1)), Ended(part, None, Mock())])
    assert counted == [part]


@pytest.mark.parametrize("others", [1, 30])
def test_what_was_settled_before_costs_one_statement_for_all(
    owner: Usuario, django_assert_max_num_queries: DjangoAssertNumQueries, others: int
) -> None:
    """They were given up at their campaign's deadline, and Twilio had accepted them."""
    mine = claims(owner, others)
    SMSLog.objects.update(estado="pendiente", codigo="", lease_hasta=None)
    refused: list[outbox.Result] = [(claim, Permanent("21211", "no")) for claim in mine]
    accepted: list[outbox.Result] = [(claim, Accepted(f"SM{n:032}", "queued", 1)) for n, claim in enumerate(mine)]
    with django_assert_max_num_queries(2):
        outbox._settled_before([*refused, *accepted])
    assert SMSLog.objects.filter(estado="enviado").count() == others


def test_one_that_cannot_be_written_keeps_the_others_that_were_settled_not_out(owner: Usuario) -> None:
    mine = claims(owner, 5)
    results: list[outbox.Result] = [(claim, Accepted(f"SM{n:032}", "queued", 1)) for n, claim in enumerate(mine)]
    results[2] = (mine[2], POISON["a NUL in a sid"])
    outbox._settled_before(results)
    assert SMSLog.objects.filter(estado="enviado").count() == 4
