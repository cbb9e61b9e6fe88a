"""The conditions of a run: short leases and intervals, so that an hour holds a thousand faults, and the bounds."""

from collections.abc import Mapping
from typing import Final

from local.simulator.drain import HEADSTART_S

WORKERS: Final = 3
THREADS: Final = 16
MESSAGES: Final = 16

# What the product is told. Everything that is not here keeps the default of production.
ENVIRONMENT: Final[dict[str, str]] = {
    "WORKER_PROCESSES": str(WORKERS),
    "WORKER_THREADS": str(THREADS),
    "WORKER_MESSAGES": str(MESSAGES),
    "WEB_WORKERS": "2",
    "WEB_THREADS": "4",
    "LOTE_SIZE": "100",
    "LOTES_EN_VUELO": "5",
    "TWILIO_CONNECT_TIMEOUT_S": "1",
    "TWILIO_READ_TIMEOUT_S": "2",
    "LEASE_S": "8",
    "RETRY_BACKOFF_S": "0.5",
    "RECONCILE_INTERVAL_S": "2",
    "LIST_LAG_S": "10",
    "SWEEP_INTERVAL_S": "1",
    "LOTE_LOST_AFTER_S": "3",
    "API_RATE_USER": "100000/min",
}
LEASE_S: Final = float(ENVIRONMENT["LEASE_S"])
READ_TIMEOUT_S: Final = float(ENVIRONMENT["TWILIO_READ_TIMEOUT_S"])
# A machine that sleeps for so long wakes when others have sent what it had claimed.
SUSPENDED_S: Final = 30.0
RECONCILE_INTERVAL_S: Final = float(ENVIRONMENT["RECONCILE_INTERVAL_S"])

# The simulator's. Calls take a while, so that a killed worker leaves some under way. One callback a message: they cost
# the web more than all the rest; the faults of callbacks ask for all three.
SIMULATOR: Final = (
    *("--latency", "0.08", "--jitter", "0.06", "--send-delay", "0.2", "--delivery-delay", "0.3"),
    *("--callback-statuses", "delivered,undelivered,failed"),
)
# A message may be missing from Twilio's list for a while: less than LIST_LAG_S, beyond which a row goes first.
LIST_DELAY_S: Final = RECONCILE_INTERVAL_S / 2

# Seconds after the last fault of a round within which every campaign must have ended.
FINAL_WITHIN_S: Final = 120.0
# So many more in a round in which PostgreSQL lost commits: all that may have been sent is looked up twice first, and
# what was not needs a later message that shows so.
FINAL_AFTER_LOSS_S: Final = 120.0
# And where a clock was ahead: what waits for a moment that it named waits longer.
FINAL_AFTER_STEP_S: Final = 120.0
# Seconds between a campaign's last row and its end (DESIGN, invariant 5).
FINALIZE_WITHIN_S: Final = 30.0
# Seconds within which the supervisor must have everything running again.
UP_WITHIN_S: Final = 60.0
# Callbacks that are late by more than this are not waited for.
QUIET_S: Final = HEADSTART_S + 2.0


def described(instead: Mapping[str, str]) -> str:
    """The conditions in one line, for the report.

    Args:
        instead: what this run was told besides, or otherwise.
    """
    said = " ".join(f"{name}={value}" for name, value in {**ENVIRONMENT, **instead}.items())
    return f"{said}; simulator {' '.join(SIMULATOR)}"
