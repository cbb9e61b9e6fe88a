"""A stack of fake processes on a data folder, to be killed: `python -m tests.local.stack.host DATA CODE`."""

import asyncio
import sys
from pathlib import Path

from local.stack.output import Printer
from local.stack.process import Spec
from local.stack.session import Session


async def main(data: Path, code: str) -> None:
    async with Session(data, {}, Printer()) as session:
        session.registry.url = "http://localhost:1"
        for name in ("first", "second"):
            spec = Spec(name=name, command=(sys.executable, "-c", code), env=session.env, ready_text="up")
            await session.supervisor.start(spec)
        session.printer.say("everything is up")
        await session.supervisor.until_stopped()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
