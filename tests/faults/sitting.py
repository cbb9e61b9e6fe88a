"""Twilio out of reach for twenty minutes, by production's settings in compressed time: it must cost nobody anything."""

import time
from collections.abc import Sequence
from typing import Final

from tests.faults.compressed import COMPRESSED_BY, SETTINGS
from tests.faults.conditions import FINAL_WITHIN_S
from tests.faults.journal import Journal
from tests.faults.judge import Judge
from tests.faults.load import Load, Made
from tests.faults.outages import OUTAGES
from tests.faults.stack import RunningStack

# In seconds of production. Eight tries with pauses that double from RETRY_BACKOFF_S take half as long.
OUTAGE_S: Final = 1200.0
# Campaigns that are under way when it begins, and one that is made while it lasts.
BEFORE: Final = 3
RECIPIENTS: Final = 250
LOOK_S: Final = 0.3

DONE: Final = """
SELECT count(*), count(*) FILTER (WHERE s.estado = 'incierto') FROM campaigns_smslog s
WHERE s.campana_id = ANY(%s) AND s.telefono <> '' AND s.estado <> 'fallido'
"""


class Sitting:
    """Sits an outage out, and judges what became of everybody.

    Args:
        compressed_by: how much shorter everything is than in production.
    """

    def __init__(
        self, stack: RunningStack, load: Load, journal: Journal, judge: Judge, *, compressed_by: float = COMPRESSED_BY
    ) -> None:
        self._stack, self._load, self._journal, self._judge = stack, load, journal, judge
        self._by = compressed_by

    def through(self, name: str) -> str:
        """Send into an outage, wait for its end and for everybody's message.

        Returns:
            A line for the report.

        Raises:
            StackDownError: the product, or the simulator, does not run.
        """
        outage, lasts_s = OUTAGES[name], OUTAGE_S / self._by
        self._journal.say(f"outage {name}: {outage.what}, {lasts_s:g} s")
        self._judge.begin()
        # Each process learns Twilio's clock, and there is somebody who was sent to before.
        made = [self._load.create(RECIPIENTS)]
        self._until_ended(made, FINAL_WITHIN_S)
        with outage.during(self._stack):
            began = time.monotonic()
            made += [self._load.create(RECIPIENTS) for _ in range(BEFORE)]
            time.sleep(lasts_s / 2)
            made.append(self._load.create(RECIPIENTS))
            time.sleep(max(0.0, began + lasts_s - time.monotonic()))
            [(left, doubts)] = self._stack.database.rows(DONE, [one.id for one in made[1:]])
        over = time.monotonic()
        # The last of the doubts wait for LIST_LAG_S where nothing later shows that the list has come so far.
        self._until_ended(made, SETTINGS["LIST_LAG_S"] / self._by + FINAL_WITHIN_S)
        took_s = time.monotonic() - over
        self._judge.round(made)
        line = (
            f"{name:<12} {lasts_s:g} s, {left:,} had to wait, {doubts:,} in doubt; {took_s:.0f} s later all had ended"
        )
        self._journal.say(line)
        return line

    def _until_ended(self, made: Sequence[Made], within_s: float) -> None:
        ids = {campaign.id for campaign in made}
        deadline = time.monotonic() + within_s
        while ids & {campaign.id for campaign in self._load.unfinished()} and time.monotonic() < deadline:
            self._stack.check()
            time.sleep(LOOK_S)
