"""Connections that know how far a request got.

After a failed POST only one question matters: could a byte of it have left? urllib3 raises the same
exceptions on both sides of that line (a reset during the TLS handshake and one while waiting for the answer
are both a ProtocolError), so the line is drawn here: whatever `connect()` raises, TCP, proxy tunnel and TLS
handshake included, happened before the request was written.
"""

import errno
import math
import socket
import ssl
import struct
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException
from time import monotonic
from typing import Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, SSLError
from urllib3.response import HTTPResponse

from core.clock import Mark, elapsed

# A pooled connection idle for longer is closed instead of reused, in seconds. A server that closes an idle
# connection at the very moment we write on it leaves us unsure whether it read the request; staying well
# below the idle limits of load balancers (60 s and more) keeps that race to connections closed for another
# reason.
MAX_IDLE_S = 15.0

# The code of the one failure before the request that says nothing about the way to Twilio.
TOO_LATE: Final = "too_late"


def socket_options(delivery_s: float) -> list[tuple[int, int, int | bytes]]:
    """Return the options of a socket on which the kernel does not deliver a request that its caller has given up.

    Without them it goes on trying for up to 15 minutes, even when the socket is closed or its process killed: after an
    outage of the network, Twilio would create a message that was looked for, not found, and sent again meanwhile.

    Args:
        delivery_s: what the other side has not acknowledged after so many seconds is dropped.
    """
    options: list[tuple[int, int, int | bytes]] = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        # Closing drops what is not delivered yet, whoever closes: man 7 socket.
        (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
    ]
    # man 7 tcp; Linux has it.
    if user_timeout := getattr(socket, "TCP_USER_TIMEOUT", None):
        options.append((socket.IPPROTO_TCP, user_timeout, math.ceil(delivery_s * 1000)))
    return options


@dataclass(frozen=True, slots=True)
class WriteLimit:
    """The time in which the caller may write its request, by `core.clock.elapsed()`.

    Args:
        until: it writes nothing after this.
        ends_at: a write that began in time and is not over by then ends the process.
        began: the call's beginning: nothing is written when the machine has slept since.
    """

    until: float = math.inf
    ends_at: float = math.inf
    began: Mark | None = None

    def check(self) -> None:
        """Let the caller write.

        Raises:
            NeverSentError: its time is over.
        """
        if elapsed() > self.until or (self.began is not None and self.began.jumped()):
            raise NeverSentError(TOO_LATE, "the caller's time to write was over")


ALWAYS: Final = WriteLimit()
write_limit: ContextVar[WriteLimit] = ContextVar("write_limit", default=ALWAYS)


class NeverSentError(HTTPError):
    """Raised when no byte of the request left this machine: no connection was made, or it was made too late."""

    def __init__(self, code: str, cause: BaseException | str) -> None:
        self.code = code
        super().__init__(f"{code}: {cause}")


class _TrackedConnection(HTTPConnection):
    last_used = 0.0

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError, HTTPException) as error:
            raise NeverSentError(why_not_connected(error), error) from error
        self.last_used = monotonic()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself does
        response = super().getresponse()
        self.last_used = monotonic()
        return response

    @property
    def is_connected(self) -> bool:
        return super().is_connected and monotonic() - self.last_used < MAX_IDLE_S


class _TrackedTLSConnection(_TrackedConnection, HTTPSConnection):
    pass


class PlainPool(HTTPConnectionPool):
    ConnectionCls = _TrackedConnection


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = _TrackedTLSConnection


def why_not_connected(error: BaseException) -> str:
    """Return a stable word for why `connect()` failed."""
    if isinstance(error, NameResolutionError):
        return "dns"
    if isinstance(error, (ssl.SSLCertVerificationError, ssl.CertificateError)):
        return "tls_certificate"
    if isinstance(error, (ssl.SSLError, SSLError)):
        return "tls_handshake"
    if isinstance(error, HTTPException) or str(error).startswith("Tunnel connection failed"):
        return "proxy"
    cause = error.__cause__ if isinstance(error, HTTPError) else error
    number = getattr(cause, "errno", None)
    if number == errno.ECONNREFUSED:
        return "connection_refused"
    if number in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}:
        return "unreachable"
    if isinstance(cause, TimeoutError):
        return "connect_timeout"
    return "connect_failed"
