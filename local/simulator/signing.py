"""Twilio's webhook signatures, written from their description: the product checks them with the SDK's own code.

https://www.twilio.com/docs/usage/security#validating-requests and, for keys other than the Auth Token,
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys: "only the hash changes", the signed text does not, and a
header says which key and which hash (https://github.com/twilio/twilio-node, examples/WebhookSignatureValidation.md).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"


def sign(token: str, url: str, form: Mapping[str, str], algorithm: str = "sha1") -> str:
    """The X-Twilio-Signature of a form POST: an HMAC of the URL and the form's sorted names and values.

    Args:
        token: the account's auth token, or the secret of a shared key.
        url: the address called; a fragment (connection overrides) is neither sent nor signed.
        form: the fields posted.
        algorithm: "sha1", or "sha256" for a shared key.
    """
    text = url.partition("#")[0] + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), algorithm).digest()).decode()


def headers(token: str, shared_key: str, url: str, form: Mapping[str, str]) -> dict[str, str]:
    """The headers that sign a webhook.

    Args:
        token: the Auth Token; not used with a shared key.
        shared_key: the secret of a SharedKey, or empty.
    """
    if not shared_key:
        return {HEADER: sign(token, url, form)}
    # The key's id is an address in Twilio's books: any will do here.
    key = f"webhooks_sharedkey_{hashlib.sha256(shared_key.encode()).hexdigest()[:26]}"
    return {
        HEADER: sign(shared_key, url, form, "sha256"),
        SETTINGS_HEADER: f"key={key},algorithm=HMAC_SHA256",
    }
