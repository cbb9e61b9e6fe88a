"""Hooks: what a receiver that is down, slow or hostile costs a campaign that is being sent, and that nothing is lost.

One campaign is sent all along: without a hook, with one whose program fails in each way, and without it again. Then the
program takes what it is told, and everything that the database has written until then must come.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from tests.bench.errors import BenchError
from tests.bench.latency import under_way
from tests.bench.options import Options
from tests.bench.product import create, give_clients, send_campaign
from tests.bench.section import Goal, Section
from tests.bench.stage import Stage
from tests.bench.stretches import Stretch, Stretches, still_sent, stretch

USERNAME = "bench-ganchos"
MOST_OF_THE_RATE = 0.05
FAILING: Final = ("down", "slow", "hostile")
TAKES: Final = "takes"
SLOW_S: Final = 8.0  # within the time that a call has
SETTLE_S = 3.0  # the first call is under way
PATIENCE_S = 120.0  # for all that was written to be told
PARTS = {
    "web": "web",
    "workers": "workers",
    "postgres": "PostgreSQL",
    "simulator": "stand-in",
    "tabs": "the receiver",
}
HOOK_SQL = """
INSERT INTO campaigns_gancho (usuario_id, url, tipos, secreto, secreto_anterior, estado, motivo, libre_desde, creado)
SELECT id, %s, ARRAY['sms.enviado', 'sms.fallido', 'sms.entregado', 'sms.no_entregado'],
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '', 'activo', '', now(), now() FROM core_usuario WHERE username = %s
"""


@dataclass(slots=True)
class Receiver:
    """A shop's program, which fails as it is told.

    Attributes:
        mode: one of FAILING, or TAKES.
        told: ids of the events that it took.
        calls: how many came.
    """

    mode: str = TAKES
    told: set[str] = field(default_factory=set)
    calls: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.calls += 1
            if self.mode != "down":
                await self._answer(reader, writer)
        writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        body = await reader.readexactly(length)
        if self.mode == "hostile":
            writer.write(b"HTTP/1.1 200 OK\r\nX-Y: ")
            while True:  # a byte of a header now and then, until the other side has enough
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        if self.mode == "slow":
            await asyncio.sleep(SLOW_S)
        self.told.update(evento["id"] for evento in json.loads(body)["data"]["eventos"])
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()


@dataclass(frozen=True, slots=True)
class Hooked:
    """The figures of the campaign, and of what was told of it.

    Attributes:
        before, after: the stretches without a hook.
        during: by the way in which the receiver failed.
        told: events that the receiver took in the end.
        lost: events that were written and did not come.
        calls: how many calls the receiver had.
    """

    before: Stretch
    during: dict[str, Stretch]
    after: Stretch
    told: int
    lost: int
    calls: int

    def cost(self, mode: str) -> float:
        return Stretches(self.before, self.during[mode], self.after).cost


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.watched_by_tabs)
    env = stage.session.env
    stage.session.env = env | {"ALERTS_ALLOW_PRIVATE": "1"}  # the receiver is on this machine
    try:
        async with receiver() as (heard, url), stage.product():
            await send_campaign(stage, USERNAME, options.warm_up)
            await stage.clean()
            found = await beside(stage, heard, url, options)
    finally:
        stage.session.env = env
    await stage.sql("TRUNCATE campaigns_gancho CASCADE")
    await stage.clean()
    return report(found)


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    heard = Receiver()
    server = await asyncio.start_server(heard.answer, "127.0.0.1", 0)
    try:
        yield heard, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def beside(stage: Stage, heard: Receiver, url: str, options: Options) -> Hooked:
    """Send to everybody, and let the receiver fail meanwhile; the rest of the campaign is left."""
    campana, _ = await create(await stage.shop(USERNAME), {"todos": True})
    await under_way(stage)
    before = await stretch(stage, options.tabs_s)
    heard.mode = FAILING[0]
    await stage.sql(HOOK_SQL, url, USERNAME)
    during = {}
    for mode in FAILING:
        heard.mode = mode
        # Its turn has come, however long it has failed.
        await stage.sql("UPDATE campaigns_gancho SET libre_desde = least(libre_desde, now())")
        await asyncio.sleep(SETTLE_S)
        during[mode] = await stretch(stage, options.tabs_s)
    heard.mode = TAKES
    lost = await untold(stage, heard)
    await stage.sql("UPDATE campaigns_gancho SET estado = 'desactivado'")
    after = await stretch(stage, options.tabs_s)
    await still_sent(stage, campana, options.watched_by_tabs)
    return Hooked(before, during, after, len(heard.told), lost, heard.calls)


async def untold(stage: Stage, heard: Receiver) -> int:
    """Wait until everything that is written now has been told; how much was not, in the end.

    Raises:
        BenchError: nothing was written at all.
    """
    written = {str(row[0]) for row in await stage.sql("SELECT evento FROM campaigns_eventogancho")}
    if not written:
        raise BenchError("no event was written")
    until = time.monotonic() + PATIENCE_S
    while written - heard.told and time.monotonic() < until:
        await stage.sql("UPDATE campaigns_gancho SET libre_desde = now() WHERE falla_desde IS NOT NULL")
        await asyncio.sleep(1)
    return len(written - heard.told)


def report(found: Hooked) -> Section:
    rows = [Stretches(found.before, found.during[mode], found.after) for mode in FAILING]
    tables = [
        row.table(f"A hook whose program is {mode}", ("no hook", mode, "no hook again"), PARTS)
        for mode, row in zip(FAILING, rows, strict=True)
    ]
    goals = [
        Goal(
            f"what a hook whose program is {mode} costs the sending rate",
            f"≤ {MOST_OF_THE_RATE:.0%}",
            f"{max(0.0, found.cost(mode)):.1%}",
            found.cost(mode) <= MOST_OF_THE_RATE,
        )
        for mode in FAILING
    ]
    goals.append(Goal("events that such a program never hears of", "0", f"{found.lost:,}", found.lost == 0))
    note = f"In the end it was told {found.told:,} events, in {found.calls:,} calls with those that failed."
    data = {
        "cost": {mode: found.cost(mode) for mode in FAILING},
        "told": found.told,
        "lost": found.lost,
        "calls": found.calls,
    }
    return Section("ganchos", tables, data, others=max(row.others for row in rows), goals=goals, notes=[note])
