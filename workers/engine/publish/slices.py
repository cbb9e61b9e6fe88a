"""The slices in which a Lote is published.

For a sender without a limit, a slice is as much as the campaign's window has room for; the rest follows when that has
ended. For a sender with a limit, or under a brake, it is some messages for a moment of its time, and the next ones
follow shortly before those are sent, so that hardly a thread waits with a message in its hand.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from django.conf import settings

from campaigns.mensaje.partes import contar
from campaigns.models import SMSLog
from core.senders import NO_LIMIT
from workers.engine.pace.rates import PUBLISH, Rates, Sender

# Seconds of its sender's time that a slice is worth; one message at least.
SLICE_S: Final = 0.2
# How long before its time a slice is published, in seconds: for the way through the queue. A fast sender's slices,
# which would fill many threads, come later: at most so many segments ahead.
AHEAD_S: Final = 0.25
LEAST_AHEAD_S: Final = 0.05
AHEAD_SEGMENTS: Final = 4.0
# A slice's slot is taken however far away it is: a sender of many campaigns. What is beyond is asked for again then.
PATIENCE_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a Lote to publish.

    Args:
        log_ids: rows to publish now.
        until: the last row's id, of those published in this pass; None when there are no more to publish.
        next_in_s: seconds until the next slice is due; None for when this one has ended.
    """

    log_ids: list[int]
    until: int | None = None
    next_in_s: float | None = None


def cut(lote_id: int, *, after: int | None, sender: Sender, most: int) -> Slice:
    """Choose the next slice of a Lote.

    A limited sender's slices take slots before they are published, so that its campaigns advance together.

    Args:
        after: rows up to this id were published, and the next slice has its slot; None before the first one.
        most: rows.

    Raises:
        redis.RedisError: the sender's state is not known, and nothing can be published either.
    """
    pending = SMSLog.objects.filter(lote_id=lote_id, estado=SMSLog.Estado.PENDIENTE, pk__gt=after or 0).order_by("id")
    look = shared_rates().look(sender)
    if look.rate == NO_LIMIT:
        log_ids = list(pending.values_list("id", flat=True)[: most + 1])
        return Slice(log_ids[:most], until=log_ids[most - 1]) if len(log_ids) > most else Slice(log_ids)
    if look.brake_s:
        return Slice([], until=after or 0, next_in_s=look.brake_s)
    worth = max(1.0, look.rate * SLICE_S)
    rows = list(pending.values_list("id", "mensaje")[: 2 * int(worth)])
    first, segments = _worth(rows, worth)
    ahead = ahead_s(look.rate)
    if first and after is None and (wait := _slot(sender, segments)) > ahead:
        return Slice([], until=0, next_in_s=wait - ahead)
    second, segments = _worth(rows[len(first) :], worth)
    if not second:
        return Slice(first)
    return Slice(first, until=first[-1], next_in_s=max(0.0, _slot(sender, segments) - ahead))


def ahead_s(rate: float) -> float:
    """Return how many seconds before its time a message of a sender is published.

    Args:
        rate: segments a second.
    """
    return min(AHEAD_S, max(LEAST_AHEAD_S, AHEAD_SEGMENTS / rate))


def first_worth(rows: list[tuple[int, int]], segments: float) -> list[tuple[int, int]]:
    """Return the first rows, ids with their segments, that are worth so many together; one at least."""
    total = 0
    for n, (_, one) in enumerate(rows):
        if n and total + one > segments:
            return rows[:n]
        total += one
    return rows


def _slot(sender: Sender, segments: int) -> float:
    """Seconds until so many segments are to be published for the sender, after all that was asked for before."""
    return shared_rates().take_slot(PUBLISH, sender, segments=segments, patience_s=PATIENCE_S).wait_s


def _worth(rows: list[tuple[int, str]], segments: float) -> tuple[list[int], int]:
    """The first rows that are worth so many segments, at least one; their ids, and their segments."""
    found = first_worth([(log_id, contar(mensaje).segmentos) for log_id, mensaje in rows], segments)
    return [log_id for log_id, _ in found], sum(one for _, one in found)


@cache
def shared_rates() -> Rates:
    """Return the rates of all senders, as this process asks for them when it publishes."""
    return Rates(settings.REDIS_URL)
