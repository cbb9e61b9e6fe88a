"""The calm before the faults: while nothing is broken, and nobody sweeps, chords close their Lotes."""

import time
from typing import Final

from tests.closings import COUNTED_WITHIN_S, Closings
from tests.closings import SQL as CLOSINGS_SQL
from tests.faults.database import SWEEP_LOCK
from tests.faults.load import Load, Made
from tests.faults.stack import RunningStack
from tests.faults.verdict import Kind, Violation

# Recipients: three Lotes or more.
RECIPIENTS: Final = 300
LOOK_S: Final = 0.3

# Of each Lote: whether all its recipients are final, and whether all went straight there. A machine that is too slow
# for Twilio's answers puts messages in doubt, and a Lote with one is closed by whoever settles it.
LOTES: Final = """
SELECT count(s.id) = l.total AND bool_and(s.estado IN ('enviado', 'fallido')),
    count(s.id) FILTER (WHERE EXISTS (SELECT FROM harness_move m
        WHERE m.log_id = s.id AND (m.a = 'incierto' OR m.a = 'pendiente'))) > 0
FROM campaigns_lote l LEFT JOIN campaigns_smslog s ON s.lote_id = l.id WHERE l.campana_id = ANY(%s) GROUP BY l.id
"""


class Calm:
    """Some campaigns while everything works.

    Attributes:
        made: the campaigns.
        lotes: how many of their Lotes had nothing to wait for but their chords.
        found: who closed Lotes meanwhile.
    """

    def __init__(self, stack: RunningStack, load: Load) -> None:
        self._stack, self._load = stack, load
        self.made: list[Made] = []
        self.lotes = 0
        self.found = Closings({})

    def send(self, *, within_s: float) -> None:
        """Send, with the sweep held off, and count who closes the Lotes; then let the sweep do what is left.

        Args:
            within_s: how long the campaigns may take, and how long what the sweep has to do.
        """
        before = self._closings()
        with self._stack.database.locked(SWEEP_LOCK):
            while (left := RECIPIENTS - sum(len(campaign.fates) for campaign in self.made)) > 0:
                self.made.append(self._load.create(left))
            self._wait(within_s)
            lotes = self._stack.database.rows(LOTES, list(self._ids))
            self.lotes = sum(final and not troubled for final, troubled in lotes)
            deadline = time.monotonic() + COUNTED_WITHIN_S
            while (found := self._closings().since(before)).by_chord < self.lotes and time.monotonic() < deadline:
                time.sleep(LOOK_S)
            self.found = found
        self._wait(within_s)

    @property
    def violations(self) -> list[Violation]:
        """Return a violation when chords did not close their Lotes."""
        if self.found.suffices(self.lotes):
            return []
        text = f"nothing was broken, and of {self.lotes} Lotes were closed {self.found}"
        return [Violation(Kind.STUCK, 0, None, text)]

    def _wait(self, within_s: float) -> None:
        """Wait until the campaigns have ended."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._ids & {campaign.id for campaign in self._load.unfinished()}:
            self._stack.check()
            time.sleep(LOOK_S)

    def _closings(self) -> Closings:
        return Closings.read(self._stack.database.rows(CLOSINGS_SQL))

    @property
    def _ids(self) -> set[int]:
        return {campaign.id for campaign in self.made}
