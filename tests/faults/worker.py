"""The Celery application of a worker that can be made to crash: `celery -A tests.faults.worker`."""

import os
from pathlib import Path

import django

from core.celery import app
from tests.faults.timeline import worker_name

# Before any connection: the timeline notes who took a row (libpq reads it as the application's name).
os.environ["PGAPPNAME"] = worker_name(os.getpid())
django.setup()

from tests.faults import crash, mutations  # noqa: E402 - they import models

mutations.install_from_environment()
crash.install("worker", crash.Armory(Path(os.environ[crash.FOLDER_VARIABLE])))

__all__ = ["app"]
