import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import override_settings

from campaigns.models import SMSLog
from tests.workers.engine.conftest import Running
from workers.engine import ledger
from workers.engine.ledger import Claim
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable

SID = "SM" + "0" * 32


def claimed(running: Running) -> Claim:
    claim = ledger.claim(running.logs[0].pk)
    assert claim is not None
    return claim


def test_it_claims_a_pending_row_once(running: Running) -> None:
    log = running.logs[0]
    claim = claimed(running)
    assert ledger.claim(log.pk) is None
    running.reload()
    assert (log.estado, log.token, log.intentos) == ("enviando", claim.token, 1)
    assert (claim.telefono, claim.mensaje) == (log.telefono, log.mensaje)
    assert log.lease_hasta is not None
    assert claim.callback_token == f"{log.pk}-{claim.token.hex}"


@pytest.mark.parametrize("estado", ["pendiente", "pausado", "cancelado", "error"])
def test_it_claims_nothing_of_a_campaign_that_does_not_run(running: Running, estado: str) -> None:
    running.campana.estado = estado
    fields = {"completado_en": Now(), "enviados_fallidos": 3} if estado == "error" else {}
    type(running.campana).objects.filter(pk=running.campana.pk).update(estado=estado, **fields)
    assert ledger.claim(running.logs[0].pk) is None
    running.reload()
    assert running.logs[0].estado == "pendiente"


@pytest.mark.parametrize("estado", ["enviado", "fallido", "incierto"])
def test_it_claims_nothing_that_was_tried(running: Running, estado: str) -> None:
    SMSLog.objects.filter(pk=running.logs[0].pk).update(estado=estado, twilio_sid=SID, codigo="x")
    assert ledger.claim(running.logs[0].pk) is None


@pytest.mark.parametrize(
    ("outcome", "estado", "codigo", "sid"),
    [
        (Accepted(SID, "queued", 1), "enviado", "", SID),
        (Permanent("21211", "Número inválido"), "fallido", "21211", ""),
        (Retryable("20429", "Demasiadas"), "pendiente", "20429", ""),  # certainly not created: free again
        (Account("20003", "Credenciales"), "pendiente", "20003", ""),  # kept for when the account works
        (Ambiguous("read_timeout", "No contestó"), "incierto", "read_timeout", ""),
    ],
)
def test_it_writes_each_outcome(running: Running, outcome: Outcome, estado: str, codigo: str, sid: str) -> None:
    assert ledger.record(claimed(running), outcome)
    running.reload()
    log = running.logs[0]
    assert (log.estado, log.codigo, log.twilio_sid, log.lease_hasta) == (estado, codigo, sid, None)


@override_settings(SEND_ATTEMPTS=2)
def test_it_gives_up_on_what_is_refused_again_and_again(running: Running) -> None:
    for estado in ("pendiente", "fallido"):
        assert ledger.record(claimed(running), Retryable("20429", "Demasiadas"))
        running.reload()
        assert running.logs[0].estado == estado


def test_it_writes_no_outcome_without_the_token(running: Running) -> None:
    stolen = replace(claimed(running), token=uuid.uuid4())
    assert not ledger.record(stolen, Accepted(SID, "queued", 1))
    running.reload()
    assert running.logs[0].estado == "enviando"


def test_it_writes_an_outcome_once(running: Running) -> None:
    claim = claimed(running)
    assert ledger.record(claim, Accepted(SID, "queued", 1))
    assert not ledger.record(claim, Permanent("21211", "tarde"))
    running.reload()
    assert running.logs[0].estado == "enviado"


def test_it_makes_a_dead_workers_row_uncertain_and_lets_its_late_outcome_settle_it(running: Running) -> None:
    claim = claimed(running)
    assert ledger.expire_leases() == 0
    SMSLog.objects.filter(pk=claim.log_id).update(lease_hasta=Now() - timedelta(seconds=1))
    assert ledger.expire_leases() == 1
    running.reload()
    assert (running.logs[0].estado, running.logs[0].codigo) == ("incierto", "worker_lost")
    assert ledger.claim(claim.log_id) is None
    assert ledger.record(claim, Accepted(SID, "queued", 1))
    running.reload()
    assert (running.logs[0].estado, running.logs[0].codigo) == ("enviado", "")


def test_a_late_acceptance_stops_a_freed_row_from_being_sent_again(running: Running) -> None:
    claim = claimed(running)
    SMSLog.objects.filter(pk=claim.log_id).update(estado="pendiente")
    assert not ledger.record(claim, Permanent("21211", "tarde"))
    assert ledger.record(claim, Accepted(SID, "queued", 1))
    running.reload()
    assert (running.logs[0].estado, running.logs[0].twilio_sid) == ("enviado", SID)
    assert ledger.claim(claim.log_id) is None


@override_settings(LEASE_S=0.0)
def test_it_does_not_use_a_claim_that_slept(running: Running) -> None:
    assert not claimed(running).is_usable()
