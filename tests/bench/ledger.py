"""`python -m tests.bench.ledger CAMPANA`: claim, settle and report every pending row of a campaign, in groups.

It calls what the workers and the web call, one group after the other, and prints the median milliseconds of a group for
each as JSON: nothing else runs, so that what is seen is the database's part.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Final, TypeVar

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from campaigns.models import SMSLog  # noqa: E402 - after the set-up
from workers.engine.message import comeback, receipts  # noqa: E402
from workers.engine.message.ledger import claim_many, record_many  # noqa: E402
from workers.gateway.outcomes import Accepted  # noqa: E402

T = TypeVar("T")
GROUP: Final = 20  # rows of one statement, as threads of a process come together
STATUSES: Final = ("sent", "delivered")


def measure(campana_id: int) -> dict[str, float]:
    comeback.watch.look()  # as a worker does before its first claim
    rows = SMSLog.objects.filter(campana=campana_id, estado="pendiente").order_by("pk")
    pending = list(rows.values_list("pk", flat=True))
    taken: dict[str, list[float]] = {"claim": [], "outcome": [], "callback": []}

    def timed(name: str, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        found = work()
        taken[name].append(time.perf_counter() - started)
        return found

    for at in range(0, len(pending), GROUP):
        group = pending[at : at + GROUP]
        claims = timed("claim", lambda group=group: claim_many(dict.fromkeys(group)))  # type: ignore[misc]
        if len(claims) < len(group):
            sys.exit(f"only {len(claims)} of {len(group)} rows could be claimed")
        settled = [(claim, Accepted(f"SM{claim.token.hex}", "queued", 1)) for claim in claims.values()]
        timed("outcome", lambda settled=settled: record_many(settled))  # type: ignore[misc]
        for status in STATUSES:
            told = [receipts.Receipt(c.log_id, c.token, f"SM{c.token.hex}", status) for c in claims.values()]
            if not all(timed("callback", lambda told=told: receipts.apply_receipts(told))):  # type: ignore[misc]
                sys.exit("a status callback found no row")
    return {name: 1000 * median(seconds) for name, seconds in taken.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))) + "\n")
