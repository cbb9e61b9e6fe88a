"""A copy of the running PostgreSQL, and its place taken by it: what a failover to an asynchronous standby leaves.

The copy has all that was committed when it was made, and nothing later. As a promoted standby it begins another
timeline (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES); as an older disk it goes
on with the same, from an earlier position.
"""

import shutil
import subprocess
from typing import Final

from psycopg2.extensions import parse_dsn

from local.stack import cluster
from local.stack.postgres import ADMIN
from tests.faults.stack import RunningStack

# Nothing is archived: what is in the copy is all there is.
NOTHING_MORE: Final = "restore_command = 'false'\n"
COPIED_WITHIN_S: Final = 120.0


class CopyError(OSError):
    """The copy could not be made. The text is what the program said."""


class Standby:
    """A copy that may take the server's place.

    Args:
        promoted: whether it begins another timeline.
    """

    def __init__(self, stack: RunningStack, *, promoted: bool) -> None:
        self._stack, self._promoted = stack, promoted
        parent = stack.data / "postgres"
        self._data, self._copy, self._dead = parent / cluster.MAJOR, parent / "standby", parent / "dead"

    def copy(self) -> None:
        """Copy the server as it is now.

        Raises:
            CopyError: it did not work.
        """
        self.forget()
        env = self._stack.manage_env
        password = (self._stack.data / "secrets" / f"postgres_{ADMIN}").read_text().strip()
        command = [str(cluster.programs() / "pg_basebackup"), "--pgdata", str(self._copy), "--username", ADMIN]
        command += ["--host", parse_dsn(env["DATABASE_URL"])["host"], "--no-password", "--checkpoint=fast"]
        command += ["--wal-method=fetch", "--no-sync", "--no-manifest"]
        done = subprocess.run(
            command,
            env={**cluster.without_pg(env), "PGPASSWORD": password},
            capture_output=True,
            text=True,
            check=False,
            timeout=COPIED_WITHIN_S,
        )
        if done.returncode != 0:
            raise CopyError(done.stderr.strip())
        if self._promoted:
            (self._copy / "recovery.signal").touch()
            with (self._copy / "postgresql.auto.conf").open("a") as file:
                file.write(NOTHING_MORE)
        there = self._data.stat()
        cluster.own(self._copy, (there.st_uid, there.st_gid))

    def take_over(self) -> None:
        """Put the copy in the place of the server, which has ended."""
        self._data.rename(self._dead)
        self._copy.rename(self._data)

    def forget(self) -> None:
        """Remove what is not in use."""
        for path in (self._copy, self._dead):
            shutil.rmtree(path, ignore_errors=True)
