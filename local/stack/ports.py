"""TCP ports on this machine. Each is held from the choice on, so that nobody else can take it before it is used."""

import errno
import socket

from local.stack.errors import StackError

DEFAULT_PORT = 8000
TRIES = 100
BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """Listen on a port and keep it, for a web server that inherits the socket.

    Args:
        host: an IPv4 or IPv6 address, or a name.
        port: 1 to 65535.

    Raises:
        StackError: it is taken, or this user may not have it.
    """
    if answers(port):
        raise StackError(taken(port))
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise StackError(f"WEB_HOST={host} is not an address of this machine: {error.strerror}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StackError(taken(port)) from error
        raise StackError(f"cannot listen on {host}, port {port} ({error.strerror}): choose another PORT") from error
    return listener


def listen_from(host: str, first: int) -> socket.socket:
    """Listen on the first free port from `first` on.

    Raises:
        StackError: none of the next hundred is free.
    """
    for port in range(first, first + TRIES):
        try:
            return listen(host, port)
        except StackError:
            if port == first + TRIES - 1:
                raise
    raise AssertionError("unreachable")


def answers(port: int) -> bool:
    """Whether something on `localhost` takes connections there.

    A browser tries ::1 before 127.0.0.1, so a stranger on ::1 alone would get our visitors; and some systems
    let two programs bind one port at different addresses.
    """
    for address in ("127.0.0.1", "::1"):
        try:
            with socket.create_connection((address, port), timeout=1):
                return True
        except OSError:
            continue
    return False


def taken(port: int) -> str:
    free = next((n for n in range(port + 1, min(port + TRIES, 65536)) if not answers(n)), None)
    hint = f": stop what uses it, or choose another, for example PORT={free}" if free else ""
    return f"port {port} is taken{hint}"


def listen_loopback() -> socket.socket:
    """Listen on a port of 127.0.0.1 that the kernel chooses, and keep it, for a program that inherits the socket."""
    return socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
