"""A clock that stands still for Python and for PostgreSQL alike, and is set by the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import time_machine
from django.db import connection

# Found before PostgreSQL's own by every statement that asks what time it is, Django's `Now()` too.
FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS test_clock;
CREATE OR REPLACE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('test_clock.now')::timestamptz $$;
CREATE OR REPLACE FUNCTION test_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('test_clock.now')::timestamptz $$;
SET LOCAL search_path = test_clock, pg_catalog, public
"""


@contextmanager
def standing_still() -> Iterator[Callable[[datetime], None]]:
    """Yield what sets the clock, to a moment with its zone. Only inside a test's transaction."""
    with ExitStack() as travel, connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        before = cursor.fetchone()[0]
        cursor.execute(FUNCTIONS)

        def set_to(moment: datetime) -> None:
            travel.close()
            travel.enter_context(time_machine.travel(moment, tick=False))
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('test_clock.now', %s, true)", [moment.isoformat()])

        yield set_to
        cursor.execute(f"SET LOCAL search_path = {before}")
