"""Twilio's webhook signature, written from its description: the product checks it with the SDK's own code.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """The X-Twilio-Signature of a form POST: HMAC-SHA1 of the URL and the form's sorted names and values.

    Args:
        token: the account's auth token.
        url: the address called; a fragment (connection overrides) is neither sent nor signed.
        form: the fields posted.
    """
    text = url.partition("#")[0] + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
