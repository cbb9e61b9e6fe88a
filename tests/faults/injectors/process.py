"""Killing, stopping and restarting the supervisor's children, and the supervisor."""

import signal
import time

import psutil

from local.stack.registry import Entry
from tests.faults import own_clocks
from tests.faults.conditions import LEASE_S, READ_TIMEOUT_S, SUSPENDED_S
from tests.faults.injectors.scene import Fault, Injector, Scene
from tests.faults.stack import WORKERS, alive, gone, send

DIES_WITHIN_S = 5.0
# A worker's warm shutdown waits for its calls, and the supervisor would give it 40 s.
ENDS_WITHIN_S = 40.0
STARTS_WITHIN_S = 40.0
BEYOND_LEASE_S = LEASE_S + 3.0
READY = " ready."


def kill(*names: str) -> Injector:
    """kill -9 of one of these."""

    def inject(scene: Scene) -> str | None:
        with scene.victim(*names) as entry:
            if entry is None:
                return None
            if entry.name == "simulator":
                scene.twilio.times("")  # what it has counted dies with it
            at = time.time()
            if not send(entry, signal.SIGKILL) or not gone(entry, DIES_WITHIN_S):
                return None
            scene.died(entry, at)
            return f"{entry.name} ({entry.pid})"

    return inject


def sleep(seconds: float, *names: str, machine: bool = False) -> Injector:
    """SIGSTOP of one of these for some seconds, then SIGCONT.

    Args:
        machine: whether it sees what it would see if its machine had been suspended.
    """

    def inject(scene: Scene) -> str | None:
        with scene.victim(*names) as entry:
            if entry is None or not send(entry, signal.SIGSTOP):
                return None
            try:
                time.sleep(0.1)
                stopped = alive(entry) and psutil.Process(entry.pid).status() == psutil.STATUS_STOPPED
                time.sleep(seconds)
                told = not machine or own_clocks.change(scene.stack.armory.folder, entry.pid, slept=seconds)
            finally:
                woke = send(entry, signal.SIGCONT)
            return f"{entry.name} ({entry.pid}) slept {seconds:g} s" if stopped and told and woke else None

    return inject


def terminate(scene: Scene) -> str | None:
    """A worker's warm shutdown."""
    with scene.victim(*WORKERS) as entry:
        return _terminate(entry) if entry else None


def rolling_restart(scene: Scene) -> str | None:
    """Every worker ends and is started again, one after the other, as a deployment does."""
    told = []
    for name in WORKERS:
        with scene.reservations.one_of([name]) as held:
            entry = scene.stack.processes().get(name) if held else None
            ended = _terminate(entry) if entry else None
            if ended is None or not _started(scene, name):
                return None
            told.append(ended)
    return "; ".join(told)


def kill_web_worker(scene: Scene) -> str | None:
    """kill -9 of one of gunicorn's processes."""
    with scene.victim("web") as entry:
        if entry is None:
            return None
        children = psutil.Process(entry.pid).children()
        if not children:
            return None
        child = scene.rng.choice(children)
        child.kill()
        psutil.wait_procs([child], DIES_WITHIN_S)
        return None if child.is_running() else f"{child.pid} of web ({entry.pid})"


def kill_stack(scene: Scene) -> str | None:
    """kill -9 of the supervisor, which takes everything with it, and a new start on what is left."""
    workers = [entry for name, entry in scene.stack.processes().items() if name in WORKERS]
    scene.twilio.times("")
    at = time.time()
    died = scene.stack.kill()
    scene.stack.start()
    scene.journal.away.append((at, time.time()))
    for entry in workers:
        if entry.name in died:
            scene.died(entry, at, with_all=True)
    return f"{', '.join(died)} died; up again {time.time() - at:.1f} s later" if died else None


def _terminate(entry: Entry) -> str | None:
    at = time.time()
    if not send(entry, signal.SIGTERM) or not gone(entry, ENDS_WITHIN_S):
        return None
    return f"{entry.name} ({entry.pid}) ended in {time.time() - at:.1f} s"


def _started(scene: Scene, name: str) -> bool:
    """Wait until the supervisor has started it again and it takes tasks."""
    log = scene.stack.data / "log" / f"{name}.log"
    before = log.read_text(errors="replace").count(READY)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while log.read_text(errors="replace").count(READY) <= before or name not in scene.stack.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


FAULTS = (
    Fault("kill-worker", "process", kill(*WORKERS), weight=3),
    Fault("kill-web", "process", kill("web")),
    Fault("kill-web-worker", "process", kill_web_worker),
    Fault("kill-beat", "process", kill("beat")),
    Fault("kill-simulator", "process", kill("simulator")),
    Fault("kill-stack", "process", kill_stack, alone=True),
    Fault("sleep-worker", "process", sleep(BEYOND_LEASE_S, *WORKERS), weight=2),
    Fault("suspend-worker", "process", sleep(SUSPENDED_S, *WORKERS, machine=True), long=True),
    Fault("sleep-simulator", "process", sleep(READ_TIMEOUT_S + 1.5, "simulator")),
    Fault("end-worker", "process", terminate),
    Fault("rolling-restart", "process", rolling_restart, long=True),
)
