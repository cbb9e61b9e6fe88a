"""The outcomes of messages on their way to PostgreSQL, and the parts and messages that ended with them.

Who has sent a message puts the outcome here and goes on; within some milliseconds the outcomes of all are written in
one statement. Then the parts of their chords are counted, never before, for the chord's callback reads the ledger; and
then the broker's messages are given back to who fetched them, to be acknowledged. What is here when the process dies
was sent and is not recorded: the same as a process that dies in the middle of the call.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any, Final

from django.db import DataError, IntegrityError, connection
from django.db import Error as DatabaseError
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from campaigns.values.twilio import UNSUBSCRIBED, known_status
from core.ops import logs
from workers.broker.results import Part, backend
from workers.engine.base import database
from workers.engine.base.groups import Batches
from workers.engine.message import ledger, optouts, refusals
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.message.memory import memory, write_again
from workers.engine.message.receipts import Receipt, apply_receipts
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Permanent

logger = logging.getLogger(__name__)

# Seconds that the first outcome of a group waits for the others: no thread waits with it.
GATHER_S: Final = 0.03

# Pauses in seconds between attempts. An outcome that cannot be written is not lost: the lease runs out and the row is
# reconciled; but a restart of PostgreSQL should not cost that.
PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)

ANOTHERS: Final = Ambiguous("mensaje_de_otro", "Otro envío con el mismo texto ya cuenta con este mensaje")

watch: Final = refusals.Watch()

Result = tuple[Claim, Outcome | NotPosted]


@dataclass(frozen=True, slots=True)
class Ended:
    """A message of the broker's with which nothing is to be done any more, once what was put before it is written.

    Args:
        part: of its chord; None when it is of none.
        message: the broker's.
        give_back: takes the messages that ended together, in the outbox's thread. It must not raise.
    """

    part: Part | None
    message: Any
    give_back: Callable[[list[Any]], object]


def put_outcome(claim: Claim, outcome: Outcome | NotPosted) -> None:
    """Write an outcome under its claim, soon. Never raises."""
    if isinstance(outcome, Accepted):
        memory.accepted(claim.token, outcome.sid, known_status(outcome.status))
    elif not isinstance(outcome, Ambiguous):
        memory.forget(claim.token)
    batches.put((claim, outcome))


def put_ended(ended: Ended) -> None:
    """Count its part, and give its message back, once the outcomes put before it are written. Never raises."""
    batches.put(ended)


def _deliver(items: list[Result | Ended]) -> None:
    results = [item for item in items if isinstance(item, tuple)]
    ended = [item for item in items if isinstance(item, Ended)]
    parts = [item.part for item in ended if item.part]
    try:
        if results:
            _record(results)
    except Exception:
        # A fault of ours must not take the parts along: their Lotes would wait for the sweeper.
        logger.exception("%s outcomes could not be written", len(results))
    try:
        if parts:
            _count(parts)
    finally:
        _give_back(ended)


def _give_back(ended: list[Ended]) -> None:
    by_owner: dict[Callable[[list[Any]], object], list[Any]] = {}
    for one in ended:
        by_owner.setdefault(one.give_back, []).append(one.message)
    for give_back, messages in by_owner.items():
        give_back(messages)


def _record(results: list[Result]) -> None:
    for claim, outcome in results:
        if isinstance(outcome, Permanent) and outcome.code == UNSUBSCRIBED:
            _learn(claim)
    for pause in (*PAUSES_S, None):
        try:
            written = ledger.record_many(results)
        except (IntegrityError, DataError, ValueError):
            # One of them breaks a constraint, or is nothing that PostgreSQL or its driver can take (a NUL, half of a
            # surrogate pair, a number out of range); it must not keep the others out.
            written = {claim.log_id for claim, outcome in results if _record_one(claim, outcome)}
        except DatabaseError:
            database.drop_connection()
            if pause is None:
                logger.exception("%s outcomes could not be written", len(results))
                return
            sleep(pause)
            continue
        _insist([(claim, outcome) for claim, outcome in results if claim.log_id not in written])
        _settled_before([(claim, outcome) for claim, outcome in results if claim.log_id not in written])
        _watch(results)
        return


def _watch(results: list[Result]) -> None:
    """Look for refusals that are no recipient's own, before the parts of these messages are counted: while a part is
    missing, their Lote does not close."""
    answers: dict[int, list[Outcome | NotPosted]] = {}
    for claim, outcome in results:
        if isinstance(outcome, Accepted | Permanent):
            answers.setdefault(claim.campana_id, []).append(outcome)
    for campana_id, outcomes in answers.items():
        refused = [outcome for outcome in outcomes if isinstance(outcome, Permanent)]
        try:
            watch.see(campana_id, accepted=len(refused) < len(outcomes), refused=refused)
        except DatabaseError:
            with logs.about(campana=campana_id):
                logger.exception("campaign %s: its refusals could not be looked at", campana_id)
            database.drop_connection()


def _settled_before(results: list[Result]) -> None:
    """Somebody else has settled these rows: their callbacks, the reconciler, their campaign's deadline. What Twilio
    accepted is proof all the same, as its callback would be."""
    for claim, outcome in results:
        with logs.about(campana=claim.campana_id, sms=claim.log_id):
            logger.debug("sms %s was settled by somebody else; %s is not written", claim.log_id, outcome)
    _apply(
        [
            Receipt(claim.log_id, claim.token, outcome.sid, outcome.status)
            for claim, outcome in results
            if isinstance(outcome, Accepted)
        ]
    )


def _apply(receipts: list[Receipt]) -> None:
    if not receipts:
        return
    try:
        apply_receipts(receipts)
        return
    except (DatabaseError, ValueError):
        if not connection.in_atomic_block and not connection.is_usable():
            database.drop_connection()
        if len(receipts) == 1:
            # Its callback says the same.
            with logs.about(sms=receipts[0].log_id):
                logger.exception("sms %s: %s could not be written", receipts[0].log_id, receipts[0])
            return
    # One that PostgreSQL cannot take must not keep the others out.
    for receipt in receipts:
        _apply([receipt])


def _insist(unwritten: list[Result]) -> None:
    """Write what was accepted where PostgreSQL has lost the claim: the row must not be sent again."""
    accepted = [(claim, outcome) for claim, outcome in unwritten if isinstance(outcome, Accepted)]
    if not accepted:
        return
    try:
        write_again((claim.posted(one.sid, known_status(one.status)) for claim, one in accepted), lost=False)
    except DatabaseError:
        # They are remembered, and written again when the server is seen to have come back.
        logger.warning("%s accepted messages could not be written", len(accepted), exc_info=True)
        database.drop_connection()


def _learn(claim: Claim) -> None:
    """Keep the opt-out before the outcome is written: a process that dies in between has kept what matters more."""
    try:
        optouts.learn(campana_id=claim.campana_id, telefono=claim.telefono, remitente=claim.sender.value)
    except DatabaseError:
        # The next message to this phone is refused again, and it is learnt then.
        logger.exception("the opt-out of sms %s could not be kept", claim.log_id)
        database.drop_connection()


def _record_one(claim: Claim, outcome: Outcome | NotPosted) -> bool:
    try:
        try:
            return bool(ledger.record_many([(claim, outcome)]))
        except IntegrityError:
            # The reconciler found this message first, and gave it to a row that says the same to the same phone. That
            # one has been sent, then; of this one it is found out.
            return bool(ledger.record_many([(claim, ANOTHERS)]))
    except (DatabaseError, ValueError):
        # Its lease runs out, and then it is found out.
        with logs.about(campana=claim.campana_id, sms=claim.log_id):
            logger.exception("sms %s: %s could not be written", claim.log_id, outcome)
        if not connection.in_atomic_block and not connection.is_usable():
            database.drop_connection()
        return False


def _count(parts: Sequence[Part]) -> None:
    try:
        backend().count(parts)
    except (RedisError, KombuError, OSError):
        # The sweeper closes their Lotes.
        logger.warning("%s chord parts could not be counted", len(parts), exc_info=True)


batches: Batches[Result | Ended] = Batches("outbox", _deliver, gather_s=GATHER_S)
