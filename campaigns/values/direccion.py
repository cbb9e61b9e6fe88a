"""Addresses to which an alert may be sent: a person of a shop writes them, and our network answers.

Without care they could make the product call the database's machine or a cloud's metadata (SSRF). What can be known
without looking the name up is refused when it is written; the rest at each call, by `workers.alerts.addresses`.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from core.errors import InvalidInputError

CORREOS_MAX: Final = 5  # addresses that one shop's alerts go to by email
NO_ES_HTTPS: Final = "La dirección debe empezar por https://."
SIN_HOST: Final = "La dirección no tiene un nombre de servidor válido."
CON_CLAVE: Final = "La dirección no puede llevar usuario ni clave."
NO_ES_PUBLICA: Final = "{host} no es una dirección pública de internet."

OTRO_PUERTO: Final = "La dirección solo puede usar los puertos 443 y 8443."

# Any other port is somebody's database or mail server.
PORTS: Final = (443, 8443)
# Taken for public by `is_global` of Python before 3.11.10 (CVE-2024-4032), or a cloud's own and not the internet's.
# https://www.iana.org/assignments/iana-ipv4-special-registry and https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
NOT_PUBLIC: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
# All that is given out of IPv6 so far: https://www.iana.org/assignments/ipv6-unicast-address-assignments
UNICAST: Final = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_6: Final = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
# IPv6 addresses that carry an IPv4 one inside: RFC 6052 (NAT64) and RFC 5214 (ISATAP) have no name in `ipaddress`.
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)
# A cloud gives its machine's keys here to whoever asks: not even where this network may be called.
METADATA: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "fe80::/10", "fd00:ec2::/32")
)
# Names that mean this machine or this network: RFC 6761, RFC 6762, RFC 8375.
LOCALES: Final = ("localhost", "local", "internal", "home.arpa", "test", "invalid", "example")

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Direccion:
    """The address of a webhook.

    Args:
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"


def leer(url: str) -> Direccion:
    """Take an address apart.

    Raises:
        InvalidInputError: it may not be called, for what can be seen of it.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise InvalidInputError(SIN_HOST, field="url") from error
    if parts.scheme not in ({"https", "http"} if settings.ALERTS_ALLOW_PRIVATE else {"https"}):
        raise InvalidInputError(NO_ES_HTTPS, field="url")
    if not host:
        raise InvalidInputError(SIN_HOST, field="url")
    if parts.username is not None or parts.password is not None:
        raise InvalidInputError(CON_CLAVE, field="url")
    if _is_local(host):
        raise InvalidInputError(NO_ES_PUBLICA.format(host=host), field="url")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in PORTS and not settings.ALERTS_ALLOW_PRIVATE:
        raise InvalidInputError(OTRO_PUERTO, field="url")
    path = parts.path or "/"
    return Direccion(
        parts.scheme,
        host,
        port,
        f"{path}?{parts.query}" if parts.query else path,
    )


def _is_local(host: str) -> bool:
    """Tell whether the host, for what its name says, is none that may be called."""
    try:
        return not may_be_called(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        if settings.ALERTS_ALLOW_PRIVATE:
            return False
        return host.rpartition(".")[2] in LOCALES or host.endswith(".home.arpa") or "." not in host


def may_be_called(ip: IP) -> bool:
    """Tell whether an alert may go there: ALERTS_ALLOW_PRIVATE opens this network, but for a cloud's metadata."""
    if not settings.ALERTS_ALLOW_PRIVATE:
        return is_public(ip)
    return not any(inside in network for inside in (ip, _inside(ip)) if inside for network in METADATA)


def is_public(ip: IP) -> bool:
    """Tell whether the address is somebody's on the internet: not ours, not the machine's, not a group's."""
    if (inside := _inside(ip)) is not None and not is_public(inside):
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in NOT_PUBLIC)
    if ip.ipv4_mapped or ip in NAT64:
        return True
    return ip in UNICAST and not any(ip in network for network in NOT_PUBLIC_6)


def _inside(ip: IP) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in NAT64 or (int(ip) >> 32) & 0xFFFF_FFFF in ISATAP:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour
