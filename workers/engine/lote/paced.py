"""Lotes of senders with a limit: whichever process is free takes one for some seconds, and hands out its messages.

What is taken is worth some seconds of its sender's time and one slot in the row of publishing. Its messages go into
the queue moment by moment, each shortly before its turn, from this process's memory: so a sender of one segment a
second costs a statement every few seconds instead of several for each message, and hardly a message waits in a loop.

What is held here and not published yet is `pendiente`, as everything that nobody has claimed. If the process dies, its
Lote goes on with the next slice, and what was held is published in the next pass over the Lote; a process that ends in
order, and one that meets a brake, gives its Lotes back at once.
"""

import heapq
import itertools
import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.db import connection

from campaigns.mensaje.partes import contar
from campaigns.values.estados import LOTE, SMS
from workers.engine.lote.due import Due, publish_later
from workers.engine.pace.rates import PUBLISH, Look, Sender, Slot
from workers.engine.publish import chords
from workers.engine.publish.slices import Slice, ahead_s, first_worth, shared_rates

logger = logging.getLogger(__name__)

# Seconds of its sender's time that a process takes of a Lote; one message at least. Less than a Lote may stand still.
TAKE_S: Final = 5.0
# So long before their time they are taken, in seconds: some process looks within that.
EARLY_S: Final = 1.0
# A slot that begins a little later than that is not refused: the clocks of PostgreSQL and Redis are two.
PATIENCE_S: Final = EARLY_S + 0.5
# Seconds of a sender's time that go into the queue together; one message at least.
MOMENT_S: Final = 0.2
# What is due within so many seconds goes out with what is due now.
TICK_S: Final = 0.05
# A process that comes late hands out the rest of what it holds later too, but for so many seconds, and for half of a
# moment's worth: all at once its messages would have to be given back.
LATE_S: Final = 0.25
# Rows of one Lote that are taken at a time, at most.
MOST_ROWS: Final = 1_000

ROWS_SQL: Final = f"""
SELECT n.lote, s.id, s.segmentos, s.mensaje
FROM unnest(%(lotes)s::bigint[], %(after)s::bigint[], %(most)s::int[]) AS n (lote, after, most),
    LATERAL (SELECT s.id, s.segmentos, CASE WHEN s.segmentos IS NULL THEN s.mensaje END AS mensaje
        FROM campaigns_smslog s WHERE s.lote_id = n.lote AND s.estado = {SMS.PENDIENTE} AND s.id > n.after
        ORDER BY s.id LIMIT n.most) s
ORDER BY n.lote, s.id
"""  # noqa: S608 - constants

# When its slot was not near, nothing was published: the Lote is as it was.
NEXT_SQL: Final = f"""
UPDATE campaigns_lote l SET publicado_hasta = n.hasta, publicar_desde = now() + n.espera * interval '1 second',
    publicado_en = CASE WHEN n.nada THEN n.antes ELSE l.publicado_en END
FROM unnest(%(lotes)s::bigint[], %(hasta)s::bigint[], %(espera)s::float8[], %(nada)s::boolean[],
    %(antes)s::timestamptz[]) AS n (lote, hasta, espera, nada, antes)
WHERE l.id = n.lote AND l.estado = {LOTE.ABIERTO}
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Moment:
    """Some messages that go into the queue together.

    Args:
        at: `time.monotonic()` from which they may.
        gap_s: seconds of their sender's time that they are worth.
        closes: whether they are the last of their Lote: their chord closes it.
    """

    lote_id: int
    sender: Sender
    queue: str
    at: float
    gap_s: float
    log_ids: list[int]
    closes: bool


class Hand:
    """The messages that this process has taken and not published yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[int, deque[Moment]] = {}
        self._heap: list[tuple[float, int, int]] = []
        self._numbers = itertools.count()
        self._ended = False

    def hold(self, moments: Sequence[Moment]) -> bool:
        """Take the moments of one Lote, in their order. Some of the slice before may be held still.

        Returns:
            False when nothing is taken any more: the process ends.
        """
        lote_id = moments[0].lote_id
        with self._lock:
            if self._ended:
                return False
            held = self._held.setdefault(lote_id, deque())
            if not held:
                heapq.heappush(self._heap, (moments[0].at, next(self._numbers), lote_id))
            held.extend(moments)
        return True

    def due(self) -> list[Moment]:
        """Return what is to be published now, and hold it no longer."""
        now = monotonic()
        found: list[Moment] = []
        with self._lock:
            while self._heap and self._heap[0][0] <= now + TICK_S:
                lote_id = heapq.heappop(self._heap)[2]
                moments = self._held.get(lote_id)
                if not moments or moments[0].at > now + TICK_S:
                    continue  # of a Lote that was let go, or taken anew
                moment = moments.popleft()
                found.append(moment)
                if moments:
                    then = max(moments[0].at, now + moment.gap_s - min(LATE_S, moment.gap_s / 2))
                    heapq.heappush(self._heap, (then, next(self._numbers), lote_id))
                else:
                    del self._held[lote_id]
        return found

    def due_in(self) -> float | None:
        """Return the seconds until something is due; None when nothing is held."""
        with self._lock:
            return max(0.0, self._heap[0][0] - monotonic()) if self._heap else None

    def let_go(self, lote_ids: Iterable[int]) -> None:
        """Hold nothing of these Lotes any more."""
        with self._lock:
            for lote_id in lote_ids:
                self._held.pop(lote_id, None)

    def lotes(self) -> list[int]:
        """Return the Lotes of which something is held."""
        with self._lock:
            return sorted(self._held)

    def end(self) -> list[int]:
        """Hold nothing any more, also of what is taken from now on; return the Lotes of which something was held."""
        with self._lock:
            self._ended = True
            lote_ids = sorted(self._held)
            self._held.clear()
        return lote_ids


hand = Hand()


def publish(due: Sequence[Due]) -> list[Slice]:
    """Take the next slices of these Lotes, which are marked as taken, and publish what is due of them now.

    Returns:
        A slice for each, in their order.

    Raises:
        redis.RedisError, kombu.exceptions.KombuError: nothing can be published; all of them come again later.
    """
    try:
        taken = _take(due)
        _note(due, taken)
    except Exception:
        publish_later([lote.lote_id for lote in due])
        raise
    slots = [(lote, piece, slot) for lote, (piece, slot) in zip(due, taken, strict=True) if slot is not None]
    refused = [lote.lote_id for lote, piece, slot in slots if not hand.hold(_moments(lote, piece, slot.wait_s))]
    if refused:
        publish_later(refused, in_s=0.0)
    over = [slot is None and piece.until is None for piece, slot in taken]
    _close([lote.lote_id for lote, is_over in zip(due, over, strict=True) if is_over])
    push(brakes=False)
    return [piece.slice for piece, _ in taken]


@dataclass(frozen=True, slots=True)
class _Piece:
    """The part of a Lote that is taken.

    Args:
        slice: what becomes of the Lote.
        rows: ids and segments.
        rate: segments a second.
    """

    slice: Slice
    rows: list[tuple[int, int]]
    rate: float

    @property
    def until(self) -> int | None:
        return self.slice.until


def _take(due: Sequence[Due]) -> list[tuple[_Piece, Slot | None]]:
    """Return what is taken of each Lote, with its slot; None when nothing is published of it."""
    looks = shared_rates().looks([lote.sender for lote in due])
    worth = _worth(due, looks)
    rows = _rows(due, worth)
    first = [first_worth(rows[lote.lote_id], segments) for lote, segments in zip(due, worth, strict=True)]
    asking = [n for n, look in enumerate(looks) if first[n] and not look.brake_s]
    wanted = [(due[n].sender, sum(segments for _, segments in first[n])) for n in asking]
    slots = dict(zip(asking, shared_rates().take_slots(PUBLISH, wanted, patience_s=PATIENCE_S), strict=True))
    return [
        _decide(lote, look, rows[lote.lote_id], first[n], slots.get(n))
        for n, (lote, look) in enumerate(zip(due, looks, strict=True))
    ]


def _worth(due: Sequence[Due], looks: Sequence[Look]) -> list[float]:
    """Return how many segments are taken of each Lote, one at least. Those of one sender share its time: nobody waits
    for the others longer than if there was one."""
    take_s = min(TAKE_S, settings.LOTE_LOST_AFTER_S / 2)
    sharing = Counter(lote.sender for lote in due)
    return [
        min(float(MOST_ROWS), max(1.0, look.rate * take_s / sharing[lote.sender]))
        for lote, look in zip(due, looks, strict=True)
    ]


def _decide(
    lote: Due, look: Look, rows: list[tuple[int, int]], first: list[tuple[int, int]], slot: Slot | None
) -> tuple[_Piece, Slot | None]:
    if not rows:
        return _Piece(Slice([]), [], look.rate), None
    if slot is None or not slot.granted:
        wait = look.brake_s if slot is None else slot.wait_s - EARLY_S
        return _Piece(Slice([], until=lote.after or 0, next_in_s=max(wait, 0.0)), [], look.rate), None
    log_ids = [log_id for log_id, _ in first]
    if len(first) == len(rows):
        return _Piece(Slice(log_ids), first, look.rate), slot
    took = sum(segments for _, segments in first) / look.rate
    next_in_s = max(0.0, slot.wait_s + took - EARLY_S)
    return _Piece(Slice(log_ids, until=log_ids[-1], next_in_s=next_in_s), first, look.rate), slot


