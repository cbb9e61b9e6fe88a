"""The Celery application of a worker that can be made to crash: `celery -A tests.faults.worker`."""

import os
from pathlib import Path

import django

from tests.faults import account, own_clocks
from tests.faults.folder import FOLDER_VARIABLE
from tests.faults.timeline import worker_name

folder = Path(os.environ[FOLDER_VARIABLE])
own_clocks.install(folder)
account.take(folder)
# Before any connection: the timeline notes who took a row (libpq reads it as the application's name).
os.environ["PGAPPNAME"] = worker_name(os.getpid())

from core.celery import app  # noqa: E402 - it reads the settings

django.setup()

from tests.faults import compressed, crash, mutations, posts  # noqa: E402 - they import models

mutations.install_from_environment()
compressed.install_from_environment()
posts.install(folder)
crash.install("worker", crash.Armory(folder))

__all__ = ["app"]
