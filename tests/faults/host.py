"""The stack of `scripts/up`, with workers and web that can be made to crash: `python -m tests.faults.host DATA`."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from local.stack import environment, parts, ports
from local.stack.errors import Interrupted
from local.stack.layout import Layout
from local.stack.output import Printer
from local.stack.postgres import Postgres
from local.stack.process import Spec
from local.stack.session import Session
from local.stack.startup import prepare, start_product
from local.stack.supervisor import Restarts
from tests import pgbouncer
from tests.faults import clocks
from tests.faults.conditions import SIMULATOR
from tests.faults.folder import CLOCKS_VARIABLE, FOLDER_VARIABLE, POOLER_VARIABLE
from tests.ports import held, port_of

UP: Final = "everything is up"
# A process killed on purpose soon after its start is not one that cannot start.
RESTARTS: Final = Restarts(quick=1.0)


def swapped(make: Callable[..., Spec], old: str, new: str) -> Callable[..., Spec]:
    """The same part with one word of its command replaced."""

    def made(*args: object, **kwargs: object) -> Spec:
        spec = make(*args, **kwargs)
        assert old in spec.command, f"{old} is not in {spec.command}"
        return replace(spec, command=tuple(new if word == old else word for word in spec.command))

    return made


def refusing(make: Callable[..., Spec]) -> Callable[..., Spec]:
    """The simulator on a port that it binds itself: while it is down, who calls is refused, as by a Twilio that is."""

    def made(env: Mapping[str, str], layout: Layout, holder: socket.socket, *options: str) -> Spec:
        spec = make(env, layout, holder, *options)
        at = spec.command.index("--fd")
        own = ("--port", str(port_of(holder)))
        command = (*spec.command[:at], *own, *spec.command[at + 2 :])
        return replace(spec, command=command, inherited=())

    return made


def stepped(make: Callable[..., Spec]) -> Callable[..., Spec]:
    """PostgreSQL with a wall clock that can be stepped, where that is wanted."""

    def made(*args: Any, **kwargs: Any) -> Spec:
        spec = make(*args, **kwargs)
        if not os.environ.get(CLOCKS_VARIABLE):
            return spec
        # By env(1): the launcher changes its user first, and the library makes files of its user.
        own = clocks.environment(Path(os.environ[FOLDER_VARIABLE])).items()
        return replace(spec, command=("/usr/bin/env", *(f"{name}={value}" for name, value in own), *spec.command))

    return made


async def start_pooler(session: Session, data: Path) -> None:
    """Let the product reach its database through PgBouncer; what the harness asks goes to the server itself."""
    url, folder = session.env["DATABASE_URL"], data / "pooler"
    holder = held()
    session.on_exit(holder.close)
    folder.mkdir(exist_ok=True)
    await asyncio.to_thread(pgbouncer.bound, url)
    made = pgbouncer.recipe(url, folder, port_of(holder))
    ready = partial(asyncio.to_thread, pgbouncer.answers, made.url)
    await session.supervisor.start(
        Spec(name="pooler", command=made.command, launch_flags=made.flags, ready=ready, shown=False)
    )
    session.env |= {"DATABASE_URL": made.url, "DATABASE_POOLER": "transaction"}


async def main(data: Path) -> None:
    os.umask(0o077)
    printer = Printer()
    with contextlib.ExitStack() as patched:
        for name, old, new in (
            ("worker", "core", "tests.faults.worker"),
            ("web", "core.wsgi:application", "tests.faults.wsgi:application"),
            ("simulator", "local.simulator", "tests.faults.simulator"),
        ):
            patched.enter_context(patch.object(parts, name, swapped(getattr(parts, name), old, new)))
        patched.enter_context(patch.object(parts, "simulator", refusing(parts.simulator)))
        patched.enter_context(patch.object(Postgres, "spec", stepped(Postgres.spec)))
        patched.enter_context(patch.object(ports, "listen_loopback", held))
        async with Session(data.resolve(), environment.read(), printer) as session:
            session.supervisor.restarts = RESTARTS
            with contextlib.suppress(Interrupted):
                listener = await prepare(session, *SIMULATOR)
                if os.environ.get(POOLER_VARIABLE):
                    await start_pooler(session, data.resolve())
                await start_product(session, session.supervisor, listener)
                printer.say(UP)
                await session.supervisor.until_stopped()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
