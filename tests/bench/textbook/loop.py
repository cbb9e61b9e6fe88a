"""`python -m tests.bench.textbook.loop COUNT`: no queue at all, one call after the other. Prints as `publish` does."""

import json
import sys
import time

from tests.bench.phones import phones
from tests.bench.textbook import sdk


def main(count: int) -> None:
    sdk.send(phones(1)[0])  # opens the connection
    started, cpu = time.monotonic(), time.process_time()
    sent = sum(bool(sdk.send(phone)) for phone in phones(count))
    spent = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "sent": sent}
    sys.stdout.write(json.dumps({**spent, "cpu_total": time.process_time()}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
