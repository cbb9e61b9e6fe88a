"""The check that a webhook really comes from Twilio.

https://www.twilio.com/docs/usage/security#validating-requests; and where a Webhooks Rule has it signed with a
SharedKey, https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys: the same text, another key and another hash,
and a header that says so.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hmac import compare_digest, digest
from typing import Final

from django.conf import settings
from django.utils.datastructures import MultiValueDict
from twilio.request_validator import (  # type: ignore[import-untyped]
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
    get_signature_algorithm,
)

HEADER: Final = "X-Twilio-Signature"
SETTINGS_HEADER: Final = "X-Twilio-Webhooks-Signature-Settings"
HASHES: Final = {HMAC_SHA1: "sha1", HMAC_SHA256: "sha256"}


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
    if algorithm not in HASHES:
        return False
    if tokens is None:
        auth = (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_ANTERIOR)
        tokens = settings.TWILIO_SHARED_KEYS if key_settings else auth
    # An empty token would make a signature anyone can compute.
    keys = [token for token in tokens if token]
    # The address as it is first: the SDK also tries it with and without its port, at twenty times the cost.
    text, given = signed_text(url, params).encode(), signature.encode()
    if any(compare_digest(b64encode(digest(key.encode(), text, HASHES[algorithm])), given) for key in keys):
        return True
    return any(RequestValidator(key).validate(url, params, signature, algorithm) for key in keys)


def signed_text(url: str, params: Mapping[str, str]) -> str:
    """Return what Twilio signs: the address, and each name of the form with its values, in order, none twice."""
    if isinstance(params, MultiValueDict):
        return url + "".join(f"{name}{value}" for name in sorted(params) for value in sorted(set(params.getlist(name))))
    return url + "".join(f"{name}{params[name]}" for name in sorted(params))


def sign(url: str, params: Mapping[str, str]) -> str:
    """Sign a form POST to our own address as Twilio would, with the Auth Token."""
    return str(RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(url, params))
