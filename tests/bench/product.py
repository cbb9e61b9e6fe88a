"""Ours: a campaign created through the API and sent by what scripts/up starts."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from local.simulator.client import LedgerRow
from tests.bench.errors import BenchError
from tests.bench.run import Run, measured
from tests.bench.stage import Stage
from tests.e2e.system import Answer, Shop

MENSAJE = "Hola {nombre}, esta semana tienes 20% de descuento en la tienda. Responde BAJA para no recibir mas."
# Copies of the shop's first client, whatever columns it has, each with the next phone.
CLIENTS_SQL = """
INSERT INTO clientes_cliente
SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('clientes_cliente', 'id')), 'telefono', phone, 'telefono_e164', phone))).*
FROM clientes_cliente c, generate_series(%s, %s) n, lateral (SELECT '+57300' || lpad(n::text, 7, '0') AS phone) p
WHERE c.id = (SELECT min(id) FROM clientes_cliente WHERE usuario_id = %s)
"""
CHUNK = 50_000  # clients that one statement makes: an interrupt waits for no more
POLL_S = 0.25
STUCK_AFTER_S = 120.0


async def give_clients(stage: Stage, username: str, count: int) -> None:
    """Make the user's shop have `count` clients, with the first so many phones; the shop may be new.

    Raises:
        BenchError: it has more already.
    """
    await stage.open_shop(username)
    usuario, have = await owner(stage, username)
    if have > count:
        raise BenchError(f"the shop has {have} clients already: sizes must grow")
    for first in range(have, count, CHUNK):
        await stage.sql(CLIENTS_SQL, first, min(first + CHUNK, count) - 1, usuario)
    if have < count:
        await stage.sql("ANALYZE clientes_cliente")


async def owner(stage: Stage, username: str) -> tuple[int, int]:
    """The user's id, and how many clients the shop has."""
    [(usuario,)] = await stage.sql("SELECT id FROM core_usuario WHERE username = %s", username)
    [(have,)] = await stage.sql("SELECT count(*) FROM clientes_cliente WHERE usuario_id = %s", usuario)
    return usuario, have


async def send_campaign(stage: Stage, username: str, count: int, *, callbacks: bool = False) -> Run:
    """Send to the first `count` clients of the user's shop and see that each got exactly one message.

    Args:
        callbacks: let the stand-in report each message's statuses; the run then lasts until the last report is in.

    Raises:
        BenchError: it did not end as it should.
    """
    await stage.clean(callbacks=callbacks)
    shop, audiencia = await stage.shop(username), await audience(stage, username, count)
    before, started, clock = stage.usage(), time.time(), time.monotonic()
    campana, _ = await create(shop, audiencia)
    await ended(stage, campana)
    [(estado, seconds, sent)] = await stage.sql(
        "SELECT estado, extract(epoch FROM completado_en) - %s, enviados_exitosos FROM campaigns_campanasms"
        " WHERE id = %s",
        started,
        campana,
    )
    if callbacks:
        await asyncio.to_thread(stage.simulator.wait_drained, STUCK_AFTER_S + count / 20)
        seconds = time.monotonic() - clock
    run = measured(count, float(seconds), before, stage.usage())
    first = await asyncio.to_thread(first_message, stage)
    stats = await asyncio.to_thread(stage.simulator.stats)
    if first is None or (estado, sent, stats.accepted, stats.duplicates) != ("completado", count, count, 0):
        raise BenchError(f"campaign of {count}: {estado}, {sent} sent, the stand-in accepted {stats}")
    return replace(run, first_s=first.accepted_at - started)


def first_message(stage: Stage) -> LedgerRow | None:
    """The first message that the stand-in accepted."""
    return next(stage.simulator.ledger(), None)


async def audience(stage: Stage, username: str, count: int) -> dict[str, Any]:
    """The first so many clients of the user's shop: all of them if it has no more."""
    usuario, have = await owner(stage, username)
    if have == count:
        return {"todos": True}
    query = "SELECT id FROM clientes_cliente WHERE usuario_id = %s ORDER BY id LIMIT %s"
    return {"cliente_ids": [pk for (pk,) in await stage.sql(query, usuario, count)]}


async def create(shop: Shop, audiencia: dict[str, Any]) -> tuple[int, float]:
    """Create a campaign.

    Returns:
        Its id, and the seconds that the answer took.

    Raises:
        UnexpectedAnswerError: it was not created.
    """
    call = partial(shop.post, "/campanas/", mensaje=MENSAJE, audiencia=audiencia)
    answer, seconds = await asyncio.to_thread(timed, call)
    return int(answer.body["id"]), seconds


def timed(call: Callable[[], Answer]) -> tuple[Answer, float]:
    """Call the API; its answer, and the seconds it took."""
    started = time.monotonic()
    answer = call()
    return answer, time.monotonic() - started


async def ended(stage: Stage, campana: int) -> None:
    """Wait for the campaign's end.

    Raises:
        BenchError: none of its Lotes has ended for a while.
    """
    query = """SELECT completado_en IS NOT NULL, estado, (SELECT count(*) FROM campaigns_lote l
        WHERE l.campana_id = c.id AND l.estado = 'cerrado') FROM campaigns_campanasms c WHERE id = %s"""
    closed, moved_at = 0, time.monotonic()
    while True:
        [(over, estado, now)] = await stage.sql(query, campana)
        if over:
            return
        if now != closed:
            closed, moved_at = now, time.monotonic()
        if time.monotonic() - moved_at > STUCK_AFTER_S:
            raise BenchError(f"no Lote of the campaign ended for {STUCK_AFTER_S:.0f} s: {estado}, {closed} had")
        await asyncio.sleep(POLL_S)
