"""Lotes: opening one (its ledger rows are written), publishing its chord, and closing it.

Each step is one transaction guarded by the Lote's own state, so doing a step twice is doing it once.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from campaigns.audiencia.juicio import JUZGADOS
from campaigns.campana.reintentos import OCUPADO, PARAMS, elegidos
from campaigns.mensaje.enlace import enlaces_de
from campaigns.mensaje.texto import ENLACE
from campaigns.models import CampanaSMS, Lote
from campaigns.values import codigos
from core import queues
from workers.engine.lote import cupos, medida
from workers.engine.lote.cupos import Cupos
from workers.engine.lote.medida import MEDIDOS
from workers.engine.pace.rates import Sender
from workers.engine.publish import chords, slices
from workers.engine.publish.slices import Slice
from workers.metrics.measures import LOTES, Closer

LONGEST_BACKOFF_S = 300.0

# The rows' ids beforehand, because a message may hold a link that names its row.
IDS_SQL = "SELECT nextval(pg_get_serial_sequence('campaigns_smslog', 'id')) FROM generate_series(1, %s)"

# One statement: who of the frozen ids can be sent to, and why the others cannot. Rendering is the plain
# substitution of campaigns.mensaje.texto.render.
OPEN_SQL = (
    "WITH elegidos AS (SELECT u.id, u.n FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)),"  # noqa: S608 - constants
    + JUZGADOS
    + """
, finales AS (
    SELECT n, cliente_id, nombre, telefono, pais, CASE
        WHEN %(sin_enviar)s <> '' THEN %(sin_enviar)s
        -- an earlier Lote of the campaign has this phone
        WHEN codigo = '' AND EXISTS (SELECT FROM campaigns_smslog s WHERE s.campana_id = %(campana)s
            AND s.telefono = j.telefono AND s.telefono <> '' AND s.codigo <> 'telefono_duplicado')
            THEN 'telefono_duplicado'
        ELSE codigo END AS codigo
    FROM juzgados j
), reservados AS (
    SELECT * FROM unnest(%(log_ids)s::bigint[], %(enlaces)s::text[]) WITH ORDINALITY AS r (id, enlace, n)
), """
    + MEDIDOS
    + """
INSERT INTO campaigns_smslog (id, campana_id, lote_id, cliente_id, nombre, telefono, mensaje, estado, codigo, error,
    segmentos, costo, twilio_sid, entrega, entrega_codigo, intentos, ausencias, creado, actualizado)
SELECT r.id, %(campana)s, %(lote)s, cliente_id, nombre,
    -- a row that is not sent to does not hold the phone's place in the campaign
    CASE WHEN codigo IN ('', 'telefono_duplicado') THEN telefono ELSE '' END,
    CASE WHEN codigo = '' THEN replace(replace(%(mensaje)s, '{enlace_baja}', enlace), '{nombre}', nombre) ELSE '' END,
    CASE WHEN codigo = '' THEN 'pendiente' ELSE 'fallido' END,
    codigo, CASE WHEN codigo = '' THEN '' ELSE %(textos)s::jsonb ->> codigo END,
    segmentos, costo, '', '', '', 0, 0, now(), now()
FROM medidos JOIN reservados r USING (n) ORDER BY n
"""
)

FAILED_SQL = "SELECT id FROM campaigns_smslog WHERE lote_id = %s AND estado = 'fallido'"

# The failed rows of a Lote that was closed, judged again by their clients' present data. A row that still cannot be
# sent to keeps its reason, or gets the new one.
AGAIN_SQL = (
    "WITH "  # noqa: S608 - constants
    + elegidos("s.lote_id = %(lote)s")
    + ","
    + JUZGADOS
    + ", finales AS (SELECT n, nombre, telefono, pais, CASE WHEN codigo = '' AND "
    + OCUPADO
    + "THEN 'telefono_duplicado' ELSE codigo END AS codigo FROM juzgados j), "
    + MEDIDOS
    + """
UPDATE campaigns_smslog s SET nombre = f.nombre,
    telefono = CASE WHEN f.codigo IN ('', 'telefono_duplicado') THEN f.telefono ELSE '' END,
    mensaje = CASE WHEN f.codigo = ''
        THEN replace(replace(%(mensaje)s, '{enlace_baja}', r.enlace), '{nombre}', f.nombre) ELSE '' END,
    estado = CASE WHEN f.codigo = '' THEN 'pendiente' ELSE 'fallido' END, codigo = f.codigo,
    error = CASE WHEN f.codigo = '' THEN '' ELSE %(textos)s::jsonb ->> f.codigo END, intentos = 0, actualizado = now(),
    segmentos = f.segmentos, costo = f.costo
