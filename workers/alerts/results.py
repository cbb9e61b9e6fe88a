"""The results that one try to deliver an alert can have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took the alert. `status` is the HTTP status of a webhook."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The receiver did not take the alert, or nobody knows whether it did.

    Args:
        reason: for people.
        for_good: another try would fail the same.
    """

    reason: str
    status: int | None = None
    for_good: bool = False


Result = Delivered | Failed
