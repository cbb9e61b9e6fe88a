"""The product's Celery application in a worker that can fall silent, as one does after a bad reconnect.

SILENT says how: `hung` (its event loop stands still), `deaf` (it never asks for a task), or not at all.
"""

import os
import time
from typing import Any

from celery.signals import worker_ready

from core.celery import app

SILENT = os.environ["SILENT"]


@app.task(name="tests.work", ignore_result=True)
def work(seconds: float) -> None:
    print("working", flush=True)  # noqa: T201 - the test reads it
    time.sleep(seconds)
    print("worked", flush=True)  # noqa: T201


@worker_ready.connect
def fall_silent(sender: Any, **kwargs: Any) -> None:
    if SILENT == "hung":
        sender.hub.call_soon(time.sleep, 3600)
    if SILENT == "deaf":
        sender.task_consumer.channel._brpop_start = lambda timeout=None: None
