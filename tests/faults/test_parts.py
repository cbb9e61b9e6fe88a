"""The harness's own parts: what must not fail quietly."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.test import override_settings

from core.clock import elapsed
from tests.closings import Closings
from tests.faults import account, clocks, crash, mutations, own_clocks, posts
from tests.faults.account import Account
from tests.faults.calm import Calm
from tests.faults.database import SWEEP_LOCK
from tests.faults.deck import TRIES, Deck
from tests.faults.injectors import FAULTS, LEFT_OUT
from tests.faults.injectors import account as injector
from tests.faults.injectors.scene import Fault
from tests.faults.mutants import MUTANTS
from tests.faults.options import parse
from tests.faults.outages import OUTAGES
from tests.faults.points import PLACES, Place, points
from tests.faults.recipients import Fate, Recipient, fates, telefono
from tests.faults.report import Report
from tests.faults.verdict import Kind, Violation
from workers.engine.base import locks
from workers.engine.base.account import fingerprint

DYING = """
import sys
from pathlib import Path
from tests.faults.crash import Armory
armory = Armory(Path(sys.argv[1]))
for number in range(1, 6):
    armory.passing("before-claim")
    print(number, flush=True)
"""


def test_the_calm_holds_the_lock_of_those_who_sweep() -> None:
    assert SWEEP_LOCK == locks.SWEEP


@pytest.mark.parametrize(
    ("found", "kinds"), [({"chord": 3}, []), ({"chord": 2, "sweep": 1}, [Kind.STUCK]), ({"chord": 2}, [Kind.STUCK])]
)
def test_a_calm_in_which_chords_closed_too_few_lotes_is_a_violation(found: dict[str, int], kinds: list[Kind]) -> None:
    calm = Calm(Mock(), Mock())
    calm.lotes, calm.found = 3, Closings(found)
    assert [violation.kind for violation in calm.violations] == kinds


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_crash_point_leads_somewhere(place: Place) -> None:
    assert callable(crash.resolve(place)[2])


@pytest.mark.parametrize(
    "target", ["workers.engine.message.ledger.clam", "workers.engin.ledger", "nothing.at.all", "claim"]
)
def test_a_crash_point_that_leads_nowhere_is_refused(target: str) -> None:
    with pytest.raises(crash.UnresolvedPlaceError, match=f"claim: there is no {target}"):
        crash.resolve(replace(PLACES[0], target=target))


def test_an_armed_point_kills_one_process_at_the_right_pass(tmp_path: Path) -> None:
    armory = crash.Armory(tmp_path)
    serial = armory.arm("before-claim", passes=3)
    first, second = (
        subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert (first.returncode, first.stdout.split()) == (-signal.SIGKILL, ["1", "2"])
    assert (second.returncode, second.stdout.split()) == (0, ["1", "2", "3", "4", "5"])
    death = armory.death(serial)
    assert death is not None
    assert not armory.disarm("before-claim")


def test_a_disarmed_point_kills_nobody(tmp_path: Path) -> None:
    armory = crash.Armory(tmp_path)
    serial = armory.arm("before-claim", passes=1)
    assert armory.disarm("before-claim")
    armory.passing("before-claim")
    assert armory.death(serial) is None


def fault(kind: str, weight: int = 1) -> Fault:
    return Fault(kind, "process", lambda scene: None, weight=weight)


def drawn(deck: Deck, count: int) -> list[str]:
    return [card.kind for card in (deck.draw() for _ in range(count)) if card]


def test_a_deck_repeats_itself_by_its_seed() -> None:
    faults = [fault(name) for name in "abcdefgh"]
    orders = [drawn(Deck(faults, random.Random(seed)), 20) for seed in (7, 7, 8)]
    assert orders[0] == orders[1] != orders[2]


def test_a_deck_deals_by_weight_for_ever() -> None:
    deck = Deck([fault("a", weight=3), fault("b")], random.Random(1))
    assert sorted(drawn(deck, 8)) == ["a"] * 6 + ["b"] * 2
    assert not deck.empty


def test_a_deck_ends_when_each_kind_had_its_turns() -> None:
    deck = Deck([fault("a", weight=3), fault("b")], random.Random(1), each=2)
    assert sorted(drawn(deck, 9)) == ["a", "a", "b", "b"]
    assert deck.empty


def test_what_took_no_effect_comes_again_but_not_for_ever() -> None:
    deck = Deck([fault("a")], random.Random(1), each=1)
    turns = 0
    while card := deck.draw():
        turns += 1
        deck.failed(card)
    assert turns == TRIES


def test_a_kind_that_is_under_way_waits() -> None:
    deck = Deck([fault("a")], random.Random(1), each=1)
    assert deck.draw(frozenset({"a"})) is None
    assert not deck.empty
    assert drawn(deck, 1) == ["a"]


def test_the_shops_hold_every_fate() -> None:
    shop = [Recipient(n, telefono(0, n)) for n in range(200)]
    found = list(fates(shop).values())
    assert {fate: found.count(fate) for fate in Fate} == {
        Fate.SENT: 179, Fate.NO_PHONE: 4, Fate.INVALID: 4, Fate.REPEATED: 8, Fate.REFUSED: 4, Fate.LEFT: 1
    }  # fmt: skip
    assert [telefono(1, n) for n in range(200)] == [recipient.telefono for recipient in shop]
    assert {telefono(2, n) for n in range(5, 200)} & {recipient.telefono for recipient in shop} == {"", "12"}


def test_the_first_of_two_with_one_phone_receives_it() -> None:
    twins = [Recipient(11, telefono(0, 11)), Recipient(10, telefono(0, 10))]
    assert fates(twins) == {11: Fate.SENT, 10: Fate.REPEATED}
    assert fates(reversed(twins)) == {10: Fate.SENT, 11: Fate.REPEATED}


def test_it_takes_kinds_and_families() -> None:
    assert parse(["--only", "kill-beat,redis,kill-beat"]).kinds == (
        "kill-beat", *(kind for kind, fault in FAULTS.items() if fault.family == "redis")
    )  # fmt: skip
    assert parse(["--hours", "2"]).seconds == 7200
    assert parse(["--seed", "0"]).seed == 0


def test_it_refuses_a_kind_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--only", "kill-bet"])
    assert "no fault is called 'kill-bet'" in capsys.readouterr().err


def test_every_crash_point_is_a_fault() -> None:
    assert {f"crash-{point.label}" for point in points()} < set(FAULTS)


def test_every_mutant_has_its_code_and_its_faults() -> None:
    assert MUTANTS.keys() == mutations.INSTALL.keys()
    for mutant in MUTANTS.values():
        assert set(mutant.faults) <= set(FAULTS)
        assert set(mutant.outages) <= set(OUTAGES)
        assert mutant.faults or mutant.outages or mutant.calm


VIOLATION = Violation(Kind.LOST, 1, 2, "was not sent")


def test_a_report_is_not_well_when_something_is_violated(tmp_path: Path) -> None:
    report = Report(parse(["--seed", "1"]), tmp_path)
    before = report.ok
    assert report.found([VIOLATION, VIOLATION]) == [VIOLATION]
    assert report.found([VIOLATION]) == []
    assert (before, report.ok) == (True, False)
    assert "lost 1  duplicated 0  wrong state 0  stuck 0" in report.text()
    assert str(VIOLATION) in report.text()
    assert str(tmp_path) in report.verdict


@pytest.mark.parametrize(("kind", "caught"), [(Kind.DUPLICATED, True), (Kind.LOST, False)])
def test_a_mutant_is_well_when_it_is_reported_as_what_it_is(tmp_path: Path, kind: Kind, caught: bool) -> None:
    report = Report(parse(["--mutant", "blind-retry"]), tmp_path)
    assert not report.ok
    report.found([replace(VIOLATION, kind=kind)])
    assert report.ok == caught


class TestAccount:
    def test_a_process_that_starts_has_the_account_that_was_chosen(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC1")
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "t1")
        folder, other = tmp_path / "crash", Account.new()
        account.take(folder)
        assert os.environ["TWILIO_ACCOUNT_SID"] == "AC1"
        account.choose(folder, other)
        account.take(folder)
        assert (os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]) == (other.sid, other.token)
        account.choose(folder, None)
        account.choose(folder, None)
        assert not (folder / account.NAME).exists()

    def test_its_mark_is_what_a_claim_writes(self) -> None:
        mine = Account.new()
        with override_settings(TWILIO_ACCOUNT_SID=mine.sid):
            assert fingerprint().startswith(mine.mark)

    def test_a_row_that_was_looked_for_in_another_account_is_a_violation(self) -> None:
        violation = injector.judged(7, 1, "pendiente", 2)
        assert (violation.kind, violation.campana_id, violation.log_id) == (Kind.WRONG, 1, 7)


class TestClocks:
    def test_a_step_is_read_by_the_library(self, tmp_path: Path) -> None:
        if not clocks.library():
            pytest.skip(clocks.MISSING)
        env = {**os.environ, **clocks.environment(tmp_path)}
        clocks.step(tmp_path, -300.0)
        done = subprocess.run(["date", "+%s"], env=env, capture_output=True, text=True, check=True)
        assert -310 < float(done.stdout) - time.time() < -240

    def test_nothing_is_left_in_shared_memory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clocks, "SHARED", tmp_path)
        names = (f"sem.faketime_sem_{os.getpid()}", "faketime_shm_99999999", "other_99999999")
        for name in names:
            (tmp_path / name).touch()
        clocks.tidy()
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted((names[0], names[2]))

    def test_without_the_library_the_kinds_are_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clocks, "PLACES", ())
        assert clocks.library() is None
        assert clocks.environment(Path("/nowhere")) == {}

    def test_whoever_asks_for_one_is_told(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(LEFT_OUT, "clock-postgres-back", clocks.MISSING)
        for word in ("clock", "clock-postgres-back"):
            with pytest.raises(SystemExit):
                parse(["--only", word])
            assert f"{word} cannot be done here: {clocks.MISSING}" in capsys.readouterr().err

    def test_a_workers_clock_is_seen_in_its_notes(self, tmp_path: Path) -> None:
        assert posts.off(tmp_path) == 0.0
        now = time.time() - elapsed()
        (tmp_path / posts.NAME).write_text(f"a 1 {now:.3f}\nb 1 {now - 300:.3f}\n")
        assert -301 < posts.off(tmp_path) < -299
        assert posts.read(tmp_path) == {"a": 1, "b": 1}


SLEEPER = """
import sys, time
from pathlib import Path
from tests.faults import own_clocks
own_clocks.install(Path(sys.argv[1]))
from core.clock import Mark, elapsed
from django.utils import timezone
mark, monotonic, now = Mark(), time.monotonic(), timezone.now()
print(flush=True)
for line in sys.stdin:
    print(time.monotonic() - monotonic, elapsed() - mark.at, time.time() - mark.wall,
        (timezone.now() - now).total_seconds(), int(mark.jumped()), flush=True)
