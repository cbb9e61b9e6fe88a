"""Reading the run's database while it is being restarted under us."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg2

WITHIN_S = 60.0
PAUSE_S = 0.2
SWEEP_LOCK = "barrido"  # of the product: who holds it sweeps
# As the product takes it, so often that it never ends.
HOLD_SQL = """
INSERT INTO workers_arriendo AS a (tarea, titular, hasta) VALUES (%(task)s, %(holder)s, now() + interval '30 seconds')
ON CONFLICT (tarea) DO UPDATE SET titular = EXCLUDED.titular, hasta = EXCLUDED.hasta
WHERE a.titular = EXCLUDED.titular OR a.hasta <= now()
"""
HOLD_AGAIN_S = 5.0


class Database:
    """The database of the running product.

    Args:
        url: gives the address now, or "" while there is none; the stack may be starting again.
    """

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def rows(self, sql: str, *params: object, within_s: float = WITHIN_S) -> list[tuple[Any, ...]]:
        """Run a statement that may be run twice, until it is answered.

        Raises:
            psycopg2.Error: it is wrong, or not answered within `within_s` seconds.
        """
        deadline = time.monotonic() + within_s
        while True:
            try:
                return self.once(sql, *params)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_S)

    @contextmanager
    def locked(self, lock: str) -> Iterator[None]:
        """Hold one of the product's leases; wait for the process that has it now.

        Raises:
            psycopg2.Error: the server was not there.
        """
        params = {"task": lock, "holder": str(uuid4())}
        connection = psycopg2.connect(self._url(), connect_timeout=5)
        connection.autocommit = True
        over = threading.Event()

        def hold() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(HOLD_SQL, params)
                return cursor.rowcount == 1

        def keep() -> None:
            while not over.wait(HOLD_AGAIN_S):
                hold()

        keeper = threading.Thread(target=keep, daemon=True)
        try:
            while not hold():
                time.sleep(PAUSE_S)
            keeper.start()
            yield
        finally:
            over.set()
            if keeper.ident:
                keeper.join()
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM workers_arriendo WHERE tarea = %(task)s AND titular = %(holder)s", params)
            connection.close()

    def once(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Run a statement once, and commit.

        Raises:
            psycopg2.Error: it was not answered.
        """
        url = self._url()
        if not url:  # libpq would look for a server of its own choice
            raise psycopg2.OperationalError("the stack is down")
        connection = psycopg2.connect(url, connect_timeout=5)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql, params)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()
