"""Where an alert may be sent: an address that a person of a shop writes, and our network answers.

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

# IPv6 addresses that carry an IPv4 one inside: RFC 6052 (NAT64) has no name in `ipaddress`.
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
# Names that mean this machine or this network: RFC 6761, RFC 6762, RFC 8375.
LOCALES: Final = ("localhost", "local", "internal", "home.arpa", "test", "invalid", "example")

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Direccion:
    """Args:
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
    if not settings.ALERTS_ALLOW_PRIVATE and _is_local(host):
        raise InvalidInputError(NO_ES_PUBLICA.format(host=host), field="url")
    path = parts.path or "/"
    return Direccion(
        parts.scheme,
        host,
        port or (443 if parts.scheme == "https" else 80),
        f"{path}?{parts.query}" if parts.query else path,
    )


def _is_local(host: str) -> bool:
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return host.rpartition(".")[2] in LOCALES or host.endswith(".home.arpa") or "." not in host


def is_public(ip: IP) -> bool:
    """Whether it is somebody's on the internet: not ours, not the machine's, not a group's."""
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
    return ip.is_global and not ip.is_multicast
