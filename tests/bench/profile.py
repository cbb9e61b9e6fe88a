"""Where the CPU of a message goes: by the kernel's accounts, and inside the workers by a sampling profiler.

The profiler looks which thread holds the interpreter's lock, and so runs Python. What the lock is released for, mostly
the kernel's work on sockets and on waking threads, is in no sample; the kernel tells how much that is. Measured with
py-spy 0.4.3 and workers of 32 threads:

- asked for every thread that is not asleep, it counts those that wait for the lock or a processor too, so that waiting
  for work leads the list;
- stopping the process for each look, 100 times a second, doubles what a message costs and hands the lock to whoever is
  stopped last. Not stopping it changes nothing measurable; a quarter of the looks then finds a stack that changed
  meanwhile, and is dropped. Looks and drops together are as many as the CPU seconds in user mode predict.
"""

import os
import signal
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.stack.layout import ROOT
from local.stack.process import Spec
from tests.bench import frames
from tests.bench.errors import BenchError
from tests.bench.options import Options
from tests.bench.product import give_clients, send_campaign
from tests.bench.run import Run
from tests.bench.section import Section, table
from tests.bench.stage import Stage

USERNAME = "bench-profile"
SAMPLES_A_SECOND = 250
HOTTEST = 12
# What each part of a worker's time is, for people.
KERNEL = "workers: kernel"
MEANING = {
    f"workers: {frames.PUBLISH}": "putting messages on the queue",
    f"workers: {frames.CONSUME}": "taking them, handing them to threads, counting the chord",
    f"workers: {frames.HTTP}": "the call to Twilio",
    f"workers: {frames.DATABASE}": "claims, outcomes, Lotes: the client's side",
    f"workers: {frames.ENGINE}": "the product's own code between these",
    f"workers: {frames.OTHER}": "what none of these called",
    KERNEL: "sockets, and waking threads",
}
PROCESSES = {
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "simulator": "stand-in for Twilio",
    "web": "web",
    "beat": "beat",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Attributes:
    kernel: the share of the workers' CPU that the kernel spent for them.
    shares: of the samples of the rest, by part.
    samples: how many there are.
    hottest: functions in which most ended, with their shares.
    """

    run: Run
    kernel: float
    shares: dict[str, float]
    samples: int
    hottest: list[tuple[str, float]]


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.profiled)
    async with stage.product():
        await send_campaign(stage, USERNAME, options.warm_up)
        workers = {name: pid for name, pid in stage.pids.items() if name.startswith("worker-")}
        files = {name: stage.session.layout.data / f"{name}.stacks" for name in workers}
        async with stage.processes(*(spy(name, pid, files[name]) for name, pid in workers.items()), patient=True):
            before = modes(workers.values())
            run = await send_campaign(stage, USERNAME, options.profiled)
            user, system = (b - a for a, b in zip(before, modes(workers.values()), strict=True))
    stacks = [stack for file in files.values() for stack in frames.read(lines(file))]
    if not stacks:
        raise BenchError("the profiler saw nothing")
    seen, hottest = sum(count for _, count in stacks), frames.hottest(stacks, HOTTEST)
    return report(Profile(run, system / (user + system), frames.shares(stacks), seen, hottest))


def modes(pids: Iterable[int]) -> tuple[float, float]:
    """CPU seconds of processes since birth: in user mode, and in the kernel."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(time.user for time in times), sum(time.system for time in times)


def spy(name: str, pid: int, file: Path) -> Spec:
    """A profiler on one process. It needs the right to trace it: root, or a kernel whose ptrace_scope is 0."""
    program = Path(sysconfig.get_path("scripts")) / "py-spy"
    options = (
        "--gil",
        "--nonblocking",
        "--rate",
        str(SAMPLES_A_SECOND),
        "--format",
        "raw",
        "--full-filenames",
        "--function",
    )
    return Spec(
        name=f"py-spy-{name}",
        command=(str(program), "record", "--pid", str(pid), *options, "--output", str(file)),
        env={**os.environ, "NO_COLOR": "1"},
        ready_text="Sampling process",
        stop_signal=signal.SIGINT,  # it writes its file
        shown=False,
    )


def lines(file: Path) -> list[str]:
    """Raises BenchError: the profiler wrote nothing."""
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError as error:
        raise BenchError(f"the profiler left no {file.name}: {error.strerror}") from error


def report(found: Profile) -> Section:
    run = found.run
    made = table(f"CPU of a message, {run.recipients:,} recipients at {run.rate:,.0f}/s", "", "ms", "share", "")
    made.columns[-1].justify = "left"
    costs = parts_ms(found)
    total = sum(costs.values())
    for name, ms in costs.items():
        made.add_row(name, f"{ms:.3f}", f"{ms / total:.0%}", MEANING.get(name, ""))
    made.add_row("all", f"{total:.3f}", "", "")
    hot = table("Where the workers' samples ended", "function", "share of samples")
    for frame, share in found.hottest:
        hot.add_row(short(frame), f"{share:.1%}")
    data = {
        "recipients": run.recipients,
        "per_second": run.rate,
        "cpu_ms": costs,
        "samples": found.samples,
        "hottest": [{"function": frame, "share": share} for frame, share in found.hottest],
    }
    note = f"Workers: {found.samples:,} samples of py-spy divide their time in user mode, as the kernel counted it."
    return Section("profile", [made, hot], data, others=run.others, notes=[note])


def parts_ms(found: Profile) -> dict[str, float]:
    """CPU milliseconds of each message, by part; the profiler's own are left out."""
    workers = found.run.part_ms("workers")
    user = {f"workers: {part}": workers * (1 - found.kernel) * share for part, share in found.shares.items()}
    return user | {KERNEL: workers * found.kernel} | {name: found.run.part_ms(part) for part, name in PROCESSES.items()}


def short(frame: str) -> str:
    """A frame without the folders above its package."""
    function, _, path = frame.rstrip(")").partition(" (")
    for above in (f"{sysconfig.get_path('purelib')}/", f"{sysconfig.get_path('stdlib')}/", f"{ROOT}/"):
        path = path.removeprefix(above)
    return f"{function}  {path}"
