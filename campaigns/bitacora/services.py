"""Writing what happened. The caller's transaction is the move's own: both are there, or neither."""

from typing import Final

from django.db import connection

from campaigns.bitacora.alertas import avisar
from campaigns.models import CampanaSMS, Suceso
from core.ops import actor

DETALLE_MAX: Final = 300
Tipo = Suceso.Tipo

# action of campaigns.values.estados.MOVES: what it is called afterwards
DE_MOVES: Final = {
    "iniciar": Tipo.INICIADA,
    "pausar": Tipo.PAUSADA,
    "reanudar": Tipo.REANUDADA,
    "cancelar": Tipo.CANCELADA,
    "reintentar": Tipo.REINTENTADA,
}
DE_FINALES: Final = {
    CampanaSMS.Estado.COMPLETADO: Tipo.COMPLETADA,
    CampanaSMS.Estado.ERROR: Tipo.ERROR,
    CampanaSMS.Estado.CANCELADO: Tipo.CERRADA,
}
AVANCES: Final = {25: Tipo.AVANCE_25, 50: Tipo.AVANCE_50, 75: Tipo.AVANCE_75}

# The highest mark that the closed Lotes have passed, once. All of them: the end has an event of its own. By those who
# close Lotes, at once: each looks after its own is committed, so the last one sees them all.
AVANCE_SQL = """
INSERT INTO campaigns_suceso (campana_id, tipo, via, detalle)
SELECT %(campana)s, 'avance_' || m.marca, '', ''
FROM (
    SELECT 100 * coalesce(sum(total) FILTER (WHERE estado = 'cerrado'), 0) / sum(total) AS hecho
    FROM campaigns_lote WHERE campana_id = %(campana)s
) l CROSS JOIN LATERAL (SELECT max(marca) AS marca FROM unnest(%(marcas)s::int[]) marca WHERE marca <= l.hecho) m
WHERE m.marca IS NOT NULL AND l.hecho < 100
ON CONFLICT (campana_id, tipo) WHERE tipo IN ('avance_25', 'avance_50', 'avance_75') DO NOTHING
"""


def anotar(*, campana_id: int, tipo: Suceso.Tipo, detalle: str = "") -> Suceso:
    """Write down what just happened, by whoever is acting, and raise the alert that goes with it.

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
    """Write down the 25, 50 or 75 % that the campaign has reached, if it has and nobody did."""
    with connection.cursor() as cursor:
        cursor.execute(AVANCE_SQL, {"campana": campana_id, "marcas": list(AVANCES)})
