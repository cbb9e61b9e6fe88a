"""The statements of the daily close. Each one works on a part of a day, which its caller bounds."""

from typing import Final

from campaigns.ley.gasto import operador_sql
from campaigns.values import twilio
from campaigns.values.estados import CAMPANA, LOTE, SMS
from campaigns.values.twilio import Entrega

KEEP_SQL: Final = """
INSERT INTO campaigns_mensajelistado (cierre_id, sid, telefono, estado, codigo, segmentos, precio, moneda, propio)
SELECT %(cierre)s, * FROM unnest(%(sids)s::text[], %(telefonos)s::text[], %(estados)s::text[], %(codigos)s::text[],
    %(segmentos)s::int[], %(precios)s::numeric[], %(monedas)s::text[], %(propios)s::bool[])
ON CONFLICT (cierre_id, sid) DO UPDATE SET estado = EXCLUDED.estado, codigo = EXCLUDED.codigo,
    segmentos = EXCLUDED.segmentos, precio = EXCLUDED.precio, moneda = EXCLUDED.moneda
"""

# Lotes in which a row may have been claimed on the day: they were not closed before it, and their campaign had begun.
LOTES_SQL: Final = f"""
SELECT l.id FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
WHERE l.id > %(cursor)s AND (l.estado <> {LOTE.PENDIENTE} OR l.cerrado_en IS NOT NULL)
    AND (l.cerrado_en IS NULL OR l.cerrado_en >= %(desde)s)
    AND c.iniciado_en < %(hasta)s AND c.estado <> {CAMPANA.PENDIENTE}
ORDER BY l.id LIMIT %(most)s
"""  # noqa: S608 - constants

# What was claimed on the day and is on none of its pages: it waits in Twilio's queue, failed there, left on the next
# day, or does not exist.
MISSING_SQL: Final = """
SELECT s.id, s.campana_id, s.twilio_sid, s.telefono FROM campaigns_smslog s
WHERE s.lote_id = ANY(%(lotes)s) AND s.twilio_sid <> '' AND s.reclamado_en >= %(desde)s AND s.reclamado_en < %(hasta)s
    AND NOT EXISTS (SELECT FROM campaigns_mensajelistado m WHERE m.cierre_id = %(cierre)s AND m.sid = s.twilio_sid)
ORDER BY s.id
"""

_RANK: Final = f"CASE %s {' '.join(f'WHEN {status.value!r} THEN {status.rank}' for status in Entrega)} ELSE -1 END"
_ARRIVED: Final = twilio.sql_list(twilio.ARRIVED)
_LOST: Final = twilio.sql_list(twilio.LOST)
_UNBILLED: Final = twilio.sql_list([Entrega.FAILED.value, Entrega.CANCELED.value])
# A redacted number, or an address of another channel's, is no other recipient.
_PHONE: Final = r"m.telefono ~ '^\+[0-9]+$'"

# A part of the listed messages beside their rows. Twilio lists what it refused at once as failed, with the code of the
# refusal; the product has learnt it from the call's answer and knows no SID of it. Of what it accepted and dropped the
# row is another message's by now. https://help.twilio.com/articles/223181868
PAIRS: Final = f"""
pares AS MATERIALIZED (
    SELECT m.*, s.id AS log_id, s.campana_id, s.lote_id, s.telefono AS nuestro_telefono, s.estado AS nuestro_estado,
        s.entrega, s.entrega_codigo AS nuestro_codigo, s.segmentos AS nuestros_segmentos, s.costo,
        m.estado = '{Entrega.FAILED.value}' AND m.codigo <> '' AND s.id IS NULL AND (m.codigo NOT LIKE '30%%'
            OR EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = m.sid)) AS rechazado,
        m.precio IS NOT NULL AND m.moneda = %(moneda)s AS facturado
    FROM (SELECT * FROM campaigns_mensajelistado WHERE cierre_id = %(cierre)s AND id > %(cursor)s
        ORDER BY id LIMIT %(most)s) m
    LEFT JOIN LATERAL (SELECT * FROM campaigns_smslog s WHERE s.twilio_sid = m.sid AND s.twilio_sid <> '' LIMIT 1) s
        ON true  -- by the index, whatever the planner has learnt: one SID is one row's
)
"""  # noqa: S608 - constants

