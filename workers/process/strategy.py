"""Celery's way for a task to say what becomes of its messages: those of `enviar_sms` go to the loop that sends.

By its default strategy each message would take one of the pool's threads until Twilio has answered. `Task.Strategy` is
Celery's own extension point: https://docs.celeryq.dev/en/stable/reference/celery.worker.strategy.html
"""

from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from celery.exceptions import InvalidTaskError
from celery.worker import state

from workers.broker.results import Part
from workers.engine.message.loop import Job

Handler = Callable[..., None]


def into_the_loop(task: "Task[Any, Any]", app: Celery, consumer: Any) -> Handler:
    """Return what the consumer does with a message of the task: it is called in the consumer's thread."""
    sending, name = consumer.controller.sending, task.name

    def handle(message: Any, body: Any, ack: Any, reject: Any, callbacks: Any, **kwargs: Any) -> None:
        job = job_of(message, body)
        state.total_count[name] += 1
        state.all_total_count[0] += 1
        sending.loop.put(job)

    return handle


def job_of(message: Any, body: Any) -> Job:
    """Read a message as `workers.engine.publish.chords` makes it.

    Raises:
        InvalidTaskError: it is another: Celery says so in the log and drops it, and the sweeper finds its row.
    """
    try:
        if body is not None:
            raise TypeError("it is of Celery's first protocol")
        (log_id,), _, embedded = message.payload
        headers = message.headers
        chord = embedded["chord"]
        part = Part(headers["group"], int(headers["group_index"]), chord) if chord else None
        return Job(int(log_id), part, message)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise InvalidTaskError(f"not a message of one recipient: {error!r}") from error
