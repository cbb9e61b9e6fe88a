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
    """
    whole = transaction.atomic()
    with blocker.unblock():
        whole.__enter__()
    try:
        yield
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
