"""The Celery application. Tasks live in `workers` and are reached by name, never imported here."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import import_modules, task_prerun
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections

from core.preflight import refuse_misconfiguration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("core")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"])


@app.on_after_configure.connect
def settle_configuration(sender: Celery, **kwargs: Any) -> None:
    """Copy the configuration into one dict: each look-up through Django's lazy settings costs microseconds, and
    Celery makes dozens for every message."""
    # The keys come from `dir` of Django's settings, whose private names are no settings.
    sender.conf.update({key: sender.conf[key] for key in list(sender.conf) if not key.startswith("_")})


@task_prerun.connect
def refresh_connections(**kwargs: Any) -> None:
    """Drop this thread's database connection if it broke or is old; it is checked before its first statement."""
    close_old_connections()


# Sent to workers and beat as they start. beat_init comes too late: beat has read its schedule from PostgreSQL by then.
@import_modules.connect
def refuse(**kwargs: Any) -> None:
    """Celery logs what a signal's receiver raises and goes on, but it lets an exit pass."""
    try:
        refuse_misconfiguration()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
