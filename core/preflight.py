"""A last check before a process serves: `manage.py` runs the system checks by itself, gunicorn and Celery do not."""

from django.core import checks
from django.core.exceptions import ImproperlyConfigured


def refuse_misconfiguration() -> None:
    """Run the system checks.

    Raises:
        ImproperlyConfigured: with one line per error.
    """
    errors = [message for message in checks.run_checks() if message.level >= checks.ERROR]
    if errors:
        lines = (f"{error.msg} ({error.id}) {error.hint or ''}".rstrip() for error in errors)
        raise ImproperlyConfigured("refusing to start: " + " | ".join(lines))
