"""Lotes whose time to be published has come: taken by one process each, and given back when it cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection

from campaigns.values.estados import CAMPANA, LOTE
from core import queues
from core.senders import NO_LIMIT
from workers.engine.pace.rates import Sender
from workers.engine.publish.window import SIN_LIMITE


@dataclass(frozen=True, slots=True)
class Due:
    """A Lote that is to be published.

    Args:
        after: rows up to this id were published in this pass over the Lote; None before the first.
        queue: of its shop.
        sender: of its campaign.
        again: its rows were published before, and this begins another pass over what is left of them.
        campana_id: its campaign.
        before: when something of it was published last.
    """

    lote_id: int
    after: int | None
    queue: str
    sender: Sender
    again: bool
    campana_id: int
    before: datetime | None

    @property
    def is_paced(self) -> bool:
        return self.sender.rate != NO_LIMIT


# Marked first and published after: a process that dies in between leaves a published Lote that stands still, which the
# sweeper finds. The other order could publish one Lote from many places at once.
_DUE: Final = f"""
UPDATE campaigns_lote l SET publicar_desde = NULL, publicado_en = now(), publicado_hasta = NULL
FROM (SELECT l.id, l.publicado_hasta, c.usuario_id, r.valor, r.segmentos_por_segundo,
        l.publicado_hasta IS NULL AND l.publicado_en IS NOT NULL AS otra_vez, l.campana_id, l.publicado_en
    FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
    LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
    WHERE {{which}} AND c.estado = {CAMPANA.PROCESANDO} AND c.cierra_en > now() AND l.estado = {LOTE.ABIERTO}
        AND l.publicar_desde <= now()
    ORDER BY {{order}}) d
WHERE l.id = d.id RETURNING d.*
"""  # noqa: S608 - constants
DUE_SQL: Final = _DUE.format(which="l.campana_id = %(campana)s", order="l.id FOR UPDATE OF l")
# Of any campaigns of senders with a limit. Of one sender's that are due together the one goes first that has waited
# longest; what another process has just taken, or somebody closes, is left to them.
PACED_SQL: Final = _DUE.format(
    which=f"NOT {SIN_LIMITE}",
    order="date_trunc('second', l.publicar_desde), l.publicado_en NULLS FIRST, l.id LIMIT %(most)s"
    " FOR UPDATE OF l SKIP LOCKED",
)

LATER_SQL: Final = f"""
UPDATE campaigns_lote SET publicar_desde = now() + %s * interval '1 second', publicado_hasta = NULL
WHERE id = ANY(%s) AND estado = {LOTE.ABIERTO} AND (publicar_desde IS NULL OR publicado_hasta IS NOT NULL)
"""  # noqa: S608 - constants


def of_campaign(campana_id: int) -> list[Due]:
    """Take every Lote of a campaign that is due, in their order."""
    return sorted(_take(DUE_SQL, {"campana": campana_id}), key=lambda lote: lote.lote_id)


def paced(*, most: int) -> list[Due]:
    """Take Lotes of senders with a limit that are due, those that have waited longest first.

    Args:
        most: Lotes.
    """
    found = _take(PACED_SQL, {"most": most, "sin_limite": settings.SENDER_SEGMENTS_PER_S == NO_LIMIT})
    return sorted(found, key=lambda lote: (lote.before is not None, lote.before, lote.lote_id))


def _take(sql: str, params: Mapping[str, Any]) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            Due(
                lote_id,
                after,
                queues.envios_of(usuario_id, settings.ENVIOS_QUEUES),
                Sender.of(valor, ritmo),
                again,
                campana_id,
                before,
            )
            for lote_id, after, usuario_id, valor, ritmo, again, campana_id, before in cursor.fetchall()
        ]


def publish_later(lote_ids: Sequence[int], *, in_s: float | None = None) -> None:
    """Let Lotes that were taken be published from their beginning: the broker did not take them, or not whole. Waiting
    until they count as lost would take longer.

    Args:
        in_s: seconds from now; None for RETRY_BACKOFF_S.
    """
    with connection.cursor() as cursor:
        cursor.execute(LATER_SQL, [settings.RETRY_BACKOFF_S if in_s is None else in_s, list(lote_ids)])
