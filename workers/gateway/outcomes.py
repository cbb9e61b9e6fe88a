"""The outcomes that one attempt to send a message can have.

The type carries the decision, so no caller ever parses a code or a text. `code` is Twilio's numeric error
code as text ("21610"), or a stable word of ours for what has no such code ("read_timeout", "http_502").
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """Twilio created the message and named it. `segments` is None while Twilio has not counted them yet."""

    sid: str
    status: str
    segments: int | None


@dataclass(frozen=True, slots=True)
class Permanent:
    """The message was not created, and this recipient will never work with it: do not try again.

    `theirs`: Twilio's own words, which may say what ours do not.
    """

    code: str
    message: str
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Retryable:
    """The message was certainly not created: it is safe to send later, not before `retry_after` seconds when that is
    given. That says nothing about the recipient, so it is no attempt, however often it happens.

    `throttled`: refused for the sender's rate; the sender must slow down. `unreachable`: there was no connection.
    """

    code: str
    message: str
    retry_after: float | None = None
    throttled: bool = False
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The message may or may not have been created: never send it again before finding out.

    `own`: the reason is this very message, so it was an attempt; else it says nothing about the recipient.
    """

    code: str
    message: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The message was not created, and none will be until someone mends the account, the sender or the settings.

    `transient`: an incident of Twilio's, or of something in between, can answer the same for a moment (401, 403, 404):
    it is tried again before anybody is called.
    """

    code: str
    message: str
    transient: bool = False


Outcome = Accepted | Permanent | Retryable | Ambiguous | Account
