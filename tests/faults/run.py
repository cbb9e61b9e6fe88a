"""A run: rounds of load and faults, each followed by a rest and a judgement, and a last judgement over everything."""

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

import psutil
import psycopg2
import redis

from local.simulator.client import SimulatorError
from local.stack.layout import DEFAULT_DATA, private_folder
from tests.faults import clocks, compressed
from tests.faults.api import NoAnswerError
from tests.faults.calm import Calm
from tests.faults.conditions import FINAL_AFTER_LOSS_S, FINAL_AFTER_STEP_S
from tests.faults.deck import Deck
from tests.faults.folder import CLOCKS_VARIABLE, POOLER_VARIABLE
from tests.faults.injectors import FAULTS
from tests.faults.injectors.clock import OF_POSTGRES
from tests.faults.injectors.postgres_server import OF_A_POOLER
from tests.faults.injectors.scene import Fault, Scene
from tests.faults.injectors.twilio_faults import TwilioFaults
from tests.faults.journal import Journal
from tests.faults.judge import Judge
from tests.faults.lane import Lane
from tests.faults.load import Load, Made
from tests.faults.measures import worst
from tests.faults.mutants import MUTANTS, VARIABLE
from tests.faults.operator import Operator
from tests.faults.options import Options
from tests.faults.report import Report
from tests.faults.shops import make
from tests.faults.sitting import Sitting
from tests.faults.stack import RunningStack
from tests.faults.stay import Stay
from tests.faults.timeline import INSTALL
from tests.faults.verdict import Kind, Violation
from tests.faults.worlds import WORLDS

# Each with its slots, and seconds from one fault to the next.
LANES: Final = {"twilio": (3, (0.5, 2.0)), "": (4, (0.7, 3.0))}
# Recipients not yet final: below the first there are more campaigns, below the second the round rests.
BACKLOG: Final = 1500
TAIL: Final = 150
LOOK_S: Final = 0.3
# A round that gets nowhere under its faults rests after so many seconds, or nobody would ever see why.
LONGEST_S: Final = 600.0
# In each world, if nobody says how many.
RECIPIENTS: Final = 1500

# What an injector may meet because of the other faults.
MISHAPS: Final = (psutil.Error, psycopg2.Error, redis.RedisError, SimulatorError, OSError)


def folder_for(options: Options) -> Path:
    """A new folder for a run, among those that earlier runs left."""
    name = f"{datetime.now(tz=UTC):%Y%m%d-%H%M%S}-seed-{options.seed}{options.mutant and '-' + options.mutant}"
    return private_folder(DEFAULT_DATA / "faults" / name)


