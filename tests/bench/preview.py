"""A million at a glance: the preview of a campaign to the whole shop, and what it takes to read it anew instead."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from local.stack import parts
from tests.bench.arithmetic import percentile
from tests.bench.options import Options
from tests.bench.product import MENSAJE, give_clients, owner, timed
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others

USERNAME: Final = "bench-preview"
MOST_MS: Final = 300.0
JUDGED: Final = 1_000_000  # clients over which the goal is set
READS: Final = 20
COUNT: Final = "from clientes import conteos; conteos.atender()"
# One in ten has the tag; a text with the name is counted by its length.
TAG_SQL: Final = """
INSERT INTO clientes_cliente_etiquetas (cliente_id, etiqueta_id)
SELECT id, %s FROM clientes_cliente WHERE usuario_id = %s AND id %% 10 = 0
"""


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.previewed)
    usuario, clients = await owner(stage, USERNAME)
    [(tag,)] = await stage.sql(
        "INSERT INTO clientes_etiqueta (nombre, usuario_id) VALUES ('VIP', %s) RETURNING id", usuario
    )
    await stage.sql(TAG_SQL, tag, usuario)
    await stage.sql("VACUUM ANALYZE clientes_cliente")
    # The workers do it every ten seconds.
    await stage.session.supervisor.step(parts.manage(stage.session.env, "shell", "--no-imports", "--command", COUNT))
    [(first,)] = await stage.sql("SELECT min(id) FROM clientes_cliente WHERE usuario_id = %s", usuario)
    audiences: dict[str, Any] = {
        "the whole shop": {"todos": True},
        "a tag": {"etiquetas": [tag]},
        "the shop without the tag": {"todos": True, "excluir": {"etiquetas": [tag]}},
        "a tag and one client, read one by one": {
            "etiquetas": [tag],
            "cliente_ids": [first],
        },
    }
    before = stage.usage()
    taken: dict[str, list[float]] = {}
    async with stage.web():
        shop = await stage.shop(USERNAME)
        for name, audiencia in audiences.items():
            call = partial(shop.post, "/campanas/vista-previa/", mensaje=MENSAJE, audiencia=audiencia)
            taken[name] = [(await asyncio.to_thread(timed, call))[1] for _ in range(READS + 1)][1:]
    return report(taken, clients, share_of_others(before, stage.usage()))


def report(taken: Mapping[str, list[float]], clients: int, others: float) -> Section:
    made = table(f"Previews beside {clients:,} clients", "", "p50 ms", "p95 ms")
    for name, seconds in taken.items():
        made.add_row(name, *(f"{percentile(seconds, percent) * 1000:,.0f}" for percent in (50, 95)))
    whole = percentile(taken["the whole shop"], 95) * 1000
    goals = []
    if clients >= JUDGED:
        measure = f"preview of a campaign to {clients:,} clients"
        goals.append(Goal(measure, f"p95 ≤ {MOST_MS:.0f} ms", f"{whole:.0f} ms", whole <= MOST_MS))
    return Section("preview", [made], {"clients": clients, "seconds": dict(taken)}, others=others, goals=goals)
