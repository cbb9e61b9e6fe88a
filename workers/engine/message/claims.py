"""Claims for the threads of a process, many in one statement.

A worker fetches messages in groups and has more in hand than threads. Their rows are claimed together when they come,
so that a thread finds the claim ready. A claim that had to wait is made again before it is used: meanwhile a person may
have paused the campaign.
"""

import logging
from _thread import allocate_lock
from time import sleep
from typing import Final
from uuid import UUID

from django.db import Error as DatabaseError

from workers.engine.base import database
from workers.engine.base.groups import Batches
from workers.engine.message import ledger, outbox
from workers.engine.message.ledger import Claim

logger = logging.getLogger(__name__)

# A claim is used within this many seconds, or made again.
FRESH_S: Final = 1.0
# Seconds that the first of a group waits for the others.
GATHER_S: Final = 0.005

# Pauses in seconds between attempts. While PostgreSQL restarts, the tasks in hand wait for it: given up, each would be
# found lost by the sweeper, half a minute later.
PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class _Asked:
    """A row that was asked for.

    Args:
        held: the token under which it is ours already, if it is.
    """

    __slots__ = ("_answered", "claim", "held", "log_id")

    def __init__(self, log_id: int, held: UUID | None = None) -> None:
        self.log_id = log_id
        self.held = held
        self.claim: Claim | None = None
        self._answered = allocate_lock()
        self._answered.acquire()

    def answer(self, claim: Claim | None) -> None:
        self.claim = claim
        self._answered.release()

    def wait(self) -> Claim | None:
        self._answered.acquire()
        return self.claim


_ahead: dict[int, _Asked] = {}


def ask_ahead(log_id: int) -> None:
    """Claim the row of a message that has come, before a thread takes it up."""
    # A message that came twice finds the row taken.
    if batches.is_running and log_id not in _ahead:
        asked = _ahead[log_id] = _Asked(log_id)
        batches.put(asked)


def take(log_id: int) -> Claim | None:
    """A pending row of a running campaign; None when somebody has it, it is not to be sent now, or the database is
    away."""
    asked = _ahead.pop(log_id, None)
    claim = asked.wait() if asked else _ask(_Asked(log_id))
    return fresh(claim) if claim else None


def fresh(claim: Claim) -> Claim | None:
    """Return the claim, made again if it had to wait; None when its message is not to be sent any more."""
    return _renew(claim) if claim.age() > FRESH_S or claim.mark.jumped() else claim


def given_up() -> list[Claim]:
    """The claims that no thread has taken, when none will."""
    found = [asked.wait() for asked in _ahead.values()]
    _ahead.clear()
    return [claim for claim in found if claim]


def _renew(claim: Claim) -> Claim | None:
    again = _ask(_Asked(claim.log_id, claim.token))
    if again is None:
        # Paused, cancelled, or no longer ours: if it is, it is free again.
        outbox.put_outcome(claim, ledger.NotPosted())
    return again


def _ask(asked: _Asked) -> Claim | None:
    batches.put(asked)
    return asked.wait()


def _claim(group: list[_Asked]) -> None:
    claims: dict[int, Claim] = {}
    try:
        claims = _insist({asked.log_id: asked.held for asked in group})
    finally:
        for asked in group:
            # Popped: a row that was asked for twice is one thread's.
            asked.answer(claims.pop(asked.log_id, None))


def _insist(held: dict[int, UUID | None]) -> dict[int, Claim]:
    for pause in (*PAUSES_S, None):
        try:
            return ledger.claim_many(held)
        except DatabaseError:
            # The commit may have happened: then the leases run out. If not, the rows are still pending.
            database.drop_connection()
            if pause is None:
                logger.exception("%s messages could not be claimed", len(held))
                break
            sleep(pause)
    return {}


batches = Batches("claims", _claim, gather_s=GATHER_S)
