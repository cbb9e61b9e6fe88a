"""The window of a campaign: how much of it may be in the queues at a time.

The queues together hold a few seconds of work, whatever is being sent: that is what a new campaign waits for. How much
that is follows the processes that live: each says in its pulse how many messages it may have on their way. It is shared
by the shops that are sending, and each shop's part by its campaigns. One of them that has little room publishes
its Lotes in slices.
"""

import math
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection

from campaigns.values.estados import CAMPANA, LOTE
from core.ops.pulses import GONE_S, KEPT_S
from core.senders import NO_LIMIT

# However many campaigns are sending: a chord of fewer messages costs more than the messages.
LEAST_ROWS: Final = 20

# Of what a process may have on its way: as much again waits in its hands, and as much again as both in the queues for
# when it asks next.
TIMES: Final = 4

# Rows that all campaigns together may have in the queues: by the live processes, and at least what LOTES_EN_VUELO says.
FILAS: Final = f"""
greatest(%(filas)s, {TIMES} * (SELECT coalesce(sum(p.mensajes), 0) FROM core_pulso p
    WHERE p.tipo = 'worker' AND p.visto > now() - %(vive)s * interval '1 second'))
"""  # noqa: S608 - constants

# Whether the sender of a campaign `c` has no limit; its own sender, if it has one, is `r`.
SIN_LIMITE: Final = "CASE WHEN c.remitente_id IS NULL THEN %(sin_limite)s ELSE r.segmentos_por_segundo IS NULL END"

# `vivas`: the campaigns that have, or may soon have, messages in the queues; `ventanas (id, filas)`: how many each.
# Those of senders with a limit are not among them: what they have there is a moment's work
# (workers.engine.publish.slices). Lote by Lote (a sub-select with LIMIT), each by its partial index, as everything that
# is asked every few seconds.
VENTANAS: Final = f"""
vivas AS MATERIALIZED (
    SELECT c.id, c.usuario_id FROM campaigns_campanasms c LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
    WHERE c.completado_en IS NULL AND c.estado = {CAMPANA.PROCESANDO} AND c.espera_hasta IS NULL
        AND {SIN_LIMITE} AND (
        (SELECT 1 FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado = {LOTE.PENDIENTE} LIMIT 1) = 1
        OR (SELECT 1 FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado = {LOTE.ABIERTO} LIMIT 1) = 1)
), ventanas AS (
    SELECT id, greatest(%(least)s, {FILAS} / (SELECT count(DISTINCT usuario_id) FROM vivas)
        / count(*) OVER (PARTITION BY usuario_id)) AS filas
    FROM vivas
)
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Window:
    """The room that a campaign has in the queues.

    Args:
        rows: most messages that one publication puts into the queue.
        lotes: most Lotes that are open for sending.
        paced: whether the sender has a limit, which decides instead.
    """

    rows: int
    lotes: int
    paced: bool = False


PACED: Final = Window(rows=LEAST_ROWS, lotes=1, paced=True)


def of(campana_id: int) -> Window:
    """The campaign's window now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {VENTANAS} SELECT filas FROM ventanas WHERE id = %(campana)s",  # noqa: S608 - a constant
            {**params(), "campana": campana_id},
        )
        row = cursor.fetchone()
    if row is None:  # its sender has a limit, or nothing is left to open
        return PACED
    rows = int(row[0])
    return Window(rows=min(rows, settings.LOTE_SIZE), lotes=max(1, rows // settings.LOTE_SIZE))


def most_lotes() -> int:
    """Return the most Lotes that a campaign may have had open at a time in the last day, whoever lives now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FILAS}", {"filas": _least_rows(), "vive": KEPT_S})
        rows: int = cursor.fetchone()[0]
    return math.ceil(rows / settings.LOTE_SIZE)


def params() -> dict[str, float | bool]:
    """The parameters of `VENTANAS`."""
    rows = _least_rows()
    sin_limite = settings.SENDER_SEGMENTS_PER_S == NO_LIMIT
    return {"least": min(LEAST_ROWS, rows), "filas": rows, "vive": GONE_S, "sin_limite": sin_limite}


def _least_rows() -> int:
    return settings.LOTES_EN_VUELO * settings.LOTE_SIZE