FROM medidos f JOIN unnest(%(log_ids)s::bigint[], %(enlaces)s::text[]) AS r (id, enlace) ON r.id = f.n
WHERE s.id = f.n
"""
)


def open_next(campana: CampanaSMS, held: Cupos | None = None, *, sin_enviar: str = "") -> Lote | None:
    """Open the campaign's next pending Lote: write its rows. The caller holds the campaign's lock.

    Args:
        held: the shop's quotas; None when nobody is sent to.
        sin_enviar: the code with which all of them fail at once; "" when they are to be sent.
    """
    lote = (
        Lote.objects.select_for_update().filter(campana=campana, estado=Lote.Estado.PENDIENTE).order_by("numero")
    ).first()
    if lote is None:
        return None
    params: dict[str, Any] = {
        **(held or Cupos.look(campana.usuario_id)).judge(campana),
        **medida.params(campana.mensaje),
        "lote": lote.pk,
        "ids": lote.cliente_ids,
        "mensaje": campana.mensaje,
        "sin_enviar": sin_enviar,
        "textos": json.dumps(codigos.TEXTOS),
        **PARAMS,
    }
    with connection.cursor() as cursor:
        if lote.cerrado_en is None:
            cursor.execute(IDS_SQL, [len(lote.cliente_ids)])
            cursor.execute(OPEN_SQL, params | _links(cursor.fetchall(), campana.mensaje))
        elif not sin_enviar:
            cursor.execute(FAILED_SQL, [lote.pk])
            cursor.execute(AGAIN_SQL, params | _links(cursor.fetchall(), campana.mensaje))
        if not sin_enviar:
            medida.count_odd(lote.pk, params)
        # `now()` of the database: the sweeper compares with it, and clocks of machines differ
        cursor.execute("UPDATE campaigns_lote SET estado = 'abierto', publicar_desde = now() WHERE id = %s", [lote.pk])
    lote.estado = Lote.Estado.ABIERTO
    return lote


@transaction.atomic
def cut_next(campana_id: int, parte: Decimal) -> bool:
    """Leave in the campaign's next unopened Lote a part of its recipients; the others make the campaign's last Lote.

    Args:
        parte: the share (0–1) that stays.

    Returns:
        Whether there are fewer now; not when nobody would be left, or when its rows exist already.
    """
    # As whoever opens one does: nobody takes the same numero.
    CampanaSMS.objects.select_for_update(no_key=True).only("pk").get(pk=campana_id)
    lotes = Lote.objects.filter(campana_id=campana_id)
    lote = lotes.select_for_update().filter(estado=Lote.Estado.PENDIENTE).order_by("numero").first()
    if lote is None or lote.cerrado_en is not None:
        return False
    stay = int(lote.total * parte)
    if not 0 < stay < lote.total:
        return False
    last = lotes.order_by("-numero").values_list("numero", flat=True)[0]
    rest = lote.cliente_ids[stay:]
    Lote.objects.create(campana_id=campana_id, numero=last + 1, cliente_ids=rest, total=len(rest))
    lote.cliente_ids, lote.total = lote.cliente_ids[:stay], stay
    lote.save(update_fields=["cliente_ids", "total"])
    return True


def _links(rows: list[tuple[int]], mensaje: str) -> dict[str, Any]:
    """The rows' `log_ids` in order, and the `enlaces` by which their clients opt out, if the text has one."""
    log_ids = sorted(row[0] for row in rows)
    return {"log_ids": log_ids, "enlaces": enlaces_de(log_ids) if ENLACE in mensaje else [""] * len(log_ids)}


@dataclass(frozen=True, slots=True)
class Due:
    """A Lote that is to be published.

    Args:
        after: rows up to this id were published in this pass over the Lote; None before the first.
        queue: of its shop.
        sender: of its campaign.
        again: its rows were published before, and this begins another pass over what is left of them.
    """

    lote_id: int
    after: int | None
    queue: str
    sender: Sender
    again: bool


