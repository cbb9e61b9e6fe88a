"""A last check before a process serves: `manage.py` runs the system checks by itself, gunicorn and Celery do not."""

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from core import redis_server
from core.postgresql import durable


def refuse_misconfiguration() -> None:
    """Run the system checks, and ask PostgreSQL whether it keeps what it commits, and Redis whether it is fit.

    Raises:
        ImproperlyConfigured: with one line per error.
    """
    found = checks.run_checks()
    if not any(message.is_serious() for message in found):
        found += [*durable.faults(), *redis_server.faults()]
    errors = [message for message in found if message.level >= checks.ERROR]
    if errors:
        lines = (f"{error.msg} ({error.id}) {error.hint or ''}".rstrip() for error in errors)
        raise ImproperlyConfigured("refusing to start: " + " | ".join(lines))
