"""The look-up of Twilio's messages: the way to learn the outcome of a call that never came back.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from workers.gateway.connections import NeverSentError
from workers.gateway.errors import ErrorAnswerError, MaybeSentError

# The form of a recipient who is reached by RCS: https://www.twilio.com/docs/rcs/send-an-rcs-message
RCS = "rcs:"


class LookupFailedError(Exception):
    """Raised when Twilio could not be asked, or its answer is no proof of anything. `code` is as in the outcomes."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        super().__init__(f"{code} {detail}".rstrip())


@dataclass(frozen=True, slots=True)
class Message:
    """One message as Twilio lists it.

    Args:
        created_at: aware, in whole seconds by Twilio's clock.
        to: as listed; with number redaction its last digits are "XXXX".
        sender: the `from`, "" while Twilio has chosen none or does not show it.
        service: the Messaging Service, "" without one.
        sent_at: when it left Twilio; None while it has not.
    """

    sid: str
    body: str
    status: str
    error_code: str
    created_at: datetime
    to: str = ""
    sender: str = ""
    service: str = ""
    sent_at: datetime | None = None


class Listing(list[Message]):
    """Messages as one look found them, newest first.

    Args:
        at: the time of the answer by Twilio's own clock (its `Date` header), aware; None when it does not say.
    """

    def __init__(self, messages: Iterable[Message] = (), at: datetime | None = None) -> None:
        super().__init__(messages)
        self.at = at


@contextmanager
def looking_up() -> Iterator[None]:
    """Raise what can go wrong with a question, and with reading its answer, as LookupFailedError."""
    try:
        yield
    except (NeverSentError, MaybeSentError) as error:
        raise LookupFailedError(error.code) from error
    except ErrorAnswerError as error:
        raise LookupFailedError(f"http_{error.answer.status_code}", error.answer.text[:200]) from error
    except (ValueError, TypeError, AttributeError, KeyError, ArithmeticError, RecursionError) as error:
        raise LookupFailedError("unreadable_answer", str(error)) from error
