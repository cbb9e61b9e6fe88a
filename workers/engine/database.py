"""This thread's database connection, after it failed."""

from django.db import Error as DatabaseError
from django.db import connection


def drop_connection() -> None:
    """After an error the connection may be dead; the next statement opens another."""
    try:
        connection.close()
    except DatabaseError:
        connection.connection = None
