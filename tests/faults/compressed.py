"""Production's own times, all divided by one number: an outage of twenty minutes passes in two, and no ratio changes.

What a call may take (connect, read, lease) stays as in every run: a machine cannot answer faster.
"""

import os
from typing import Final

from workers.engine.pace import rates, throttle

VARIABLE: Final = "FAULTS_COMPRESSED"
# In `scripts/faults --outage`.
COMPRESSED_BY: Final = 10.0

# The defaults of core/settings.py that say when something is tried again. SEND_ATTEMPTS is production's in every run.
SETTINGS: Final[dict[str, float]] = {
    "RETRY_BACKOFF_S": 5.0,
    "RECONCILE_INTERVAL_S": 60.0,
    "LIST_LAG_S": 3600.0,
    "SWEEP_INTERVAL_S": 5.0,
    "LOTE_LOST_AFTER_S": 30.0,
}
# The times of `workers.engine.pace`, in both modules that know them.
PAUSES: Final = ("FIRST_CUT_S", "LONGEST_CUT_S", "CUT_MEMORY_S")


def environment(by: float) -> dict[str, str]:
    """Return what the product is told."""
    return {VARIABLE: f"{by:g}", **{name: f"{seconds / by:g}" for name, seconds in SETTINGS.items()}}


def constants(by: float) -> list[tuple[object, str, float]]:
    """Return the constants of a process that change: module, name, value."""
    changed: list[tuple[object, str, float]] = [(rates, "PROBE", rates.PROBE * by)]
    for module in (rates, throttle):
        changed += [(module, name, getattr(module, name) / by) for name in PAUSES if hasattr(module, name)]
    return changed


def install_from_environment() -> None:
    """Compress this process's times, if the environment says so."""
    if by := os.environ.get(VARIABLE):
        for module, name, value in constants(float(by)):
            setattr(module, name, value)