"""


class TestOwnClocks:
    @pytest.fixture
    def sleeper(self, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
        command = [sys.executable, "-c", SLEEPER, str(tmp_path)]
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "core.settings"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
            assert process.stdin is not None
            process.stdin.close()

    def read(self, process: "subprocess.Popen[str]") -> list[float]:
        """Seconds since it began by its monotonic, boot and wall clock and by Django's; whether it sees a jump."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        return [float(word) for word in process.stdout.readline().split()]

    def test_a_suspended_process_sees_one_clock_stand_still(
        self, tmp_path: Path, sleeper: "subprocess.Popen[str]"
    ) -> None:
        time.sleep(0.3)
        assert own_clocks.change(tmp_path, sleeper.pid, slept=0.2)
        assert own_clocks.change(tmp_path, sleeper.pid, slept=0.1)
        monotonic, boot, wall, _, _ = self.read(sleeper)
        assert boot - monotonic == pytest.approx(0.3, abs=0.2)
        assert wall - monotonic == pytest.approx(0.3, abs=0.2)

    def test_a_clock_that_is_set_is_seen_and_set_right(self, tmp_path: Path, sleeper: "subprocess.Popen[str]") -> None:
        own_clocks.change(tmp_path, sleeper.pid, ahead=300.0)
        monotonic, boot, wall, now, jumped = self.read(sleeper)
        assert [wall - boot, now - boot] == [pytest.approx(300, abs=30), pytest.approx(300, abs=30)]
        assert (monotonic < 100, jumped) == (True, 1)
        own_clocks.change(tmp_path, sleeper.pid, ahead=0.0)
        assert self.read(sleeper)[2:] == [pytest.approx(boot, abs=30), pytest.approx(boot, abs=30), 0]

    def test_who_does_not_look_is_not_told(self, tmp_path: Path) -> None:
        assert not own_clocks.change(tmp_path, 1, slept=0.5)
