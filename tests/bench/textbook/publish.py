"""Publish a campaign, wait for its end, and print what it took.

    python -m tests.bench.textbook.publish MODULE COUNT TIMEOUT

MODULE is `plain` or `orm`. Prints one JSON object: `seconds` from before the first message was published to the end
of the chord's callback, `cpu` seconds of this process meanwhile and `cpu_total` since its birth, and how many were
`sent`, as the callback says.
"""

import importlib
import json
import sys
import time

from celery.canvas import Signature
from celery.result import denied_join_result

from tests.bench.phones import phones

POLL_S = 0.02


def main(module: str, count: int, timeout_s: float) -> None:
    textbook = importlib.import_module(f"tests.bench.textbook.{module}")
    execute(textbook.campana(phones(1)), timeout_s)  # opens the connections, as the product's web has them open
    started, cpu = time.monotonic(), time.process_time()
    sent = execute(textbook.campana(phones(count)), timeout_s)
    spent = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "sent": sent}
    sys.stdout.write(json.dumps({**spent, "cpu_total": time.process_time()}) + "\n")


def execute(campana: Signature, timeout_s: float) -> int:
    """Publish a chord and wait for what its callback returns.

    Raises:
        TimeoutError: it has not ended in time.
    """
    deadline = time.monotonic() + timeout_s
    # Else the publisher subscribes to the result of every part, which no one reads. `AsyncResult.get` then has to take
    # a confirmation for each from the socket before it sees the callback's: with 3,000 parts it hangs for minutes after
    # the chord has ended, which looks like a chord that stalled.
    with denied_join_result():
        result = campana.apply_async()
    while not result.ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{campana.name} did not end within {timeout_s:g} s")
        time.sleep(POLL_S)
    sent: int = result.get(timeout=1)
    return sent


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
