"""The code of the mutants, for a worker's process. It does not know how the engine is written inside."""

import asyncio
import os
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final

from django.conf import settings
from django.db import connection

from tests.faults.mutants import VARIABLE
from workers.engine.base import account, epoch
from workers.engine.base.epoch import Epoch
from workers.engine.lote import closing
from workers.engine.lote.quarantine import Since
from workers.engine.message import comeback, outbox
from workers.engine.pace import throttle
from workers.engine.rounds import sweeper
from workers.gateway import callbacks, twilio
from workers.gateway.outcomes import Ambiguous, Outcome, Permanent, Retryable
from workers.gateway.twilio import TwilioGateway
from workers.metrics.measures import Closer

NOBODY: Final = "http://127.0.0.1:9"

Send = Callable[..., Coroutine[Any, Any, Outcome]]


async def _blind_retry(send: Send, **message: Any) -> Outcome:
    outcome = await send(**message)
    return Retryable(outcome.code, outcome.message) if isinstance(outcome, Ambiguous) else outcome


async def _give_up(send: Send, **message: Any) -> Outcome:
    outcome = await send(**message)
    return Permanent(outcome.code, outcome.message) if isinstance(outcome, Ambiguous) else outcome


async def _record_first(send: Send, **message: Any) -> Outcome:
    await asyncio.to_thread(_record, str(message["callback_token"]))
    return await send(**message)


def _record(callback_token: str) -> None:
    log_id, _, token = callback_token.partition("-")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_smslog SET estado = 'enviado', twilio_sid = %s, lease_hasta = NULL, actualizado = now()"
            " WHERE id = %s AND token = %s AND estado = 'enviando'",
            [f"SM{uuid.uuid4().hex}", int(log_id), uuid.UUID(token)],
        )


def _sending(how: Callable[..., Coroutine[Any, Any, Outcome]]) -> Callable[[], None]:
    def install() -> None:
        post = TwilioGateway.post
        TwilioGateway.post = lambda self, **message: how(post.__get__(self), **message)  # type: ignore[method-assign]

    return install


def _blind_and_deaf() -> None:
    """A callback would say that the message was sent, and spare the client the second one: they go to nobody."""
    real = callbacks.status_callback
    deaf = lambda *, public_url, token: real(public_url=NOBODY, token=token)  # noqa: E731
    twilio.status_callback = deaf  # type: ignore[attr-defined]
    _sending(_blind_retry)()


def _without_sweeper() -> None:
    sweeper.sweep = lambda: None


def _without_quarantine() -> None:
    for module in (comeback, outbox):
        module.write_again = lambda posted, *, lost: 0  # type: ignore[attr-defined]
    comeback.hold = _let_go


def _with_a_budget() -> None:
    tries: Counter[object] = Counter()

    async def counted(send: Send, **message: Any) -> Outcome:
        outcome = await send(**message)
        if isinstance(outcome, Retryable) and outcome.unreachable:
            tries[message["to"]] += 1
            if tries[message["to"]] >= settings.SEND_ATTEMPTS:
                return Permanent(outcome.code, outcome.message)
        return outcome

    throttle.unanswered = lambda sender: None
    _sending(counted)()


def _with_any_account() -> None:
    account.is_this_account = lambda of_claim: True


def _let_go(covers: Since, *, until: Epoch | None = None) -> int:
    if until:
        epoch.write(until)
    return 0


def _without_callback() -> None:
    close = closing.close
    closing.close = lambda lote_id, by=Closer.CHORD: None if by == Closer.CHORD else close(lote_id, by)


INSTALL: Final[dict[str, Callable[[], None]]] = {
    "blind-retry": _blind_and_deaf,
    "record-first": _sending(_record_first),
    "give-up": _sending(_give_up),
    "no-sweeper": _without_sweeper,
    "no-quarantine": _without_quarantine,
    "any-account": _with_any_account,
    "outage-budget": _with_a_budget,
    "no-callback": _without_callback,
}


def install_from_environment() -> None:
    """Put the mutant that the environment names into this process.

    Raises:
        KeyError: there is no such mutant.
    """
    if name := os.environ.get(VARIABLE):
        INSTALL[name]()
