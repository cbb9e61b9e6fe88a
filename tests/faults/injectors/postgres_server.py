"""Restarting PostgreSQL or the pooler before it, and ending its sessions."""

import os
import signal
import time
from typing import Final

import psutil

from tests.faults.injectors.process import DIES_WITHIN_S
from tests.faults.injectors.scene import Fault, Injector, Scene
from tests.faults.stack import gone, send

ANSWERS_WITHIN_S = 40.0
LIVES_S = 12.0
OTHERS: Final = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


def pooler_restart(scene: Scene) -> str | None:
    """End the pooler at once, with all its clients' sessions; the supervisor starts it again."""
    with scene.victim("pooler") as entry:
        if entry is None or not send(entry, signal.SIGKILL) or not gone(entry, DIES_WITHIN_S):
            return None
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while (again := scene.stack.processes().get("pooler")) is None or again.pid == entry.pid:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        # Who is killed at once is taken for one that cannot start; and the product is to get through.
        time.sleep(LIVES_S)
        return f"{entry.pid}, then {again.pid}"


def restart(number: signal.Signals) -> Injector:
    """End the postmaster by a signal; the supervisor starts it again."""

    def inject(scene: Scene) -> str | None:
        with scene.victim("postgres") as entry:
            if entry is None:
                return None
            at = time.time()
            if not send(entry, number) or not gone(entry, DIES_WITHIN_S):
                return None
            [(started,)] = scene.stack.database.rows(
                "SELECT extract(epoch FROM pg_postmaster_start_time())::float8", within_s=ANSWERS_WITHIN_S
            )
            return f"{entry.pid}; answered again {time.time() - at:.1f} s later" if started > at else None

    return inject


def backend_crash(scene: Scene) -> str | None:
    """kill -9 of one session's process: PostgreSQL ends all the others and recovers."""
    with scene.victim("postgres") as entry:
        if entry is None:
            return None
        pids = [pid for (pid,) in scene.stack.database.rows(f"SELECT pid FROM pg_stat_activity WHERE {OTHERS}")]
        if not pids:
            return None
        pid = scene.rng.choice(pids)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + DIES_WITHIN_S
        while any(psutil.pid_exists(other) for other in pids):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)
        return f"session {pid}; {len(pids)} sessions ended"


def terminate_all(scene: Scene) -> str | None:
    """pg_terminate_backend of every session but ours."""
    [(ended,)] = scene.stack.database.rows(
        f"SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {OTHERS}"
    )
    return f"{ended} sessions" if ended else None


FAULTS = (
    Fault("postgres-immediate", "postgres", restart(signal.SIGQUIT), long=True),  # pg_ctl -m immediate
    Fault("postgres-kill", "postgres", restart(signal.SIGKILL)),
    Fault("postgres-backend-crash", "postgres", backend_crash),
    Fault("postgres-terminate", "postgres", terminate_all),
)
OF_A_POOLER = (Fault("pooler-restart", "pooler", pooler_restart, long=True),)
