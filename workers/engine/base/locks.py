"""Work that one process does at a time, by leases in a table: they end with time, whoever holds them.

A holder that is stopped, or whose machine is gone without a word, says nothing any more, and another takes its place.
One that wakes up late finds that at its next word, and goes no further. What it has just been writing harms nothing:
each statement of a sweep asks for the state that it changes, and a look of the reconciler is written only where nobody
has looked since.

No lock of a session: behind a pooler that gives one session's statements to several, it would be left to strangers.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from django.db import connection

SWEEP = "barrido"
RECONCILE = "conciliacion"

# The longest pause between two words of a holder, in seconds. What a live one that exceeds it was doing is done again.
SILENCE_S = 30.0  # publishing to a Redis that hangs takes up to 23

# A lease from the future (the server's clock was put back) is nobody's.
TAKE_SQL = """
INSERT INTO workers_arriendo AS a (tarea, titular, hasta)
VALUES (%(task)s, %(holder)s, clock_timestamp() + %(silence)s * interval '1 second')
ON CONFLICT (tarea) DO UPDATE SET titular = EXCLUDED.titular, hasta = EXCLUDED.hasta
WHERE a.hasta <= clock_timestamp() OR a.hasta > clock_timestamp() + %(silence)s * interval '2 seconds'
"""

HOLD_SQL = """
UPDATE workers_arriendo SET hasta = clock_timestamp() + %(silence)s * interval '1 second'
WHERE tarea = %(task)s AND titular = %(holder)s
"""

LEAVE_SQL = "DELETE FROM workers_arriendo WHERE tarea = %(task)s AND titular = %(holder)s"


class LostError(Exception):
    """Somebody else does the work: its holder was silent for too long."""


class _Held(threading.local):
    """The lease of this thread: its task and its holder's name."""

    lease: tuple[str, UUID] | None = None


_held = _Held()


@contextmanager
def alone(task: str) -> Iterator[bool]:
    """Give True to the only one inside, False to anybody else, at once.

    Args:
        task: one of the constants above.
    """
    lease = (task, uuid4())
    if not _execute(TAKE_SQL, lease):
        yield False
        return
    _held.lease = lease
    try:
        yield True
    finally:
        _held.lease = None
        # Also where the work has failed: nobody has to wait until the lease is over.
        _execute(LEAVE_SQL, lease)


def still_here() -> None:
    """Break the holder's silence; nothing happens in a thread that holds no lease.

    Raises:
        LostError: it lasted too long.
    """
    if _held.lease and not _execute(HOLD_SQL, _held.lease):
        raise LostError(_held.lease[0])


def _execute(sql: str, lease: tuple[str, UUID]) -> int:
    task, holder = lease
    with connection.cursor() as cursor:
        cursor.execute(sql, {"task": task, "holder": holder.hex, "silence": SILENCE_S})
        return int(cursor.rowcount)
