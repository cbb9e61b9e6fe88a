"""What is done every few seconds by somebody, no matter who: the timers of the worker processes, and beat.

None of it but publishing needs the broker, so it goes on while Redis is down.
"""

from django.conf import settings

from workers.engine import reconciler, sweeper, turns

# The longest that a timer sleeps, in seconds: what is to be published soon may be decided meanwhile.
LOOK_S = 1.0


def sweep() -> sweeper.Sweep | None:
    """Sweep, unless somebody just did."""
    return sweeper.sweep() if turns.take(turns.SWEEP, every=settings.SWEEP_INTERVAL_S) else None


def reconcile() -> int:
    """Ask Twilio about uncertain messages, unless somebody just did; return how many were looked at."""
    return reconciler.reconcile() if turns.take(turns.RECONCILE, every=settings.SWEEP_INTERVAL_S) else 0


def publish_round() -> float:
    """Publish what is due; return the seconds until there may be something to do again.

    Every process does it, by a timer of its own: a limited sender's messages are due several times a second.
    """
    left = sweeper.publish_due()
    return LOOK_S if left is None else min(left, LOOK_S)


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
