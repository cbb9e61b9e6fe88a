"""`ENGINE = "core.postgresql"`."""

import weakref
from typing import Any

from django.db.backends.postgresql import base

from core.postgresql import lending
from core.postgresql.lending import Kind, Lender


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the server whether a connection is usable only when its socket says that something happened.

    Django asks with `SELECT 1` at every request's first statement (`CONN_HEALTH_CHECKS`): on a machine that is busy
    sending, that is one more wait for a processor. A server that stopped, or ended the connection, has closed its
    side, and the socket can be read; on one that is at rest there is nothing to read. A host that vanished is noticed
    by neither, but by `tcp_user_timeout`.

    In a process that lends its connections it borrows one: see `core.postgresql.lending`.
    """

    _loan: tuple[Lender, Kind, weakref.finalize] | None = None  # type: ignore[type-arg]

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        return lending.is_silent(self.connection) or super().is_usable()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        lender = lending.lender()
        if lender is None:
            return super().get_new_connection(conn_params)
        kind = lending.kind()
        found = lender.take(lambda: base.DatabaseWrapper.get_new_connection(self, conn_params), kind=kind)
        # A thread that ends without a word gives back what it may hold, too.
        self._loan = lender, kind, weakref.finalize(self, lender.forget, kind=kind)
        return found

    def _close(self) -> None:
        if self._loan is None or self.connection is None:
            super()._close()  # type: ignore[misc]  # the stubs leave it out
            return
        (lender, kind, forgotten), self._loan = self._loan, None
        forgotten.detach()
        with self.wrap_database_errors:
            lender.give_back(self.connection, kind=kind)
