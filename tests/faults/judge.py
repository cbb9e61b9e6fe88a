"""Judging: after each round its campaigns, and at the end everything, for what came late."""

import json
import time
from collections import Counter
from collections.abc import Collection, Sequence

from local.simulator.client import LedgerRow
from tests.faults import posts
from tests.faults.conditions import QUIET_S
from tests.faults.credit import exchanged
from tests.faults.evidence import as_accepted, gather, unasked
from tests.faults.journal import Journal
from tests.faults.load import Load, Made
from tests.faults.losses import Loss, judge_forgotten
from tests.faults.measures import first_accepted
from tests.faults.operator import Operator
from tests.faults.oracle import Evidence, judge
from tests.faults.report import Report
from tests.faults.stack import RunningStack
from tests.faults.timeline import HISTORY
from tests.faults.verdict import Violation

TOLD = 50  # violations whose whole history is kept


class Judge:
    """The judge of each round.

    Args:
        report: what is found goes there.

    Attributes:
        losses: what PostgreSQL has lost so far.
    """

    def __init__(self, stack: RunningStack, load: Load, journal: Journal, report: Report) -> None:
        self._stack, self._load, self._journal, self._report = stack, load, journal, report
        self._since = 0
        self._killed = 0
        self._stuck: set[int] = set()
        self._excused: set[str] = set()
        self.losses: list[Loss] = []

    def begin(self) -> None:
        """A round begins."""
        self._killed = len(self._journal.killed)

    def round(self, made: Sequence[Made], excused: Collection[str] = ()) -> None:
        """Judge the round's campaigns.

        Args:
            excused: see `oracle.judge`.
        """
        self._excused |= set(excused)
        ids = [campaign.id for campaign in made]
        ledger = list(self._stack.control.ledger(since_id=self._since))
        evidence = self._gather(made, ledger)
        evidence.accepted, moved = exchanged(evidence.rows, evidence.accepted)
        self._report.exchanged += moved
        violations = judge(evidence, excused)
        accepted = first_accepted((as_accepted(row).log_id, row.accepted_at) for row in ledger)
        measures = self._report.measures
        # Of a clock that was set nobody can read how long something took.
        timed = [pk for pk in ids if pk not in self._load.untimed]
        measures.add_detections(self._stack.database, timed, self._journal.killed[self._killed :], accepted)
        violations += measures.add_finalizations(self._stack.database, timed, self._journal.away)
        self._report.recipients += sum(campaign.total for campaign in evidence.campaigns)
        self._report.campaigns += len(ids)
        self._since = ledger[-1].id if ledger else self._since
        self._found(violations, ledger)
        estados = Counter((row.estado, row.entrega) for row in evidence.rows)
        self._journal.say(
            f"judged {len(ids)} campaigns up to {max(ids)}: {dict(estados)}, {len(violations)} violations"
        )

    def last(self, operator: Operator) -> None:
        """Judge everything again: a message may have come after its campaign was judged."""
        time.sleep(QUIET_S)
        ledger = list(self._stack.control.ledger())
        made = list(self._load.made.values())
        self._report.accepted = len(ledger)
        self._journal.say(f"the simulator: {self._stack.control.stats()}")
        evidence = self._gather(made, ledger)
        evidence.accepted, self._report.exchanged = exchanged(evidence.rows, evidence.accepted)
        self._found([*judge(evidence, self._excused), *judge_forgotten(evidence.forgotten, self.losses)], ledger)
        self._report.vanished = len(self._load.vanished)
        self._report.forgotten = len(evidence.forgotten)
        self._found(unasked(self._stack.database, self._load), ledger)
        self._found(operator.violations, ledger)
        self._report.looks = operator.looks

    def _gather(self, made: Sequence[Made], ledger: Sequence[LedgerRow]) -> Evidence:
        notes = posts.read(self._stack.armory.folder) if self.losses else {}
        return gather(self._stack.database, self._load, made, ledger, losses=self.losses, posts=notes)

    def _found(self, violations: Sequence[Violation], ledger: Sequence[LedgerRow]) -> None:
        new = self._report.found(violations)
        with (self._report.folder / "violations.jsonl").open("a") as file:
            for violation in new[:TOLD]:
                file.write(json.dumps(self._history(violation, ledger), default=str) + "\n")

    def _history(self, violation: Violation, ledger: Sequence[LedgerRow]) -> dict[str, object]:
        """All that is known about it."""
        told: dict[str, object] = {"what": str(violation)}
        if violation.log_id is not None:
            database, log_id = self._stack.database, violation.log_id
            told["row"] = database.rows("SELECT to_jsonb(s) FROM campaigns_smslog s WHERE id = %s", log_id)
            told["moves"] = database.rows(HISTORY, log_id)
            mark = f"/estado/{log_id}-"
            told["accepted"] = [_told(row) for row in ledger if mark in row.status_callback]
        else:
            campaign = "SELECT to_jsonb(c) FROM campaigns_campanasms c WHERE id = %s"
            told["campaign"] = self._stack.database.rows(campaign, violation.campana_id)
            lotes = "SELECT to_jsonb(l) - 'cliente_ids' FROM campaigns_lote l WHERE campana_id = %s"
            told["lotes"] = self._stack.database.rows(lotes, violation.campana_id)
        return told


def _told(row: LedgerRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in ("sid", "to", "accepted_at", "status_callback")}
