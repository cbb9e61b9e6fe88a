"""The Celery application. Tasks live in `workers` and are reached by name, never imported here."""

import os
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import before_task_publish, import_modules
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections
from kombu.transport import TRANSPORT_ALIASES

from core.ops import logs
from core.preflight import refuse_misconfiguration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
# Celery runs all of Django's checks and drops what they find: `refuse` below runs what a worker needs, and exits.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# What `redis://` means to kombu in this process; it imports the class when it first connects.
for scheme in ("redis", "rediss"):
    TRANSPORT_ALIASES[scheme] = "workers.broker.transport:Transport"

# The id of the HTTP request that asked for a task: the task's lines in the log carry it too.
REQUEST_ID = "request_id"


class DatabaseTask(Task):  # type: ignore[type-arg]
    """A task that uses the database connection of its thread."""

    abstract = True

    def before_start(self, *args: Any, **kwargs: Any) -> None:
        """Drop the connection if it broke or is old; it is checked before its first statement."""
        close_old_connections()
        fields = {"task": self.name, "task_id": self.request.id, REQUEST_ID: self.request.get(REQUEST_ID)}
        logs.begin(**{name: value for name, value in fields.items() if value})

    def after_return(self, *args: Any, **kwargs: Any) -> None:
        logs.begin()


app = Celery("core", task_cls=DatabaseTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"])
app.steps["worker"].update({f"workers.process.steps:{step}" for step in ("Sending", "Clocks", "Watch")})


@app.on_after_configure.connect
def settle_configuration(sender: Celery, **kwargs: Any) -> None:
    """Copy the configuration into one dict: each look-up through Django's lazy settings costs microseconds, and
    Celery makes dozens for every message."""
    # The keys come from `dir` of Django's settings, whose private names are no settings.
    sender.conf.update({key: sender.conf[key] for key in list(sender.conf) if not key.startswith("_")})


@before_task_publish.connect
def pass_request_id(headers: dict[str, Any], **kwargs: Any) -> None:
    if request_id := logs.said(REQUEST_ID):
        headers[REQUEST_ID] = request_id


# Sent to workers and beat as they start. beat_init comes too late: beat has read its schedule from PostgreSQL by then.
@import_modules.connect(sender=app)
def refuse(**kwargs: Any) -> None:
    """Exit, because Celery logs what a signal's receiver raises and goes on, but lets an exit pass."""
    try:
        refuse_misconfiguration(serves_pages=False)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
