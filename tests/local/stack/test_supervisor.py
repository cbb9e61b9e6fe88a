"""The supervisor: order, restarts, and nothing left behind."""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local.stack.errors import Interrupted, StackError
from local.stack.output import Printer
from local.stack.process import Spec
from local.stack.registry import Registry
from local.stack.supervisor import Restarts, Supervisor
from tests.local.stack.support import DEADLINE_S, PATIENT, STUBBORN, alive

QUICK = Restarts(quick=10.0, most=3, first=0.01, longest=0.05)
# Writes its name when it starts and, on SIGTERM, when it stops.
DIARY = """
import signal, sys, time
def note(what):
    with open(sys.argv[1], "a") as file:
        file.write(f"{what} {sys.argv[2]}\\n")
def stop(*_):
    note("stop")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("start")
print("up", flush=True)
time.sleep(600)
"""


def spec(name: str, code: str, *args: str, **more: object) -> Spec:
    command = (sys.executable, "-c", code, *args)
    options: dict[str, object] = {"ready_text": "up", "patience": DEADLINE_S, "stop_timeout": DEADLINE_S, **more}
    return Spec(name=name, command=command, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def supervisor(folder: Path) -> AsyncIterator[Supervisor]:
    registry = Registry(folder)
    registry.take()
    made = Supervisor(registry, Printer(io.StringIO()), folder, restarts=QUICK)
    try:
        yield made
    finally:
        made.hurry.set()
        await made.stop()
        registry.release()


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not check():
            await asyncio.sleep(0.02)


def run(folder: Path, test: Callable[[Supervisor], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with supervisor(folder) as made:
            await test(made)

    asyncio.run(inside())


def text_of(made: Supervisor) -> str:
    stream = made.printer.stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_it_starts_in_order_and_stops_in_the_opposite_order(tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    async def test(made: Supervisor) -> None:
        await made.start(spec("first", DIARY, str(diary), "first"))
        await made.start(spec("second", DIARY, str(diary), "second"))
        await made.stop()

    run(tmp_path, test)
    assert diary.read_text().splitlines() == ["start first", "start second", "stop second", "stop first"]


def test_it_starts_a_process_again(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        await made.start(spec("web", PATIENT))
        first = made.registry.entries["web"].pid
        os.kill(first, 9)
        await until(lambda: "web" in made.registry.entries and made.registry.entries["web"].pid != first)
        assert "web ended (by SIGKILL); starting it again in" in text_of(made)
        assert not made.stopping.is_set()

    run(tmp_path, test)


def test_it_gives_up_on_a_process_that_never_lives(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        await made.start(
            spec("web", "print('up', flush=True); raise SystemExit('no module named shop')", ready_text="")
        )
        with pytest.raises(StackError, match=r"(?s)web ended 3 times right after its start.*no module named shop"):
            await asyncio.wait_for(made.until_stopped(), DEADLINE_S)

    run(tmp_path, test)


def test_it_says_why_a_process_could_not_start(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        with pytest.raises(StackError, match=r"(?s)web could not start \(exit code 3\):.*boom"):
            await made.start(spec("web", "print('boom'); raise SystemExit(3)"))

    run(tmp_path, test)


def test_it_stops_waiting_when_asked_to_stop(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        asyncio.get_running_loop().call_later(0.2, made.request_stop)
        with pytest.raises(Interrupted):
            await made.start(spec("slow", "import time; time.sleep(600)"))

    run(tmp_path, test)


def test_it_insists_in_the_end_and_leaves_no_grandchild(tmp_path: Path) -> None:
    parent = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {STUBBORN!r}])\n" + STUBBORN

    async def test(made: Supervisor) -> None:
        await made.start(spec("web", parent, stop_timeout=0.2))
        leader = made.registry.entries["web"].pid
        group = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if os_getsid(pid) == leader]
        assert leader in group
        await made.stop()
        await until(lambda: not any(alive(pid) for pid in group))

    if not Path("/proc").is_dir():
        pytest.skip("finds the group through /proc")
    run(tmp_path, test)


def os_getsid(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def test_it_hurries_when_asked_twice(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        await made.start(spec("web", STUBBORN, stop_timeout=600))
        made.request_stop()
        made.request_stop()
        await asyncio.wait_for(made.stop(), DEADLINE_S)

    run(tmp_path, test)


def test_it_marks_each_line_with_its_process(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        made.printer.expect(["worker-1"])
        await made.start(spec("web", "print('one\\ntwo'); " + PATIENT))
        assert text_of(made).splitlines()[:3] == ["web      | one", "web      | two", "web      | up"]

    run(tmp_path, test)


def test_it_returns_what_a_step_said_and_keeps_none_of_it(tmp_path: Path) -> None:
    async def test(made: Supervisor) -> None:
        assert await made.step(spec("ensure_admin", "print('password: x')")) == ["password: x"]
        assert not list(tmp_path.glob("*.log"))
        with pytest.raises(StackError, match=r"(?s)migrate failed \(exit code 1\).*no such table"):
            await made.step(spec("migrate", "raise SystemExit('no such table')"))

    run(tmp_path, test)
