"""The daily close: how long a day takes, and what it costs a campaign that is being sent meanwhile."""

import asyncio
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from resource import RUSAGE_CHILDREN, getrusage

from local.stack import parts
from local.stack.process import Spec
from tests.bench.errors import BenchError
from tests.bench.latency import under_way
from tests.bench.listado import CORRECTED, PRICE
from tests.bench.options import Options
from tests.bench.product import create, give_clients, send_campaign
from tests.bench.section import Goal, Section
from tests.bench.stage import Stage
from tests.bench.stretches import Stretch, Stretches, still_sent, stretch
from tests.bench.usage import spent

USERNAME = "bench-cierre"
MILLION = 1_000_000
WITHIN_S = 20 * 60.0
MOST_OF_THE_RATE = 0.05
LOTE = 500
CHUNK = 50_000  # rows that one statement makes
SETTLE_S = 3.0  # the close has begun to read
PARTS = {
    "web": "web",
    "workers": "workers",
    "postgres": "PostgreSQL",
    "simulator": "stand-in",
    "cierre_diario": "the close",
}

# Copies of a campaign's first Lote and of its first message, whatever columns they have, on the day that is closed.
LOTES_SQL = """
INSERT INTO campaigns_lote
SELECT (jsonb_populate_record(l, jsonb_build_object('id', nextval(pg_get_serial_sequence('campaigns_lote', 'id')),
    'numero', n + 1000000, 'estado', 'cerrado', 'cerrado_en', %s::timestamptz, 'asentado', true))).*
FROM campaigns_lote l, generate_series(0, %s - 1) n
WHERE l.id = (SELECT min(id) FROM campaigns_lote WHERE campana_id = %s)
"""
ROWS_SQL = """
INSERT INTO campaigns_smslog
SELECT (jsonb_populate_record(s, jsonb_build_object('id', nextval(pg_get_serial_sequence('campaigns_smslog', 'id')),
    'cliente_id', NULL, 'lote_id', l.id, 'telefono', '+57301' || lpad(n::text, 7, '0'),
    'twilio_sid', 'SM' || lpad(to_hex(n), 32, '0'), 'token', gen_random_uuid(), 'reclamado_en', %s::timestamptz,
    'entrega', 'delivered', 'segmentos', 1, 'costo', %s))).*
FROM campaigns_smslog s, generate_series(%s, %s - 1) n, campaigns_lote l
WHERE s.id = (SELECT min(id) FROM campaigns_smslog WHERE campana_id = %s AND estado = 'enviado')
    AND l.campana_id = s.campana_id AND l.numero = 1000000 + n / %s
"""


