"""PostgreSQL comes back without its last seconds: as a standby that had not heard of them, or on an older disk."""

import signal
import time
from functools import partial
from typing import Final

import psycopg2

from tests.faults.injectors.postgres_server import ANSWERS_WITHIN_S
from tests.faults.injectors.process import DIES_WITHIN_S
from tests.faults.injectors.scene import Fault, Scene
from tests.faults.injectors.twilio import DOUBTS, NO_CALLBACKS
from tests.faults.losses import Loss
from tests.faults.stack import gone, send
from tests.faults.standby import Standby

# Recipients of the campaign that is made in what will be lost, and the seconds that are lost besides its making.
RECIPIENTS: Final = 120
LOST_S: Final = (1.0, 2.5)
MARK: Final = "INSERT INTO harness_loss DEFAULT VALUES RETURNING id"
MARKED: Final = "SELECT FROM harness_loss WHERE id = %s"
# The workers have put in doubt what they published, and claim again: `workers.engine.base.epoch`.
NOTICED: Final = "SELECT 1 FROM workers_epoca WHERE arranque = pg_postmaster_start_time()"
NOTICED_WITHIN_S: Final = 120.0
# A worker that was asleep then looks after it has woken. It had seen more of the log than the one that let messages be
# claimed again, so it puts in doubt once more what is under way, and what was made since: `comeback.Watch`.
LOOKED_WITHIN_S: Final = 60.0
LOOK_S: Final = 0.2


def lose_commits(scene: Scene, *, promoted: bool) -> str | None:
    """Copy the server, let it go on, kill it, and start the copy in its place."""
    standby = Standby(scene.stack, promoted=promoted)
    with scene.victim("postgres") as entry:
        if entry is None:
            return None
        # All that will be under way when it comes back, and perhaps ends at once.
        scene.load.doubted |= {campaign.id for campaign in scene.load.unfinished()}
        standby.copy()
        copied = time.time()
        with scene.twilio.broken(DOUBTS, **NO_CALLBACKS):
            made = scene.load.create(RECIPIENTS, its_own=True)
            time.sleep(scene.rng.uniform(*LOST_S))
            [(mark,)] = scene.stack.database.rows(MARK)
            at = time.time()
            with scene.stack.unsupervised():
                if not send(entry, signal.SIGQUIT) or not gone(entry, DIES_WITHIN_S):
                    return None
                standby.take_over()
            still = scene.stack.database.rows(MARKED, mark, within_s=ANSWERS_WITHIN_S)
        if still:
            raise psycopg2.DataError("what was to be lost is still there")
        until = time.time()
        scene.journal.away.append((at, until))
        known = {pk for (pk,) in scene.stack.database.rows("SELECT id FROM campaigns_campanasms")}
        vanished = scene.load.lose(known)
        scene.losses.append(Loss(until, vanished))
        standby.forget()
        # A campaign that was made since may have been published before somebody looked.
        deadline = time.monotonic() + NOTICED_WITHIN_S
        while not scene.stack.database.rows(NOTICED, within_s=ANSWERS_WITHIN_S):
            if time.monotonic() > deadline:
                raise psycopg2.DataError("nobody noticed that commits were lost")
            time.sleep(LOOK_S)
        scene.load.looked_at = time.monotonic() + LOOKED_WITHIN_S
        scene.load.doubted |= {campaign.id for campaign in scene.load.unfinished()}
    if made not in vanished:
        raise psycopg2.DataError(f"campaign {made.id} was to be lost")
    return f"{entry.pid}; {at - copied:.1f} s lost, with campaign {made.id}; answered again {until - at:.1f} s later"


FAULTS = (
    Fault("postgres-promoted", "postgres", partial(lose_commits, promoted=True), alone=True, long=True),
    Fault("postgres-older-disk", "postgres", partial(lose_commits, promoted=False), alone=True, long=True),
)
