"""Addresses of the installation: which of them the internet reaches, and which are Twilio's."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal", ".lan", ".test", ".example", ".invalid")
TWILIO: Final = "twilio.com"


def is_public(url: str) -> bool:
    """Tell whether Twilio could call this address from the internet.

    Twilio refuses a message whose StatusCallback has an unusable host, one that is not public or has an underscore
    in it: https://www.twilio.com/docs/api/errors/21609
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host or "_" in host:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(LOCAL_SUFFIXES)


def is_twilio(api_base_url: str) -> bool:
    """Tell whether requests to this address reach Twilio; an empty one is Twilio's own."""
    host = urlsplit(api_base_url).hostname or TWILIO
    return host == TWILIO or host.endswith(f".{TWILIO}")
