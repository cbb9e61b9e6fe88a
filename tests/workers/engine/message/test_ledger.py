import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Lote, SMSLog
from tests.workers.engine.conftest import Running, take, write
from workers.engine.lote import closing
from workers.engine.message import ledger
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.message.receipts import Receipt, apply_receipts
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable

SID = "SM" + "0" * 32


def claimed(running: Running) -> Claim:
    claim = take(running.logs[0].pk)
    assert claim is not None
    return claim


def test_it_claims_a_pending_row_once(running: Running) -> None:
    log = running.logs[0]
    claim = claimed(running)
    assert take(log.pk) is None
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
    assert take(running.logs[0].pk) is None
    running.reload()
    assert running.logs[0].estado == "pendiente"


@pytest.mark.parametrize("estado", ["enviado", "fallido", "incierto"])
def test_it_claims_nothing_that_was_tried(running: Running, estado: str) -> None:
    SMSLog.objects.filter(pk=running.logs[0].pk).update(estado=estado, twilio_sid=SID, codigo="x")
    assert take(running.logs[0].pk) is None


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
    assert write(claimed(running), outcome)
    running.reload()
    log = running.logs[0]
    assert (log.estado, log.codigo, log.twilio_sid, log.lease_hasta) == (estado, codigo, sid, None)


@override_settings(SEND_ATTEMPTS=2)
@pytest.mark.parametrize(
    ("outcome", "estado"),
    [
        (Retryable("20429", "Demasiadas", throttled=True), "pendiente"),
        (Retryable("dns", "No se encontró la dirección", unreachable=True), "pendiente"),
        (Retryable("too_late", "Tarde"), "pendiente"),
        (Account("21661", "El remitente no puede"), "pendiente"),
        (NotPosted(), "pendiente"),
        (Ambiguous("http_503", "No se sabe"), "incierto"),
        (Ambiguous("read_timeout", "No se sabe"), "incierto"),
    ],
)
def test_what_says_nothing_about_the_recipient_is_no_attempt(
    running: Running, outcome: Outcome | NotPosted, estado: str
) -> None:
    for _ in range(4):
        assert write(claimed(running), outcome)
        running.reload()
        assert (running.logs[0].estado, running.logs[0].intentos) == (estado, 0)
        # As the reconciler frees it.
        SMSLog.objects.filter(pk=running.logs[0].pk).update(estado="pendiente")


@pytest.mark.parametrize(
    "outcome",
    [Accepted(SID, "queued", 1), Permanent("21211", "Inválido"), Ambiguous("internal_error", "Falla", own=True)],
)
def test_what_says_something_about_the_recipient_is_one(running: Running, outcome: Outcome) -> None:
    assert write(claimed(running), outcome)
    running.reload()
    assert running.logs[0].intentos == 1


def test_a_worker_that_died_costs_the_recipient_nothing(running: Running) -> None:
    claim = claimed(running)
    SMSLog.objects.filter(pk=claim.log_id).update(lease_hasta=Now() - timedelta(seconds=1))
    assert ledger.expire_leases() == 1
    running.reload()
    assert (running.logs[0].estado, running.logs[0].intentos) == ("incierto", 0)
    # What comes of its call all the same does not give the attempt back twice.
    for late in (Ambiguous("read_timeout", "No contestó"), NotPosted()):
        assert write(claim, late)
    running.reload()
    assert (running.logs[0].estado, running.logs[0].intentos) == ("pendiente", 0)


def test_it_writes_no_outcome_without_the_token(running: Running) -> None:
    stolen = replace(claimed(running), token=uuid.uuid4())
    assert not write(stolen, Accepted(SID, "queued", 1))
    running.reload()
    assert running.logs[0].estado == "enviando"


def test_it_writes_an_outcome_once(running: Running) -> None:
    claim = claimed(running)
    assert write(claim, Accepted(SID, "queued", 1))
    assert not write(claim, Permanent("21211", "tarde"))
    running.reload()
    assert running.logs[0].estado == "enviado"


def test_it_makes_a_dead_workers_row_uncertain_and_lets_its_late_outcome_settle_it(running: Running) -> None:
    claim = claimed(running)
    assert ledger.expire_leases() == 0
    SMSLog.objects.filter(pk=claim.log_id).update(lease_hasta=Now() - timedelta(seconds=1))
    assert ledger.expire_leases() == 1
    running.reload()
    assert (running.logs[0].estado, running.logs[0].codigo) == ("incierto", "worker_lost")
    assert take(claim.log_id) is None
    assert write(claim, Accepted(SID, "queued", 1))
    running.reload()
    assert (running.logs[0].estado, running.logs[0].codigo) == ("enviado", "")


def test_a_late_acceptance_stops_a_freed_row_from_being_sent_again(running: Running) -> None:
    claim = claimed(running)
    SMSLog.objects.filter(pk=claim.log_id).update(estado="pendiente")
    assert not write(claim, Permanent("21211", "tarde"))
    assert write(claim, Accepted(SID, "queued", 1))
    running.reload()
    assert (running.logs[0].estado, running.logs[0].twilio_sid) == ("enviado", SID)
    assert take(claim.log_id) is None


