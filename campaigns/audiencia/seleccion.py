"""The recipients of a campaign: chosen by the caller, frozen when the campaign is created.

Freezing writes one array of ids per Lote in one statement; a million recipients cost a few thousand rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from campaigns.models import CampanaSMS
from campaigns.values.estados import LOTE
from clientes.condiciones import filtrar
from clientes.models import Cliente, Etiqueta, Segmento
from core.errors import InvalidInputError
from core.ids import MAX_ID, sin_repetir

MAX_IDS = 100_000
SHOWN = 10

SIN_DESTINATARIOS = "La campaña no tiene destinatarios."
DEMASIADOS = 'Máximo 100.000 ids por petición; para todos los clientes use {"audiencia": {"todos": true}}.'
NO_EXISTEN = "No existen clientes con estos ids: {ids}."
NO_EXISTE_ETIQUETA = "No existen etiquetas con estos ids: {ids}."
NO_EXISTE_SEGMENTO = "No existe un segmento con id {ids}."


@dataclass(frozen=True, slots=True)
class Seleccion:
    """Clients that are in any of these.

    Args:
        todos: every active client of the shop.
        cliente_ids: these, active or not: one who was named and cannot be sent to is told why.
        etiquetas: active clients with any of these tags.
        segmento: id of a saved segment; its active clients.
    """

    todos: bool = False
    cliente_ids: tuple[int, ...] = ()
    etiquetas: tuple[int, ...] = ()
    segmento: int | None = None

    def __bool__(self) -> bool:
        return bool(self.todos or self.cliente_ids or self.etiquetas or self.segmento)


@dataclass(frozen=True, slots=True)
class Llamado:
    """A recipient whom a call names by phone.

    Args:
        quien: the client's id; of who is none, minus the place in the call, from 1.
        nombre: as the text says it; "" when it is not known.
        valores: of the text's variables, for this campaign alone.
        codigo, error, telefono: of who is no client, the verdict with its text, and the phone where there is one.
        suyo: whether that name is the client's own, and not the call's.
    """

    quien: int
    nombre: str
    valores: Mapping[str, str]
    suyo: bool = False
    codigo: str = ""
    error: str = ""
    telefono: str = ""


@dataclass(frozen=True, slots=True)
class Audiencia:
    """The choice of recipients.

    Args:
        incluir, excluir: who is in, and who of them is left out after all.
        field: the request's field, for errors.
        llamados: who is in before all these, whoever is left out of them, and each once.
    """

    incluir: Seleccion
    excluir: Seleccion = field(default_factory=Seleccion)
    field: str = "audiencia"
    llamados: tuple[Llamado, ...] = ()

    def __post_init__(self) -> None:
        if not self.incluir and not self.llamados:
            raise InvalidInputError(SIN_DESTINATARIOS, field=self.field, code="empty")
        for ids in (self.incluir.cliente_ids, self.excluir.cliente_ids):
            if len(ids) > MAX_IDS:
                raise InvalidInputError(DEMASIADOS, field=self.field, code="max_length")
            if strange := [i for i in ids if not 0 < i <= MAX_ID]:
                raise InvalidInputError(NO_EXISTEN.format(ids=strange[0]), field=self.field, code="does_not_exist")

    @classmethod
    def de_ids(cls, ids: Iterable[int], *, field: str = "cliente_ids") -> "Audiencia":
        return cls(Seleccion(cliente_ids=tuple(sin_repetir(ids))), field=field)

    @classmethod
    def todos(cls, *, field: str = "audiencia") -> "Audiencia":
        return cls(Seleccion(todos=True), field=field)

    @property
    def only_ids(self) -> bool:
        """A plain list of ids keeps the caller's order and needs no question asked of the database."""
        only = self.incluir == Seleccion(cliente_ids=self.incluir.cliente_ids) and not self.excluir
        return only and not self.llamados

    @property
    def variables(self) -> frozenset[str] | None:
        """Return the variables of which some of the called has a value; None when nobody is called."""
        return frozenset(name for one in self.llamados for name in one.valores) if self.llamados else None

    @property
    def quienes(self) -> str:
        """Return `quien` of all the called, as an array of PostgreSQL."""
        return _array(one.quien for one in self.llamados)


@dataclass(frozen=True, slots=True)
class Medida:
    """The size of an audience.

    Args:
        total: recipients.
        longest_nombre: characters of the longest name among them, but for the called, whose texts are their own.
    """

    total: int
    longest_nombre: int


