"""Publishing a Lote's chord: what `celery.chord(header, callback)` publishes, at a small part of its cost.

Canvas clones and freezes a signature for each part, and writes each to Redis on its own. Here Celery makes the message
of the first part; the others differ in their ids and go out with it in one command. Workers cannot tell the difference.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from celery import current_app, signature, uuid
from kombu.serialization import dumps as serialize
from kombu.utils.json import dumps

from workers.broker.transport import Channel

ENVIAR: Final = "workers.enviar_sms"
CERRAR: Final = "workers.cerrar_lote"

# Stand in the first message where each part has its own: their like occurs nowhere else in it.
LOG_ID: Final = 8_070_605_040_302_010_709
INDEX: Final = 7_160_504_030_201_080_605
TASK_ID: Final = "f0b2c4d6-part-id"
# Messages that are made of one template when they are of no chord. Each has an id of its own.
TEMPLATE_USES: Final = 10_000


def publish(*, lote_id: int, log_ids: Sequence[int], queue: str, closes: bool = True) -> None:
    """Send one task per row, and the task that closes the Lote when all of them have ended.

    Args:
        closes: False for the tasks alone, when others of the Lote are to follow.

    Raises:
        kombu.exceptions.KombuError, redis.exceptions.RedisError: some, all or none may have been published.
    """
    if not closes:
        publish_loose([(queue, log_ids)])
        return
    group_id = uuid()
    with current_app.producer_pool.acquire(block=True) as producer:
        # Before the parts: one that ends before the size is known would not count as the last.
        current_app.backend.set_chord_size(group_id, len(log_ids))
        channel = cast("Channel", producer.channel)
        template = Template(channel, group_id, _callback(lote_id), queue)
        with channel.conn_or_acquire() as client:
            client.lpush(queue, *(template.part(index, log_id) for index, log_id in enumerate(log_ids)))


def publish_loose(tasks: Sequence[tuple[str, Sequence[int]]]) -> None:
    """Send one task per row in one round trip; their end is nothing to wait for.

    Args:
        tasks: a queue with its rows, of as many Lotes as one likes.

    Raises:
        kombu.exceptions.KombuError, redis.exceptions.RedisError: some, all or none may have been published.
    """
    with current_app.producer_pool.acquire(block=True) as producer:
        channel = cast("Channel", producer.channel)
        with channel.conn_or_acquire() as client:
            asked = client.pipeline(transaction=False)
            for queue, log_ids in tasks:
                asked.lpush(queue, *(_loose(channel, queue, log_id) for log_id in log_ids))
            asked.execute()


def _loose(channel: Channel, queue: str, log_id: int) -> str:
    """Return the message of a row. Making a template takes longer than filling a hundred: they are kept."""
    template, numbers = _templates.get(queue, (None, iter(())))
    index = next(numbers, None)
    if template is None or index is None:
        template, numbers = Template(channel, uuid(), None, queue), iter(range(TEMPLATE_USES))
        _templates[queue] = template, numbers
        index = next(numbers)
    return template.part(index, log_id)


_templates: "dict[str, tuple[Template, Iterator[int]]]" = {}


def _callback(lote_id: int) -> Any:
    callback = signature(CERRAR, args=[lote_id], immutable=True)
    callback.freeze(uuid())
    return callback


class Template:
    """The message of one part, with gaps.

    Args:
        channel: what kombu would publish through.
        group_id, callback: of the chord; without a callback it is none.
        queue: where it goes.
    """

    def __init__(self, channel: Channel, group_id: str, callback: Any, queue: str) -> None:
        message = current_app.amqp.create_task_message(
            TASK_ID,
            ENVIAR,
            args=[LOG_ID],
            group_id=group_id,
            group_index=INDEX,
            root_id=group_id,
            chord=callback,
            ignore_result=True,
        )
        content_type, encoding, body = serialize(message.body, "json")
        raw = channel.prepare_message(
            base64.b64encode(body.encode()).decode(),
            content_type=content_type,
            content_encoding=encoding,
            headers=message.headers,
            properties={
                **message.properties,
                "delivery_mode": 2,
                "body_encoding": "base64",
                "delivery_tag": TASK_ID,
                "delivery_info": {"exchange": "", "routing_key": queue},
            },
        )
        self._group_id = group_id
        self._body = body
        # The body is encoded: it is put in whole.
        self._head, self._tail = dumps({**raw, "body": TASK_ID}).split(TASK_ID, 1)

    def part(self, index: int, log_id: int) -> str:
        """The message of the part with this index, for this row."""
        body = base64.b64encode(self._body.replace(str(LOG_ID), str(log_id)).encode()).decode()
        rest = self._tail.replace(str(LOG_ID), str(log_id)).replace(str(INDEX), str(index))
        return f"{self._head}{body}{rest.replace(TASK_ID, f'{self._group_id}-{index}')}"


def row_of(message: bytes) -> int | None:
    """The row that a part's message, as it waits in its queue, is for; None when it is something else."""
    try:
        args, _, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
        return int(args[0])
    except (ValueError, TypeError, LookupError):
        return None


def close_later(lote_id: int) -> None:
    """Ask for the Lote to be closed, when it has nothing to send."""
    current_app.send_task(CERRAR, args=[lote_id])
