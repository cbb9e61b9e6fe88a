"""The Twilio account of this installation, as a claim writes it: what it claimed can be looked for there only."""

from functools import lru_cache
from hashlib import sha256

from django.conf import settings

PART = 8


def fingerprint() -> str:
    """Return eight hex digits for the account and eight for the installation's sender."""
    return _of(str(settings.TWILIO_ACCOUNT_SID), str(settings.TWILIO_SENDER))


def is_this_account(of_claim: str) -> bool:
    """Tell whether a claim was made with this account; one from before it was written counts as such.

    Args:
        of_claim: the fingerprint that it wrote, or "".
    """
    return not of_claim or of_claim[:PART] == fingerprint()[:PART]


def is_this_sender(of_claim: str) -> bool:
    """Tell whether the installation's sender was the same when the claim was made, as far as is known."""
    return not of_claim or of_claim == fingerprint()


@lru_cache(maxsize=8)
def _of(account: str, sender: str) -> str:
    return "".join(sha256(value.encode()).hexdigest()[:PART] for value in (account, sender))
