"""Wiping, restarting and stalling Redis."""

import shutil
import signal
import time

import redis

from tests.faults.injectors.process import DIES_WITHIN_S
from tests.faults.injectors.scene import Fault, Injector, Scene
from tests.faults.stack import gone, send

PAUSE_S = 3.0
ANSWERS_WITHIN_S = 20.0


def flushall(scene: Scene) -> str | None:
    with scene.stack.redis() as client:
        keys = client.dbsize()
        client.flushall()
    return f"{keys} keys" if keys else None


def client_kill(scene: Scene) -> str | None:
    """CLIENT KILL of every connection but ours."""
    with scene.stack.redis() as client:
        killed = client.client_kill_filter(_type="normal", skipme=True)
    return f"{killed} connections" if killed else None


def client_pause(scene: Scene) -> str | None:
    """CLIENT PAUSE: it takes connections and answers nothing."""
    with scene.victim("valkey") as entry:
        if entry is None:
            return None
        with scene.stack.redis() as client:
            client.client_pause(int(PAUSE_S * 1000))
        time.sleep(PAUSE_S)
    return f"for {PAUSE_S:g} s"


def restart(number: signal.Signals, *, wipe: bool = False) -> Injector:
    """A signal that ends it, with its data or without, and the supervisor's new start."""

    def inject(scene: Scene) -> str | None:
        with scene.victim("valkey") as entry:
            if entry is None:
                return None
            with scene.stack.redis() as client:
                keys = client.dbsize()
            if wipe:
                # Under its feet: the kill must come before it could write the folder again.
                shutil.rmtree(scene.stack.data / "valkey" / "appendonlydir", ignore_errors=True)
            at = time.time()
            if not send(entry, number) or not gone(entry, DIES_WITHIN_S):
                return None
            if not _answers(scene):
                return None
            return f"{entry.pid} had {keys} keys; answered again {time.time() - at:.1f} s later"

    return inject


def _answers(scene: Scene) -> bool:
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with scene.stack.redis() as client:
                client.ping()
        except redis.RedisError:
            time.sleep(0.1)
        else:
            return True
    return False


FAULTS = (
    Fault("redis-flushall", "redis", flushall),
    Fault("redis-client-kill", "redis", client_kill),
    Fault("redis-client-pause", "redis", client_pause),
    Fault("redis-restart", "redis", restart(signal.SIGTERM), long=True),
    Fault("redis-kill", "redis", restart(signal.SIGKILL)),
    Fault("redis-restart-without-data", "redis", restart(signal.SIGKILL, wipe=True)),
)
