"""One recipient, from claim to outcome. Never raises: a header task that fails would break its chord."""

import logging
import time

from django.db import Error as DatabaseError
from django.db import connection

from workers.engine import campana, ledger
from workers.engine.ledger import Claim
from workers.gateway.factory import get_gateway
from workers.gateway.outcomes import Account, Ambiguous, Outcome

logger = logging.getLogger(__name__)

# Pauses in seconds between attempts to write an outcome. An outcome that cannot be written is not lost: the
# lease runs out and the row is reconciled; but a restart of PostgreSQL should not cost that.
RECORD_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def send_one(log_id: int) -> None:
    """Claim the row, hand the message to the gateway once, and write the outcome."""
    try:
        claim = ledger.claim(log_id)
    except DatabaseError:
        # The commit may have happened: then the lease runs out. If not, the row is still pending.
        logger.exception("sms %s could not be claimed", log_id)
        _drop_connection()
        return
    if claim is None:
        return
    if not claim.is_usable():
        _insist(claim, ledger.NOT_POSTED)
        return
    outcome = _post(claim)
    _insist(claim, outcome)
    if isinstance(outcome, Account):
        _pause(claim, outcome)


def _post(claim: Claim) -> Outcome:
    try:
        return get_gateway().send(
            to=claim.telefono, body=claim.mensaje, callback_token=claim.callback_token, not_after=claim.deadline
        )
    except Exception:
        # A fault of ours around the call: whether the request left is not known, so the safe side is taken.
        logger.exception("sms %s: the gateway failed", claim.log_id)
        return Ambiguous("internal_error", "Falla interna al enviar; no se sabe si el mensaje salió")


def _insist(claim: Claim, outcome: Outcome) -> None:
    for pause in (*RECORD_PAUSES_S, None):
        try:
            if not ledger.record(claim, outcome):
                logger.info("sms %s was settled by somebody else; %s is not written", claim.log_id, outcome)
            return
        except DatabaseError:
            _drop_connection()
            if pause is None:
                logger.exception("sms %s: %s could not be written", claim.log_id, outcome)
                return
            time.sleep(pause)


def _pause(claim: Claim, refusal: Account) -> None:
    try:
        campana.pause_for_account(claim.campana_id, refusal)
    except DatabaseError:
        # The row is pending again: the next refusal pauses the campaign.
        logger.exception("campaign %s could not be paused", claim.campana_id)
        _drop_connection()


def _drop_connection() -> None:
    """After an error the connection may be dead; the next statement opens another."""
    try:
        connection.close()
    except DatabaseError:
        connection.connection = None
