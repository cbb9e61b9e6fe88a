"""PostgreSQL for years: what a message and a page cost beside the ledger of many campaigns that have ended.

The same work is done twice: on an empty ledger, and beside the rows of years. Only the database's part is in it: no
worker runs and nothing is sent.
"""

import asyncio
import json
from functools import partial
from statistics import median
from typing import Final

from tests.bench.callbacks import OPEN_SQL
from tests.bench.options import Options
from tests.bench.product import MENSAJE, create, give_clients, owner, timed
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others
from tests.e2e.system import Shop

USERNAME: Final = "bench-years"
CLIENTS: Final = 100_000  # of the shop: recipients of each campaign of the past
MOST: Final = 1.2
READS: Final = 15
PAGES: Final = {
    "the list of campaigns": "/campanas/",
    "a campaign's progress": "/campanas/{campana}/progreso/",
    "its messages": "/campanas/{campana}/logs/",
    "its failed messages": "/campanas/{campana}/logs/?estado=fallido",
    "the list of clients": "/clientes/",
}
START_SQL: Final = """
UPDATE campaigns_campanasms SET estado = 'procesando', iniciado_en = now(), vence_en = now() + interval '1 day',
    cierra_en = now() + interval '1 day' WHERE id = %s
"""
# A campaign of a month long ago, with all that its end leaves; copies of the first one, whatever columns it has.
OLD_SQL: Final = """
WITH campana AS (
    INSERT INTO campaigns_campanasms SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', nextval(pg_get_serial_sequence('campaigns_campanasms', 'id')), 'estado', 'completado',
        'creado', m, 'iniciado_en', m, 'completado_en', m, 'enviados_exitosos', c.total_clientes))).*
    FROM campaigns_campanasms c, (SELECT now() - %(n)s * interval '1 day' AS m) m WHERE c.id = %(campana)s
    RETURNING id, total_clientes, completado_en
), lote AS (
    INSERT INTO campaigns_lote (campana_id, numero, cliente_ids, total, estado, exitosos, fallidos, cerrado_en,
        asentado, contado_en)
    SELECT id, 1, '{}', total_clientes, 'cerrado', total_clientes, 0, completado_en, true, completado_en FROM campana
    RETURNING id, campana_id
)
INSERT INTO campaigns_smslog (campana_id, lote_id, cliente_id, nombre, telefono, mensaje, estado, codigo, error,
    twilio_sid, entrega, entrega_codigo, segmentos, intentos, ausencias, creado, actualizado, token, reclamado_en)
SELECT l.campana_id, l.id, c.id, c.nombre, c.telefono_e164, %(mensaje)s, 'enviado', '', '',
    'SM' || md5(l.id || '-' || c.id), 'delivered', '', 1, 1, 0, k.completado_en, k.completado_en, gen_random_uuid(),
    k.completado_en
FROM lote l JOIN campana k ON k.id = l.campana_id, clientes_cliente c WHERE c.usuario_id = %(usuario)s ORDER BY c.id
"""


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, min(CLIENTS, options.years))
    usuario, clients = await owner(stage, USERNAME)
    await stage.clean()
    before = stage.usage()
    empty = await measure(stage, usuario, options.years_messages)
    [(campana,)] = await stage.sql("SELECT min(id) FROM campaigns_campanasms")
    for n in range(options.years // clients):
        given = {"n": n + 1, "campana": campana, "usuario": usuario, "mensaje": MENSAJE}
        await asyncio.to_thread(stage.write, OLD_SQL, given)
        stage.say(f"{(n + 1) * clients:,} rows")
    await stage.sql("VACUUM ANALYZE campaigns_smslog")
    full = await measure(stage, usuario, options.years_messages)
    [(rows, size)] = await stage.sql(
        "SELECT count(*), pg_total_relation_size('campaigns_smslog') FROM campaigns_smslog"
    )
    others = share_of_others(before, stage.usage())
    await stage.clean()
    return report(empty, full, rows, size / 2**30, others)


async def measure(stage: Stage, usuario: int, messages: int) -> dict[str, float]:
    """Take a campaign through claim, outcome and callbacks, and read the pages; milliseconds by what was done."""
    query = "SELECT id FROM clientes_cliente WHERE usuario_id = %s ORDER BY id LIMIT %s"
    ids = [pk for (pk,) in await stage.sql(query, usuario, messages)]
    async with stage.web():
        shop = await stage.shop(USERNAME)
        campana, _ = await create(shop, {"cliente_ids": ids})
        await stage.sql(OPEN_SQL, MENSAJE, campana)
        await stage.sql(START_SQL, campana)
        await stage.sql("ANALYZE campaigns_smslog")
        *_, said = await stage.run("ledger", "tests.bench.ledger", str(campana))
        found: dict[str, float] = json.loads(said)
        for name, path in PAGES.items():
            found[name] = await read(shop, path.format(campana=campana))
    return found


async def read(shop: Shop, path: str) -> float:
    """Return the median milliseconds of an answer; the first finds nothing in memory."""
    taken = [(await asyncio.to_thread(timed, partial(shop.get, path)))[1] for _ in range(READS + 1)]
    return 1000 * median(taken[1:])


def report(empty: dict[str, float], full: dict[str, float], rows: int, gib: float, others: float) -> Section:
    made = table(f"Beside {rows:,} rows of the past ({gib:.1f} GiB)", "", "empty, ms", "full, ms", "×")
    for name, ms in empty.items():
        made.add_row(name, f"{ms:.2f}", f"{full[name]:.2f}", f"{full[name] / ms:.2f}")
    slowest = max(empty, key=lambda name: full[name] / empty[name])
    ratio = full[slowest] / empty[slowest]
    found = f"{ratio:.2f} × ({slowest})"
    goal = Goal("claim, outcome, callback and pages beside years of rows", f"≤ {MOST} ×", found, ratio <= MOST)
    data = {"rows": rows, "gib": gib, "empty_ms": empty, "full_ms": full}
    return Section("years", [made], data, others=others, goals=[goal])
