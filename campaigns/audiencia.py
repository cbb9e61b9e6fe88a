"""Who receives a campaign: chosen by the caller, frozen when the campaign is created.

Freezing writes one array of ids per Lote in one statement; a million recipients cost a few thousand rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from campaigns.models import CampanaSMS
from core.errors import InvalidInput

MAX_IDS = 100_000
SHOWN = 10
BIGINT = 2**63

SIN_DESTINATARIOS = "La campaña no tiene destinatarios."
DEMASIADOS = 'Máximo 100.000 ids por petición; para todos los clientes use {"audiencia": {"todos": true}}.'
NO_EXISTEN = "No existen clientes con estos ids: {ids}."


@dataclass(frozen=True, slots=True)
class Audiencia:
    """Args:
    cliente_ids: the chosen clients, without repetition; None means every active client of the shop.
    field: the request's field, for errors.
    """

    cliente_ids: tuple[int, ...] | None
    field: str

    @classmethod
    def de_ids(cls, ids: Iterable[int], *, field: str = "cliente_ids") -> "Audiencia":
        unique = tuple(dict.fromkeys(ids))
        if not unique:
            raise InvalidInput(SIN_DESTINATARIOS, field=field, code="empty")
        if len(unique) > MAX_IDS:
            raise InvalidInput(DEMASIADOS, field=field, code="max_length")
        return cls(unique, field)

    @classmethod
    def todos(cls, *, field: str = "audiencia") -> "Audiencia":
        return cls(None, field)


@dataclass(frozen=True, slots=True)
class Medida:
    """Args:
    total: recipients.
    longest_nombre: characters of the longest name among them.
    """

    total: int
    longest_nombre: int


def medir(audiencia: Audiencia, *, tenant_id: int) -> Medida:
    """Count the audience and check that every id is a client of this shop.

    Raises:
        InvalidInput: nobody is chosen, or an id is not the shop's. Another shop's id and an id that does not
            exist give the same text.
    """
    where, params = "activo", [tenant_id]
    if audiencia.cliente_ids is not None:
        where, params = "id = ANY(%s::bigint[])", [tenant_id, _array(audiencia.cliente_ids)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(max(char_length(nombre)), 0) FROM clientes_cliente"  # noqa: S608
            f" WHERE usuario_id = %s AND {where}",
            params,
        )
        total, longest = cursor.fetchone()
    if audiencia.cliente_ids is not None and total < len(audiencia.cliente_ids):
        ids = _missing(audiencia.cliente_ids, tenant_id)
        shown = ", ".join(map(str, ids[:SHOWN])) + (f" y {len(ids) - SHOWN} más" if len(ids) > SHOWN else "")
        raise InvalidInput(NO_EXISTEN.format(ids=shown), field=audiencia.field, code="does_not_exist")
    if total == 0:
        raise InvalidInput(SIN_DESTINATARIOS, field=audiencia.field, code="empty")
    return Medida(total, longest)


def congelar(audiencia: Audiencia, *, campana: CampanaSMS) -> int:
    """Write the campaign's Lotes and return how many recipients they hold."""
    if audiencia.cliente_ids is None:
        source = (
            "SELECT id, row_number() OVER (ORDER BY id) AS n FROM clientes_cliente WHERE usuario_id = %s AND activo"
        )
        params: list[object] = [campana.usuario_id]
    else:
        source = "SELECT id, n FROM unnest(%s::bigint[]) WITH ORDINALITY AS u(id, n)"
        params = [_array(audiencia.cliente_ids)]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH lotes AS ("
            " INSERT INTO campaigns_lote (campana_id, numero, cliente_ids, total, estado, exitosos, fallidos)"
            "  SELECT %s, (n - 1) / %s + 1, array_agg(id ORDER BY n), count(*), 'pendiente', 0, 0"  # noqa: S608
            f" FROM ({source}) AS elegidos GROUP BY 2 RETURNING total"
            ") SELECT coalesce(sum(total), 0) FROM lotes",
            [campana.pk, settings.LOTE_SIZE, *params],
        )
        return int(cursor.fetchone()[0])


def _array(ids: Iterable[int]) -> str:
    # One literal; psycopg2's ARRAY[1, 2, …] costs the server a parse node for each of 100,000 ids.
    return "{" + ",".join(str(i) for i in ids if -BIGINT <= i < BIGINT) + "}"


def _missing(ids: tuple[int, ...], tenant_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM clientes_cliente WHERE usuario_id = %s AND id = ANY(%s::bigint[])",
            [tenant_id, _array(ids)],
        )
        found = {row[0] for row in cursor.fetchall()}
    return [i for i in ids if i not in found]
