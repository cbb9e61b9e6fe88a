"""Services that write what happened. The caller's transaction is the move's own: both are there, or neither."""

from typing import Final

from django.db import connection

from campaigns.bitacora.alertas import avisar
from campaigns.models import Suceso
from campaigns.models.suceso import DETALLE_MAX
from campaigns.values import estados
from campaigns.values.estados import CAMPANA, LOTE
from core.ops import actor

Tipo = Suceso.Tipo

# What a move, and an end, is called afterwards.
DE_MOVES: Final = {action: Tipo(move.suceso) for action, move in estados.MOVES.items()}
DE_FINALES: Final = {estado: Tipo(row.termina) for estado, row in estados.CAMPANAS.items() if row.termina}
AVANCES: Final = {25: Tipo.AVANCE_25, 50: Tipo.AVANCE_50, 75: Tipo.AVANCE_75}

# The highest mark that the closed Lotes have passed, once. All of them: the end has an event of its own. By those who
# close Lotes, at once: each looks after its own is committed, so the last one sees them all.
AVANCE_SQL = f"""
INSERT INTO campaigns_suceso (campana_id, tipo, via, detalle)
SELECT %(campana)s, 'avance_' || m.marca, '', ''
FROM (
    SELECT 100 * coalesce(sum(l.total) FILTER (WHERE l.estado = {LOTE.CERRADO}), 0) / sum(l.total) AS hecho
    FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
    WHERE l.campana_id = %(campana)s AND c.estado <> {CAMPANA.CANCELADO}
) l CROSS JOIN LATERAL (SELECT max(marca) AS marca FROM unnest(%(marcas)s::int[]) marca WHERE marca <= l.hecho) m
WHERE m.marca IS NOT NULL AND l.hecho < 100
ON CONFLICT (campana_id, tipo) WHERE tipo IN ('avance_25', 'avance_50', 'avance_75') DO NOTHING
"""  # noqa: S608 - constants


def anotar(*, campana_id: int, tipo: Suceso.Tipo, detalle: str = "") -> Suceso:
    """Write down what just happened, with the person or program that acts, and raise the alert that goes with it.

    Args:
        detalle: the reason, for people; cut at 300 characters.
    """
    por = actor.actual()
    suceso = Suceso.objects.create(
        campana_id=campana_id,
        tipo=tipo,
        usuario_id=por.usuario_id,
        ip=por.ip,
        via=por.via,
        detalle=detalle[:DETALLE_MAX],
    )
    avisar(suceso)
    return suceso


def anotar_move(*, campana_id: int, action: str, motivo: str = "") -> Suceso:
    """Write down a move of `estados.MOVES`.

    Args:
        action: its key.
    """
    return anotar(campana_id=campana_id, tipo=DE_MOVES[action], detalle=motivo)


def anotar_avance(campana_id: int) -> None:
    """Write down the 25, 50 or 75 % that the campaign has reached, unless somebody has done so."""
    with connection.cursor() as cursor:
        cursor.execute(AVANCE_SQL, {"campana": campana_id, "marcas": list(AVANCES)})
