"""Somebody sets a clock: PostgreSQL's or the workers', forwards or back, by a minute or more, and then right again."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.faults import clocks, posts
from tests.faults.injectors.scene import Fault, Scene
from tests.faults.injectors.twilio import DOUBTS, NO_CALLBACKS

# What waits for a moment that a clock ahead has named waits as much longer once it is right: see FINAL_AFTER_STEP_S.
AHEAD_S: Final = (60.0, 120.0)
BACK_S: Final = (120.0, 600.0)
HOLD_S: Final = (2.0, 4.0)
SEEN_WITHIN_S: Final = 6.0
LOOK_S: Final = 0.2
OFF: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"

Off = Callable[[Scene], float]


def step(who: str, sign: int, off: Off, scene: Scene) -> str | None:
    """Step a clock, let some messages go, and set it right.

    Args:
        sign: 1 for ahead, -1 for back.
        off: how far the clock is seen to be off, in seconds.
    """
    folder = scene.stack.armory.folder
    seconds = sign * scene.rng.uniform(*(AHEAD_S if sign > 0 else BACK_S))
    if who == clocks.DATABASE:
        # The timeline's times are of this clock.
        scene.load.untimed |= {campaign.id for campaign in scene.load.unfinished()}
    with scene.twilio.broken(DOUBTS, **NO_CALLBACKS):
        clocks.step(folder, who, seconds)
        try:
            seen = _until(lambda: abs(off(scene) - seconds) < abs(seconds) / 2)
            time.sleep(scene.rng.uniform(*HOLD_S))
        finally:
            clocks.step(folder, who, 0.0)
        right = _until(lambda: abs(off(scene)) < abs(seconds) / 2)
    return f"{seconds:+.0f} s" if seen and right else None


def of_database(scene: Scene) -> float:
    return float(scene.stack.database.rows(OFF)[0][0]) - time.time()


def of_workers(scene: Scene) -> float:
    """As the latest message says that a worker noted."""
    return posts.off(scene.stack.armory.folder)


def _until(so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SEEN_WITHIN_S
    while not (done := so()) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    return done


FAULTS = tuple(
    Fault(f"clock-{who}-{name}", "clock", partial(step, who, sign, off), alone=True)
    for who, off in ((clocks.DATABASE, of_database), (clocks.WORKERS, of_workers))
    for name, sign in (("ahead", 1), ("back", -1))
)
