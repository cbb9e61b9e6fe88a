"""Another process that sends for a sender: `python -m tests.workers.engine.slots URL SENDER RATE SECONDS MODE`.

`slots` prints each slot it takes: [end in microseconds by Redis's clock, segments]. `admit` prints a line when its
first message was admitted, and then the instants of all of them.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import redis

from workers.engine.pace.rates import SEND, Rates, Sender
from workers.engine.pace.throttle import Throttle

THREADS = 16


def take_slots(url: str, sender: Sender, seconds: float) -> list[tuple[int, int]]:
    """Many threads take slots of one to three segments, none further away than a fifth of a second."""
    rates = Rates(url)
    until = monotonic() + seconds

    def work(number: int) -> list[tuple[int, int]]:
        taken = []
        while monotonic() < until:
            segments = 1 + number % 3
            slot = rates.take_slot(SEND, sender, segments=segments, patience_s=0.2)
            if slot.granted:
                taken.append((slot.ends_at, segments))
            else:
                sleep(0.005)
        return taken

    with ThreadPoolExecutor(THREADS) as pool:
        return [slot for slots in pool.map(work, range(THREADS)) for slot in slots]


def admitted(url: str, sender: Sender, seconds: float) -> list[int]:
    """Return when messages were admitted, by Redis's clock."""
    throttle = Throttle(Rates(url), at_once=4)
    clock = redis.Redis.from_url(url)
    until = monotonic() + seconds
    found = []
    while monotonic() < until:
        if admit(throttle, sender, "Hola"):
            found.append(micros(clock))
            if len(found) == 1:
                print("begun", flush=True)  # noqa: T201
        sleep(0.01)
    return found


def admit(throttle: Throttle, sender: Sender, mensaje: str) -> bool:
    """Take a turn and wait for it, as `workers.engine.message.sending` does."""
    turn = throttle.turn(sender, mensaje)
    if turn is None:
        return False
    sleep(turn.wait_s)
    throttle.leave(turn)
    return True


def micros(client: "redis.Redis") -> int:
    now, fraction = client.time()
    return int(now) * 1_000_000 + int(fraction)


if __name__ == "__main__":
    url, value, rate, seconds, mode = sys.argv[1:]
    work = {"slots": take_slots, "admit": admitted}[mode]
    print(json.dumps(work(url, Sender(value, float(rate)), float(seconds))))  # noqa: T201
