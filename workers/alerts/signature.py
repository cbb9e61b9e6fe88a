"""The signature of an alert's call, by which the shop's program knows that it is ours.

The Standard Webhooks way, for which there are libraries in every language: https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
from typing import Final

PREFIX: Final = "whsec_"


def headers(*, secret: str, message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """Return the three headers of a signed call.

    Args:
        secret: PREFIX and the key in base64.
        message_id: the same in every try, so that the receiver may drop what it has already.
        timestamp: seconds since 1970; the receiver refuses what is minutes old.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.{body}".encode()
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}
