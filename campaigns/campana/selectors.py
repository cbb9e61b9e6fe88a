"""Selectors of campaigns. Each one starts from the tenant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Min, QuerySet, Subquery, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from campaigns.audiencia.resultado import EXCLUIDOS, NO_ENVIADOS, Resultado, Resultados, cuantos_sql, resultado_de
from campaigns.campana.motivos import remedio
from campaigns.models import CampanaSMS, Lote, PlantillaSMS, SMSLog
from campaigns.values import codigos, twilio
from campaigns.values.estados import ESPERA_FECHA, LOTE, SMS, EstadoSMS
from clientes.models import Cliente
from core.cache import Recent
from core.llaves import huella
from core.models import Usuario
from core.permisos import Accion

RATE_WINDOW_S = 10
WINDOW = f"interval '{RATE_WINDOW_S} seconds'"
EN_CURSO_MAX = 200  # campaigns of a shop that the dashboard sums while they run
FALLOS_MAX = 10_000  # failures that are grouped by reason; beyond it the groups are a sample


def plantillas_de(usuario: Usuario) -> QuerySet[PlantillaSMS]:
    return PlantillaSMS.objects.filter(usuario_id=usuario.tenant_id)


def campanas_de(usuario: Usuario, *, solo_prueba: bool = False) -> QuerySet[CampanaSMS]:
    """Return the campaigns of the shop.

    Args:
        solo_prueba: only those of test keys, which see no others.
    """
    found = CampanaSMS.objects.filter(usuario_id=usuario.tenant_id).defer("idempotency_key", "idempotency_hash")
    if not usuario.puede(Accion.VER_CLIENTES):
        found = found.filter(respuesta_a=None)  # an answer is as much the client's as what it answers
    return found.filter(prueba=True) if solo_prueba else found


def lista_de(usuario: Usuario) -> QuerySet[CampanaSMS]:
    """Return the campaigns that the pages list: an answer to one client stands in the conversation instead."""
    return campanas_de(usuario).filter(respuesta_a=None)


def logs_de(usuario: Usuario) -> QuerySet[SMSLog]:
    """Return all that the shop has written to anybody, or wanted to: what a test key made is none of it."""
    return SMSLog.objects.filter(campana__usuario_id=usuario.tenant_id, campana__prueba=False)


@dataclass(frozen=True, slots=True)
class Progreso:
    """The state of a campaign's recipients. `total = pendientes + enviando + inciertos + exitosos + fallidos`, always.

    Args:
        desconocidos: of `fallidos`, those that may have been sent all the same.
        no_enviados, excluidos: of `fallidos`, by `campaigns.audiencia.resultado`.
        por_segundo: recipients finished per second over the last ten seconds.
    """

    total: int
    pendientes: int
    enviando: int
    inciertos: int
    exitosos: int
    fallidos: int
    por_segundo: float
    desconocidos: int = 0
    no_enviados: int = 0
    excluidos: int = 0

    @property
    def terminados(self) -> int:
        return self.exitosos + self.fallidos

    @property
    def resultado(self) -> Resultados:
        """Return what became of those who are done, in the four words."""
        return Resultados.de(self.exitosos, self.fallidos, no_enviados=self.no_enviados, excluidos=self.excluidos)

    @property
    def atendidos(self) -> int:
        """Count those whose turn came: what a cancelled campaign did not send any more is no progress."""
        return self.terminados - self.no_enviados

    @property
    def porcentaje(self) -> float:
        """0 to 100, one decimal; 100 only when everybody has had their turn."""
        return int(1000 * self.atendidos / self.total) / 10 if self.total else 0.0

    @property
    def segundos_restantes(self) -> int | None:
        """Seconds to the end at the present rate; None when nothing moves."""
        left = self.total - self.terminados
        if left == 0:
            return 0
        return round(left / self.por_segundo) if self.por_segundo else None


# One statement, so one snapshot: the parts always add up. Closed Lotes carry their sums; only the rows of the
# few open ones are counted: the cost does not grow with the campaign. For the rate, a Lote that closed just now counts
# with the part of its time that lies in the window, as if it had been sent evenly: to look at its rows is what costs.
# One that was never published was not sent but written off.
# A pending Lote with some sent is one whose failed are tried again.
# Lote by Lote (LATERAL), each by its index: joined as a whole, the planner may read every message ever sent, for it
# cannot know how few Lotes are open.
PROGRESO_SQL = f"""
SELECT l.campana_id, sum(l.total),
    sum(CASE l.estado WHEN {LOTE.PENDIENTE} THEN l.total - l.exitosos ELSE f.pendientes END),
    sum(f.enviando), sum(f.inciertos),
    sum(CASE WHEN l.estado IN {LOTE.SUMADOS} THEN l.exitosos ELSE f.exitosos END),
    sum(CASE l.estado WHEN {LOTE.CERRADO} THEN l.fallidos WHEN {LOTE.PENDIENTE} THEN 0 ELSE f.fallidos END),
    sum(CASE WHEN l.estado <> {LOTE.CERRADO} THEN f.recientes
        WHEN l.cerrado_en > now() - {WINDOW} AND l.publicado_en IS NOT NULL
        THEN (l.exitosos + l.fallidos) * least(1, extract(epoch FROM l.cerrado_en - now() + {WINDOW})
            / nullif(greatest(0, extract(epoch FROM l.cerrado_en - l.publicado_en)), 0)) ELSE 0 END),
    sum(CASE l.estado WHEN {LOTE.CERRADO} THEN l.desconocidos WHEN {LOTE.PENDIENTE} THEN 0 ELSE f.desconocidos END),
    sum(CASE l.estado WHEN {LOTE.CERRADO} THEN l.no_enviados WHEN {LOTE.PENDIENTE} THEN 0 ELSE f.no_enviados END),
    sum(CASE l.estado WHEN {LOTE.CERRADO} THEN l.excluidos WHEN {LOTE.PENDIENTE} THEN 0 ELSE f.excluidos END)
