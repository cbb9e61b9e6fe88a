"""One recipient, from claim to outcome, in steps that an event loop takes for many at a time (`loop`).

What may wait is left to `Hands`: so the steps are written once, and a thread of its own can take them too.
"""

import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, TypeVar

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
from workers.gateway.connections import TOO_LATE
from workers.gateway.factory import get_gateway
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable
from workers.metrics import measures

logger = logging.getLogger(__name__)

# Seconds until the close in which a message may have too little time, by any channel's measure.
SHORT_S: Final = 600
VALIDITY: Final = "El Validity Period del Messaging Service es muy corto"

R = TypeVar("R")


class Hands(Protocol):
    """Does what may wait, for the steps that must not."""

    async def call(self, work: Callable[..., R], *args: Any) -> R:
        """Call what asks Redis or PostgreSQL."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...

    async def post(self, **message: Any) -> Outcome:
        """Hand a message to the gateway: see `Gateway.post`."""
        ...


async def send(claim: Claim, hands: Hands) -> None:
    """Hand the message of a claim to the gateway once, and pass the outcome on to be written."""
    with logs.about(campana=claim.campana_id, sms=claim.log_id):
        admitted = await _admitted(claim, hands)
        if admitted is None:
            return
        outcome = await _post(admitted, hands)
        if isinstance(outcome, Account) and (
            not outcome.transient or await hands.call(throttle.refused, admitted.sender)
        ):
            # Before the row is free again: when no message is under way, a campaign that a person resumes stays so.
            await hands.call(_pause, admitted, outcome)
        outbox.put_outcome(admitted, outcome)
        await _tell_the_throttle(admitted.sender, outcome, hands)


def send_one(log_id: int) -> None:
    """Claim a row and send its message in this thread, by the same steps: for a task that is called and not fetched."""
    if claim := claims.take(log_id):
        _drive(send(claim, _HERE))


async def _admitted(claim: Claim, hands: Hands) -> Claim | None:
    """The claim, once its sender's rate allows it; None when that takes too long, and the row is free again."""
    if throttle.asks(claim.sender):
        turn = await hands.call(throttle.turn, claim.sender, claim.mensaje)
    else:
        turn = throttle.pass_by(claim.sender, claim.mensaje)
    if turn is None:
        outbox.put_outcome(claim, NotPosted())
        return None
    try:
        if turn.wait_s:
            await hands.sleep(turn.wait_s)
    finally:
        throttle.leave(turn)
    return claim if claims.is_fresh(claim) else await hands.call(claims.fresh, claim)


async def _post(claim: Claim, hands: Hands) -> Outcome | NotPosted:
    validity_s = claim.validity_s()
    if claim.is_too_late() or not claim.fits(validity_s):
        return NotPosted()
    started = time.perf_counter()
    outcome = await _send(claim, validity_s, hands)
    measures.count_call(outcome, time.perf_counter() - started)
    return outcome


async def _send(claim: Claim, validity_s: int | None, hands: Hands) -> Outcome:
    memory.post(claim.posted())
    try:
        outcome = await hands.post(
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


async def _tell_the_throttle(sender: Sender, outcome: Outcome | NotPosted, hands: Hands) -> None:
    match outcome:
        case Retryable(throttled=True):
            await hands.call(throttle.answered, sender)
            await hands.call(throttle.slow_down, sender, outcome.retry_after)
        case Retryable(unreachable=True) | Ambiguous(own=False):
            await hands.call(throttle.unanswered, sender)
        case Retryable(code=code) if code == TOO_LATE:
            pass  # nothing was written: Twilio has said nothing
        case Accepted() | Permanent() | Account(transient=False) | Retryable(unreachable=False):
            if throttle.is_braked(sender):
                await hands.call(throttle.answered, sender)
            else:
                throttle.heard(sender)


def _pause(claim: Claim, refusal: Account) -> None:
    try:
        pausas.pause_for_account(claim.campana_id, refusal, claim=(claim.log_id, claim.token))
    except DatabaseError:
        # The row is pending again: the next refusal pauses the campaign.
        logger.exception("campaign %s could not be paused", claim.campana_id)
        database.drop_connection()


class _Here:
    """The hands of a thread that waits itself."""

    async def call(self, work: Callable[..., R], *args: Any) -> R:
        return work(*args)

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def post(self, **message: Any) -> Outcome:
        return get_gateway().send(**message)


_HERE = _Here()


def _drive(steps: Coroutine[Any, Any, None]) -> None:
    """Take all steps at once: nothing in them waits for an event loop."""
    try:
        steps.send(None)
    except StopIteration:
        return
    steps.close()
    raise RuntimeError("a step waited for an event loop, and there is none")
