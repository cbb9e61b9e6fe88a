"""Work that one process does at a time, by PostgreSQL's advisory locks: they end with the session that holds them.

A holder that is stopped, or whose machine is gone without a word, keeps its session: the server ends a session that
says nothing for a while, so that nobody waits for such a holder for ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Any constants, as long as they differ; `ensure_admin` has 7301001.
SWEEP = 7_301_002
RECONCILE = 7_301_003

# The longest pause between two statements of a holder, in seconds. A live one that exceeds it loses its connection,
# and what it was doing is done again.
SILENCE_S = 30.0  # publishing to a Redis that hangs takes up to 23


@contextmanager
def alone(lock: int) -> Iterator[bool]:
    """Give True to the only one inside, False to anybody else, at once.

    Args:
        lock: one of the constants above.

    Raises:
        django.db.OperationalError: on leaving, when the session ended meanwhile.
    """
    with connection.cursor() as cursor:
        # First the limit: between the two the process may be stopped.
        cursor.execute("SELECT set_config('idle_session_timeout', %s, false)", [f"{SILENCE_S * 1000:.0f}"])
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        with connection.cursor() as cursor:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
            cursor.execute("RESET idle_session_timeout")


def still_here() -> None:
    """Break the holder's silence while other threads work for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
