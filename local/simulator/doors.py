"""The limits of a stand-in that holds an account's Auth Token: whose it may be, who may command it, and whom it calls.

With the token it signs as Twilio does. So it plays no account that may be real, nor for an https address, unless it is
told to; then its commands need a token of their own; and it writes to the product's address alone.
"""

import hmac
import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

ACCOUNT: Final = re.compile(r"AC[0-9a-f]{32}")
# Of sixteen digits a random SID has fourteen; one that somebody made up for a trial repeats a few.
MADE_UP_DIGITS: Final = 6
LOCAL: Final = ("localhost",)
OPEN: Final = "health"


def looks_real(account_sid: str) -> bool:
    """Tell whether Twilio may have given out this SID."""
    return bool(ACCOUNT.fullmatch(account_sid)) and len(set(account_sid[2:])) > MADE_UP_DIGITS


def may_command(headers: Mapping[str, str], name: str, *, token: str, locked: bool) -> bool:
    """Tell whether the caller of `/_control/<name>` may.

    Args:
        token: asked for when it is set.
        locked: without a token nobody may do more than ask whether it is up.
    """
    if name == OPEN or (not token and not locked):
        return True
    given = headers.get("Authorization", "").encode()
    return bool(token) and hmac.compare_digest(given, f"Bearer {token}".encode())


def may_write_to(url: str, inbound_url: str) -> bool:
    """Tell whether a client's message may be posted there.

    Args:
        inbound_url: at the product's address, the only one that may; this machine while it is "".
    """
    there, ours = _origin(url), _origin(inbound_url)
    if not inbound_url:
        return there[1] == "this machine"
    return there == ours


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port; this machine has many names."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", "", None)
    host = parts.hostname or ""
    return (parts.scheme, "this machine" if _is_local(host) else host, port)


def _is_local(host: str) -> bool:
    if host in LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
