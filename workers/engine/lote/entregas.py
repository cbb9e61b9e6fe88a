"""What became of the messages after Twilio accepted them, summed Lote by Lote.

Reports come for hours after a Lote has closed, and counting a million rows whenever somebody looks would cost a second
each time. So each closed Lote is counted into its own row: at once, then ever more seldom as it grows old, until every
message of it has its last word or three days have passed. Who looks adds up Lotes.
"""

from typing import Any, Final

from django.db import connection

BATCH: Final = 50
# At most so many Lotes in one run: the next one is a few seconds away.
MOST: Final = 1_000
# A Lote is counted again after a tenth of its age, within these bounds in seconds; and no more after the last.
SOONEST_S: Final = 2
LATEST_S: Final = 3600
SETTLED_AFTER_S: Final = 3 * 24 * 3600

# What Twilio says last. https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
LAST_WORDS: Final = ("delivered", "undelivered", "failed", "canceled", "read")
REASONED: Final = ("undelivered", "failed")

# A message whose segments Twilio has not told (settled by its callback or by a look at its list) counts as the Lote's
# others do.
COUNT_SQL = """
WITH due AS (
    SELECT id, cerrado_en FROM campaigns_lote
    WHERE estado = 'cerrado' AND NOT asentado AND (contado_en IS NULL OR contado_en < now() - least(
        greatest((now() - cerrado_en) / 10, %(soonest)s * interval '1 second'), %(latest)s * interval '1 second'))
    ORDER BY contado_en NULLS FIRST, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), counted AS (
    SELECT due.id, due.cerrado_en, coalesce(jsonb_object_agg(g.clave, g.n) FILTER (WHERE g.n > 0), '{}') AS entregas,
        coalesce(sum(g.n), 0) AS enviados, coalesce(sum(g.n) FILTER (WHERE g.ultima), 0) AS con_ultima,
        coalesce(round(sum(g.n) * sum(g.segmentos) / nullif(sum(g.contados), 0)), sum(g.n), 0) AS segmentos
    FROM due LEFT JOIN LATERAL (
        SELECT CASE WHEN entrega = ANY(%(reasoned)s) AND entrega_codigo <> '' THEN entrega || '/' || entrega_codigo
                ELSE entrega END AS clave,
            entrega = ANY(%(last)s) AS ultima, count(*) AS n, sum(segmentos) AS segmentos, count(segmentos) AS contados
        FROM campaigns_smslog WHERE lote_id = due.id AND estado = 'enviado' GROUP BY 1, 2
    ) g ON true GROUP BY due.id, due.cerrado_en
)
UPDATE campaigns_lote l SET entregas = c.entregas, segmentos = c.segmentos, contado_en = now(),
    asentado = c.enviados = c.con_ultima OR c.cerrado_en < now() - %(settled)s * interval '1 second'
FROM counted c WHERE l.id = c.id
"""
COUNT_PARAMS: Final[dict[str, Any]] = {
    "batch": BATCH,
    "soonest": SOONEST_S,
    "latest": LATEST_S,
    "settled": SETTLED_AFTER_S,
    "last": list(LAST_WORDS),
    "reasoned": list(REASONED),
}


def contar() -> int:
    """Count the Lotes that are due; return how many. Two at once take different ones."""
    counted = 0
    while counted < MOST:
        with connection.cursor() as cursor:
            cursor.execute(COUNT_SQL, COUNT_PARAMS)
            found = int(cursor.rowcount)
        counted += found
        if found < BATCH:
            break
    return counted
