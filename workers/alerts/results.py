"""The results that one try to deliver an alert, or events, can have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it. `status` is the HTTP status of a webhook, and `answer` the beginning of what it said."""

    status: int | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The receiver did not take the alert, or nobody knows whether it did.

    Args:
        reason: for people.
        for_good: another try would fail the same.
        answer: the beginning of what it said.
    """

    reason: str
    status: int | None = None
    for_good: bool = False
    answer: str = ""


Result = Delivered | Failed
