"""The reconciler: finds out what became of messages whose call never came back.

Twilio has no idempotency key, so an uncertain message is looked for among the recipient's messages. Threads ask Twilio,
many at a time, and this one writes what follows: the session that writes is the one that holds the lock, so a holder
that was stopped for too long writes nothing on waking.
"""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from itertools import groupby

from django.db import connection

from core.ops import logs
from workers.engine.base import locks
from workers.engine.message import doubts
from workers.engine.message.doubts import Doubt
from workers.gateway.base import Gateway
from workers.gateway.factory import get_gateway
from workers.gateway.lookup import LookupFailedError, Message

logger = logging.getLogger(__name__)

# Questions to Twilio under way at the same time. A minute of 5xx leaves a campaign's window in doubt, 10,000 messages:
# their two looks should not take longer than the minute between them.
LOOKUPS = 32
# Rows read at once.
BATCH = 500
# After this many seconds no more questions are asked. Whoever's turn is next goes on.
RUN_S = 10.0
# So many questions in a row without an answer, and Twilio is left alone until the next turn.
SILENT_AFTER = LOOKUPS
# Twilio's clock against ours, and the time between a claim and its call.
SKEW = timedelta(minutes=5)

DUE_SQL = """
SELECT id, telefono, mensaje, token, reclamado_en, ausencias, extract(epoch FROM now() - actualizado)::float
FROM campaigns_smslog
WHERE estado = 'incierto' AND (revisar_desde IS NULL OR revisar_desde <= now())
ORDER BY revisar_desde NULLS FIRST, id LIMIT %s
"""

Question = Future[list[Message]]


def reconcile() -> int:
    """Look at the rows that are due; return how many, 0 also while another process is at it."""
    with locks.alone(locks.RECONCILE) as held:
        return Run(get_gateway()).all() if held else 0


class Run:
    """One turn of asking."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._until = time.monotonic() + RUN_S
        self._unanswered = 0

    def all(self) -> int:
        """Look at row after row until none is due, the time is over or Twilio is silent; return how many."""
        looked = 0
        with ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup") as pool:
            while self._goes_on() and (found := self._batch(pool)):
                looked += found
        return looked

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until and self._unanswered < SILENT_AFTER

    def _batch(self, pool: ThreadPoolExecutor) -> int:
        groups = _due()
        running: dict[Question, list[Doubt]] = {}
        looked = 0
        while True:
            # Never more in the pool than it works on: the others stay due when the run ends.
            while len(running) < LOOKUPS and self._goes_on() and (group := next(groups, None)):
                running[pool.submit(self._ask, group)] = group
            if not running:
                return looked
            done, _ = wait(running, timeout=locks.SILENCE_S / 4, return_when=FIRST_COMPLETED)
            if not done:
                locks.still_here()
            for question in done:
                group = running.pop(question)
                self._conclude(question, group)
                looked += len(group)

    def _ask(self, group: list[Doubt]) -> list[Message]:
        since = min(doubt.claimed_at for doubt in group) - SKEW
        return self._gateway.messages_to(group[0].telefono, since=since)

    def _conclude(self, question: Question, group: list[Doubt]) -> None:
        try:
            messages = question.result()
        except Exception as error:
            self._failed(error, group)
            return
        self._unanswered = 0
        # One after the other: two campaigns may have said the same words to this phone.
        for doubt in group:
            since = doubt.claimed_at - SKEW
            with logs.about(sms=doubt.log_id):
                doubts.settle(doubt, [message for message in messages if message.created_at >= since])

    def _failed(self, error: Exception, group: list[Doubt]) -> None:
        """Put its rows off: they would come first in the next run too, and a batch of them keep the others out."""
        self._unanswered += 1
        if not isinstance(error, LookupFailedError):  # a fault of ours
            logger.error("sms %s could not be looked up", group[0].log_id, exc_info=error)
        elif self._unanswered in (1, SILENT_AFTER):
            logger.warning("Twilio cannot be asked (%s in a row): %s", self._unanswered, error)
        for doubt in group:
            doubts.put_off(doubt)


def _due() -> Iterator[list[Doubt]]:
    """The rows to look at, those of one phone together: they need one question."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, [BATCH])
        found = [Doubt(*row) for row in cursor.fetchall()]
    found.sort(key=lambda doubt: doubt.telefono)
    return (list(rows) for _, rows in groupby(found, key=lambda doubt: doubt.telefono))