MISSING_SQL = """
SELECT u.id FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS u(id, n)
WHERE NOT EXISTS (SELECT FROM clientes_cliente c WHERE c.usuario_id = %(tenant)s AND c.id = u.id)
ORDER BY u.n
"""

MEDIR_IDS_SQL = """
SELECT count(*), coalesce(max(char_length(nombre)), 0) FROM clientes_cliente
WHERE usuario_id = %(tenant)s AND id = ANY(%(ids)s::bigint[])
"""

MEDIR_LLAMADOS_SQL: Final = """
SELECT count(*), coalesce(max(char_length(c.nombre)) FILTER (WHERE e.n > %s), 0)
FROM ({elegidos}) AS e LEFT JOIN clientes_cliente c ON c.id = e.id
"""

# One array of all, then slices of it: of an array of numbers that is a copy without a search.
CONGELAR_SQL = f"""
WITH elegidos AS MATERIALIZED ({{elegidos}}), lotes AS (
    INSERT INTO campaigns_lote (campana_id, numero, cliente_ids, total, estado, exitosos, fallidos)
    SELECT %s, k + 1, tanda, cardinality(tanda), {LOTE.PENDIENTE}, 0, 0
    FROM elegidos, LATERAL (SELECT %s AS size) AS s,
        generate_series(0, (cardinality(ids) - 1) / size) AS k,
        LATERAL (SELECT ids[k * size + 1 : (k + 1) * size] AS tanda OFFSET 0) AS t
    RETURNING total
)
SELECT coalesce(sum(total), 0) FROM lotes
"""  # noqa: S608 - constants

# The called first, in their order, then the others of the audience; nobody twice. It ends with Django's own SELECT of
# the audience, as `q`.
CON_LLAMADOS_SQL: Final = """
SELECT id, n FROM unnest(%s::bigint[]) WITH ORDINALITY AS l(id, n)
UNION ALL
SELECT q.id, %s + q.id FROM ({otros}) AS q
WHERE NOT EXISTS (SELECT FROM unnest(%s::bigint[]) AS l(id) WHERE l.id = q.id)
"""


def leer_medida(audiencia: Audiencia, *, tenant_id: int) -> Medida:
    """Count the audience client by client, and check that all it names is this shop's.

    Raises:
        InvalidInputError: nobody is chosen, or an id is not the shop's. Another shop's id and an id that
            does not exist give the same text.
    """
    if audiencia.only_ids:
        params: dict[str, Any] = {"tenant": tenant_id, "ids": _array(audiencia.incluir.cliente_ids)}
        with connection.cursor() as cursor:
            cursor.execute(MEDIR_IDS_SQL, params)
            total, longest = cursor.fetchone()
        if total < len(audiencia.incluir.cliente_ids):
            _refuse_missing(audiencia.incluir.cliente_ids, tenant_id, audiencia.field)
        return Medida(total, longest)
    comprobar(audiencia, tenant_id=tenant_id)
    if audiencia.llamados:
        sql, given = elegidos_sql(audiencia, tenant_id=tenant_id)
        with connection.cursor() as cursor:
            cursor.execute(MEDIR_LLAMADOS_SQL.replace("{elegidos}", sql), [len(audiencia.llamados), *given])
            total, longest = cursor.fetchone()
        return Medida(total, longest)
    found = clientes_de(audiencia, tenant_id=tenant_id).aggregate(
        total=Count("id"), longest=Max(Length("nombre"), default=0)
    )
    if found["total"] == 0:
        raise InvalidInputError(SIN_DESTINATARIOS, field=audiencia.field, code="empty")
    return Medida(found["total"], found["longest"])


def comprobar(audiencia: Audiencia, *, tenant_id: int) -> None:
    """Check that all the audience names is this shop's, whether or not anybody is in it now.

    Raises:
        InvalidInputError: an id is not the shop's.
    """
    for seleccion in (audiencia.incluir, audiencia.excluir):
        _check(seleccion, tenant_id, audiencia.field)


def congelar(audiencia: Audiencia, *, campana: CampanaSMS) -> int:
    """Write the campaign's Lotes and return how many recipients they hold."""
    if audiencia.only_ids:
        sql, params = "SELECT %s::bigint[] AS ids", [_array(audiencia.incluir.cliente_ids)]
    elif audiencia.llamados:
        inner, params = elegidos_sql(audiencia, tenant_id=campana.usuario_id)
        sql = f"SELECT array_agg(id ORDER BY n) AS ids FROM ({inner}) AS q"  # noqa: S608 - constants
    else:
        inner, given = clientes_de(audiencia, tenant_id=campana.usuario_id).values("id").query.sql_with_params()
        sql, params = f"SELECT array_agg(id ORDER BY id) AS ids FROM ({inner}) AS q", list(given)  # noqa: S608 - constants
    with connection.cursor() as cursor:
        cursor.execute(CONGELAR_SQL.replace("{elegidos}", sql), [*params, campana.pk, settings.LOTE_SIZE])
        return int(cursor.fetchone()[0])


