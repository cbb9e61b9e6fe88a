"""Addresses: which of the installation's the internet reaches, which are Twilio's, and who shares a caller's."""

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal", ".lan", ".test", ".example", ".invalid")
TWILIO: Final = "twilio.com"
# Who has one IPv6 address has at least so many bits' worth of them: https://www.rfc-editor.org/rfc/rfc6177
IPV6_NETWORK: Final = 64
# Bits before the IPv4 address in `::ffff:192.0.2.1`.
MAPPED_BITS: Final = 96


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


def cidr(text: str) -> str:
    """Return a network in CIDR as it is kept: `203.0.113.7` is `203.0.113.7/32`.

    Args:
        text: a network, or one address. IPv4 that is written as IPv6 (RFC 4291, 2.5.5.2) becomes what it is.

    Raises:
        ValueError: it is none, or names one computer and not its network, such as `203.0.113.7/24`.
    """
    network = ipaddress.ip_network(text.strip())
    if isinstance(network, ipaddress.IPv6Network):
        if network.network_address.scope_id:
            raise ValueError(text)
        mapped = network.network_address.ipv4_mapped
        if mapped and network.prefixlen >= MAPPED_BITS:
            return str(ipaddress.ip_network((mapped, network.prefixlen - MAPPED_BITS)))
    return str(network)


def is_in(address: str | None, networks: Iterable[str]) -> bool:
    """Tell whether the address is in one of the networks.

    Args:
        address: None is in none.
        networks: as `cidr` gives them.
    """
    if address is None:
        return False
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    return any(ip in ipaddress.ip_network(network) for network in networks)


def is_within(network: str, networks: Iterable[str]) -> bool:
    """Tell whether all of the network is in one of the others, each as `cidr` gives it."""
    inner = ipaddress.ip_network(network)
    outer = map(ipaddress.ip_network, networks)
    return any(inner.version == other.version and inner.subnet_of(other) for other in outer)  # type: ignore[arg-type]  # of one version