FROM campaigns_lote l CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.estado = {SMS.PENDIENTE}) AS pendientes,
        count(*) FILTER (WHERE s.estado = {SMS.ENVIANDO}) AS enviando,
        count(*) FILTER (WHERE s.estado = {SMS.INCIERTO}) AS inciertos,
        count(*) FILTER (WHERE s.estado = {SMS.ENVIADO}) AS exitosos,
        count(*) FILTER (WHERE s.estado = {SMS.FALLIDO}) AS fallidos,
        count(*) FILTER (WHERE s.estado = {SMS.FALLIDO} AND s.codigo = %(desconocido)s) AS desconocidos,
        {cuantos_sql("s.")},
        count(*) FILTER (WHERE (s.estado = {SMS.ENVIADO} OR s.estado = {SMS.FALLIDO} AND s.intentos > 0)
            AND s.actualizado > now() - {WINDOW}) AS recientes
    FROM campaigns_smslog s WHERE s.lote_id = l.id AND l.estado IN {LOTE.EN_CURSO}
) f
WHERE l.campana_id = ANY(%(ids)s) GROUP BY l.campana_id
"""  # noqa: S608 - constants
# A campaign by the key of somebody of its shop; no row when the campaign is another's, or when the key needs a closer
# look: `core.auth` gives it, refuses, and writes the last use. The users who may sign in are those of `core.auth`.
DE_QUIEN_PIDE_SQL = """
SELECT u.id, {campos}
FROM core_llaveapi k JOIN core_usuario u ON u.id = k.usuario_id AND u.is_active AND NOT u.retirado
        AND u.rol <> 'plataforma'
    LEFT JOIN core_usuario a ON a.id = u.creado_por_id
    JOIN campaigns_campanasms c ON c.id = %s AND c.usuario_id = coalesce(u.creado_por_id, u.id)
        AND (c.prueba OR NOT k.prueba)
WHERE k.huella = %s AND k.alcances && %s::varchar[] AND k.revocada_en IS NULL AND coalesce(k.vence_en > now(), true)
    AND k.redes = '{{}}' AND k.origen <> 'anterior' AND k.ultimo_uso_en >= now() - interval '1 minute'
    AND (a.id IS NULL OR a.is_active)
