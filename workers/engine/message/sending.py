"""One recipient, from claim to outcome. Never raises: a header task that fails would break its chord."""

import logging
import time
from typing import Final

from django.db import Error as DatabaseError

from campaigns.values.twilio import TTL_TOO_SMALL
from core.ops import logs
from workers.engine.base import database
from workers.engine.campaign import pausas
from workers.engine.message import claims, outbox
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.message.memory import memory
from workers.engine.pace import throttle
from workers.engine.pace.rates import Sender
from workers.gateway.factory import get_gateway
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable
from workers.metrics import measures

logger = logging.getLogger(__name__)

# Seconds until the close in which a message may have too little time, by any channel's measure.
SHORT_S: Final = 600
VALIDITY: Final = "El Validity Period del Messaging Service es muy corto"


def send_one(log_id: int) -> None:
    """Claim the row, hand the message to the gateway once, and pass the outcome on to be written."""
    claim = _admitted(claims.take(log_id))
    if claim is None:
        return
    with logs.about(campana=claim.campana_id, sms=claim.log_id):
        outcome = _post(claim)
        if isinstance(outcome, Account) and (not outcome.transient or throttle.refused(claim.sender)):
            # Before the row is free again: when no message is under way, a campaign that a person resumes stays so.
            _pause(claim, outcome)
        outbox.put_outcome(claim, outcome)
        _tell_the_throttle(claim.sender, outcome)


def _admitted(claim: Claim | None) -> Claim | None:
    """The claim, once its sender's rate allows it; None when that takes too long, and the row is free again."""
    if claim is None:
        return None
    if throttle.admit(claim.sender, claim.mensaje):
        return claims.fresh(claim)
    outbox.put_outcome(claim, NotPosted())
    return None


def _post(claim: Claim) -> Outcome | NotPosted:
    validity_s = claim.validity_s()
    if claim.is_too_late() or not claim.fits(validity_s):
        return NotPosted()
    started = time.perf_counter()
    outcome = _send(claim, validity_s)
    measures.count_call(outcome, time.perf_counter() - started)
    return outcome


def _send(claim: Claim, validity_s: int | None) -> Outcome:
    memory.post(claim.posted())
    try:
        outcome = get_gateway().send(
            to=claim.telefono,
            body=claim.mensaje,
            callback_token=claim.callback_token,
            sender=claim.sender.value,
            not_after=claim.deadline,
            validity_s=validity_s,
        )
        return _about_the_set_up(outcome, validity_s)
    except Exception:
        # A fault of ours around the call: whether the request left is not known, so the safe side is taken.
        logger.exception("sms %s: the gateway failed", claim.log_id)
        return Ambiguous("internal_error", "Falla interna al enviar; no se sabe si el mensaje salió", own=True)


def _about_the_set_up(outcome: Outcome, validity_s: int | None) -> Outcome:
    """Return the outcome; where Twilio finds a time too short that is not what the close of a window leaves, it is the
    Messaging Service's own, and every message would meet the same until somebody mends it."""
    too_short = isinstance(outcome, Retryable) and outcome.code == TTL_TOO_SMALL
    if not too_short or (validity_s is not None and validity_s < SHORT_S):
        return outcome
    return Account(TTL_TOO_SMALL, VALIDITY)


def _tell_the_throttle(sender: Sender, outcome: Outcome | NotPosted) -> None:
    match outcome:
        case Retryable(throttled=True):
            throttle.answered(sender)
            throttle.slow_down(sender, outcome.retry_after)
        case Retryable(unreachable=True) | Ambiguous(own=False):
            throttle.unanswered(sender)
        case Accepted() | Permanent() | Account(transient=False) | Retryable(unreachable=False):
            throttle.answered(sender)


def _pause(claim: Claim, refusal: Account) -> None:
    try:
        pausas.pause_for_account(claim.campana_id, refusal, claim=(claim.log_id, claim.token))
    except DatabaseError:
        # The row is pending again: the next refusal pauses the campaign.
        logger.exception("campaign %s could not be paused", claim.campana_id)
        database.drop_connection()
