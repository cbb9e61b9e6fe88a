"""The work that is done every few seconds, by the timers of the worker processes and by beat.

Only publishing needs the broker, so all other work goes on while Redis is down.
"""

from collections.abc import Callable
from typing import Final

from django.conf import settings

from core import correo
from workers.alerts import deliver, hooks, stalls
from workers.engine.lote import entregas, paced
from workers.engine.message import reconciler
from workers.engine.rounds import sweeper, turns

# The longest that a timer sleeps, in seconds: what is to be published soon may be decided meanwhile.
LOOK_S = 1.0
# … and while this process finds Lotes of senders with a limit, which are due every few seconds.
BUSY_LOOK_S: Final = 0.5
# … and between two looks at what this process holds of them: nobody is asked for it.
HAND_S: Final = 0.2

# Seconds between two counts of deliveries (the sums that pages show), two looks for campaigns that stand still, and two
# tries of alerts and of emails; the first try of one is asked for when it is raised.
DELIVERIES_S: Final = 3.0
STALLS_S: Final = 60.0
ALERTS_S: Final = 10.0
CORREOS_S: Final = 10.0
# Events gather for a second before a call: `workers.alerts.hooks`.
HOOKS_S: Final = 1.0
NO_HOOKS_S: Final = 5.0  # between two looks for a first one


def sweep() -> sweeper.Sweep | None:
    """Sweep, unless somebody just did."""
    return sweeper.sweep() if turns.take(turns.SWEEP, every=settings.SWEEP_INTERVAL_S) else None


def reconcile() -> int:
    """Ask Twilio about uncertain messages, unless somebody just did; return how many were looked at."""
    return reconciler.reconcile() if turns.take(turns.RECONCILE, every=settings.SWEEP_INTERVAL_S) else 0


def publish_round() -> float:
    """Publish what is due; return the seconds until there may be something to do again.

    Every process does it, by a timer of its own: senders with a limit are due every few seconds, and whichever process
    comes first takes them.
    """
    taken = sweeper.publish_paced()
    left = sweeper.publish_due()
    if taken >= sweeper.PACED_MOST:
        return 0.0
    look = BUSY_LOOK_S if taken else LOOK_S
    return look if left is None else min(left, look)


def hand_round() -> float:
    """Publish what this process has taken of senders with a limit, moment by moment; return the seconds until then."""
    paced.push()
    left = paced.hand.due_in()
    return HAND_S if left is None else min(left, HAND_S)


def sweep_round() -> float:
    """Sweep; return the seconds until it is somebody's turn again."""
    left = turns.due_in(turns.SWEEP, every=settings.SWEEP_INTERVAL_S)
    if left <= 0:
        sweep()
        left = turns.due_in(turns.SWEEP, every=settings.SWEEP_INTERVAL_S)
    return min(left, LOOK_S)


def reconcile_round() -> float:
    """Reconcile; return the seconds until it is somebody's turn again."""
    left = turns.due_in(turns.RECONCILE, every=settings.SWEEP_INTERVAL_S)
    if left <= 0:
        reconcile()
        left = turns.due_in(turns.RECONCILE, every=settings.SWEEP_INTERVAL_S)
    return left


def deliveries_round() -> float:
    """Sum the deliveries of closed Lotes and report campaigns that stand still; return the seconds until the next."""
    return min(
        _in_turn(turns.DELIVERIES, DELIVERIES_S, entregas.contar), _in_turn(turns.STALLS, STALLS_S, stalls.report)
    )


def alerts_round() -> float:
    """Send the emails of accounts and deliver the alerts that are due; return the seconds until the next turn."""
    return min(_in_turn(turns.CORREOS, CORREOS_S, correo.despachar), _in_turn(turns.ALERTS, ALERTS_S, deliver.deliver))


def hooks_round() -> float:
    """Deliver events to hooks; return the seconds until the next turn."""
    if not hooks.are_there():
        return NO_HOOKS_S
    return _in_turn(turns.HOOKS, HOOKS_S, hooks.deliver)


def _in_turn(task: str, every: float, work: Callable[[], object]) -> float:
    """Do it if it is due and nobody just did; return the seconds until it is due again."""
    if turns.due_in(task, every=every) <= 0 and turns.take(task, every=every):
        work()
    return turns.due_in(task, every=every)
