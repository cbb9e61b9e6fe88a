"""The Lotes and recipients of a campaign that are under way: Lotes that hold a place in its window, and recipients that
are not settled yet."""

from django.conf import settings
from django.db import connection

from campaigns.values.estados import LOTE, SMS

# Whether an open Lote `l` holds a place in its campaign's window. One that waits to try again does not, or a few
# stubborn recipients would keep all the others waiting. Of a limited sender's campaign only the Lote that is being
# published holds one: between the last slice of one and the first of the next the sender would stand idle.
POR_PUBLICAR = "(l.publicar_desde <= now() OR l.publicado_hasta IS NOT NULL)"
EN_VUELO = f"(l.publicar_desde IS NULL OR {POR_PUBLICAR})"


OPEN_SQL = f"SELECT count(*) FROM campaigns_lote l WHERE campana_id = %s AND estado = {LOTE.ABIERTO} AND {EN_VUELO}"  # noqa: S608 - constants
PACED_SQL = (
    f"SELECT count(*) FROM campaigns_lote l WHERE campana_id = %s AND estado = {LOTE.ABIERTO} AND {POR_PUBLICAR}"  # noqa: S608 - constants
)


def in_flight(campana_id: int, *, paced: bool = False) -> int:
    """Lotes that hold a place in the window.

    Args:
        paced: whether the campaign's sender has a limit.
    """
    with connection.cursor() as cursor:
        cursor.execute(PACED_SQL if paced else OPEN_SQL, [campana_id])
        return int(cursor.fetchone()[0])


# Lote by Lote, by its index: see the progress of a campaign. A row that is still uncertain long after its Lote was
# published may stay so until the deadline, as where an account hides its texts: nobody else waits for that.
YOUNG = "l.publicado_en > now() - %(young)s * interval '1 second'"
UNSETTLED_SQL = f"""
SELECT count(*) FROM (
    SELECT FROM campaigns_lote l CROSS JOIN LATERAL (SELECT FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.estado IN {SMS.SIN_ASENTAR}
            AND CASE WHEN s.estado = {SMS.INCIERTO} THEN {YOUNG}
                ELSE l.estado = {LOTE.ABIERTO} AND NOT {EN_VUELO} END LIMIT %(limit)s) s
    WHERE l.campana_id = %(campana)s AND l.estado IN {LOTE.EN_CURSO} AND (l.estado = {LOTE.ABIERTO} OR {YOUNG})
    LIMIT %(limit)s
) d
"""  # noqa: S608 - a constant


def unsettled(campana_id: int, *, limit: int) -> int:
    """The campaign's rows that are lately uncertain or wait to be tried again, counted up to `limit`."""
    # The two looks that free a row, and as much again.
    young = settings.LEASE_S + 4 * settings.RECONCILE_INTERVAL_S
    with connection.cursor() as cursor:
        cursor.execute(UNSETTLED_SQL, {"campana": campana_id, "limit": limit, "young": young})
        return int(cursor.fetchone()[0])
