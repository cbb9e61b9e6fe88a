"""The stretch of PostgreSQL's history that the workers know: told from another when a server comes back.

A standby that is promoted and a recovery to a point in time begin another timeline; a logical backup makes the tables
anew; a server on an older copy of its disk starts again at an earlier position. All of them may have forgotten claims
whose messages were posted. So one row says in which stretch messages may be claimed, each claim compares it in its own
statement (`CURRENT_SQL`), and whoever first sees another stretch puts in doubt what may have been sent before it writes
the row: see `workers.engine.message.comeback`.

By PostgreSQL's defaults every role may ask these functions, which `workers.migrations` wraps:
https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP-TABLE (a WAL file's name begins with
the timeline that is written now; `pg_control_checkpoint()` names it only after the first checkpoint of a promoted
server) and https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CONTROLDATA. A managed server may
refuse them. Then nobody can tell its plain restart from one that lost commits, and each counts as such.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

LINE: Final = "workers_linea()"

# NULL without a row, which is no.
CURRENT_SQL: Final = f"""
(SELECT e.linea = {LINE} AND e.arranque = pg_postmaster_start_time() AND e.tabla = e.tableoid::bigint
    FROM workers_epoca e WHERE e.id = 1)
"""  # noqa: S608 - constants

LOOK_SQL: Final = f"""
SELECT workers_sistema(), {LINE}, pg_postmaster_start_time(), 'workers_epoca'::regclass::oid::bigint, workers_posicion()
"""

KNOWN_SQL: Final = "SELECT sistema, linea, arranque, tabla, 0 FROM workers_epoca WHERE id = 1"

WRITE_SQL: Final = """
INSERT INTO workers_epoca (id, sistema, linea, arranque, tabla, desde)
VALUES (1, %(sistema)s, %(linea)s, %(arranque)s, %(tabla)s, now())
ON CONFLICT (id) DO UPDATE SET sistema = EXCLUDED.sistema, linea = EXCLUDED.linea, arranque = EXCLUDED.arranque,
    tabla = EXCLUDED.tabla, desde = EXCLUDED.desde
"""

IS_CURRENT_SQL: Final = f"SELECT {CURRENT_SQL}"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A server at one moment.

    Args:
        sistema: the cluster's identifier, which a logical backup does not carry.
        linea: its timeline, as the first eight digits of a WAL file's name.
        arranque: when the server started.
        tabla: the oid of `workers_epoca`, which a logical backup does not carry either.
        posicion: how far its log is on disk, in bytes since its first. On one timeline it never goes back, or something
            was lost.

    What the server does not tell is 0 or "".
    """

    sistema: int
    linea: str
    arranque: datetime
    tabla: int
    posicion: int

    @property
    def untold(self) -> list[str]:
        """The functions of PostgreSQL by which the server does not tell of itself."""
        told = {
            "pg_control_system()": self.sistema,
            "pg_walfile_name(pg_current_wal_lsn())": self.linea,
            "pg_current_wal_flush_lsn()": self.posicion,
        }
        return [name for name, value in told.items() if not value]

    def follows(self, before: "Epoch") -> bool:
        """Tell whether everything committed until `before` is still there: the same server, or its plain restart. A
        server that does not tell all of itself may have lost something whenever it starts."""
        if self.untold and self.arranque != before.arranque:
            return False
        same = (self.sistema, self.linea, self.tabla) == (before.sistema, before.linea, before.tabla)
        return same and self.posicion >= before.posicion

    def is_run_of(self, other: "Epoch") -> bool:
        """Tell whether both were seen without a restart, a promotion or a restored backup in between."""
        mine = (self.sistema, self.linea, self.arranque, self.tabla)
        return mine == (other.sistema, other.linea, other.arranque, other.tabla) and self.posicion >= other.posicion


def look() -> Epoch:
    """Return the server as it is now.

    Raises:
        django.db.Error: it is away, or still a standby.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOOK_SQL)
        return Epoch(*cursor.fetchone())


def known() -> Epoch | None:
    """Return the stretch in which messages may be claimed, at no position: a row that was lost would say an old one.
    None before the first look of all."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_SQL)
        row = cursor.fetchone()
    return Epoch(*row) if row else None


def is_current() -> bool:
    """Tell whether messages may be claimed now."""
    with connection.cursor() as cursor:
        cursor.execute(IS_CURRENT_SQL)
        row = cursor.fetchone()
    return bool(row and row[0])


def is_doubtful() -> bool:
    """Tell whether the server is another than the one that is known: rows may say less than was done."""
    with connection.cursor() as cursor:
        cursor.execute(IS_CURRENT_SQL)
        row = cursor.fetchone()
    return bool(row and row[0] is False)


def write(epoch: Epoch) -> None:
    """Let messages be claimed in this stretch."""
    values: dict[str, int | str | datetime] = {
        "sistema": epoch.sistema,
        "linea": epoch.linea,
        "arranque": epoch.arranque,
        "tabla": epoch.tabla,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE_SQL, values)