DUE_SQL = """
UPDATE campaigns_lote l SET publicar_desde = NULL, publicado_en = now(), publicado_hasta = NULL
FROM (SELECT l.id, l.publicado_hasta, c.usuario_id, r.valor, r.segmentos_por_segundo,
        l.publicado_hasta IS NULL AND l.publicado_en IS NOT NULL AS otra_vez
    FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
    LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
    WHERE l.campana_id = %s AND c.estado = 'procesando' AND c.cierra_en > now() AND l.estado = 'abierto'
        AND l.publicar_desde <= now()
    ORDER BY l.id FOR UPDATE OF l) d
WHERE l.id = d.id RETURNING d.*
"""


def publish_due(campana_id: int, *, most: int) -> list[Slice]:
    """Publish the next slice of every open Lote whose time has come.

    The Lote is marked first and published after. A crash in between leaves a published Lote that stands
    still, which the sweeper finds; the other order could publish the same Lote from many places at once.

    Args:
        most: messages of one slice.

    Raises:
        ExhaustedError: a quota of the shop's is used up; the Lotes before were published, the others come later.
    """
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, [campana_id])
        due = [
            Due(lote_id, after, queues.envios_of(usuario_id, settings.ENVIOS_QUEUES), Sender.of(valor, ritmo), again)
            for lote_id, after, usuario_id, valor, ritmo, again in sorted(cursor.fetchall())
        ]
    published: list[Slice] = []
    for lote in due:
        try:
            if lote.again:
                # Rows that had failed, or were uncertain, may be among them: they hold nothing of today's quotas.
                cupos.renew_lote(campana_id, lote.lote_id)
            published.append(_publish(lote, most=most))
        except Exception:
            _publish_later([late.lote_id for late in due[len(published) :]])
            raise
    return published


