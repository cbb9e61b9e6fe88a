"""Twilio's JSON bodies, as bytes on the wire would have them."""

import json

SID = "SM" + "1b" * 16


def message_json(**changes: object) -> str:
    """A created message's body."""
    message: dict[str, object] = {
        "sid": SID,
        "status": "queued",
        "num_segments": "1",
        "to": "+573001112233",
        "from": "+15005550006",
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": None,
        "error_code": None,
    }
    return json.dumps({**message, **changes})


def error_json(code: int, status: int = 400) -> str:
    """A refusal's body."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return json.dumps({"code": code, "message": "Refused", "more_info": more_info, "status": status})
