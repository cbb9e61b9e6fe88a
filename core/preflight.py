"""A last check before a process serves: `manage.py` runs the system checks by itself, gunicorn and Celery do not."""

import gc

from django.core import checks
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured

from core import redis_server
from core.postgresql import durable

# Checks that load every page and form: a third of a worker's start, and 500 modules that it has no use for.
OF_PAGES = frozenset({checks.Tags.urls, checks.Tags.templates})


def refuse_misconfiguration(*, serves_pages: bool) -> None:
    """Run the system checks, and ask PostgreSQL whether it keeps what it commits, and Redis whether it is fit.

    Args:
        serves_pages: whether this process answers requests, so that addresses and templates are checked too.

    Raises:
        ImproperlyConfigured: with one line per error.
    """
    left_out = frozenset() if serves_pages else OF_PAGES
    wanted = [check for check in registry.get_checks() if left_out.isdisjoint(check.tags)]
    found = [message for check in wanted for message in check(app_configs=None, databases=None)]
    if not any(message.is_serious() for message in found):
        found += [*durable.faults(), *redis_server.faults()]
    errors = [message for message in found if message.level >= checks.ERROR]
    if errors:
        lines = (f"{error.msg} ({error.id}) {error.hint or ''}".rstrip() for error in errors)
        raise ImproperlyConfigured("refusing to start: " + " | ".join(lines))
    # What is loaded by now stays until the end: no search for garbage goes through it again.
    gc.freeze()