def test_a_claim_must_not_be_used_when_its_call_could_outlive_the_lease(running: Running) -> None:
    claim = claimed(running)
    longest_call = settings.TWILIO_CONNECT_TIMEOUT_S + settings.TWILIO_READ_TIMEOUT_S
    assert claim.deadline == claim.taken_at + settings.LEASE_S - longest_call


def test_it_makes_a_claim_anew_for_who_holds_it(running: Running) -> None:
    old = claimed(running)
    assert ledger.claim_many({old.log_id: uuid.uuid4()}) == {}
    new = ledger.claim_many({old.log_id: old.token})[old.log_id]
    assert (new.token != old.token, new.intentos) == (True, 1)
    assert not write(old, Accepted(SID, "queued", 1))
    assert write(new, Accepted(SID, "queued", 1))


def test_it_makes_no_claim_anew_once_the_campaign_is_paused(running: Running) -> None:
    claim = claimed(running)
    type(running.campana).objects.update(estado="pausado")
    assert ledger.claim_many({claim.log_id: claim.token}) == {}


def test_what_was_not_posted_is_free_again_and_was_no_attempt(running: Running) -> None:
    assert write(claimed(running), NotPosted())
    running.reload()
    assert (running.logs[0].estado, running.logs[0].intentos, running.logs[0].codigo) == ("pendiente", 0, "")


def test_it_claims_and_writes_many_in_one_statement_each(
    running: Running, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    with django_assert_num_queries(2):
        claims = ledger.claim_many(dict.fromkeys(log.pk for log in running.logs))
        outcomes: list[Outcome] = [
            Accepted(SID, "queued", 1),
            Permanent("21211", "Número inválido"),
            Ambiguous("reset", "Se cortó"),
        ]
        written = ledger.record_many(list(zip(claims.values(), outcomes, strict=True)))
    assert written == set(claims) == {log.pk for log in running.logs}
    running.reload()
    assert [log.estado for log in running.logs] == ["enviado", "fallido", "incierto"]
    assert len({log.token for log in running.logs}) == 3


class TestWhatTwilioBills:
    """Its own count is kept, whoever comes first: its answer to the call, or the callback."""

    @pytest.mark.parametrize("callback_first", [False, True])
    def test_its_count_is_the_rows_and_the_cost_follows(self, running: Running, callback_first: bool) -> None:
        SMSLog.objects.update(segmentos=2, costo="0.100000")
        claim = claimed(running)
        if callback_first:
            assert apply_receipts([Receipt(claim.log_id, claim.token, SID, "sent")]) == [True]
        assert write(claim, Accepted(SID, "queued", 3))
        running.reload()
        log = running.logs[0]
        assert (log.estado, log.segmentos, log.costo) == ("enviado", 3, Decimal("0.15"))
        assert (running.logs[1].segmentos, running.logs[1].costo) == (2, Decimal("0.1"))

    def test_the_caps_count_what_was_billed(self, running: Running) -> None:
        SMSLog.objects.update(segmentos=1, costo="5.000000")
        Lote.objects.update(cupo_dia=Now(), cupo_monto=15)
        for n, log in enumerate(running.logs):
            claim = take(log.pk)
            assert claim is not None
            assert write(claim, Accepted(f"SM{n:032}", "queued", 1 + n))
        closing.close(running.lote.pk)
        running.reload()
        assert (running.lote.estado, running.lote.cupo_monto) == ("cerrado", Decimal(30))

    @pytest.mark.parametrize(("segmentos", "costo"), [(0, "0"), (1, None), (None, None)])
    def test_a_row_without_a_price_stays_so(self, running: Running, segmentos: int | None, costo: str | None) -> None:
        SMSLog.objects.update(segmentos=segmentos, costo=costo)
        assert write(claimed(running), Accepted(SID, "queued", 3))
        running.reload()
        assert (running.logs[0].segmentos, running.logs[0].costo) == (3, costo and Decimal(costo))

    def test_the_moment_is_still_the_callbacks(self, running: Running) -> None:
        claim = claimed(running)
        apply_receipts([Receipt(claim.log_id, claim.token, SID, "sent")])
        told = timezone.now() - timedelta(minutes=5)
        SMSLog.objects.filter(pk=claim.log_id).update(actualizado=told)
        assert write(claim, Accepted(SID, "queued", 1))
        running.reload()
        assert running.logs[0].actualizado == told

    def test_another_message_is_not_written_over_it(self, running: Running) -> None:
        claim = claimed(running)
        apply_receipts([Receipt(claim.log_id, claim.token, SID, "sent")])
        for late in (Accepted("SM" + "9" * 32, "queued", 9), Permanent("21211", "no"), NotPosted()):
            assert not write(claim, late)
        running.reload()
        assert (running.logs[0].estado, running.logs[0].twilio_sid) == ("enviado", SID)
