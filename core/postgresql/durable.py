"""Asking PostgreSQL whether it keeps what it has committed, and each session what it was told: the engine needs both.

A claim that is lost in a crash is sent again. So nothing starts on a server that confirms commits before they are on
disk, and nothing behind a pooler that gives one session's statements to several, unless DATABASE_POOLER says so: then
the product sets nothing for a session, and what it wants of each is the role's.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import Error as DatabaseError
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core.postgresql.away import is_away

logger = logging.getLogger(__name__)

# https://www.postgresql.org/docs/current/runtime-config-wal.html
SETTINGS_SQL: Final = (
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')"
)
# `local` and `off` confirm a commit that a standby, or the disk, does not have.
WAITING: Final = frozenset({"on", "remote_apply"})
# Behind a pooler: what bounds a statement, and a transaction whose process was stopped, and what each should be.
BOUNDS_SQL: Final = "SELECT current_user, current_setting('statement_timeout'), current_setting(%s)"
IDLE: Final = "idle_in_transaction_session_timeout"
ALTER: Final = "ALTER ROLE {role} SET {name} = '{value}'"
# PgBouncer's words for what a client asks for when it connects: https://www.pgbouncer.org/config.html#ignore_startup_parameters
UNSUPPORTED: Final = "unsupported startup parameter"
SAY_SO: Final = "set DATABASE_POOLER=transaction (docs/production.md, A pooler)"
# How often each step of the probe is repeated: which connection a pooler hands out depends on its other clients.
PROBES: Final = 3


@register(Tags.database)
def durability(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ask the server itself. With `manage.py check --database default`, and before web, workers and beat start."""
    return faults() if databases and settings.DATABASES else []


def faults() -> list[CheckMessage]:
    """Return what makes PostgreSQL unfit to hold the ledger; nothing when it is away, which is no fault of its set-up.

    Without an account of Twilio's, or with a stand-in for it, nobody gets a message, and a server without `fsync` is
    only warned of.
    """
    try:
        return [*_settings(), *(_bounds() if settings.DATABASE_POOLER else _pooler())]
    except DatabaseError as error:
        if UNSUPPORTED in str(error):
            hint = f"Connect to PostgreSQL itself, or {SAY_SO}."
            return [Error(f"DATABASE_URL leads to a pooler: {str(error).strip()}", hint=hint, id="core.E023")]
        if not is_away(error):
            raise
        logger.warning("PostgreSQL does not answer: whether it is durable is not checked")
        return []
    finally:
        connection.close()  # a process that forks must not share it


def _settings() -> list[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS_SQL)
        fsync, full_pages, commit = cursor.fetchone()
    grave = Error if settings.TWILIO_ACCOUNT_SID and not settings.TWILIO_SIMULATED else checks.Warning
    found: list[CheckMessage] = []
    if fsync != "on":
        hint = "After a crash messages would be sent again: set fsync = on in postgresql.conf."
        found.append(grave(f"PostgreSQL runs with fsync = {fsync}.", hint=hint, id="core.E020"))
    if full_pages != "on":
        hint = "Unless its disk writes 8 kB at once, a crash may damage the database: set full_page_writes = on."
        said = f"PostgreSQL runs with full_page_writes = {full_pages}."
        found.append(checks.Warning(said, hint=hint, id="core.W020"))
    if commit not in WAITING:
        hint = "A pooler, or the role's own options, override what the product asks for: let it be on."
        found.append(Error(f"Connections have synchronous_commit = {commit}.", hint=hint, id="core.E021"))
    return found


def _bounds() -> list[CheckMessage]:
    """Behind a pooler a session's settings are not ours to make: see that the role has them."""
    with connection.cursor() as cursor:
        cursor.execute(BOUNDS_SQL, [IDLE])
        role, statement, idle = cursor.fetchone()
    wanted = {"statement_timeout": f"{settings.STATEMENT_TIMEOUT_MS}ms", IDLE: "60s"}
    found = {"statement_timeout": statement, IDLE: idle}
    unbounded = [name for name, value in found.items() if value == "0" and wanted[name] != "0ms"]
    orders = "; ".join(ALTER.format(role=f'"{role}"', name=name, value=wanted[name]) for name in unbounded)
    hint = f"Behind a pooler these are the role's. In psql: {orders}; then let the pooler reconnect (RECONNECT)."
    said = f"DATABASE_POOLER is set, and connections have no {' and no '.join(unbounded)}."
    return [Error(said, hint=hint, id="core.E024")] if unbounded else []


def _pooler() -> list[CheckMessage]:
    if not any(_is_shared(connection.copy(), connection.copy()) for _ in range(PROBES)):
        return []
    hint = f"Connect to PostgreSQL itself, to a pooler in session mode (pool_mode = session), or {SAY_SO}."
    return [Error("DATABASE_URL leads to a pooler in transaction mode.", hint=hint, id="core.E022")]


def _is_shared(first: BaseDatabaseWrapper, second: BaseDatabaseWrapper) -> bool:
    """Tell whether two sessions of ours can meet on one of the server's: while one is in a transaction, the other's
    statements go elsewhere than before."""
    try:
        before = _pid(first)
        second.set_autocommit(False)
        return _pid(second) == before or any(_pid(first) != before for _ in range(PROBES))
    finally:
        first.close()
        second.close()


def _pid(session: BaseDatabaseWrapper) -> int:
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