# Money with a sixth decimal place: what is less is rounding.
DIFFERENCES: Final = f"""
halladas AS (
    SELECT v.tipo, m.sid, m.log_id, m.campana_id, v.nuestro, v.de_twilio FROM pares m CROSS JOIN LATERAL (VALUES
        ('mensaje_sin_fila', m.log_id IS NULL AND m.propio AND NOT m.rechazado, '', m.telefono),
        ('destinatario_distinto', m.nuestro_telefono <> '' AND {_PHONE} AND m.telefono <> m.nuestro_telefono,
            m.nuestro_telefono, m.telefono),
        ('estado_distinto', m.nuestro_estado <> {SMS.ENVIADO} OR (m.entrega IN ({_ARRIVED}) AND m.estado IN ({_LOST}))
            OR (m.entrega IN ({_LOST}) AND m.estado IN ({_ARRIVED})),
            m.nuestro_estado || CASE WHEN m.entrega = '' THEN '' ELSE ' ' || m.entrega END, m.estado),
        ('segmentos_distintos', m.segmentos > 0 AND m.segmentos <> m.nuestros_segmentos,
            m.nuestros_segmentos::text, m.segmentos::text),
        ('precio_distinto', m.facturado AND m.segmentos = m.nuestros_segmentos AND abs(m.costo - m.precio) > 0.000001,
            m.costo::text, m.precio::text)
    ) AS v (tipo, es, nuestro, de_twilio) WHERE v.es
)
"""  # noqa: S608 - constants

# The ledger takes what was billed, and the deliveries that no callback told. One that contradicts a last word is left,
# but that the message left after all: it must not be sent again.
CORRECT: Final = f"""
corregidas AS (
    UPDATE campaigns_smslog s SET
        segmentos = CASE WHEN m.segmentos > 0 THEN m.segmentos ELSE s.segmentos END,
        costo = CASE WHEN m.facturado THEN m.precio
            WHEN m.segmentos > 0 AND m.nuestros_segmentos > 0
                THEN round(s.costo * m.segmentos / m.nuestros_segmentos, 6)
            ELSE s.costo END,
        entrega = CASE WHEN m.tarde THEN m.estado ELSE s.entrega END,
        entrega_codigo = CASE WHEN m.tarde THEN m.codigo ELSE s.entrega_codigo END
    FROM (SELECT *, {_RANK % "estado"} > {_RANK % "entrega"} OR ({twilio.dropped_sql("entrega", "nuestro_codigo")}
            AND estado IN ({twilio.sql_list(twilio.LEFT)})) AS tarde FROM pares) m
    WHERE s.id = m.log_id AND s.twilio_sid = m.sid AND s.estado = {SMS.ENVIADO} AND (m.tarde
        OR (m.segmentos > 0 AND m.segmentos IS DISTINCT FROM s.segmentos)
        OR (m.facturado AND m.precio IS DISTINCT FROM s.costo))
    RETURNING s.lote_id, coalesce(s.costo, 0) - coalesce(m.costo, 0) AS mas,
        coalesce({operador_sql("s.costo", "s.segmentos")}, 0)
            - coalesce({operador_sql("m.costo", "m.nuestros_segmentos")}, 0) AS mas_operador, m.tarde,
        s.segmentos IS DISTINCT FROM m.nuestros_segmentos OR s.costo IS DISTINCT FROM m.costo AS facturada
)
"""  # noqa: S608 - constants

