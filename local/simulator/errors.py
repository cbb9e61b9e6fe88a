"""Twilio's error answers: the code, the HTTP status and the text of each.

https://www.twilio.com/docs/usage/twilios-response and https://www.twilio.com/docs/api/errors
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer `{code, message, more_info, status}`."""

    code: int
    status: int
    message: str

    def as_json(self) -> dict[str, object]:
        """The body Twilio sends."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


# `{}` is the number or path the request was about.
TEXTS: dict[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters: {}"),
    20003: (401, "Authenticate"),
    20403: (403, "Forbidden"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "The 'To' number {} is not a valid phone number."),
    21212: (400, "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}.",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided ({}) is not a valid message-capable Twilio phone number."),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "The 'From' number {} has exceeded the maximum number of queued messages"),
    21612: (
        400,
        "The message cannot be sent with the current combination of 'To' ({}) and 'From' parameters.",
    ),
    21614: (400, "'To' number is not a valid mobile number: {}"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21624: (400, "Validity period can only be set to integers between 1 and 36,000 seconds (10 hours max)."),
    21661: (400, "The 'From' number {} is not SMS-capable."),
    21703: (400, "The Messaging Service does not have a phone number available."),
    21705: (400, "The 'MessagingServiceSid' {} is not valid."),
    30029: (400, "ContentRetention is not valid."),
    30450: (400, "Message delivery blocked."),
    # https://www.twilio.com/docs/api/errors/63038; that it comes with HTTP 429 is from reports of accounts that met it.
    63038: (429, "Account exceeded the daily messages limit"),
    # Six digits, like https://www.twilio.com/docs/api/errors/572005, whose page was read; the other's was not.
    572005: (400, "Destination number has not completed verification"),
    572006: (400, "Account is not allowed to send this message"),
}


def refusal(code: int, about: str = "") -> Refusal:
    """The answer for a code; one not in the table is a plain 400."""
    status, text = TEXTS.get(code, (400, "Error {}"))
    return Refusal(code, status, text.format(about or code))
