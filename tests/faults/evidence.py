"""Reading both sides: the rows from PostgreSQL, the accepted messages from the simulator's ledger."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from local.simulator.client import LedgerRow
from tests.faults.database import Database
from tests.faults.load import Load, Made
from tests.faults.losses import Loss, placed
from tests.faults.oracle import Accepted, Campaign, Evidence, Row
from tests.faults.timeline import MOVES
from tests.faults.verdict import Kind, Violation

CALLBACK = re.compile(r"/webhooks/twilio/estado/(\d+)-([0-9a-f]{32})/")

CAMPAIGNS = """
SELECT id, estado, completado_en IS NOT NULL, total_clientes, enviados_exitosos, enviados_fallidos
FROM campaigns_campanasms WHERE id = ANY(%s) ORDER BY id
"""
CLOSED = """
SELECT campana_id, id, exitosos, fallidos FROM campaigns_lote WHERE campana_id = ANY(%s) AND estado = 'cerrado'
"""
ROWS = """
SELECT id, campana_id, lote_id, cliente_id, telefono, mensaje, estado, codigo, twilio_sid, entrega
FROM campaigns_smslog WHERE campana_id = ANY(%s) ORDER BY id
"""


def gather(
    database: Database,
    load: Load,
    made: Sequence[Made],
    ledger: Iterable[LedgerRow],
    *,
    losses: Sequence[Loss] = (),
    posts: Mapping[str, int] | None = None,
) -> Evidence:
    """Gather what the oracle compares for these campaigns.

    Args:
        ledger: the messages accepted since before the first of them was made. Those for rows of campaigns made
            earlier are left out: the last judgement, over everything, has them.
        losses, posts: what PostgreSQL has lost, and the campaign of each token.
    """
    ids = [campaign.id for campaign in made]
    closed: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for campana_id, *lote in database.rows(CLOSED, ids):
        closed[campana_id].append((lote[0], lote[1], lote[2]))
    rows = [Row(*row) for row in database.rows(ROWS, ids)]
    first = rows[0].id if rows else 0
    accepted, forgotten = placed([as_accepted(row) for row in ledger], rows, posts or {}, losses)
    return Evidence(
        campaigns=[
            Campaign(
                *row,
                fates=load.made[row[0]].fates,
                cancelled=row[0] in load.cancelled,
                retried=row[0] in load.retried,
                doubted=row[0] in load.doubted,
                closed=closed[row[0]],
            )
            for row in map(tuple[int, str, bool, int, int, int], database.rows(CAMPAIGNS, ids))
        ],
        rows=rows,
        accepted=[message for message in accepted if message.log_id is None or message.log_id >= first],
        forgotten=forgotten,
        moves=[(log_id, before, after) for log_id, before, after in database.rows(MOVES, ids)],
    )


def as_accepted(row: LedgerRow) -> Accepted:
    found = CALLBACK.search(row.status_callback)
    log_id, token = (int(found[1]), found[2]) if found else (None, "")
    return Accepted(row.sid, row.to, row.body, log_id, row.outcome, token, row.accepted_at)


def unasked(database: Database, load: Load) -> list[Violation]:
    """Campaigns that nobody asked for: a request that was repeated under one Idempotency-Key made a second."""
    rows = database.rows("SELECT id, nombre FROM campaigns_campanasms ORDER BY id")
    return [
        Violation(Kind.DUPLICATED, pk, None, f"{nombre!r} was made twice under one key")
        for pk, nombre in rows
        if pk not in load.made
    ]
