"""kombu's Redis transport without broker acknowledgements, fetching many messages in one round trip.

kombu pops one message at a time (BRPOP), writes it to a hash until it is acknowledged (HSET, ZADD), and deletes it
then (HDEL, ZREM): that is most of what a small task costs. Its own `ack_emulation: False` drops the second and the
third; BLMPOP … COUNT, of Redis 7 and Valkey, makes the first one a fraction of a round trip.

What a killed worker had fetched is gone; the sweeper publishes it again from PostgreSQL. What a worker that stops in
order had fetched and not begun goes back to its queue.
"""

from collections.abc import Callable
from queue import Empty
from time import monotonic
from typing import Any, Final, cast

from kombu.transport import redis, virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

# A worker fetches when this part of its prefetch limit is free. The limit is twice what a worker has on its way, so one
# that does not fetch has more messages in hand than it can send at a time.
LOW_WATER: Final = 4

# Fetched at once, at most: so no process takes all the tasks of a queue, whose others have nothing to do then.
MOST: Final = 128


class QoS(virtual.QoS):
    """The number of messages that a consumer may have in hand."""

    def credit(self) -> int:
        """Return how many messages may be fetched now, at once."""
        estimate: int | None = self.can_consume_max_estimate()
        return MOST if estimate is None else min(estimate, MOST)

    def can_consume(self) -> bool:
        """Tell whether a fetch is worth its round trip: a quarter of the limit is free."""
        return self.credit() >= min(max(1, self.prefetch_count // LOW_WATER), MOST)


class Channel(redis.Channel):
    """One consumer's or producer's side of the broker."""

    ack_emulation = False

    # kombu's own, which its stubs leave out.
    connection_errors: tuple[type[Exception], ...]
    _queue_cycle: Any
    _flush_brpop_reauth: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.QoS = QoS  # type: ignore[assignment]  # kombu does the same without acknowledgements

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        connection = self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        seconds = timeout or self.brpop_timeout or 0
        connection.send_command(
            "BLMPOP", seconds, len(queues), *queues, "RIGHT", "COUNT", max(1, cast("QoS", self.qos).credit())
        )

    def _brpop_read(self, **options: Any) -> bool:
        try:
            try:
                found = self.client.parse_response(self.client.connection, "BLMPOP", **options)
            except self.connection_errors:
                # The next iteration connects again.
                self.client.connection.disconnect()
                raise
            if not found:
                raise Empty
            queue = bytes_to_str(found[0])
            self._queue_cycle.rotate(queue)
            for item in found[1]:
                self.connection._deliver(loads(bytes_to_str(item)), queue)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _restore(self, message: virtual.Message) -> None:
        """Put a message that was fetched and not processed back, as the next one."""
        raw = message.serializable()
        raw["redelivered"] = True
        with self.conn_or_acquire() as client:
            client.rpush(message.delivery_info["routing_key"], dumps(raw))

    _restore_at_beginning = _restore


class Transport(redis.Transport):
    Channel = Channel
