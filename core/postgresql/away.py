"""Telling whether PostgreSQL is away: it cannot be reached, it ended the connection, or it takes no more work."""

from typing import Final

from django.db import InterfaceError, OperationalError
from django.db.utils import Error

# Seconds after which to try again; a restart takes about as long.
RETRY_S: Final = 5
# https://www.postgresql.org/docs/current/errcodes-appendix.html: no connection, no room, shut down or starting.
CLASSES: Final = ("08", "53", "57P")
CLOSED: Final = "connection already closed"


def is_away(error: BaseException | None) -> bool:
    """Tell whether this error, which Django raised in place of the driver's, means that PostgreSQL is away.

    A statement that took too long, a deadlock and a wrong value do not: PostgreSQL said so itself.
    """
    if not isinstance(error, Error):
        return False
    driver = error.__cause__
    code = getattr(driver, "pgcode", None)
    if code:
        return str(code).startswith(CLASSES)
    cursor = getattr(driver, "cursor", None)
    if cursor is not None and cursor.connection.closed:
        return True
    return isinstance(error, OperationalError) or (isinstance(error, InterfaceError) and CLOSED in str(error))