def _publish_later(lote_ids: list[int]) -> None:
    """The broker did not take them, or not whole. Waiting until they count as lost would take longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_lote SET publicar_desde = now() + %s * interval '1 second', publicado_hasta = NULL"
            " WHERE id = ANY(%s) AND estado = 'abierto' AND (publicar_desde IS NULL OR publicado_hasta IS NOT NULL)",
            [settings.RETRY_BACKOFF_S, lote_ids],
        )


def _publish(due: Due, *, most: int) -> Slice:
    piece = slices.cut(due.lote_id, after=due.after, sender=due.sender, most=most)
    if piece.until is not None:
        # Before its tasks are published: the slice's end asks where the next one begins.
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE campaigns_lote SET publicado_hasta = %s, publicar_desde = now() + %s * interval '1 second'"
                " WHERE id = %s AND estado = 'abierto'",
                [piece.until, piece.next_in_s, due.lote_id],
            )
    elif not piece.log_ids:
        chords.close_later(due.lote_id)
    if piece.log_ids:
        # The end of a slice whose next one comes by the clock is nothing to wait for.
        closes = piece.next_in_s is None
        chords.publish(lote_id=due.lote_id, log_ids=piece.log_ids, queue=due.queue, closes=closes)
    return piece


def close(lote_id: int, by: Closer = Closer.CHORD) -> int | None:
    """Sum a Lote's rows and move it on; return its campaign's id, or None when there is no such Lote.

    - every row final: `cerrado`, with its sums;
    - only uncertain rows left: `por_conciliar`, which leaves the window to the next Lote;
    - pending rows left that were not published yet: they are the next slice, at once;
    - pending rows left (paused, told to slow down, lost): published again later, with a backoff.

    Args:
        by: who asks, for the count of closed Lotes.
    """
    closed = False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT campana_id, estado, publicado_hasta FROM campaigns_lote WHERE id = %s FOR UPDATE", [lote_id]
        )
        row = cursor.fetchone()
        if row is None:
            return None
        campana_id, estado, published = int(row[0]), row[1], row[2]
        if estado not in (Lote.Estado.ABIERTO, Lote.Estado.POR_CONCILIAR):
            return campana_id
        cursor.execute(
            "SELECT count(*) FILTER (WHERE estado = 'enviado'), count(*) FILTER (WHERE estado = 'fallido'),"
            " count(*) FILTER (WHERE estado = 'pendiente'), count(*) FILTER (WHERE estado = 'enviando'),"
            " count(*) FILTER (WHERE estado = 'incierto'),"
            " count(*) FILTER (WHERE estado = 'fallido' AND codigo = %s),"
            " count(*) FILTER (WHERE estado = 'pendiente' AND id > %s),"
            " coalesce(max(intentos) FILTER (WHERE estado = 'pendiente'), 0)"
            " FROM campaigns_smslog WHERE lote_id = %s",
            [codigos.DESCONOCIDO, published, lote_id],
        )
        exitosos, fallidos, pendientes, enviando, inciertos, desconocidos, next_slice, intentos = cursor.fetchone()
        if pendientes:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'abierto', publicado_hasta = %s,"
                " publicar_desde = coalesce(publicar_desde, now() + %s * interval '1 second') WHERE id = %s",
                [published, 0.0, lote_id] if next_slice else [None, backoff(intentos), lote_id],
            )
        elif inciertos and not enviando:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'por_conciliar', publicar_desde = NULL WHERE id = %s", [lote_id]
            )
        elif not enviando:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'cerrado', exitosos = %s, fallidos = %s, desconocidos = %s,"
                " cerrado_en = now(), publicar_desde = NULL, contado_en = NULL, asentado = false WHERE id = %s",
                [exitosos, fallidos, desconocidos, lote_id],
            )
            cupos.settle(lote_id)
            closed = True
    if closed:
        LOTES.labels(by).inc()
    return campana_id


def backoff(intentos: int) -> float:
    """How many seconds a Lote waits before its pending rows are tried again.

    Args:
        intentos: attempts already made for the most tried of them.
    """
    return min(settings.RETRY_BACKOFF_S * 2.0 ** max(intentos - 1, 0), LONGEST_BACKOFF_S)


# Of an open Lote `l`: whether it holds a place in its campaign's window. One that waits to try again does not, or a few
# stubborn recipients would keep all the others waiting. Of a limited sender's campaign only the Lote that is being
# published holds one: between the last slice of one and the first of the next the sender would stand idle.
POR_PUBLICAR = "(l.publicar_desde <= now() OR l.publicado_hasta IS NOT NULL)"
EN_VUELO = f"(l.publicar_desde IS NULL OR {POR_PUBLICAR})"


def in_flight(campana_id: int, *, paced: bool = False) -> int:
    """Lotes that hold a place in the window.

    Args:
        paced: whether the campaign's sender has a limit.
    """
    with connection.cursor() as cursor:
        counted = POR_PUBLICAR if paced else EN_VUELO
        cursor.execute(
            f"SELECT count(*) FROM campaigns_lote l WHERE campana_id = %s AND estado = 'abierto' AND {counted}",  # noqa: S608 - constants
            [campana_id],
        )
        return int(cursor.fetchone()[0])


# Lote by Lote, by its index: see the progress of a campaign.
UNSETTLED_SQL = f"""
SELECT count(*) FROM (
    SELECT FROM campaigns_lote l CROSS JOIN LATERAL (SELECT FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.estado IN ('incierto', 'pendiente')
            AND (s.estado = 'incierto' OR (l.estado = 'abierto' AND NOT {EN_VUELO})) LIMIT %(limit)s) s
    WHERE l.campana_id = %(campana)s AND l.estado IN ('abierto', 'por_conciliar') LIMIT %(limit)s
) d
"""  # noqa: S608 - a constant


def unsettled(campana_id: int, *, limit: int) -> int:
    """The campaign's rows that are uncertain or wait to be tried again, counted up to `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(UNSETTLED_SQL, {"campana": campana_id, "limit": limit})
        return int(cursor.fetchone()[0])


def fail_cancelled(campana_id: int) -> None:
    """Rows that were waiting when their campaign was cancelled end `fallido`; those in mid-call finish first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_smslog s SET estado = 'fallido', codigo = %s, error = %s, actualizado = now()"
            " FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id"
            " WHERE c.id = %s AND c.estado = 'cancelado' AND l.estado = 'abierto'"
            " AND s.lote_id = l.id AND s.estado = 'pendiente'",
            [codigos.CAMPANA_CANCELADA, codigos.TEXTOS[codigos.CAMPANA_CANCELADA], campana_id],
        )
        cursor.execute(
            "SELECT l.id FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id"
            " WHERE c.id = %s AND c.estado = 'cancelado' AND l.estado = 'abierto'",
            [campana_id],
        )
        open_ids = [row[0] for row in cursor.fetchall()]
    for lote_id in open_ids:
        close(lote_id, Closer.CANCEL)
