"""The check that a webhook really comes from Twilio.

https://www.twilio.com/docs/usage/security#validating-requests
"""

from collections.abc import Mapping, Sequence
from hmac import compare_digest

from django.conf import settings
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

HEADER = "X-Twilio-Signature"


def is_valid(
    url: str, params: Mapping[str, str], signature: str | None, *, tokens: Sequence[str] | None = None
) -> bool:
    """Check the signature of a form POST.

    Args:
        url: the public URL exactly as Twilio called it (PUBLIC_URL and not what a proxy passed on), with its
            query string and without its fragment.
        params: the form; a `QueryDict` keeps its repeated names.
        signature: the `X-Twilio-Signature` header, None when it is missing.
        tokens: auth tokens to accept, more than one while rotating them; by default the settings' token.
    """
    if not signature:
        return False
    accepted = [settings.TWILIO_AUTH_TOKEN] if tokens is None else tokens
    # An empty token would make a signature anyone can compute.
    return any(_matches(RequestValidator(token), url, params, signature) for token in accepted if token)


def _matches(validator: RequestValidator, url: str, params: Mapping[str, str], signature: str) -> bool:
    # The address as it is first. `validate` also tries it with and without its port, at five times the cost.
    if compare_digest(validator.compute_signature(url, params).encode(), signature.encode()):
        return True
    return bool(validator.validate(url, params, signature))
