"""The look-up of Twilio's messages: the way to learn the outcome of a call that never came back.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from dataclasses import dataclass
from datetime import datetime


class LookupFailedError(Exception):
    """Raised when Twilio could not be asked, or its answer is no proof of anything. `code` is as in the outcomes."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        super().__init__(f"{code} {detail}".rstrip())


@dataclass(frozen=True, slots=True)
class Message:
    """One message as Twilio lists it. `created_at` is aware."""

    sid: str
    body: str
    status: str
    error_code: str
    created_at: datetime