COMPARE_SQL: Final = f"""
WITH {PAIRS}, {DIFFERENCES}, {CORRECT}, contadas AS (
    SELECT tipo, count(*) AS n FROM halladas GROUP BY tipo
), guardadas AS (
    INSERT INTO campaigns_diferencia (cierre_id, tipo, sid, log_id, campana_id, nuestro, de_twilio)
    SELECT %(cierre)s, tipo, sid, log_id, campana_id, nuestro, de_twilio FROM (
        SELECT *, row_number() OVER (PARTITION BY tipo ORDER BY sid) AS n FROM halladas) h
    WHERE n <= %(kept)s - coalesce((%(ya)s::jsonb ->> tipo)::int, 0)
)
SELECT max(id), count(*) FILTER (WHERE propio OR log_id IS NOT NULL), count(*) FILTER (WHERE rechazado AND propio),
    count(log_id),
    coalesce(sum(segmentos) FILTER (WHERE propio OR log_id IS NOT NULL), 0),
    coalesce(sum(precio) FILTER (WHERE (propio OR log_id IS NOT NULL) AND moneda = %(moneda)s), 0),
    count(*) FILTER (WHERE precio IS NULL AND NOT rechazado AND estado NOT IN ({_UNBILLED})
        AND (propio OR log_id IS NOT NULL)),
    (SELECT count(*) FILTER (WHERE tarde) FROM corregidas), (SELECT count(*) FILTER (WHERE facturada) FROM corregidas),
    (SELECT coalesce(jsonb_object_agg(tipo, n), '{{}}') FROM contadas),
    (SELECT coalesce(jsonb_object_agg(lote_id, jsonb_build_array(mas, mas_operador)), '{{}}')
        FROM (SELECT lote_id, sum(mas) AS mas, sum(mas_operador) AS mas_operador FROM corregidas GROUP BY lote_id) l)
FROM pares
"""  # noqa: S608 - constants

# A closed Lote keeps what it spent beside the day that it counts in; one that is open adds its rows up again by itself.
# Its sums of segments and deliveries are made anew.
LOTES_TAKE_SQL: Final = f"""
WITH mas AS (
    SELECT key::bigint AS lote_id, (value ->> 0)::numeric AS monto, (value ->> 1)::numeric AS operador
    FROM jsonb_each(%(mas)s::jsonb)
), tomados AS (
    UPDATE campaigns_lote l SET contado_en = NULL, asentado = false,
        cupo_monto = l.cupo_monto + CASE WHEN l.cupo_dia IS NULL THEN 0 ELSE m.monto END,
        cupo_operador = l.cupo_operador + CASE WHEN l.cupo_dia IS NULL THEN 0 ELSE m.operador END
    FROM mas m, campaigns_campanasms c WHERE l.id = m.lote_id AND c.id = l.campana_id AND l.estado = {LOTE.CERRADO}
    RETURNING c.usuario_id, l.cupo_dia, m.monto, m.operador
)
SELECT usuario_id, cupo_dia, sum(monto), sum(operador) FROM tomados WHERE cupo_dia IS NOT NULL
GROUP BY usuario_id, cupo_dia ORDER BY 1, 2
"""  # noqa: S608 - constants

# One process at a time, and each step only while it is still this one's turn.
TAKE_SQL: Final = """
UPDATE campaigns_cierrediario SET turno = %(turno)s, turno_hasta = now() + %(lease)s * interval '1 second'
WHERE id = (SELECT id FROM campaigns_cierrediario
    WHERE estado <> 'listo' AND (turno_hasta IS NULL OR turno_hasta < now())
        AND (%(dia)s::date IS NULL OR dia = %(dia)s)
    ORDER BY dia LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""

HOLD_SQL: Final = """
UPDATE campaigns_cierrediario SET turno_hasta = now() + %(lease)s * interval '1 second'
WHERE id = %(cierre)s AND turno = %(turno)s RETURNING id
"""
