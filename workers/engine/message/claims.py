"""Claims, many in one statement.

Who wants a row asks; a thread claims for all that ask within some milliseconds, and tells each. A claim that had to
wait before it is used is made again: meanwhile a person may have paused the campaign.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that is asked for.

    Args:
        log_id: of the row.
        tell: takes the claim, in another thread; None when somebody has the row, it is not to be sent now, or the
            database is away. It must not raise, and is called once.
        held: the token under which the row is ours already, if it is.
    """

    log_id: int
    tell: Callable[[Claim | None], object]
    held: UUID | None = None


def ask(asked: Asked) -> None:
    """Claim a row soon."""
    batches.put(asked)


def take(log_id: int, held: UUID | None = None) -> Claim | None:
    """Claim a row, and wait for the claim in this thread. See `Asked`."""
    answer: SimpleQueue[Claim | None] = SimpleQueue()
    ask(Asked(log_id, answer.put, held))
    return answer.get()


def is_fresh(claim: Claim) -> bool:
    """Tell whether the claim may be used as it is; if not, `fresh` makes it again."""
    return claim.age() <= FRESH_S and not claim.mark.jumped()


def fresh(claim: Claim) -> Claim | None:
    """Return the claim, made again if it had to wait; None when its message is not to be sent any more."""
    if is_fresh(claim):
        return claim
    again = take(claim.log_id, claim.token)
    if again is None:
        # Paused, cancelled, or no longer ours: if it is, it is free again.
        outbox.put_outcome(claim, ledger.NotPosted())
    return again


def _claim(group: list[Asked]) -> None:
    claims: dict[int, Claim] = {}
    try:
        claims = _insist({asked.log_id: asked.held for asked in group})
    finally:
        for asked in group:
            # Popped: a row that was asked for twice is one message's.
            asked.tell(claims.pop(asked.log_id, None))


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
