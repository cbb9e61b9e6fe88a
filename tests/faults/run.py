"""A run: rounds of load and faults, each followed by a rest and a judgement, and a last judgement over everything."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import psutil
import psycopg2
import redis

from core.stack.layout import private_folder
from tests.faults.api import NoAnswerError
from tests.faults.deck import Deck
from tests.faults.injectors import FAULTS
from tests.faults.injectors.scene import Fault, Scene
from tests.faults.injectors.twilio_faults import TwilioFaults
from tests.faults.journal import Journal
from tests.faults.judge import Judge
from tests.faults.load import Load, Made
from tests.faults.measures import worst
from tests.faults.mutants import VARIABLE
from tests.faults.operator import Operator
from tests.faults.options import Options
from tests.faults.report import Report
from tests.faults.shops import make
from tests.faults.stack import RunningStack
from tests.faults.timeline import INSTALL
from tests.faults.verdict import Kind, Violation
from workers.simulator.client import SimulatorError

# Faults that may be under way at the same time; a slot each.
SLOTS: Final = 4
# Seconds from one fault to the next.
EVERY_S: Final = (0.3, 1.7)
# Recipients not yet final: below the first there are more campaigns, below the second the round rests.
BACKLOG: Final = 1500
TAIL: Final = 150
LOOK_S: Final = 0.3
# A round that gets nowhere under its faults rests after so many seconds, or nobody would ever see why.
LONGEST_S: Final = 600.0

# What an injector may meet because of the other faults.
MISHAPS: Final = (psutil.Error, psycopg2.Error, redis.RedisError, SimulatorError, OSError)


class Run:
    """One run on a fresh data folder.

    Args:
        folder: for everything that the run leaves.
    """

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.journal = Journal(folder / "faults.log")
        self.report = Report(options, folder)
        extra = {VARIABLE: options.mutant} if options.mutant else {}
        self.stack = RunningStack(private_folder(folder / "stack"), extra)
        self._rng = Random(options.seed)
        self._deck = Deck([FAULTS[kind] for kind in options.kinds], Random(options.seed), each=options.each)
        self._under_way: dict[Future[None], str] = {}

    def go(self) -> Report:
        """Do it all and stop the product.

        Raises:
            StackDownError: the product gave up, or could not be started.
        """
        started = time.monotonic()
        with ExitStack() as exits:
            exits.callback(self.journal.close)
            exits.callback(self.stack.stop)
            self.stack.start()
            self.stack.database.rows(INSTALL)
            self._load = self._make_load()
            self._judge = Judge(self.stack, self._load, self.journal, self.report)
            twilio = TwilioFaults(self.stack, self.journal, self.options.seed)
            self._scene = Scene(self.stack, self._load, self.journal, twilio, self._rng)
            operator = Operator(self._load, self.journal, Random(self.options.seed))
            exits.enter_context(operator)
            self._pool = exits.enter_context(ThreadPoolExecutor(SLOTS))
            self._until = time.monotonic() + self.options.seconds
            while self._goes_on():
                self._round()
            self._judge.last(operator)
        self.report.seconds = time.monotonic() - started
        self.report.take(self.journal)
        return self.report

    def _make_load(self) -> Load:
        shops = make(self.stack.manage_env, shops=self.options.shops, clients=self.options.clients)
        return Load(self.stack.database, self.stack.url, shops, Random(self._rng.getrandbits(64)))

    def _goes_on(self) -> bool:
        if self._deck.empty:
            return False
        return time.monotonic() < self._until or self.report.recipients < self.options.recipients

    def _round(self) -> None:
        self._judge.begin()
        made = self._break_things()
        self._rest(made)
        self._judge.round(made)
        self.report.rounds += 1

    def _break_things(self) -> list[Made]:
        """Load, and faults while there is work; return the campaigns once nearly all is done."""
        made: list[Made] = []
        left = self.options.round
        due, longest = time.monotonic(), time.monotonic() + LONGEST_S
        while time.monotonic() < longest:
            self.stack.check()
            backlog = sum(campaign.left for campaign in self._load.unfinished())
            if (left > 0 or not self._may_rest()) and backlog < BACKLOG:
                campaign = self._load.create(max(left, TAIL))
                made.append(campaign)
                left -= len(campaign.fates)
                continue
            if left <= 0 and backlog < TAIL and self._may_rest():
                break
            if backlog and time.monotonic() >= due and self._inject():
                due = time.monotonic() + self._rng.uniform(*EVERY_S)
            time.sleep(LOOK_S)
        return made

    def _may_rest(self) -> bool:
        """In a run that ends when every kind took effect, a round lasts until then."""
        return self.options.each is None or (self._deck.empty and not self._running())

    def _inject(self) -> bool:
        """Begin the next fault, if there is room; False when there is not."""
        running = self._running()
        if len(running) >= SLOTS:
            return False
        fault = self._deck.draw(frozenset(running))
        if fault is None:
            return False
        scene = replace(self._scene, rng=Random(self._rng.getrandbits(64)))
        if fault.alone:
            wait(self._under_way)
            self._do(fault, scene)
        else:
            self._under_way[self._pool.submit(self._do, fault, scene)] = fault.kind
        return True

    def _running(self) -> list[str]:
        for future in [future for future in self._under_way if future.done()]:
            del self._under_way[future]
            future.result()
        return list(self._under_way.values())

    def _do(self, fault: Fault, scene: Scene) -> None:
        try:
            happened = fault.inject(scene)
        except NoAnswerError as error:
            self.report.found([Violation(Kind.STUCK, 0, None, f"{fault.kind}: {error}")])
            happened, why = None, str(error)
        except MISHAPS as error:
            happened, why = None, f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            why = ""
        if happened is None:
            self.journal.took_none(fault.kind, why)
            self._deck.failed(fault)
        else:
            self.journal.took_effect(fault.kind, happened)

    def _rest(self, made: list[Made]) -> None:
        """No more faults: everything must be up again, and every campaign must end."""
        wait(self._under_way)
        self._running()
        if missing := self.stack.wait_up():
            self.report.found([Violation(Kind.STUCK, 0, None, f"not running again: {', '.join(missing)}")])
        self._scene.twilio.calm()
        self.journal.say("rest")
        ids = {campaign.id for campaign in made}
        began = time.monotonic()
        while time.monotonic() < began + self.options.final_within_s:
            self.stack.check()
            if not ids & {campaign.id for campaign in self._load.unfinished()}:
                break
            time.sleep(LOOK_S)
        self.report.measures.recovery = worst(self.report.measures.recovery, time.time() - self.journal.last_fault)