@dataclass(frozen=True, slots=True)
class Closed(Stretches):
    """The figures of one day, and of the campaign that was sent without, with and without a close.

    Attributes:
        messages: of the day.
        seconds: that its close took on a machine with nothing else to do, with its pauses.
        cpu: CPU seconds of the close and of PostgreSQL meanwhile.
    """

    messages: int
    seconds: float
    cpu: dict[str, float]


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.watched_by_tabs)
    # Longer ago than what the running product closes by itself.
    at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=30)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = stage.session.env | {"TWILIO_API_BASE_URL": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        async with stage.processes(listado(env, listener, options.closed)):
            async with stage.product():
                await send_campaign(stage, USERNAME, options.warm_up)
                await fill(stage, at, options.closed)
                # Another day, of which the same is listed: this close is cut off.
                stretches = await beside(stage, close(env, at - timedelta(days=1)), options)
            seconds, cpu = await alone(stage, close(env, at), options.closed)
    await stage.clean()
    return report(Closed(*stretches, options.closed, seconds, cpu))


def listado(env: Mapping[str, str], listener: socket.socket, messages: int) -> Spec:
    """The list that is read in Twilio's place."""
    given = (str(listener.fileno()), str(messages), env["TWILIO_FROM"])
    port = listener.getsockname()[1]
    return Spec(
        name="listado",
        command=(sys.executable, "-m", "tests.bench.listado", *given),
        env=env,
        ready=partial(asyncio.to_thread, parts.answers_http, port, "/2010-04-01/Accounts/AC/Messages.json"),
        inherited=(listener.fileno(),),
    )


def close(env: Mapping[str, str], at: datetime) -> Spec:
    return parts.manage(env, "cierre_diario", "--dia", at.date().isoformat())


async def fill(stage: Stage, at: datetime, messages: int) -> None:
    """Make so many rows that were sent on the day, as far as the ledger knows: their campaign is the one just sent."""
    [(campana,)] = await stage.sql("SELECT max(id) FROM campaigns_campanasms")
    await stage.sql("UPDATE campaigns_campanasms SET iniciado_en = %s WHERE id = %s", at, campana)
    await stage.sql(LOTES_SQL, at, -(-messages // LOTE), campana)
    for first in range(0, messages, CHUNK):
        after = min(first + CHUNK, messages)
        await stage.sql(ROWS_SQL, at, PRICE, first, after, campana, LOTE)
    await stage.sql("ANALYZE campaigns_smslog")


async def beside(stage: Stage, closing: Spec, options: Options) -> tuple[Stretch, Stretch, Stretch]:
    """Send to everybody, and close a day meanwhile; the rest of both is left."""
    stage.simulator.reset()
    campana, _ = await create(await stage.shop(USERNAME), {"todos": True})
    await under_way(stage)
    before = await stretch(stage, options.tabs_s)
    async with stage.processes(closing):
        await asyncio.sleep(SETTLE_S)
        during = await stretch(stage, options.tabs_s)
        if closing.name not in stage.pids:
            raise BenchError(f"the close of {options.closed:,} messages ended meanwhile: make it larger")
    after = await stretch(stage, options.tabs_s)
    await still_sent(stage, campana, options.watched_by_tabs)
    return before, during, after


async def alone(stage: Stage, closing: Spec, messages: int) -> tuple[float, dict[str, float]]:
    """Close the day to its end, and see that it found what was there; its seconds, and CPU seconds by part."""
    usage, cpu, started = stage.usage(), children_s(), time.monotonic()
    said = await stage.session.supervisor.step(closing)
    seconds, now = time.monotonic() - started, stage.usage()
    [(found, corrected)] = await stage.sql(
        "SELECT filas, corregidos FROM campaigns_cierrediario WHERE estado = 'listo' ORDER BY terminado_en DESC LIMIT 1"
    )
    if (found, corrected) != (messages, -(-messages // CORRECTED)):
        raise BenchError(f"the close of {messages:,} messages found {found:,} and corrected {corrected:,}: {said}")
    return seconds, {"close": children_s() - cpu, "postgres": spent(usage, now).get("postgres", 0.0)}


def children_s() -> float:
    """CPU seconds of the processes that have ended."""
    found = getrusage(RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def report(found: Closed) -> Section:
    made = found.table("A daily close beside a campaign", ("no close", "a close that reads", "no close again"), PARTS)
    note = (
        f"The close of {found.messages:,} messages took {found.seconds:,.0f} s alone, its pauses included:"
        f" {found.cpu['close']:,.0f} s of CPU, and {found.cpu['postgres']:,.0f} s of PostgreSQL's."
    )
    goals = [
        Goal(
            "what a daily close costs the sending rate",
            f"≤ {MOST_OF_THE_RATE:.0%}",
            f"{max(0.0, found.cost):.1%}",
            found.cost <= MOST_OF_THE_RATE,
        )
    ]
    if found.messages >= MILLION:
        minutes = found.seconds / 60
        measure, took = f"the daily close of {MILLION:,} messages", f"{minutes:.1f} min"
        goals.append(Goal(measure, f"≤ {WITHIN_S / 60:.0f} min", took, found.seconds <= WITHIN_S))
    data = asdict(found) | {"cost": found.cost}
    return Section("cierre", [made], data, others=found.others, goals=goals, notes=[note])