def elegidos_sql(audiencia: Audiencia, *, tenant_id: int) -> tuple[str, list[Any]]:
    """A SELECT of the audience's (id, n), n growing in the order of sending, and its parameters."""
    if audiencia.only_ids:
        sql = "SELECT id, n FROM unnest(%s::bigint[]) WITH ORDINALITY AS u(id, n)"
        return sql, [_array(audiencia.incluir.cliente_ids)]
    if audiencia.llamados:
        others = replace(audiencia, llamados=()) if audiencia.incluir else None
        clientes = clientes_de(others, tenant_id=tenant_id) if others else Cliente.objects.none()
        try:
            inner, given = clientes.values("id").query.sql_with_params()
        except EmptyResultSet:
            inner, given = "SELECT 0::bigint AS id WHERE false", ()
        quienes = audiencia.quienes
        return CON_LLAMADOS_SQL.replace("{otros}", inner), [quienes, len(audiencia.llamados), *given, quienes]
    inner, params = clientes_de(audiencia, tenant_id=tenant_id).values("id").query.sql_with_params()
    # Django's own SQL with its parameters apart: nothing of the request is in the text.
    return f"SELECT id, id AS n FROM ({inner}) AS q", list(params)  # noqa: S608 - constants


def clientes_de(audiencia: Audiencia, *, tenant_id: int) -> QuerySet[Cliente]:
    """The audience as a query, in no order."""
    clientes = Cliente.objects.filter(usuario_id=tenant_id).order_by()
    who = _in(audiencia.incluir, tenant_id)
    if audiencia.excluir:
        who &= ~_in(audiencia.excluir, tenant_id)
    if audiencia.llamados:
        who |= Q(pk__in=[one.quien for one in audiencia.llamados if one.quien > 0])
    return clientes.filter(who)


def _in(seleccion: Seleccion, tenant_id: int) -> Q:
    active = Q(pk__in=[])
    if seleccion.todos:
        active |= Q(pk__isnull=False)
    if seleccion.etiquetas:
        tagged = Cliente.etiquetas.through.objects.filter(cliente=OuterRef("pk"), etiqueta__in=seleccion.etiquetas)
        active |= Q(Exists(tagged))
    if seleccion.segmento:
        segmento = Segmento.objects.get(pk=seleccion.segmento, usuario_id=tenant_id)
        clientes = filtrar(Cliente.objects.filter(usuario_id=tenant_id).order_by(), segmento.condiciones)
        active |= Q(pk__in=clientes.values("pk"))
    return (Q(activo=True) & active) | Q(pk__in=seleccion.cliente_ids)


def _check(seleccion: Seleccion, tenant_id: int, field: str) -> None:
    if seleccion.cliente_ids:
        _refuse_missing(seleccion.cliente_ids, tenant_id, field)
    etiquetas = Etiqueta.objects.filter(usuario_id=tenant_id, pk__in=seleccion.etiquetas).values_list("pk", flat=True)
    if missing := sorted(set(seleccion.etiquetas) - set(etiquetas)):
        raise InvalidInputError(NO_EXISTE_ETIQUETA.format(ids=_shown(missing)), field=field, code="does_not_exist")
    segmento = seleccion.segmento
    if segmento and not Segmento.objects.filter(usuario_id=tenant_id, pk=segmento).exists():
        raise InvalidInputError(NO_EXISTE_SEGMENTO.format(ids=segmento), field=field, code="does_not_exist")


def _refuse_missing(ids: tuple[int, ...], tenant_id: int, field: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MISSING_SQL, {"tenant": tenant_id, "ids": _array(ids)})
        missing = [row[0] for row in cursor.fetchall()]
    if missing:
        raise InvalidInputError(NO_EXISTEN.format(ids=_shown(missing)), field=field, code="does_not_exist")


def _shown(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:SHOWN])) + (f" y {len(ids) - SHOWN} más" if len(ids) > SHOWN else "")


def _array(ids: Iterable[int]) -> str:
    # One literal; psycopg2's ARRAY[1, 2, …] costs the server a parse node for each of 100,000 ids.
    return "{" + ",".join(map(str, ids)) + "}"
