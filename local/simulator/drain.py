"""The senders' queues: when each accepted message goes out, and the callbacks that report it.

A message's instants are fixed when it is accepted, so the queue itself is only the numbers of the messages
that still have callbacks to come: eight bytes each, read back from the ledger in batches shortly before they
are due. A million queued messages cost eight megabytes.
"""

import asyncio
import heapq
import math
from array import array
from time import time
from typing import NamedTuple

from local.simulator.callbacks import CallbackSender
from local.simulator.faults import Faults
from local.simulator.ledger import Ledger
from local.simulator.messages import Message

TICK_S = 0.02
BATCH = 200
MAX_DUE = 20000
HEADSTART_S = 0.5
REMEMBER_EVERY_S = 1.0
DRAINED_AT = "drained_at"


class Turn(NamedTuple):
    """The moments at which an accepted message is sending, sent and final; `expired` says that its validity ends before
    its turn."""

    sending_at: float
    sent_at: float
    final_at: float
    expired: bool = False


class Lane:
    """One sender's messages with callbacks to come, in order."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._head = 0

    def __len__(self) -> int:
        return len(self._ids) - self._head

    def push(self, number: int) -> None:
        self._ids.append(number)

    def take(self, count: int) -> list[int]:
        taken = self._ids[self._head : self._head + count].tolist()
        self._head += len(taken)
        if self._head > 4096 and self._head * 2 > len(self._ids):
            del self._ids[: self._head]
            self._head = 0
        return taken


class Drain:
    """Schedules messages, and feeds their callbacks to the sender of callbacks when they are due."""

    def __init__(self, ledger: Ledger, faults: Faults, sender: CallbackSender) -> None:
        self._ledger, self._faults, self._sender = ledger, faults, sender
        self._free_at: dict[str, float] = {}
        self._lanes: dict[str, Lane] = {}
        self._due: list[tuple[float, int, str, Message]] = []
        self._next_at: dict[str, float] = {}
        self._number = 0
        self._restore()

    def schedule(
        self, who: str, segments: int, now: float, answer_s: float, validity_s: float = math.inf
    ) -> Turn | None:
        """The turn of a message of `who`; None when the queue is full.

        Args:
            who: the sender or Messaging Service.
            segments: of the message.
            now: of its acceptance, a Unix second.
            answer_s: how long its answer takes: by default its turn comes no sooner.
            validity_s: how long it may wait; longer, and it fails without having been sent.
        """
        behaviour = self._faults.now
        earliest = now if behaviour.callbacks.early else now + answer_s
        self._faults.count("callback_early", behaviour.callbacks.early)
        start = max(earliest, self._free_at.get(who, 0.0))
        if start - now > behaviour.max_queue_s:
            return None
        if start - now > validity_s:
            return Turn(now + validity_s, now + validity_s, now + validity_s, expired=True)
        took = segments / behaviour.drain_rate if behaviour.drain_rate else 0.0
        self._free_at[who] = start + took
        sent_at = start + took + behaviour.send_s
        return Turn(start, sent_at, sent_at + behaviour.delivery_s)

    def push(self, message: Message) -> None:
        """Expect a committed-soon message's callbacks."""
        if message.status_callback:
            self._lanes.setdefault(message.sender or message.service, Lane()).push(message.id)

    @property
    def pending(self) -> int:
        """Callbacks or messages with callbacks still to come."""
        return sum(map(len, self._lanes.values())) + len(self._due)

    def clear(self) -> None:
        """Forget all that is queued."""
        self._free_at.clear()
        self._lanes.clear()
        self._due.clear()
        self._next_at.clear()

    async def run(self) -> None:
        """Work until cancelled."""
        remembered = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            now = time()
            self._activate(now)
            while self._due and self._due[0][0] <= now:
                _, _, status, message = heapq.heappop(self._due)
                await self._sender.put(message, status)
            if now - remembered > REMEMBER_EVERY_S and (self.pending or remembered):
                # Callbacks due before this instant were sent; after a restart they are not repeated.
                remembered = now if self.pending else 0.0
                self._ledger.set_meta(DRAINED_AT, str(min(now, self._due[0][0]) if self._due else now))

    def _activate(self, now: float) -> None:
        """Read the messages whose turn is near, and line up their callbacks."""
        for who, lane in self._lanes.items():
            while len(lane) and len(self._due) < MAX_DUE and self._next_at.get(who, 0.0) <= now + HEADSTART_S:
                self._ledger.flush()
                numbers = lane.take(BATCH)
                marks = ", ".join("?" * len(numbers))
                for message in self._ledger.select(f"id IN ({marks}) ORDER BY id", tuple(numbers)):
                    self._line_up(message)
                    self._next_at[who] = message.sending_at

    def _line_up(self, message: Message) -> None:
        """Queue one message's callbacks, with the delays, losses and doubles asked for."""
        faults, wanted = self._faults, self._faults.now.callbacks
        for instant, status in message.steps():
            if instant <= self._since or status not in wanted.statuses:
                continue
            if faults.chance(wanted.drop):
                faults.count("callback_dropped")
                continue
            doubled = faults.chance(wanted.duplicate)
            faults.count("callback_doubled", doubled)
            for _ in range(1 + doubled):
                late = wanted.delay_s + (faults.random.random() * wanted.shuffle_s if wanted.shuffle_s else 0.0)
                faults.count("callback_late", late > 0)
                self._number += 1
                heapq.heappush(self._due, (instant + late, self._number, status, message))

    def _restore(self) -> None:
        """Go on, after a restart, with the callbacks that were not sent and with the senders' queues."""
        self._since = float(self._ledger.meta(DRAINED_AT) or 0)
        for message in self._ledger.select("final_at > ? AND refused = 0 ORDER BY id", (self._since,)):
            who = message.sender or message.service
            self._free_at[who] = max(self._free_at.get(who, 0.0), message.sent_at - self._faults.now.send_s)
            self.push(message)
