"""The broker's queues: one for campaign-level tasks, and some for messages, over which the shops are spread.

Workers take from all of them in turn, so a shop with a hundred thousand messages in its queue does not keep waiting a
shop whose ten messages are in another.
"""

from typing import Final

from kombu import Queue

CAMPANAS: Final = "campanas"
ENVIOS: Final = "envios"


def envios(count: int) -> list[str]:
    """Return the names of the `count` queues of messages."""
    return [f"{ENVIOS}.{number}" for number in range(count)]


def envios_of(tenant_id: int, count: int) -> str:
    """Return the queue, among `count`, in which a shop's messages wait."""
    return f"{ENVIOS}.{tenant_id % count}"


def declared(count: int) -> list[Queue]:
    """Return all queues as Celery wants them: a worker consumes them unless it is told otherwise."""
    # Without a routing key of its own each would be bound by the default queue's.
    return [Queue(name, routing_key=name) for name in (CAMPANAS, *envios(count))]
