"""Work that one process does at a time, by PostgreSQL's advisory locks: they end with the session that holds them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Any constants, as long as they differ; `ensure_admin` has 7301001.
SWEEP = 7_301_002
RECONCILE = 7_301_003


@contextmanager
def alone(lock: int) -> Iterator[bool]:
    """Give True to the only one inside, False to anybody else, at once.

    Args:
        lock: one of the constants above.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