"""


def progreso_de(campanas: Iterable[CampanaSMS]) -> dict[int, Progreso]:
    """The progress of each campaign, by id. A finished one is read from its own row."""
    found: dict[int, Progreso] = {}
    alive: list[int] = []
    for campana in campanas:
        if campana.completado_en is None:
            alive.append(campana.pk)
        else:
            found[campana.pk] = _progreso_final(campana)
    return found | _contar(alive)


def _contar(ids: Collection[int]) -> dict[int, Progreso]:
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(PROGRESO_SQL, {"ids": list(ids), "desconocido": codigos.DESCONOCIDO})
        return {campana_id: _progreso(sums) for campana_id, *sums in cursor.fetchall()}


# What is counted of a campaign in course, a second old at most when it is asked for again and again.
recuentos: Final[Recent[int, Progreso | None]] = Recent(lambda pk: _contar([pk]).get(pk), fresh_s=0.5, stale_s=1.0)


def progreso_reciente(campana: CampanaSMS) -> Progreso | None:
    """Return what `progreso_de` does, for callers who ask many times a second; None when the campaign has no Lotes."""
    return recuentos.get(campana.pk) if campana.completado_en is None else _progreso_final(campana)


def campana_con_llave(
    llave: str, campana_id: int, campos: Collection[str], alcances: Collection[str]
) -> tuple[int, CampanaSMS] | None:
    """Read the key's user and the campaign at once.

    Args:
        llave: the key, as it came.
        alcances: each is enough to read it.
        campos: the columns to read of the campaign; all else is deferred.

    Returns:
        The id of the key's user and the campaign. None: the key opens nothing or needs a closer look, or the shop has
        no such campaign.
    """
    names = [f.attname for f in CampanaSMS._meta.concrete_fields if f.attname in campos]  # as `from_db` wants them
    columns = ", ".join(f"c.{connection.ops.quote_name(name)}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(DE_QUIEN_PIDE_SQL.format(campos=columns), [campana_id, huella(llave), list(map(str, alcances))])
        row = cursor.fetchone()
    return row and (row[0], CampanaSMS.from_db(connection.alias, names, row[1:]))


def _progreso(sums: Sequence[int]) -> Progreso:
    total, pendientes, enviando, inciertos, exitosos, fallidos, recientes, *parts = map(int, sums)
    return Progreso(total, pendientes, enviando, inciertos, exitosos, fallidos, recientes / RATE_WINDOW_S, *parts)


def _progreso_final(campana: CampanaSMS) -> Progreso:
    exitosos, fallidos = campana.enviados_exitosos, campana.enviados_fallidos
    parts = campana.desconocidos, campana.no_enviados, campana.excluidos
    return Progreso(campana.total_clientes, 0, 0, 0, exitosos, fallidos, 0.0, *parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuentas:
    """Sums over the recipients of several campaigns, by the names of Progreso."""

    exitosos: int = 0
    fallidos: int = 0
    no_enviados: int = 0
    excluidos: int = 0

    @property
    def total(self) -> int:
        return self.exitosos + self.fallidos

    @property
    def resultado(self) -> Resultados:
        return Resultados.de(self.exitosos, self.fallidos, no_enviados=self.no_enviados, excluidos=self.excluidos)


# What a campaign that is over carries of each.
SUMAS: Final = {
    "suma_exitosos": Sum("enviados_exitosos"),
    "suma_fallidos": Sum("enviados_fallidos"),
    "suma_no_enviados": Sum("no_enviados"),
    "suma_excluidos": Sum("excluidos"),
}


def _cuentas(sums: Mapping[str, Any]) -> dict[str, int]:
    return {name.removeprefix("suma_"): sums[name] or 0 for name in SUMAS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumen(Cuentas):
    """The campaigns of a shop: those in course, and those that ended today."""

    en_curso: int
    por_segundo: float


def en_curso_de(usuario: Usuario) -> QuerySet[CampanaSMS]:
    """The shop's campaigns that are not over, but those of another day."""
    alive = lista_de(usuario).filter(completado_en=None)
    return alive.exclude(ESPERA_FECHA.q(timezone.now()))[:EN_CURSO_MAX]


def resumen_de(usuario: Usuario, en_curso: Iterable[Progreso]) -> Resumen:
    """Count the campaigns of a shop.

    Args:
        en_curso: the progress of each campaign that is not over, which the caller has read already.
    """
    vivas = list(en_curso)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    ended = _cuentas(campanas_de(usuario).filter(completado_en__gte=midnight, prueba=False).aggregate(**SUMAS))
    return Resumen(
        en_curso=len(vivas),
        por_segundo=sum(p.por_segundo for p in vivas),
        **{name: n + sum(getattr(p, name) for p in vivas) for name, n in ended.items()},
    )


@dataclass(frozen=True, slots=True)
class Motivo:
    """A reason why recipients failed, and how many did.

    Args:
        nombres: of the first few of them.
    """

    codigo: str
    error: str
    n: int
    nombres: list[str] = field(default_factory=list)

    @property
    def resultado(self) -> str:
        return resultado_de(EstadoSMS.FALLIDO, self.codigo)

    @property
    def remedio(self) -> str:
        return remedio(self.codigo)

    @property
    def otros(self) -> int:
        """Count the recipients that no other field names."""
        return self.n - len(self.nombres)