def _rows(due: Sequence[Due], worth: Sequence[float]) -> dict[int, list[tuple[int, int]]]:
    """Return the first waiting rows of each Lote, ids with their segments: one more than can be taken, which tells
    whether any are left."""
    most = [int(segments) + 1 for segments in worth]
    params = {"lotes": [lote.lote_id for lote in due], "after": [lote.after or 0 for lote in due], "most": most}
    found: dict[int, list[tuple[int, int]]] = {lote.lote_id: [] for lote in due}
    with connection.cursor() as cursor:
        cursor.execute(ROWS_SQL, params)
        for lote_id, log_id, segmentos, mensaje in cursor.fetchall():
            found[lote_id].append((log_id, segmentos or contar(mensaje or "").segmentos))
    return found


def _note(due: Sequence[Due], taken: Sequence[tuple[_Piece, Slot | None]]) -> None:
    """Write when each Lote is to be taken again, before its messages are published: whoever takes it then asks where
    this slice ended."""
    later = [(lote, piece.slice) for lote, (piece, _) in zip(due, taken, strict=True) if piece.until is not None]
    if not later:
        return
    params: dict[str, Any] = {
        "lotes": [lote.lote_id for lote, _ in later],
        "hasta": [piece.until for _, piece in later],
        "espera": [piece.next_in_s for _, piece in later],
        "nada": [not piece.log_ids for _, piece in later],
        "antes": [lote.before for lote, _ in later],
    }
    with connection.cursor() as cursor:
        cursor.execute(NEXT_SQL, params)


def _moments(lote: Due, piece: _Piece, wait_s: float) -> list[Moment]:
    """Share out a slice in moments."""
    found: list[Moment] = []
    begins = monotonic() + wait_s - ahead_s(piece.rate)
    for rows in _in_moments(piece.rows, max(1.0, piece.rate * MOMENT_S)):
        gap_s = sum(segments for _, segments in rows) / piece.rate
        ids = [log_id for log_id, _ in rows]
        found.append(Moment(lote.lote_id, lote.sender, lote.queue, begins, gap_s, ids, closes=False))
        begins += gap_s
    if piece.until is None:
        found[-1] = replace(found[-1], closes=True)
    return found


def _in_moments(rows: list[tuple[int, int]], worth: float) -> Iterator[list[tuple[int, int]]]:
    while rows:
        first = first_worth(rows, worth)
        yield first
        rows = rows[len(first) :]


def _close(lote_ids: Sequence[int]) -> None:
    """Ask for the Lotes to be closed. Those for which the broker cannot be asked are the sweeper's: the others of the
    slice are held already, and must not be taken again for it."""
    try:
        for lote_id in lote_ids:
            chords.close_later(lote_id)
    except Exception:
        logger.warning("some of the Lotes %s could not be closed; the sweeper finds them", lote_ids, exc_info=True)


def push(*, brakes: bool = True) -> None:
    """Publish what this process holds and is due.

    Args:
        brakes: ask first whether a sender was braked meanwhile: then its Lotes are given back.

    Raises:
        redis.RedisError, kombu.exceptions.KombuError: some were perhaps not published; their Lotes come again later.
    """
    due = hand.due()
    if not due:
        return
    try:
        if brakes:
            due = _without_braked(due)
        loose = [(moment.queue, moment.log_ids) for moment in due if not moment.closes]
        if loose:
            chords.publish_loose(loose)
        for moment in due:
            if moment.closes:
                chords.publish(lote_id=moment.lote_id, log_ids=moment.log_ids, queue=moment.queue)
    except Exception:
        lotes = [moment.lote_id for moment in due]
        hand.let_go(lotes)
        publish_later(lotes)
        raise


def _without_braked(due: list[Moment]) -> list[Moment]:
    senders = list(dict.fromkeys(moment.sender for moment in due))
    braked = {sender for sender, look in zip(senders, shared_rates().looks(senders), strict=True) if look.brake_s}
    held = [moment.lote_id for moment in due if moment.sender in braked]
    if held:
        hand.let_go(held)
        publish_later(held, in_s=0.0)
    return [moment for moment in due if moment.sender not in braked]


def give_back() -> None:
    """Let others publish what this process holds, and what its tasks that still run take: it ends."""
    lotes = hand.end()
    if lotes:
        publish_later(lotes, in_s=0.0)
