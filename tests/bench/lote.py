"""Many clients in one call: what `POST /clientes/lote/` takes for as many rows as it allows, mixed and repeated."""

import asyncio
from functools import partial
from typing import Any, Final

from tests.bench.errors import BenchError
from tests.bench.options import Options
from tests.bench.product import give_clients, timed
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others

USERNAME: Final = "bench-lote"
MAXIMO: Final = 10_000  # rows that one call may have
MOST_S: Final = 3.0
CALLS: Final = 3


def mixed(call: int) -> list[dict[str, Any]]:
    """Return the rows of a call: of ten, six are new, two change a client that is known, one is the same as before, and
    one has no phone number in its phone."""
    rows = []
    for place in range(MAXIMO):
        kind, number = place % 10, call * MAXIMO + place
        row = {"nombre": f"Cliente {number}", "documento": f"L{number}", "telefono": f"300{number:07d}"}
        if kind in {6, 7}:
            row = {"nombre": f"Cambió {call}", "documento": f"L{place - 6}"}
        elif kind == 8:
            row = {"documento": f"L{place - 6}"}
        elif kind == 9:
            row["telefono"] = "no tiene"
        rows.append(row)
    return rows


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.clients)
    await stage.clean()
    async with stage.web():
        shop = await stage.shop(USERNAME)
        before = stage.usage()
        times: dict[str, list[float]] = {"mixed": [], "the same again": []}
        for call in range(CALLS):
            rows = mixed(call)
            for kind, taken in times.items():
                call_it = partial(shop.post, "/clientes/lote/", clave="documento", clientes=rows)
                answer, seconds = await asyncio.to_thread(timed, call_it)
                taken.append(seconds)
                body = answer.body
                if kind != "mixed" and body["creados"] + body["actualizados"]:
                    raise BenchError(f"the same call again wrote {body['creados']} and {body['actualizados']} clients")
        others = share_of_others(before, stage.usage())
    return report(times, options.clients, others)


def report(times: dict[str, list[float]], clients: int, others: float) -> Section:
    made = table(f"{MAXIMO:,} clients in one call, beside {clients:,}", "", "calls", "fastest s", "slowest s")
    for kind, taken in times.items():
        made.add_row(kind, str(len(taken)), f"{min(taken):.2f}", f"{max(taken):.2f}")
    slowest = max(times["mixed"])
    goals = [Goal(f"{MAXIMO:,} mixed rows in one call", f"≤ {MOST_S:.0f} s", f"{slowest:.2f} s", slowest <= MOST_S)]
    return Section("lote", [made], {"clients": clients, "seconds": times}, others=others, goals=goals)
