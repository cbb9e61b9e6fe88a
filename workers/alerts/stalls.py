"""Finding campaigns that should move and do not."""

from typing import Final

from django.db import connection, transaction

from campaigns.bitacora.services import anotar
from campaigns.models import CampanaSMS, Suceso
from campaigns.models.alerta import MINUTOS_SIN_AVANCE
from core.text.formato import duracion

DETENIDA: Final = "Lleva {tiempo} sin que salga ningún mensaje."

# A campaign in course of which for so long no message was sent or given up, no Lote closed and nobody made a move. What
# was only tried is no progress: a message that Twilio puts off (429) is claimed and given back all day. It waits on
# purpose for the shop's next window, and when none of its open Lotes is to be published for longer than that. The end
# of its jornada is a move too: a change of the settings ends one, that of a campaign that waits since Friday as well,
# and what follows is done by whoever looks next. One that was reported is reported again only after it has moved.
STALLED_SQL = """
SELECT c.id, extract(epoch FROM now() - m.movido)::float8
FROM campaigns_campanasms c
LEFT JOIN campaigns_ajustesalertas a ON a.usuario_id = c.usuario_id
CROSS JOIN LATERAL (SELECT coalesce(a.minutos_sin_avance, %(minutos)s) * interval '1 minute' AS plazo) p
CROSS JOIN LATERAL (
    SELECT greatest(c.iniciado_en, c.espera_hasta, CASE WHEN c.cierra_en <= now() THEN c.cierra_en END,
        (SELECT max(s.creado) FROM campaigns_suceso s WHERE s.campana_id = c.id AND s.tipo <> 'sin_avance'),
        (SELECT max(l.cerrado_en) FROM campaigns_lote l WHERE l.campana_id = c.id),
        (SELECT max(f.actualizado) FROM campaigns_lote l CROSS JOIN LATERAL (
            SELECT max(s.actualizado) FILTER (WHERE s.estado IN ('enviado', 'fallido')) AS actualizado
            FROM campaigns_smslog s WHERE s.lote_id = l.id
        ) f WHERE l.campana_id = c.id AND l.estado IN ('abierto', 'por_conciliar'))) AS movido
) m
WHERE c.completado_en IS NULL AND c.estado = 'procesando'
    AND m.movido < now() - p.plazo
    AND NOT EXISTS (SELECT FROM campaigns_suceso s
        WHERE s.campana_id = c.id AND s.tipo = 'sin_avance' AND s.creado > m.movido)
    AND NOT coalesce((SELECT bool_and(l.publicar_desde > now() + p.plazo) FROM campaigns_lote l
        WHERE l.campana_id = c.id AND l.estado = 'abierto'), false)
"""


def report() -> int:
    """Write down, and so tell, which campaigns have stopped moving; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(STALLED_SQL, {"minutos": MINUTOS_SIN_AVANCE})
        found = cursor.fetchall()
    return sum(_report(campana_id, seconds) for campana_id, seconds in found)


@transaction.atomic
def _report(campana_id: int, seconds: float) -> bool:
    # Two at once: the second finds it written.
    CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
    with connection.cursor() as cursor:
        known = {"minutos": MINUTOS_SIN_AVANCE, "id": campana_id}
        cursor.execute(f"SELECT id FROM ({STALLED_SQL}) s WHERE id = %(id)s", known)  # noqa: S608 - constants
        if cursor.fetchone() is None:
            return False
    anotar(campana_id=campana_id, tipo=Suceso.Tipo.SIN_AVANCE, detalle=DETENIDA.format(tiempo=duracion(seconds)))
    return True
