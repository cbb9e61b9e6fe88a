"""The cost of taking in Twilio's status callbacks: three for each message of a campaign."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.bench.arithmetic import percentile
from tests.bench.errors import BenchError
from tests.bench.options import Options
from tests.bench.product import MENSAJE, create, give_clients
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others, spent

USERNAME: Final = "bench-callbacks"
RATE: Final = 600.0  # a second: 200 messages
GOAL_MS: Final = 0.73  # a third of the 2.2 ms that three cost at first
# What opening a Lote, a claim and an outcome leave of the campaign's rows, without the workers.
OPEN_SQL: Final = """
INSERT INTO campaigns_smslog (campana_id, lote_id, cliente_id, nombre, telefono, mensaje, estado, codigo, error,
    twilio_sid, entrega, entrega_codigo, segmentos, intentos, ausencias, creado, actualizado)
SELECT l.campana_id, l.id, c.id, c.nombre, c.telefono_e164, %s, 'pendiente', '', '', '', '', '', 1, 0, 0, now(), now()
FROM campaigns_lote l, LATERAL unnest(l.cliente_ids) elegido JOIN clientes_cliente c ON c.id = elegido
WHERE l.campana_id = %s ORDER BY l.numero, c.id
"""
CLAIM_SQL: Final = """
UPDATE campaigns_smslog SET estado = 'enviando', token = gen_random_uuid(), reclamado_en = now(), cuenta = '00000000',
    lease_hasta = now() + interval '1 minute', twilio_desde = now(), twilio_hasta = now() WHERE id BETWEEN %s AND %s
"""
OUTCOME_SQL: Final = """
UPDATE campaigns_smslog SET estado = 'enviado', intentos = 1, lease_hasta = NULL, actualizado = now(),
    twilio_sid = 'SM' || md5(id::text) WHERE id BETWEEN %s AND %s
"""
GROUP: Final = 20  # claims, and outcomes, of one statement
LINES_SQL: Final = """
SELECT id || '-' || replace(token::text, '-', ''), twilio_sid, telefono FROM campaigns_smslog
WHERE estado = 'enviado' ORDER BY id LIMIT %s
"""
DELIVERED_SQL: Final = "SELECT count(*) FROM campaigns_smslog WHERE entrega = 'delivered'"
WRITES_SQL: Final = """
SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'campaigns_smslog'
"""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The measures of the callbacks.

    Attributes:
        messages: how many there were; each had three.
        cpu: CPU seconds by part.
        waits: seconds from each callback's moment to its answer.
        updates: row versions written.
        hot: how many of them no index had to learn of.
        others: the share (0–1) of the machine that somebody else used meanwhile.
    """

    messages: int
    cpu: Mapping[str, float]
    waits: list[float]
    updates: int
    hot: int
    others: float

    def ms(self, part: str) -> float:
        """CPU milliseconds of a message's three callbacks in one part."""
        return self.cpu.get(part, 0.0) / self.messages * 1000


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.reported)
    await stage.clean()
    async with stage.web():
        campana, _ = await create(await stage.shop(USERNAME), {"todos": True})
    await stage.sql(OPEN_SQL, MENSAJE, campana)
    [(first, last)] = await stage.sql("SELECT min(id), max(id) FROM campaigns_smslog")
    for at in range(first, last + 1, GROUP):
        for statement in (CLAIM_SQL, OUTCOME_SQL):
            await stage.sql(statement, at, at + GROUP - 1)
    await stage.sql("ANALYZE campaigns_smslog")
    lines = await stage.sql(LINES_SQL, options.reported)
    file = stage.session.layout.data / "callbacks.txt"
    file.write_text("\n".join(" ".join(line) for line in lines) + "\n")
    async with stage.web():
        address = stage.url.removeprefix("http://")
        [writes] = await stage.sql(WRITES_SQL)
        before = stage.usage()
        await stage.run("caller", "tests.bench.caller", address, str(RATE), str(file))
        after = stage.usage()
    # What its connections wrote is in the statistics once they have ended.
    [written] = await stage.sql(WRITES_SQL)
    found = json.loads(file.read_text())
    [(delivered,)] = await stage.sql(DELIVERED_SQL)
    if found["answers"] != {"204": 3 * len(lines)} or delivered != len(lines):
        raise BenchError(f"of {len(lines)} messages {delivered} are delivered, the answers were {found['answers']}")
    updates, hot = (b - a for a, b in zip(writes, written, strict=True))
    taken = TakenIn(len(lines), spent(before, after), found["waits"], updates, hot, share_of_others(before, after))
    return report(taken)


def report(found: TakenIn) -> Section:
    made = table(
        f"Three status callbacks for each of {found.messages:,} messages, {RATE:,.0f} callbacks a second",
        "",
        "web",
        "PostgreSQL",
        "both",
        "row versions",
        "of them HOT",
        "p50 ms",
        "p95 ms",
    )
    web, postgres = found.ms("web"), found.ms("postgres")
    made.add_row(
        "CPU ms of a message",
        *(f"{ms:.3f}" for ms in (web, postgres, web + postgres)),
        f"{found.updates / found.messages:.2f}",
        f"{found.hot / max(found.updates, 1):.0%}",
        *(f"{percentile(found.waits, percent) * 1000:.1f}" for percent in (50, 95)),
    )
    data = {
        "messages": found.messages,
        "cpu_s": dict(found.cpu),
        "updates": found.updates,
        "hot": found.hot,
        "waits_s": {str(percent): percentile(found.waits, percent) for percent in (50, 95, 100)},
        "others": found.others,
    }
    goal = Goal(
        "CPU of a message's three callbacks", f"≤ {GOAL_MS} ms", f"{web + postgres:.2f} ms", web + postgres <= GOAL_MS
    )
    return Section("callbacks", [made], data, others=found.others, goals=[goal])
