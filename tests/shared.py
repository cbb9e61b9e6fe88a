"""Rows that a whole module of tests begins with: made once, for modules that only ask much of the same rows.

Each test's own changes are rolled back to where the module began. PostgreSQL's `now()` stands still for all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep what is written on entering until the block ends. For a fixture of a larger scope than a test.

    Args:
        blocker: the fixture `django_db_blocker`; ask for `django_db_setup` as well.

    Raises:
        RuntimeError: a test's own transaction is open, at whose end the rows would go. pytest makes the fixtures of a
            module before those of a test only where the test's signature leads to them: `getfixturevalue` comes later.
    """
    whole = transaction.atomic()
    with blocker.unblock():
        if transaction.get_connection().in_atomic_block:
            raise RuntimeError("the rows of a module are made before a test's transaction: name them in its signature")
        whole.__enter__()
    try:
        yield
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