def run(options: Options, folder: Path) -> Report:
    """Do a run, and leave its folder only when something was violated or it is asked for.

    Raises:
        StackDownError: the product gave up, or could not be started.
    """
    report = Run(options, folder).go()
    if report.ok and not options.keep:
        shutil.rmtree(folder)
    else:
        report.write(folder / "report.json")
    return report


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
        if any(fault.kind in options.kinds for fault in OF_POSTGRES):
            extra[CLOCKS_VARIABLE] = "1"
        if any(fault.kind in options.kinds for fault in OF_A_POOLER):
            extra[POOLER_VARIABLE] = "1"
        if options.outages:
            extra |= compressed.environment(compressed.COMPRESSED_BY)
        self.stack = RunningStack(private_folder(folder / "stack"), extra)
        self._rng = Random(options.seed)
        self._lanes = [self._lane(family, *pace) for family, pace in LANES.items()]

    def _lane(self, family: str, slots: int, every: tuple[float, float]) -> Lane:
        own = [FAULTS[kind] for kind in self.options.kinds]
        own = [fault for fault in own if (fault.family == "twilio") == (family == "twilio")]
        seed = f"{self.options.seed} {family}"
        pace = (every[0] * self.options.pace, every[1] * self.options.pace)
        return Lane(Deck(own, Random(seed), each=self.options.each), slots, pace, Random(seed))

    def go(self) -> Report:
        """Do it all and stop the product.

        Raises:
            StackDownError: the product gave up, or could not be started.
        """
        started = time.monotonic()
        with ExitStack() as exits:
            exits.callback(self.journal.close)
            exits.callback(clocks.tidy)
            exits.callback(self.stack.stop)
            self.stack.start()
            self.stack.database.rows(INSTALL)
            self._load = self._make_load()
            self._judge = Judge(self.stack, self._load, self.journal, self.report)
            mutant = MUTANTS.get(self.options.mutant)
            if mutant is None or mutant.calm:
                self._calm()
            operator = exits.enter_context(Operator(self._load, self.journal, Random(self.options.seed)))
            if self.options.worlds:
                self._stay()
            elif self.options.outages:
                self._sit_out()
            elif mutant is None or not mutant.calm:
                self._break(exits)
            self._judge.last(operator)
        self.report.seconds = time.monotonic() - started
        self.report.take(self.journal)
        return self.report

    def _break(self, exits: ExitStack) -> None:
        """Do rounds of faults until it is enough."""
        twilio = TwilioFaults(self.stack, self.journal, self.options.seed)
        self._scene = Scene(
            self.stack, self._load, self.journal, twilio, self.report.found, self._judge.losses, self._rng
        )
        for lane in self._lanes:
            exits.callback(lane.close)
        self._until = time.monotonic() + self.options.seconds
        while self._goes_on():
            self._round()

    def _stay(self) -> None:
        """Send in one world after the other."""
        stay = Stay(self.stack, self._load, self.journal, self._judge, self.options.lost)
        for name in self.options.worlds:
            self.report.worlds.append(stay.in_world(name, WORLDS[name], self.options.recipients or RECIPIENTS))

    def _sit_out(self) -> None:
        """Send into one outage after the other."""
        sitting = Sitting(self.stack, self._load, self.journal, self._judge)
        self.report.outages += [sitting.through(name) for name in self.options.outages]

    def _calm(self) -> None:
        """Send a little while nothing is broken: the Lotes must be closed by their chords."""
        self._judge.begin()
        calm = Calm(self.stack, self._load)
        calm.send(within_s=self.options.final_within_s)
        self.report.calm = f"{calm.found}, of {calm.lotes} Lotes"
        self.journal.say(f"calm: closed {self.report.calm}")
        self.report.found(calm.violations)
        self._judge.round(calm.made)

    def _make_load(self) -> Load:
        shops = make(self.stack.manage_env, shops=self.options.shops, clients=self.options.clients)
        return Load(self.stack.database, self.stack.url, shops, Random(self._rng.getrandbits(64)))

    def _goes_on(self) -> bool:
        if self.options.each is not None and self._over():
            return False
        return time.monotonic() < self._until or self.report.recipients < self.options.recipients

    def _over(self) -> bool:
        return all(lane.over for lane in self._lanes)

    def _round(self) -> None:
        self._judge.begin()
        made = self._break_things()
        self._rest(made)
        self._judge.round(made)
        self.report.rounds += 1

    def _break_things(self) -> list[Made]:
        """Load, and faults while there is work; return the campaigns once nearly all is done."""
        first = self._load.latest
        left = self.options.round
        longest = time.monotonic() + LONGEST_S
        while time.monotonic() < longest:
            self.stack.check()
            backlog = sum(campaign.left for campaign in self._load.unfinished())
            # In a run that ends when every kind took effect, the round lasts until then.
            more = left > 0 or (self.options.each is not None and not self._over())
            if self._load.take_wish() or (more and backlog < min(BACKLOG, self.options.round)):
                campaign = self._load.create(left if left > 0 else TAIL)
                left -= len(campaign.fates)
            elif backlog < TAIL and not more:
                break
            else:
                time.sleep(LOOK_S)
            for lane in self._lanes if backlog else ():
                lane.tick(self._do, self._settle)
        return self._load.since(first)

    def _do(self, fault: Fault, rng: Random) -> bool:
        """Inject one fault; False when it took no effect."""
        why = ""
        try:
            happened = fault.inject(replace(self._scene, rng=rng))
        except NoAnswerError as error:
            self.report.found([Violation(Kind.STUCK, 0, None, f"{fault.kind}: {error}")])
            happened, why = None, str(error)
        except MISHAPS as error:
            happened, why = None, f"{type(error).__name__}: {error}".splitlines()[0]
        if happened is None:
            self.journal.took_none(fault.kind, why)
        else:
            self.journal.took_effect(fault.kind, happened)
        return happened is not None

    def _settle(self) -> None:
        for lane in self._lanes:
            lane.settle()

    def _rest(self, made: list[Made]) -> None:
        """No more faults: everything must be up again, and every campaign must end."""
        self._settle()
        if missing := self.stack.wait_up():
            self.report.found([Violation(Kind.STUCK, 0, None, f"not running again: {', '.join(missing)}")])
        self._scene.twilio.calm()
        self.journal.say("rest")
        ids = {campaign.id for campaign in made} | self._load.retried
        within_s = self.options.final_within_s
        within_s += FINAL_AFTER_LOSS_S if ids & self._load.doubted else 0.0
        within_s += FINAL_AFTER_STEP_S if ids & self._load.untimed else 0.0
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self.stack.check()
            if not ids & {campaign.id for campaign in self._load.unfinished()}:
                break
            time.sleep(LOOK_S)
        self.report.measures.recovery = worst(self.report.measures.recovery, time.time() - self.journal.last_fault)
