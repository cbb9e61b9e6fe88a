"""The question that every message asks before it is sent: may this phone be written to?

One answer for all who ask: the preview, the opening of a Lote and the claim of a message.
"""

from typing import Final

from django.db.models import Q, QuerySet, Value

from clientes.models import Baja, Cliente, Huella


def fuera_sql(*, telefono: str, tienda: str, remitente: str) -> str:
    """Return an SQL condition that is true when nothing may be sent to the phone: the last word that applies is an
    opt-out.

    Args:
        telefono, tienda, remitente: SQL expressions of the phone in E.164, the shop's id and the sender's name.
    """
    # A sub-select with LIMIT goes by the index, phone by phone, whatever the statistics say.
    return f"""EXISTS (SELECT FROM (
        SELECT b.vigente FROM clientes_baja b
        WHERE b.marca = clientes_huella({telefono})
            AND (b.usuario_id = {tienda} OR (b.usuario_id IS NULL AND b.remitente = {remitente}))
        ORDER BY b.desde DESC LIMIT 1) ultima WHERE ultima.vigente)"""  # noqa: S608 - expressions of ours


# For a question about very many phones: the list of all that are out, which the planner joins by hashing. The condition
# of `fuera_sql` costs about ten microseconds a phone; this list is read whole, however few the phones are.
LISTA_SQL: Final = """
fuera AS MATERIALIZED (
    SELECT marca FROM (
        SELECT DISTINCT ON (marca) marca, vigente FROM clientes_baja
        WHERE usuario_id = %(tenant)s OR (usuario_id IS NULL AND remitente = %(remitente)s)
        ORDER BY marca, desde DESC) ultimas
    WHERE vigente
)
"""


def en_lista_sql(*, telefono: str) -> str:
    """Return the condition of `fuera_sql`, asked of LISTA_SQL.

    Args:
        telefono: SQL expression of the phone in E.164.
    """
    # Nobody's hash is reckoned for an empty list.
    found = f"EXISTS (SELECT FROM fuera WHERE marca = clientes_huella({telefono}))"
    return f"(SELECT EXISTS (SELECT FROM fuera)) AND {found}"  # noqa: S608 - expressions of ours


def huella(telefono: str) -> Huella:
    """Return what a phone in E.164 is found by, for a query or a new row: the database alone can reckon it."""
    return Huella(Value(telefono))


def sin_baja(clientes: QuerySet[Cliente], *, tienda_id: int, remitente: str) -> QuerySet[Cliente]:
    """Filter the shop's clients to those whose phone may be written to from this sender, with LISTA_SQL for Django's
    queries."""
    applies = Q(usuario_id=tienda_id) | Q(usuario__isnull=True, remitente=remitente)
    last = Baja.objects.filter(applies).order_by("huella", "-desde").distinct("huella")
    out = Baja.objects.filter(pk__in=last.values("pk"), vigente=True)
    return clientes.alias(mark=Huella("telefono_e164")).exclude(mark__in=out.values("huella"))
