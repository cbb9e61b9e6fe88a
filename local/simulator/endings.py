"""The ends of accepted messages other than delivered, on demand.

A Messaging Service answers before it has chosen a sender, so what another sender would have been refused for comes as a
status callback: the queue overflowed (https://www.twilio.com/docs/api/errors/30001), the validity was over
(https://www.twilio.com/docs/api/errors/30036), the queue was full (https://www.twilio.com/docs/api/errors/21611), the
protection against SMS pumping (https://www.twilio.com/docs/api/errors/30450). `partially_delivered` and `canceled` are
statuses of the Message resource; when Twilio uses the first for an SMS is written nowhere.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal

Status = Literal["delivered", "undelivered", "failed", "partially_delivered", "canceled"]


@dataclass(slots=True)
class Ending:
    """An end that some messages come to.

    Args:
        status: the last one.
        code: the error code that comes with `failed` and `undelivered`; empty for none.
        probability: of each message, 0–1.
        service: only messages through a Messaging Service.
    """

    status: Status
    code: str = ""
    probability: float = 1.0
    service: bool = False


def choose(endings: list[Ending], service: str, random: Random) -> tuple[str, str] | None:
    """The status and code of the first ending that the dice choose, or None."""
    for ending in endings:
        if ending.service and not service:
            continue
        if ending.probability >= 1.0 or random.random() < ending.probability:
            return ending.status, ending.code
    return None