# The first failures only, so that a campaign where a million fail costs what one with ten thousand does.
MOTIVOS_SQL = f"""
SELECT codigo, min(error), count(*), (array_agg(nombre ORDER BY id) FILTER (WHERE nombre <> ''))[1:3] FROM (
    SELECT id, codigo, error, nombre FROM campaigns_smslog
    WHERE campana_id = %s AND estado = {SMS.FALLIDO} AND codigo <> '{codigos.TOPE}' ORDER BY id LIMIT %s
) f GROUP BY codigo ORDER BY 3 DESC, 1
"""  # noqa: S608 - constants


def motivos_de(campana: CampanaSMS) -> list[Motivo]:
    """The failures of the campaign by reason, the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(MOTIVOS_SQL, [campana.pk, FALLOS_MAX])
        return [Motivo(codigo, error, n, nombres or []) for codigo, error, n, nombres in cursor.fetchall()]


# Of the failed rows, the codes of each Resultado that has its own word.
DE_FALLIDOS: Final[Mapping[str, tuple[str, ...]]] = {
    Resultado.NO_ENVIADO: NO_ENVIADOS,
    Resultado.EXCLUIDO: EXCLUIDOS,
}


def numero_malo(cliente: Cliente) -> SMSLog | None:
    """The last message to the client's present phone, if Twilio said that nothing can be sent to that number."""
    rows = SMSLog.objects.filter(cliente=cliente, telefono=cliente.telefono_e164, campana__prueba=False)
    last = solo_rechazados(rows).order_by("-pk").first()
    return last if last and last.codigo in twilio.retried(twilio.Retry.OTHER_NUMBER) else None


def destinatarios_de(campana: CampanaSMS, *, estado: str = "", codigo: str = "", despues: int = 0) -> QuerySet[SMSLog]:
    """The campaign's recipients in the order of sending.

    Args:
        estado: only these, or one of Resultado; "" for all. `fallido` is the estado.
        codigo: of those that failed, only these.
        despues: the id of the last row already seen.
    """
    rows = SMSLog.objects.filter(campana=campana).order_by("pk")
    rows = rows.filter(pk__gt=despues) if despues else rows.filter(pk__gte=Subquery(_primera_fila(campana)))
    if not estado:
        return rows
    if estado in DE_FALLIDOS:
        estado, rows = EstadoSMS.FALLIDO, rows.filter(codigo__in=DE_FALLIDOS[estado])
    rows = rows.filter(estado=estado)
    if codigo:
        rows = rows.filter(codigo=codigo)
    if estado in {SMSLog.Estado.ENVIADO, SMSLog.Estado.FALLIDO}:
        return rows
    # What is not final lives in the few Lotes that are not closed; looking there spares reading the whole campaign.
    return rows.filter(lote__in=Lote.objects.filter(campana=campana).exclude(estado=Lote.Estado.CERRADO))


def solo_rechazados(rows: QuerySet[SMSLog]) -> QuerySet[SMSLog]:
    """Keep those of failed rows that were tried and refused."""
    return rows.exclude(codigo__in=(*NO_ENVIADOS, *EXCLUIDOS, codigos.TOPE))


def _primera_fila(campana: CampanaSMS) -> QuerySet[SMSLog, int]:
    """The campaign's lowest row id. Without this bound PostgreSQL may walk the primary key from its beginning,
    through every older campaign (0.4 s per million rows), sure that the campaign's rows are spread evenly."""
    opened = (
        Lote.objects.filter(campana=campana)
        .exclude(estado=Lote.Estado.PENDIENTE, cerrado_en=None)
        .order_by("numero")
        .values("pk")[:1]
    )
    in_first = SMSLog.objects.filter(lote=Subquery(opened)).order_by().values("lote")
    return in_first.annotate(primera=Min("pk")).values_list("primera", flat=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dia(Cuentas):
    """The results of a shop's campaigns, by the day on which they ended."""

    fecha: date


def por_dia(usuario: Usuario, *, dias: int) -> list[Dia]:
    """One row for each of the last `dias` days, today's last. It sums campaigns, never their recipients."""
    today = timezone.localdate()
    first = today - timedelta(days=dias - 1)
    midnight = timezone.make_aware(datetime.combine(first, time.min))
    sums = (
        campanas_de(usuario)
        .filter(completado_en__gte=midnight, prueba=False)
        .order_by()
        .annotate(fecha=TruncDate("completado_en"))
        .values("fecha")
        .annotate(**SUMAS)
    )
    found = {row["fecha"]: Dia(fecha=row["fecha"], **_cuentas(row)) for row in sums}
    return [found.get(day, Dia(fecha=day)) for day in (first + timedelta(days=n) for n in range(dias))]
