"""kombu's Redis transport without broker acknowledgements, fetching many messages in one round trip.

kombu pops one message at a time (BRPOP), writes it to a hash until it is acknowledged (HSET, ZADD), and deletes it
then (HDEL, ZREM): that is most of what a small task costs. Its own `ack_emulation: False` drops the second and the
third; BLMPOP … COUNT, of Redis 7 and Valkey, makes the first one a fraction of a round trip.

What a killed worker had fetched is gone; the sweeper publishes it again from PostgreSQL. What a worker that stops in
order had fetched and not begun goes back to its queue.

Messages for recipients and all other tasks are counted apart: neither keeps the other from being fetched, however many
of it a worker has in hand.
"""

from collections import OrderedDict
from collections.abc import Callable
from queue import Empty
from time import monotonic
from typing import Any, Final, cast

from kombu.transport import redis, virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from core.queues import ENVIOS

# A worker fetches when this part of its prefetch limit is free. The limit is twice what a worker has on its way, so one
# that does not fetch has more messages in hand than it can send at a time.
LOW_WATER: Final = 4

# Fetched at once, at most: so no process takes all the tasks of a queue, whose others have nothing to do then.
MOST: Final = 128
# Seconds that a fetch waits which leaves out a kind that had no room: it may have some meanwhile.
PARTIAL_S: Final = 0.1


def is_message(queue: str) -> bool:
    """Tell whether the queue holds messages for recipients, which a worker's loop takes."""
    return queue.startswith(f"{ENVIOS}.")


class QoS(virtual.QoS):
    """The numbers of messages for recipients, and of other tasks, that a consumer may have in hand."""

    channel: "Channel"
    _delivered: "OrderedDict[str, virtual.Message]"
    _dirty: set[str]

    def __init__(self, channel: "Channel", prefetch_count: int = 0) -> None:
        super().__init__(channel, prefetch_count)
        self._in_hand = {True: 0, False: 0}

    def append(self, message: virtual.Message, delivery_tag: str) -> None:
        # kombu drops what was acknowledged here too. It may be the same tag, and be acknowledged at any moment.
        self._flush()
        known = delivery_tag in self._delivered
        self._delivered[delivery_tag] = message
        if not known:
            self._in_hand[is_message(message.delivery_info["routing_key"])] += 1

    def _flush(self) -> None:
        while self._dirty:
            message = self._delivered.pop(self._dirty.pop(), None)
            if message is not None:
                self._in_hand[is_message(message.delivery_info["routing_key"])] -= 1

    def credit(self, messages: bool) -> int:
        """Return how many may be fetched now, at once.

        Args:
            messages: for recipients; else other tasks.
        """
        limit = self._limit(messages)
        if not limit:
            return MOST
        self._flush()
        return min(max(limit - self._in_hand[messages], 0), MOST)

    def has_room(self, messages: bool) -> bool:
        """Tell whether fetching is worth its round trip: a quarter of the limit is free."""
        return self.credit(messages) >= min(max(1, self._limit(messages) // LOW_WATER), MOST)

    def can_consume(self) -> bool:
        """Tell whether there is room for anything that is consumed. A channel that only listens, as that of Celery's
        remote control does, has no limit: what is not read there would wake the event loop again and again."""
        kinds = {is_message(queue) for queue in self.channel.active_queues}
        return not kinds or any(self.has_room(kind) for kind in kinds)

    def _limit(self, messages: bool) -> int:
        tasks = self.channel.prefetch_tasks
        return int(self.prefetch_count if messages or not tasks else tasks)


class Channel(redis.Channel):
    """One consumer's or producer's side of the broker."""

    ack_emulation = False
    # A transport option: how many tasks a consumer may have in hand that are no messages for recipients; None: as many
    # as of those.
    prefetch_tasks: int | None = None
    from_transport_options = (*redis.Channel.from_transport_options, "prefetch_tasks")

    # kombu's own, which its stubs leave out.
    connection_errors: tuple[type[Exception], ...]
    _queue_cycle: Any
    active_queues: Any
    _flush_brpop_reauth: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.QoS = QoS  # type: ignore[assignment]  # kombu does the same without acknowledgements
        # Whether the fetch under way asks for few, for the tasks' sake; whether the next is to ask for many messages.
        self._few = self._many = False

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues, count, seconds = self._wanted()
        if not queues:
            return
        connection = self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        seconds = timeout or seconds or 0
        connection.send_command("BLMPOP", seconds, len(queues), *queues, "RIGHT", "COUNT", count)

    def _wanted(self) -> tuple[list[str], int, float]:
        """Return the queues to fetch from, how many at most, and the seconds to wait.

        The command has one number for whichever queue has something. So other tasks come first, with the few that there
        is room for; once messages were fetched like that, the next fetch asks for many of them, and nothing else. No
        process takes so many tasks that the others have none.
        """
        qos = cast("QoS", self.qos)
        queues = self._queue_cycle.consume(len(self.active_queues))
        messages = [queue for queue in queues if is_message(queue)] if qos.has_room(True) else []
        tasks = [queue for queue in queues if not is_message(queue)] if qos.has_room(False) else []
        if messages and (self._many or not tasks):
            found, count = messages, qos.credit(True)
        else:
            found, count = tasks + messages, min(qos.credit(False), qos.credit(True) if messages else MOST)
        self._few = bool(tasks and messages and not self._many)
        self._many = False
        seconds = float(self.brpop_timeout) if len(found) == len(queues) else PARTIAL_S
        return found, max(1, count), seconds

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
            self._many = self._few and is_message(queue)
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
