"""Ours: a campaign created through the API and sent by what scripts/up starts."""

import asyncio
import time
from typing import Any

from tests.bench.errors import BenchError
from tests.bench.run import Run, measured
from tests.bench.stage import Stage, until
from tests.e2e.system import Shop

MENSAJE = "Hola {nombre}, esta semana tienes 20% de descuento en la tienda. Responde BAJA para no recibir mas."
# What an import writes for a valid mobile, by the thousand in one statement.
CLIENTS_SQL = """
INSERT INTO clientes_cliente (nombre, telefono, telefono_e164, movil, documento, activo, creado, usuario_id)
SELECT 'Cliente', right(phone, 10), phone, true, '', true, now(), u.id
FROM core_usuario u, generate_series(%s, %s) n, lateral (SELECT '+57300' || lpad(n::text, 7, '0') AS phone) p
WHERE u.username = %s
"""
SLOWEST = 15.0  # messages a second below which a run counts as stuck
LEAST_WAIT_S = 90.0


async def give_clients(stage: Stage, username: str, count: int) -> None:
    """Make the user's shop have exactly the first `count` clients."""
    [(have,)] = await stage.sql(
        "SELECT count(*) FROM clientes_cliente c JOIN core_usuario u ON u.id = c.usuario_id WHERE username = %s",
        username,
    )
    if have > count:
        raise BenchError(f"the shop has {have} clients already; sizes must grow")
    if have < count:
        await stage.sql(CLIENTS_SQL, have, count - 1, username)
        await stage.sql("ANALYZE clientes_cliente")


async def send_campaign(stage: Stage, shop: Shop, count: int, *, callbacks: bool = False) -> Run:
    """Send to the first `count` clients of the shop and see that each got exactly one message.

    Args:
        callbacks: let the stand-in report each message's statuses; the run then lasts until the last report is in.

    Raises:
        BenchError: it did not end as it should.
    """
    await stage.clean(callbacks=callbacks)
    audiencia = await audience(stage, shop.username, count)
    before, started, clock = stage.usage(), time.time(), time.monotonic()
    campana = await create(shop, audiencia)
    await ended(stage, campana, count)
    [(estado, seconds, sent)] = await stage.sql(
        "SELECT estado, extract(epoch FROM completado_en) - %s, enviados_exitosos FROM campaigns_campanasms"
        " WHERE id = %s",
        started,
        campana,
    )
    if callbacks:
        await asyncio.to_thread(stage.simulator.wait_drained, LEAST_WAIT_S + count / SLOWEST)
        seconds = time.monotonic() - clock
    run = measured(count, float(seconds), before, stage.usage())
    stats = await asyncio.to_thread(stage.simulator.stats)
    if (estado, sent, stats.accepted, stats.duplicates) != ("completado", count, count, 0):
        raise BenchError(f"campaign of {count}: {estado}, {sent} sent, the stand-in accepted {stats}")
    return run


async def audience(stage: Stage, username: str, count: int) -> dict[str, Any]:
    """The first so many clients of the user's shop: all of them if it has no more."""
    query = "SELECT c.id FROM clientes_cliente c JOIN core_usuario u ON u.id = c.usuario_id WHERE username = %s"
    [(have,)] = await stage.sql(f"SELECT count(*) FROM ({query}) c", username)
    if have == count:
        return {"todos": True}
    return {"cliente_ids": [pk for (pk,) in await stage.sql(f"{query} ORDER BY c.id LIMIT %s", username, count)]}


async def create(shop: Shop, audiencia: dict[str, Any]) -> int:
    """Create a campaign; its id."""
    answer = await asyncio.to_thread(lambda: shop.post("/campanas/", mensaje=MENSAJE, audiencia=audiencia))
    if answer.status != 201:
        raise BenchError(f"the campaign was not created: {answer.status} {answer.body}")
    return int(answer.body["id"])


async def ended(stage: Stage, campana: int, count: int) -> None:
    """Wait for the campaign's end."""

    async def is_over() -> bool:
        query = "SELECT completado_en IS NOT NULL FROM campaigns_campanasms WHERE id = %s"
        return bool((await stage.sql(query, campana))[0][0])

    await until(
        is_over, what=f"the end of a campaign of {count}", timeout_s=LEAST_WAIT_S + count / SLOWEST, every_s=0.25
    )
