"""Addresses: which of the installation's the internet reaches, which are Twilio's, and who shares a caller's."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal", ".lan", ".test", ".example", ".invalid")
TWILIO: Final = "twilio.com"
# Who has one IPv6 address has at least so many bits' worth of them: https://www.rfc-editor.org/rfc/rfc6177
IPV6_NETWORK: Final = 64


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


def network_of(address: str) -> str:
    """Return what one caller has: an IPv4 address itself, or the /64 of an IPv6 one.

    Args:
        address: as text; what is none comes back as it is.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip.packed, IPV6_NETWORK), strict=False))
