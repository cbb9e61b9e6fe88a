"""`ENGINE = "core.postgresql"`."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the server whether a connection is usable only when its socket says that something happened.

    Django asks with `SELECT 1` at every request's first statement (`CONN_HEALTH_CHECKS`): on a machine that is busy
    sending, that is one more wait for a processor. A server that stopped, or ended the connection, has closed its
    side, and the socket can be read; on one that is at rest there is nothing to read. A host that vanished is noticed
    by neither, but by `tcp_user_timeout`.
    """

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
