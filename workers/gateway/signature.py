"""The check that a webhook really comes from Twilio.

https://www.twilio.com/docs/usage/security#validating-requests; and where a Webhooks Rule has it signed with a
SharedKey, https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys: the same text, another key and another hash,
and a header that says so.
"""

from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Final

from django.conf import settings
from twilio.request_validator import (  # type: ignore[import-untyped]
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
    get_signature_algorithm,
)

HEADER: Final = "X-Twilio-Signature"
SETTINGS_HEADER: Final = "X-Twilio-Webhooks-Signature-Settings"
ALGORITHMS: Final = frozenset({HMAC_SHA1, HMAC_SHA256})


def is_valid(
    url: str,
    params: Mapping[str, str],
    signature: str | None,
    key_settings: str | None = None,
    *,
    tokens: Sequence[str] | None = None,
) -> bool:
    """Check the signature of a form POST.

    Args:
        url: the public URL exactly as Twilio called it (PUBLIC_URL and not what a proxy passed on), with its
            query string and without its fragment.
        params: the form; a `QueryDict` keeps its repeated names.
        signature: the `X-Twilio-Signature` header, None when it is missing.
        key_settings: the `X-Twilio-Webhooks-Signature-Settings` header, None when it is missing: then an Auth Token
            signed, and else a SharedKey, with the hash that it names.
        tokens: keys to accept, more than one while rotating them; by default the settings': both Auth Tokens, or the
            SharedKeys.
    """
    if not signature:
        return False
    algorithm = get_signature_algorithm(key_settings).upper() if key_settings else HMAC_SHA1
    if algorithm not in ALGORITHMS:
        return False
    if tokens is None:
        auth = (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_ANTERIOR)
        tokens = settings.TWILIO_SHARED_KEYS if key_settings else auth
    # An empty token would make a signature anyone can compute.
    return any(_matches(RequestValidator(token), url, params, signature, algorithm) for token in tokens if token)


def sign(url: str, params: Mapping[str, str]) -> str:
    """Sign a form POST to our own address as Twilio would, with the Auth Token."""
    return str(RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(url, params))


def _matches(validator: RequestValidator, url: str, params: Mapping[str, str], signature: str, algorithm: str) -> bool:
    # The address as it is first. `validate` also tries it with and without its port, at five times the cost.
    if compare_digest(validator.compute_signature(url, params, algorithm).encode(), signature.encode()):
        return True
    return bool(validator.validate(url, params, signature, algorithm))
