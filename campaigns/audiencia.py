"""Who receives a campaign: chosen by the caller, frozen when the campaign is created.

Freezing writes one array of ids per Lote in one statement; a million recipients cost a few thousand rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from campaigns.models import CampanaSMS
from core.errors import InvalidInputError

MAX_IDS = 100_000
SHOWN = 10
MAX_ID = 2**63 - 1  # PostgreSQL bigint

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
            raise InvalidInputError(SIN_DESTINATARIOS, field=field, code="empty")
        if len(unique) > MAX_IDS:
            raise InvalidInputError(DEMASIADOS, field=field, code="max_length")
        if strange := [i for i in unique if not 0 < i <= MAX_ID]:
            raise InvalidInputError(NO_EXISTEN.format(ids=strange[0]), field=field, code="does_not_exist")
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


# `ids` NULL means every active client; the branch that does not apply costs nothing (a one-time filter).
MEDIR_SQL = """
SELECT count(*), coalesce(max(char_length(nombre)), 0) FROM clientes_cliente
WHERE usuario_id = %(tenant)s AND CASE WHEN %(ids)s::bigint[] IS NULL THEN activo ELSE id = ANY(%(ids)s::bigint[]) END
"""

CONGELAR_SQL = """
WITH elegidos AS (
    SELECT u.id, u.n FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS u(id, n)
    UNION ALL
    SELECT id, row_number() OVER (ORDER BY id) FROM clientes_cliente
    WHERE %(ids)s::bigint[] IS NULL AND usuario_id = %(tenant)s AND activo
), lotes AS (
    INSERT INTO campaigns_lote (campana_id, numero, cliente_ids, total, estado, exitosos, fallidos)
    SELECT %(campana)s, (n - 1) / %(size)s + 1, array_agg(id ORDER BY n), count(*), 'pendiente', 0, 0
    FROM elegidos GROUP BY 2 RETURNING total
)
SELECT coalesce(sum(total), 0) FROM lotes
"""

MISSING_SQL = """
SELECT u.id FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS u(id, n)
WHERE NOT EXISTS (SELECT FROM clientes_cliente c WHERE c.usuario_id = %(tenant)s AND c.id = u.id)
ORDER BY u.n
"""


def medir(audiencia: Audiencia, *, tenant_id: int) -> Medida:
    """Count the audience and check that every id is a client of this shop.

    Raises:
        InvalidInputError: nobody is chosen, or an id is not the shop's. Another shop's id and an id that
            does not exist give the same text.
    """
    params = {"tenant": tenant_id, "ids": _array(audiencia.cliente_ids)}
    with connection.cursor() as cursor:
        cursor.execute(MEDIR_SQL, params)
        total, longest = cursor.fetchone()
        if audiencia.cliente_ids is not None and total < len(audiencia.cliente_ids):
            cursor.execute(MISSING_SQL, params)
            missing = [row[0] for row in cursor.fetchall()]
            more = f" y {len(missing) - SHOWN} más" if len(missing) > SHOWN else ""
            shown = ", ".join(map(str, missing[:SHOWN])) + more
            raise InvalidInputError(NO_EXISTEN.format(ids=shown), field=audiencia.field, code="does_not_exist")
    if total == 0:
        raise InvalidInputError(SIN_DESTINATARIOS, field=audiencia.field, code="empty")
    return Medida(total, longest)


def congelar(audiencia: Audiencia, *, campana: CampanaSMS) -> int:
    """Write the campaign's Lotes and return how many recipients they hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            CONGELAR_SQL,
            {
                "campana": campana.pk,
                "tenant": campana.usuario_id,
                "size": settings.LOTE_SIZE,
                "ids": _array(audiencia.cliente_ids),
            },
        )
        return int(cursor.fetchone()[0])


def _array(ids: tuple[int, ...] | None) -> str | None:
    # One literal; psycopg2's ARRAY[1, 2, …] costs the server a parse node for each of 100,000 ids.
    return None if ids is None else "{" + ",".join(map(str, ids)) + "}"
