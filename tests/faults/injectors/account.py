"""Somebody changes the Twilio account in mid-campaign, and later back: doubts are their own account's."""

import signal
import time
from collections.abc import Mapping
from typing import Final

from tests.faults import account
from tests.faults.account import Account
from tests.faults.conditions import FINAL_WITHIN_S, RECONCILE_INTERVAL_S
from tests.faults.injectors.process import DIES_WITHIN_S, ENDS_WITHIN_S, READY
from tests.faults.injectors.scene import Fault, Scene
from tests.faults.stack import WORKERS, gone, send
from tests.faults.verdict import Kind, Violation

RECIPIENTS: Final = 250
DOUBTS: Final = 20
DOUBTS_WITHIN_S: Final = 6.0
# As long as a doubt of this account would take to be free: two looks and the witness for them.
STAYS_S: Final = 4 * RECONCILE_INTERVAL_S
LOOK_S: Final = 0.2
# All of them start at once.
STARTS_WITHIN_S: Final = 120.0

# Some that were accepted and some that were not, which nobody can look up before the change.
RULES: Final[tuple[Mapping[str, object], ...]] = (
    {"kind": "error", "status": 502, "accepted": True, "probability": 0.15, "name": "5xx-after"},
    {"kind": "error", "status": 503, "probability": 0.15, "name": "5xx-before"},
    {"kind": "error", "status": 500, "on": "list", "name": "list-error"},
)
OPEN: Final = """
SELECT s.id, s.ausencias FROM campaigns_smslog s
WHERE s.estado IN ('incierto', 'enviando') AND left(s.cuenta, 8) = %s ORDER BY s.id
"""
TOUCHED: Final = """
SELECT s.id, s.campana_id, s.estado, s.ausencias FROM campaigns_smslog s
JOIN unnest(%s::bigint[], %s::int[]) AS n(id, before) ON n.id = s.id
WHERE s.estado NOT IN ('incierto', 'enviando') OR s.ausencias > n.before ORDER BY s.id
"""


def change_account(scene: Scene) -> str | None:
    """Leave doubts with one account, go on with another, and come back."""
    mine, other = Account(scene.stack.env["TWILIO_ACCOUNT_SID"], ""), Account.new()
    folder = scene.stack.armory.folder
    scene.stack.control.add_account(other.sid, other.token)
    try:
        with scene.twilio.broken(*RULES, callbacks={"drop": 1.0}):
            scene.load.create(RECIPIENTS)
            deadline = time.monotonic() + DOUBTS_WITHIN_S
            while len(_open(scene, mine)) < DOUBTS and time.monotonic() < deadline:
                time.sleep(LOOK_S)
            account.choose(folder, other)
            _restart(scene, signal.SIGKILL)
            doubts = _open(scene, mine)
        scene.load.create(RECIPIENTS)
        time.sleep(STAYS_S)
        touched = scene.stack.database.rows(TOUCHED, list(doubts), list(doubts.values()))
        # Whoever is in doubt with the other account could be asked about there only.
        deadline = time.monotonic() + FINAL_WITHIN_S
        while _open(scene, other) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
    finally:
        account.choose(folder, None)
        _restart(scene, signal.SIGTERM)
    scene.found([judged(*row) for row in touched])
    return f"{len(doubts)} in doubt meanwhile, {len(touched)} of them touched" if doubts else None


def judged(log_id: int, campana_id: int, estado: str, absences: int) -> Violation:
    """The violation of a row in doubt of one account that the product looked for in another."""
    text = f"is another account's, and is {estado} with {absences} looks that found nothing"
    return Violation(Kind.WRONG, campana_id, log_id, text)


def _open(scene: Scene, of: Account) -> dict[int, int]:
    return dict(scene.stack.database.rows(OPEN, of.mark))


def _restart(scene: Scene, number: signal.Signals) -> None:
    """End the workers and the web at the same time, and wait until they work again.

    Raises:
        OSError: one does not.
    """
    entries = [entry for name, entry in scene.stack.processes().items() if name in (*WORKERS, "web")]
    ready = {name: _ready(scene, name) for name in WORKERS}
    at = time.time()
    for entry in entries:
        send(entry, number)
    for entry in entries:
        if not gone(entry, DIES_WITHIN_S if number == signal.SIGKILL else ENDS_WITHIN_S):
            raise TimeoutError(f"{entry.name} ({entry.pid}) did not end")
        if number == signal.SIGKILL:
            scene.died(entry, at)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while any(_ready(scene, name) <= before for name, before in ready.items()) or scene.stack.wait_up(0.0):
        if time.monotonic() > deadline:
            raise TimeoutError("the workers did not start again")
        time.sleep(LOOK_S)


def _ready(scene: Scene, name: str) -> int:
    log = scene.stack.data / "log" / f"{name}.log"
    return log.read_text(errors="replace").count(READY)


FAULTS = (Fault("another-account", "process", change_account, alone=True, long=True),)
