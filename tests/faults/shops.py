"""The tenants, with clients and API tokens."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.recipients import Recipient, telefono
from tests.local.stack.support import ROOT


@dataclass(frozen=True, slots=True)
class Shop:
    """Args:
    clients: in the order they were made; their ids grow.
    """

    username: str
    token: str
    clients: tuple[Recipient, ...]


def make(env: Mapping[str, str], *, shops: int, clients: int) -> list[Shop]:
    """Make shops in the database of this environment."""
    command = [sys.executable, "-m", "tests.faults.make_shops", str(shops), str(clients)]
    done = subprocess.run(command, cwd=ROOT, env=dict(env), check=True, stdout=subprocess.PIPE, text=True)
    return [
        Shop(username, token, tuple(Recipient(pk, telefono(number, n)) for n, pk in enumerate(ids)))
        for number, (username, token, ids) in enumerate(json.loads(done.stdout))
    ]
