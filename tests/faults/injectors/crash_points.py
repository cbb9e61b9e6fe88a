"""Arming the crash points."""

import time
from functools import partial
from typing import Final

from tests.faults.injectors.scene import Fault, Scene
from tests.faults.points import Point, points

FIRES_WITHIN_S = 20.0
PASSES = 40  # of a point that every message passes
DIES_WITHIN_S = 2.0


def crash(point: Point, scene: Scene) -> str | None:
    """Let one process die at the point."""
    passes = scene.rng.randint(1, PASSES) if point.place.often else 1
    serial = scene.stack.armory.arm(point.label, passes=passes)
    if point.place.name == "create":
        scene.load.wish()
    deadline = time.monotonic() + FIRES_WITHIN_S
    while (death := scene.stack.armory.death(serial)) is None:
        if time.monotonic() > deadline and scene.stack.armory.disarm(point.label):
            return None
        time.sleep(0.05)
    if point.place.process == "worker":
        scene.journal.worker_died(death.pid, death.at)
    return f"{point.place.process} ({death.pid}) at pass {passes}"


# Before most places nothing has happened since the place before.
BEFORE: Final = {"post", "publish", "create"}
FAULTS = tuple(
    Fault(
        f"crash-{point.label}",
        "crash",
        partial(crash, point),
        long=point.side == "before" and point.place.name not in BEFORE,
    )
    for point in points()
)
