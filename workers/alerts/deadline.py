"""A call that ends in time, whatever the other side does."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer


class OverdueError(TimeoutError):
    """Raised when the time was over."""


@contextmanager
def ended_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Shut the connection down if the block takes longer, so that a thread that reads from it comes to its end.

    A socket's timeout bounds each read, and a header that comes byte by byte has endlessly many.

    Raises:
        OverdueError: it took longer, whatever the block made of that.
    """
    over = Event()
    # Another descriptor of the same connection: TLS keeps its own state with the first, in the middle of a read.
    with socket.socket(fileno=os.dup(connection.fileno())) as same:

        def end() -> None:
            over.set()
            with suppress(OSError):
                same.shutdown(socket.SHUT_RDWR)

        timer = Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if over.is_set():
                raise OverdueError
