"""The event loop of a worker process in which its messages are sent: a message holds no thread while Twilio answers.

A message that was fetched waits here until there is room for another call; then its row is claimed, with those of
others in one statement (`claims`), the message is sent (`sending`), and once its outcome is written (`outbox`) its part
is counted and it is given back to the broker. PostgreSQL and Redis are asked in threads, never in the loop's.

The loop never ends on its own. If it did, the process ends with it, for its supervisor to start another.
"""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any, Final, TypeVar

from django.db import close_old_connections

from core.ops import logs
from core.postgresql import lending
from workers.broker.results import Part
from workers.engine.message import claims, outbox, sending
from workers.engine.message.claims import Asked
from workers.engine.message.ledger import Claim, NotPosted
from workers.engine.message.outbox import Ended
from workers.gateway.factory import get_gateway
from workers.gateway.outcomes import Outcome

logger = logging.getLogger(__name__)

R = TypeVar("R")

# The threads that ask Redis and PostgreSQL for the loop: for limited and braked senders, and for refusals. Names are
# looked up in asyncio's own: a resolver that hangs keeps nobody from being told so.
THREADS: Final = 8
# How long those under way that are given up may take to close their connections, in seconds.
GIVE_UP_S: Final = 1.0
# … of which the loop goes on turning for so long: TLS takes some turns to close.
CLOSING_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Job:
    """A message of the broker's for one recipient.

    Args:
        log_id: the recipient's row.
        part: of its Lote's chord; None when it is of none.
        message: the broker's, which is given back when it has ended.
    """

    log_id: int
    part: Part | None
    message: Any


class SendLoop:
    """Sends the messages that it is given, many at a time.

    Args:
        at_once: how many are claimed or under way at a time.
        give_back: takes the messages with which nothing is to be done any more, once that is durable. It is called in
            the outbox's thread, and must not raise.
        died: is told why when the loop has ended on its own.
        tick_s: how often it says that it turns, in seconds.
    """

    def __init__(
        self,
        *,
        at_once: int,
        give_back: Callable[[list[Any]], object],
        died: Callable[[str], object],
        tick_s: float = 1.0,
    ) -> None:
        self._at_once = at_once
        self._tick_s = tick_s
        self._give_back = give_back
        self._died = died
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="send-aside")
        self._thread = Thread(target=self._run, name="send", daemon=True)
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = False
        # The loop's own.
        self._waiting: deque[Job] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._closing = self._stopping = False
        self.ticks = 0

    @property
    def in_hand(self) -> int:
        """The number of messages that wait or are under way."""
        return len(self._inbox) + len(self._waiting) + self._in_flight

    def start(self) -> None:
        self._thread.start()

    def put(self, job: Job) -> None:
        """Send a message soon; call it from any thread. After `close` it stays with the broker."""
        if not self._stopping:
            self._tell(partial(self._take, job))

    def close(self, timeout: float) -> bool:
        """Begin no more calls, wait for those under way, and end the loop.

        Messages that were not begun are left to the broker; the claims that there are of them are given back.

        Args:
            timeout: seconds.

        Returns:
            False when some were still under way: what became of them will be looked up.
        """
        self._tell(self._close)
        self._thread.join(timeout)
        if self._thread.is_alive():
            self._tell(self._abandon)
            self._thread.join(GIVE_UP_S)
        if not self._thread.is_alive():
            self._loop.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        return self._in_flight == 0

    # In the loop's thread.

    def _run(self) -> None:
        reason = "its loop has ended"
        try:
            asyncio.set_event_loop(self._loop)
            self._loop.set_exception_handler(_unexpected)
            self._loop.call_soon(self._tick)
            self._loop.run_forever()
        except BaseException as error:
            # An exit that some callback raised, or memory that is used up.
            logger.critical("the loop that sends has ended", exc_info=True)
            reason = f"the loop that sends has ended: {error!r}"
        if not self._stopping:
            self._died(reason)

    def _tick(self) -> None:
        self.ticks += 1
        self._loop.call_later(self._tick_s, self._tick)

    def _tell(self, what: Callable[[], None]) -> None:
        """Have something done in the loop. Many together wake it once."""
        self._inbox.append(what)
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # it has ended: a claim that comes now is left to its lease
                self._loop.call_soon_threadsafe(self._read)

    def _read(self) -> None:
        self._woken = False  # before reading: what comes from here on wakes it again
        while self._inbox:
            what = self._inbox.popleft()
            try:
                what()
            except Exception:
                # The others must not wait for it.
                logger.exception("the loop that sends could not do %r", what)
        self._fill()

    def _take(self, job: Job) -> None:
        if not self._closing:
            self._waiting.append(job)

    def _fill(self) -> None:
        while self._waiting and self._in_flight < self._at_once and not self._closing:
            job = self._waiting.popleft()
            self._in_flight += 1
            claims.ask(Asked(job.log_id, partial(self._claimed, job)))
        if self._closing and not self._in_flight:
            self._stop()

    def _claimed(self, job: Job, claim: Claim | None) -> None:
        """Take the answer of the thread that claims."""
        self._tell(partial(self._begin, job, claim))

    def _begin(self, job: Job, claim: Claim | None) -> None:
        if claim is None:
            self._end(job)
            return
        if self._closing:
            # Its message goes back to its queue, and finds the row free.
            self._in_flight -= 1
            outbox.put_outcome(claim, NotPosted())
            return
        task = self._loop.create_task(self._send(job, claim))
        self._tasks.add(task)  # the loop itself holds it only weakly
        task.add_done_callback(self._tasks.discard)

    async def _send(self, job: Job, claim: Claim) -> None:
        try:
            await sending.send(claim, self)
        except Exception:
            # Its row is `enviando` until its lease ends, and then it is found out what became of the message.
            with logs.about(campana=claim.campana_id, sms=claim.log_id):
                logger.exception("sms %s: sending failed", claim.log_id)
        finally:
            if not self._stopping:  # it was not cancelled
                self._end(job)
                self._fill()

    def _end(self, job: Job) -> None:
        self._in_flight -= 1
        outbox.put_ended(Ended(job.part, job.message, self._give_back))

    def _close(self) -> None:
        self._closing = True
        self._waiting.clear()

    def _abandon(self) -> None:
        """End with calls under way: their connections are closed, and their messages stay with the broker."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        self._loop.call_later(CLOSING_S, self._stop)  # after each has been told, and has closed

    def _stop(self) -> None:
        self._stopping = True
        self._loop.stop()

    # What a message's steps may wait for: `sending.Hands`.

    async def call(self, work: Callable[..., R], *args: Any) -> R:
        """Call in a thread what asks Redis or PostgreSQL."""
        context = contextvars.copy_context()
        return await self._loop.run_in_executor(self._threads, partial(context.run, _work, work, *args))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def post(self, **message: Any) -> Outcome:
        return await get_gateway().post(**message)


def _work(work: Callable[..., R], *args: Any) -> R:
    lending.be_timer()
    close_old_connections()  # one that PostgreSQL's restart broke is replaced
    try:
        return work(*args)
    finally:
        lending.rest()


def _unexpected(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what a callback of the loop raised; the loop goes on."""
    error = context.get("exception")
    logger.error("the loop that sends: %s", context.get("message"), exc_info=error)
