"""The Celery application. Tasks live in `workers` and are reached by name, never imported here."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from core.preflight import refuse_misconfiguration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("core")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"])


@app.on_after_configure.connect
def settle_configuration(sender: Celery, **kwargs: Any) -> None:
    """Copy the configuration into one dict: each look-up through Django's lazy settings costs microseconds, and
    Celery makes dozens for every message."""
    sender.conf.update({key: sender.conf[key] for key in list(sender.conf)})


@worker_init.connect
@beat_init.connect
def refuse(**kwargs: Any) -> None:
    """Celery logs what a signal's receiver raises and goes on, but it lets an exit pass."""
    try:
        refuse_misconfiguration()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
