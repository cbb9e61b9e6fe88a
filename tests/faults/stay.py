"""A stay in a world: load under lost answers, time for the proofs, the deadline for what could not be proved."""

import time
from typing import Final

from tests.faults.conditions import FINAL_WITHIN_S, RECONCILE_INTERVAL_S
from tests.faults.journal import Journal
from tests.faults.judge import Judge
from tests.faults.load import Load, Made
from tests.faults.oracle import UNKNOWN
from tests.faults.stack import RunningStack
from tests.faults.worlds import World, lost

BACKLOG: Final = 1500
FIRST: Final = 250
LOOK_S: Final = 0.3
# Looks that a doubt gets before the deadline comes, and a bound on the wait for each row to be final or in doubt.
LOOKS: Final = 6
SETTLED_WITHIN_S: Final = 300.0

# A row that was proved absent just before the deadline came.
OVERDUE: Final = "plazo_vencido"

WAITING: Final = """
SELECT count(*) FROM campaigns_campanasms c JOIN campaigns_lote l ON l.campana_id = c.id
LEFT JOIN campaigns_smslog s ON s.lote_id = l.id
WHERE c.completado_en IS NULL AND (s.id IS NULL OR s.estado IN ('pendiente', 'enviando'))
"""
# As long ago as it takes for the last looks after it to be over.
DEADLINE: Final = """
UPDATE campaigns_campanasms SET vence_en = now() - interval '1 hour' WHERE completado_en IS NULL
"""
DOUBTS: Final = """
SELECT count(DISTINCT s.id) FILTER (WHERE m.log_id IS NOT NULL), count(DISTINCT s.id) FILTER (WHERE s.codigo = %s),
    count(DISTINCT s.id)
FROM campaigns_smslog s LEFT JOIN harness_move m ON m.log_id = s.id AND m.a = 'incierto'
WHERE s.campana_id = ANY(%s)
"""


class Stay:
    """A number of recipients in one world after the other.

    Args:
        share: of the answers that are lost, 0–1.
    """

    def __init__(self, stack: RunningStack, load: Load, journal: Journal, judge: Judge, share: float) -> None:
        self._stack, self._load, self._journal, self._judge = stack, load, journal, judge
        self._share = share

    def in_world(self, name: str, world: World, recipients: int) -> str:
        """Send in this world, and judge.

        Returns:
            A line for the report.

        Raises:
            local.simulator.client.SimulatorError: it is down.
        """
        self._journal.say(f"world {name}: {world.what}")
        self._judge.begin()
        # First without a fault: Twilio's clock does not step in the middle of a campaign, and each process learns it.
        self._set(world, ())
        made = self._send(world, FIRST)
        self._settle()
        self._set(world, world.rules + lost(self._share))
        made += self._send(world, recipients)
        self._settle()
        self._set(world, ())
        self._looks()
        self._settle()
        self._stack.database.rows(DEADLINE)
        self._wait_for_the_end(made)
        self._judge.round(made, excused=world.excused | {UNKNOWN, OVERDUE})
        [(doubts, unknown, rows)] = self._stack.database.rows(DOUBTS, UNKNOWN, [campaign.id for campaign in made])
        line = f"{name:<16} {rows:>7,} recipients, {doubts:>6,} in doubt, {unknown:>6,} of them never proved"
        self._journal.say(line)
        return line

    def _set(self, world: World, rules: tuple[object, ...]) -> None:
        behaviour = {"callbacks": {"drop": 1.0}, **world.behaviour}
        self._stack.control.set_faults(*rules, **behaviour)  # type: ignore[arg-type]

    def _send(self, world: World, recipients: int) -> list[Made]:
        made: list[Made] = []
        left = recipients
        while left > 0:
            self._stack.check()
            if self._backlog() < min(BACKLOG, recipients):
                campaign = self._load.create(left, service=world.service)
                made.append(campaign)
                left -= len(campaign.fates)
            else:
                time.sleep(LOOK_S)
        return made

    def _backlog(self) -> int:
        return int(self._stack.database.rows(WAITING)[0][0])

    def _settle(self) -> None:
        """Wait until each row is final or in doubt."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while self._backlog() and time.monotonic() < deadline:
            self._stack.check()
            time.sleep(LOOK_S)

    def _looks(self) -> None:
        """Give the doubts their looks, and lists that were behind the time to catch up."""
        time.sleep(LOOKS * RECONCILE_INTERVAL_S)

    def _wait_for_the_end(self, made: list[Made]) -> None:
        ids = {campaign.id for campaign in made}
        deadline = time.monotonic() + FINAL_WITHIN_S
        while ids & {campaign.id for campaign in self._load.unfinished()} and time.monotonic() < deadline:
            self._stack.check()
            time.sleep(LOOK_S)
