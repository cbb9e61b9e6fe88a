"""Ports of this machine that a test names before anybody listens there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

# In seconds: far beyond every time limit that the product sets, and the end of a test of what has none.
PATIENCE_S: Final = 60.0


def held() -> socket.socket:
    """Take a port of 127.0.0.1 that stays taken until the socket is closed, and listen on it never.

    Connections to it are refused, as by a program that is down. A server that binds it with SO_REUSEADDR, as servers
    do, can listen there, end and listen there again, while no stranger is given the port in between: Linux shares a
    port among sockets that allow it as long as at most one listens.
    """
    holder = socket.socket()
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
    except BaseException:
        holder.close()
        raise
    return holder


def port_of(holder: socket.socket) -> int:
    port: int = holder.getsockname()[1]
    return port


@contextmanager
def silent() -> Iterator[int]:
    """Listen on a port whose connections are taken and never answered.

    Yields:
        The port.

    Raises:
        AssertionError: a client waited until this end gave up, after PATIENCE_S: it has no time limit of its own.
    """
    outlasted: list[bool] = []

    def serve(connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_S)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            outlasted.append(True)
        except OSError:
            pass
        finally:
            connection.close()

    def accept(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, args=(listening,))
        thread.start()
        try:
            yield port_of(listening)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert not outlasted, f"a client still waited after {PATIENCE_S:g} s"
