"""Which Lotes' tasks are gone: fetched by a worker that was killed, or wiped with Redis.

A queue is first in, first out, so what waits and what is gone can be told apart, however full it is: once the next task
to be fetched is one that was published later, every task of the Lote has been fetched. A row is claimed as soon as its
task is fetched, so one that has been pending and unchanged for a while is in nobody's hands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from redis.exceptions import RedisError

from core import queues, redis_client
from workers.engine.publish import chords

# Published Lotes with pending rows of which none has changed for a while.
QUIET_SQL = """
SELECT l.id, c.usuario_id %% %(queues)s, l.publicado_en
FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
WHERE c.estado = 'procesando' AND l.estado = 'abierto' AND l.publicar_desde IS NULL
    AND l.publicado_en < now() - %(quiet)s * interval '1 second'
    AND (SELECT 1 FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = 'pendiente' LIMIT 1) = 1
    AND (SELECT 1 FROM campaigns_smslog s WHERE s.lote_id = l.id
        AND s.actualizado > now() - %(quiet)s * interval '1 second' LIMIT 1) IS NULL
"""

# When the tasks at the heads of the queues were published.
HEADS_SQL = """
SELECT s.id, l.publicado_en FROM campaigns_smslog s JOIN campaigns_lote l ON l.id = s.lote_id WHERE s.id = ANY(%s)
"""

# From its beginning: what is gone may have been of an earlier slice.
AGAIN_SQL = """
UPDATE campaigns_lote SET publicar_desde = now(), publicado_hasta = NULL
WHERE id = ANY(%s) AND estado = 'abierto' AND publicar_desde IS NULL RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A published Lote that stands still.

    Args:
        queue: the number of its queue.
    """

    lote_id: int
    queue: int
    published_at: datetime


def publish_again() -> list[int]:
    """Let the Lotes whose tasks are gone be published once more; return their ids.

    What merely waits is left alone, however long. While the broker does not answer nothing is known, and nothing could
    be published.
    """
    quiet = _quiet()
    if not quiet:
        return []
    try:
        heads = _heads({lote.queue for lote in quiet})
    except RedisError:
        return []
    published = _published(row for row in heads.values() if row)
    lost = [lote.lote_id for lote in quiet if _is_lost(lote, heads, published)]
    if not lost:
        return []
    with connection.cursor() as cursor:
        cursor.execute(AGAIN_SQL, [lost])
        return [row[0] for row in cursor.fetchall()]


def _is_lost(lote: Quiet, heads: Mapping[int, int | None], published: Mapping[int, datetime | None]) -> bool:
    if lote.queue not in heads:
        return True  # the queue is empty
    next_one = published.get(heads[lote.queue] or 0)
    return next_one is not None and next_one > lote.published_at


def _quiet() -> list[Quiet]:
    with connection.cursor() as cursor:
        cursor.execute(QUIET_SQL, {"quiet": settings.LOTE_LOST_AFTER_S, "queues": settings.ENVIOS_QUEUES})
        return [Quiet(*row) for row in cursor.fetchall()]


def _heads(numbers: Iterable[int]) -> dict[int, int | None]:
    """The row of the next task of each queue that holds any; None when its message is not one of ours.

    Raises:
        redis.RedisError: the broker does not answer.
    """
    known = sorted(numbers)
    with redis_client.connect() as client:
        asked = client.pipeline(transaction=False)
        for number in known:
            asked.lindex(queues.envios_of(number, settings.ENVIOS_QUEUES), -1)
        messages = asked.execute()
    found = zip(known, messages, strict=True)
    return {number: chords.row_of(message) for number, message in found if message is not None}


def _published(rows: Iterable[int]) -> dict[int, datetime | None]:
    """When each of these rows was published last."""
    with connection.cursor() as cursor:
        cursor.execute(HEADS_SQL, [list(rows)])
        return dict(cursor.fetchall())
