"""This thread's database connection after it failed, and the database's clock."""

from datetime import datetime

from django.db import Error as DatabaseError
from django.db import connection


def drop_connection() -> None:
    """After an error the connection may be dead; the next statement opens another."""
    try:
        connection.close()
    except DatabaseError:
        connection.connection = None


def now() -> datetime:
    """By the database's clock, which claims and leases are judged by: clocks of machines differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        found: datetime = cursor.fetchone()[0]
    return found
