"""The look-up of an alert's address, once: every address that the name has must be public, and the call goes to the one
that was looked at. A second look-up could say another.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html"""

import ipaddress
import socket
from typing import Final

from campaigns.values.direccion import IP, NO_ES_PUBLICA, Direccion, may_be_called
from core.errors import InvalidInputError

NO_EXISTE: Final = "El nombre {host} no se encontró."


def look_up(direccion: Direccion) -> str:
    """Return the IP address to call.

    Raises:
        InvalidInputError: there is none, or one of them may not be called.
    """
    ips = _ips(direccion.host, direccion.port)
    if not all(may_be_called(ip) for ip in ips):
        raise InvalidInputError(NO_ES_PUBLICA.format(host=direccion.host), field="url")
    return str(ips[0])


def _ips(host: str, port: int) -> list[IP]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ips = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    except (OSError, UnicodeError, ValueError) as error:
        raise InvalidInputError(NO_EXISTE.format(host=host), field="url") from error
    # IPv4 first: a machine without IPv6 cannot use the other.
    return sorted(ips, key=lambda ip: ip.version)
