"""What one try to deliver an alert can come to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was taken. `status` is the HTTP status of a webhook."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It was not, or nobody knows.

    Args:
        reason: for people.
        for_good: another try would fail the same.
    """

    reason: str
    status: int | None = None
    for_good: bool = False


Result = Delivered | Failed
