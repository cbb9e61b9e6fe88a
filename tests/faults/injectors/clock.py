"""Somebody sets a clock: PostgreSQL's or the workers', forwards or back, by a minute or more, and then right again."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.faults import clocks, own_clocks, posts
from tests.faults.injectors.scene import Fault, Scene
from tests.faults.injectors.twilio import DOUBTS, NO_CALLBACKS
from tests.faults.stack import WORKERS

# What waits for a moment that a clock ahead has named waits as much longer once it is right: see FINAL_AFTER_STEP_S.
AHEAD_S: Final = (60.0, 120.0)
BACK_S: Final = (120.0, 600.0)
HOLD_S: Final = (2.0, 4.0)
SEEN_WITHIN_S: Final = 6.0
LOOK_S: Final = 0.2
OFF: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"


class Postgres:
    """PostgreSQL's clock."""

    @staticmethod
    def set(scene: Scene, seconds: float) -> None:
        # The timeline's times are of this clock.
        scene.load.untimed |= {campaign.id for campaign in scene.load.unfinished()}
        clocks.step(scene.stack.armory.folder, seconds)

    @staticmethod
    def off(scene: Scene) -> float:
        return float(scene.stack.database.rows(OFF)[0][0]) - time.time()


class Workers:
    """The clock of all workers, which are on one machine; one that starts meanwhile has the true time."""

    @staticmethod
    def set(scene: Scene, seconds: float) -> None:
        for name, entry in scene.stack.processes().items():
            if name in WORKERS:
                own_clocks.change(scene.stack.armory.folder, entry.pid, ahead=seconds)

    @staticmethod
    def off(scene: Scene) -> float:
        """Return how far it is off by the latest message that a worker noted."""
        return posts.off(scene.stack.armory.folder)


Clock = type[Postgres] | type[Workers]


def step(clock: Clock, sign: int, scene: Scene) -> str | None:
    """Set a clock wrong, let some messages go, and set it right.

    Args:
        sign: 1 for ahead, -1 for back.
    """
    seconds = sign * scene.rng.uniform(*(AHEAD_S if sign > 0 else BACK_S))
    with scene.twilio.broken(DOUBTS, **NO_CALLBACKS):
        try:
            clock.set(scene, seconds)
            seen = _until(lambda: abs(clock.off(scene) - seconds) < abs(seconds) / 2)
            time.sleep(scene.rng.uniform(*HOLD_S))
        finally:
            clock.set(scene, 0.0)
    return f"{seconds:+.0f} s" if seen else None


def _until(so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SEEN_WITHIN_S
    while not (done := so()) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    return done


def both_ways(name: str, clock: Clock) -> list[Fault]:
    return [
        Fault(f"clock-{name}-ahead", "clock", partial(step, clock, 1), alone=True, long=True),
        Fault(f"clock-{name}-back", "clock", partial(step, clock, -1), alone=True, long=clock is Workers),
    ]


OF_POSTGRES = both_ways("postgres", Postgres)
FAULTS = (*OF_POSTGRES, *both_ways("workers", Workers))
