"""The ledger: every accepted message, on disk before its 201 is written; and, marked, those that were refused.

It is the oracle of the fault tests, so it must survive a `kill -9` of the simulator and be cheap enough not
to be what a benchmark measures. SQLite in WAL mode with a group commit does both: messages accepted within a
few milliseconds share one transaction (≈ 5 µs a message at 500 a second), lookups by recipient need no index
in memory, and memory stays flat at a million. `synchronous=OFF` leaves the flush to the kernel, which a
killed process does not lose; only a power cut would, and no test pulls that plug. An append-only file writes
faster still, but finding one recipient's messages would then take an index of the whole file in memory.

The product's own data is in PostgreSQL; this file stands for a database inside somebody else's system.
"""

import asyncio
import fcntl
import hashlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from local.simulator.messages import Message

COLUMNS = ", ".join("to_" if name == "to" else name for name in Message._fields)
SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, sid TEXT NOT NULL, to_ TEXT NOT NULL, sender TEXT NOT NULL, service TEXT NOT NULL,
    body TEXT NOT NULL, segments INTEGER NOT NULL, accepted_at REAL NOT NULL, sending_at REAL NOT NULL,
    sent_at REAL NOT NULL, final_at REAL NOT NULL, outcome TEXT NOT NULL, error_code TEXT NOT NULL,
    status_callback TEXT NOT NULL, account TEXT NOT NULL DEFAULT '', refused INTEGER NOT NULL DEFAULT 0,
    listed TEXT NOT NULL DEFAULT '', rcs INTEGER NOT NULL DEFAULT 0, body_until REAL NOT NULL DEFAULT 0,
    to_until REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS opt_out (client TEXT NOT NULL, sender TEXT NOT NULL, PRIMARY KEY (client, sender));
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# Of ledgers written before these columns were there.
LATER = {
    "account": "TEXT NOT NULL DEFAULT ''",
    "refused": "INTEGER NOT NULL DEFAULT 0",
    "listed": "TEXT NOT NULL DEFAULT ''",
    "rcs": "INTEGER NOT NULL DEFAULT 0",
    "body_until": "REAL NOT NULL DEFAULT 0",
    "to_until": "REAL NOT NULL DEFAULT 0",
}
# It covers the counts of `totals`, so that they read no row.
INDEX = """
DROP INDEX IF EXISTS message_by_recipient;
CREATE INDEX IF NOT EXISTS message_by_phone ON message (to_, id, refused);
"""


class DataUnreadableError(Exception):
    """The data directory cannot be used; the text says why, in one line."""


class Ledger:
    """Accepted messages and opt-outs in one directory, which it locks.

    Raises:
        DataUnreadableError: another simulator uses the directory, or what is in it is not a ledger.
    """

    def __init__(self, directory: Path) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = (directory / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataUnreadableError(f"{directory} is in use by another simulator") from None
        except OSError as error:
            raise DataUnreadableError(f"{directory}: {error.strerror}") from error
        self.path = directory / "ledger.sqlite3"
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=OFF")
            self._db.execute("PRAGMA cache_size=-16384")
            self._db.executescript(SCHEMA)
            self._add_columns()
            self._db.executescript(INDEX)
            self._instance = self.meta("instance") or self._set_instance()
            self._last_id: int = self._db.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
        except sqlite3.Error as error:
            raise DataUnreadableError(f"{self.path}: {error}") from error
        self._waiting: list[Message] = []
        self._committed = asyncio.Event()
        self.opt_outs: set[tuple[str, str]] = set(self._db.execute("SELECT client, sender FROM opt_out"))

    def _add_columns(self) -> None:
        present = {row[1] for row in self._db.execute("PRAGMA table_info(message)")}
        for name, kind in LATER.items():
            if name not in present:
                self._db.execute(f"ALTER TABLE message ADD COLUMN {name} {kind}")

    def next_id(self) -> tuple[int, str]:
        """A new message's id and sid. The sid carries the id, so finding it again needs no index."""
        self._last_id += 1
        return self._last_id, self._sid(self._last_id)

    def add(self, message: Message, window_s: float) -> asyncio.Event:
        """Queue a message for the next commit.

        Args:
            message: accepted, or refused and recorded.
            window_s: the longest it may wait for others to share its commit with, in seconds.

        Returns:
            What is set once the message is on disk.
        """
        if not self._waiting:
            asyncio.get_running_loop().call_later(window_s, self.flush)
        self._waiting.append(message)
        return self._committed

    def flush(self) -> None:
        """Commit what waits."""
        if not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        done, self._committed = self._committed, asyncio.Event()
        self._db.execute("BEGIN")
        self._db.executemany(
            f"INSERT INTO message ({COLUMNS}) VALUES ({', '.join('?' * len(Message._fields))})",  # noqa: S608
            batch,
        )
        self._db.execute("COMMIT")
        done.set()

    def get(self, sid: str) -> Message | None:
        """The message of that sid."""
        try:
            number = int(sid[2:14], 16)
        except ValueError:
            return None
        found = next(self.select("id = ?", (number,)), None)
        return found if found and found.sid == sid else None

    def select(self, where: str, values: tuple[object, ...]) -> Iterator[Message]:
        """Committed messages for an SQL condition (and order) written by the caller, never by a request."""
        rows = self._db.execute(f"SELECT {COLUMNS} FROM message WHERE {where}", values)  # noqa: S608
        return map(Message._make, rows)

    def totals(self) -> dict[str, int]:
        """Accepted messages and distinct recipients, by a scan of the index on its own connection."""
        reader = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            accepted, distinct = reader.execute(
                "SELECT count(*), count(DISTINCT to_) FROM message WHERE refused = 0"
            ).fetchone()
        finally:
            reader.close()
        return {"accepted": accepted, "distinct_to": distinct, "duplicates": accepted - distinct}

    def opt_out(self, client: str, sender: str) -> None:
        """Remember that a client sent STOP to a sender."""
        self.opt_outs.add((client, sender))
        self._db.execute("INSERT OR IGNORE INTO opt_out VALUES (?, ?)", (client, sender))

    def opt_in(self, client: str, sender: str) -> None:
        """Forget a client's STOP to a sender."""
        self.opt_outs.discard((client, sender))
        self._db.execute("DELETE FROM opt_out WHERE client = ? AND sender = ?", (client, sender))

    def meta(self, name: str) -> str | None:
        """A small value kept with the ledger."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Keep a small value with the ledger."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Forget every message and opt-out; sids do not come back."""
        self.flush()
        self._db.executescript(f"DROP TABLE message; DROP TABLE opt_out; {SCHEMA} {INDEX}")
        self.opt_outs.clear()
        self._set_instance()

    def close(self) -> None:
        """Commit what waits and release the directory."""
        self.flush()
        self._db.close()
        self._lock.close()

    def _sid(self, number: int) -> str:
        digest = hashlib.blake2b(f"{self._instance}{number}".encode(), digest_size=10).hexdigest()
        return f"SM{number:012x}{digest}"

    def _set_instance(self) -> str:
        self._instance = secrets.token_hex(8)
        self.set_meta("instance", self._instance)
        return self._instance
