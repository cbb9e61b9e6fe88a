"""The quotas of a shop in the engine: taken when a Lote opens, given back for what was not sent when it closes.

They are kept under one lock per shop: when two campaigns open a Lote at the same moment, the second sees what the first
took. A Lote's hold is brought in line with its rows each time: doing it twice is doing it once. What was not sent on a
day is given back to that day, and taken of the next one's before anything is sent on it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from campaigns.audiencia.juicio import CODIGO_DE_FILA, TEXTOS, parametros
from campaigns.ley.gasto import (
    MEDIDAS,
    Gastado,
    Medida,
    Toma,
    Tope,
    alguno_cabe,
    caben,
    gastado,
    gastar,
    operador_sql,
    que_falta,
    sin_precio,
    topes_de,
)
from campaigns.ley.precios import precio_base
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import bloquear
from campaigns.models import Ajustes, CampanaSMS, Lote, SMSLog
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.values.estados import LOTES_EN_CURSO, SMS
from campaigns.values.horario import dia_de
from workers.engine.base import database
from workers.engine.lote import aside, medida

TOPE_DEL_DIA = "Tope de gasto del día: {tope}. Van {gastado}, y los mensajes que siguen cuestan {costo}."
TOPE_DEL_MES = "Tope de gasto del mes: {tope}. Van {gastado}, y los mensajes que siguen cuestan {costo}."
LIMITE_DEL_DIA = TOPE_DEL_DIA.replace("Tope de gasto del día", "Límite de gasto del día de la instalación")
LIMITE_DEL_MES = TOPE_DEL_MES.replace("Tope de gasto del mes", "Límite de gasto del mes de la instalación")
LIMITE_DE_MENSAJES = "Límite de mensajes del día de la instalación: {tope}. Van {gastado}, y siguen {costo}."
MOTIVOS: Final = {
    "tope_diario": TOPE_DEL_DIA,
    "tope_mensual": TOPE_DEL_MES,
    "limite_diario": LIMITE_DEL_DIA,
    "limite_mensual": LIMITE_DEL_MES,
    "limite_mensajes": LIMITE_DE_MENSAJES,
}


class ExhaustedError(Exception):
    """A quota of the shop does not allow what a Lote has left.

    Args:
        motivo: for people.
        hasta: the last date on the shop's calendar on which it does not; None when no other date helps.
        caben: so many of the first recipients of a Lote that was about to open for whom there is enough.
        caros: the places in it of those who are dearer than the whole of a cap.
        libre: what the recipients of any other Lote may take of which measure, and one of them at the most; None when
            no smaller one would help.
        sin_dia: all who wait in the Lote are dearer than the whole of a cap; others may not be.
    """

    def __init__(
        self,
        motivo: str,
        hasta: date | None = None,
        *,
        caben: int = 0,
        caros: Sequence[int] = (),
        libre: tuple[Medida, Decimal, Decimal] | None = None,
        sin_dia: bool = False,
    ) -> None:
        super().__init__(motivo)
        self.motivo = motivo
        self.hasta = hasta
        self.caben = caben
        self.caros = caros
        self.libre = libre
        self.sin_dia = sin_dia


@dataclass(frozen=True, slots=True)
class Cupos:
    """A shop's settings and the date on its calendar."""

    ajustes: Ajustes
    dia: date

    @classmethod
    def hold(cls, usuario_id: int) -> "Cupos":
        """Take the shop's lock until the transaction ends."""
        ajustes = bloquear(usuario_id)
        return cls(ajustes, dia_de(ajustes.zona, database.now()))

    @classmethod
    def look(cls, usuario_id: int) -> "Cupos":
        """Read without the lock, for callers that take nothing."""
        ajustes = ajustes_de(usuario_id)
        return cls(ajustes, dia_de(ajustes.zona, database.now()))

    def judge(self, campana: CampanaSMS) -> dict[str, Any]:
        """Return the parameters of the judgement and of the prices."""
        return {
            **self._parametros(campana),
            "precio": precio_base(self.ajustes),
            "precios": json.dumps(self.ajustes.precios),
        }

    def take(self, campana: CampanaSMS, lote_id: int, *, cut: bool) -> None:
        """Let the Lote hold what its rows need today. The caller holds the lock of the shop, and then the campaign's.

        Rows that must not be sent any more, or whose phone has had its messages of the day, end `fallido`.

        Args:
            cut: whether rows for which there is no room may be set aside, when there is room for others.

        Raises:
            ExhaustedError: the money is not there; the caller undoes the transaction.
        """
        lote = Lote.objects.select_for_update(no_key=True).defer("cliente_ids").get(pk=lote_id)
        params = {**self._parametros(campana), "lote": lote_id, "textos": json.dumps(TEXTOS)}
        with connection.cursor() as cursor:
            cursor.execute(REJUZGAR_SQL, params)
        medida.price(lote_id, self.judge(campana))
        if params["frecuencia"]:
            _take_contacts(params)
        while True:
            try:
                return _balance(lote, campana.usuario_id, self.dia, capped_by=self.ajustes)
            except ExhaustedError as error:
                if not (cut and error.libre and aside.fit(lote, *error.libre, dia=self.dia)):
                    raise

    def _parametros(self, campana: CampanaSMS) -> dict[str, Any]:
        return parametros(
            self.ajustes,
            dia=self.dia,
            remitente=valor_de(campana.remitente),
            campana_id=campana.pk,
            a_toda_hora=campana.a_toda_hora,
        )


# The part of what the judgement saw when the Lote opened that may have come since.
REJUZGAR_SQL = f"""
UPDATE campaigns_smslog s SET estado = {SMS.FALLIDO}, codigo = j.codigo, error = %(textos)s::jsonb ->> j.codigo,
    actualizado = now()
FROM (SELECT s.id, {CODIGO_DE_FILA} AS codigo
    FROM campaigns_smslog s JOIN clientes_cliente c ON c.id = s.cliente_id
    WHERE s.lote_id = %(lote)s AND s.estado = {SMS.PENDIENTE}) j
WHERE s.id = j.id AND j.codigo <> '' AND s.estado = {SMS.PENDIENTE}
"""  # noqa: S608 - constants

# Each phone of a waiting row gets the lowest free number of its day, if it has any left.
CONTACTOS_SQL = f"""
INSERT INTO campaigns_contacto (usuario_id, dia, telefono, n, campana_id)
SELECT %(tenant)s, %(dia)s, s.telefono, libre.n, %(campana)s
FROM campaigns_smslog s CROSS JOIN LATERAL (
    SELECT count(*) AS usados, bool_or(k.campana_id = %(campana)s) AS propio, array_agg(k.n) AS tomados
    FROM campaigns_contacto k WHERE k.usuario_id = %(tenant)s AND k.dia = %(dia)s AND k.telefono = s.telefono
) dia CROSS JOIN LATERAL (
    SELECT min(g) AS n FROM generate_series(1, %(frecuencia)s) g WHERE dia.tomados IS NULL OR g <> ALL (dia.tomados)
) libre
WHERE s.lote_id = %(lote)s AND s.estado = {SMS.PENDIENTE}
    AND dia.usados < %(frecuencia)s AND dia.propio IS NOT TRUE AND libre.n IS NOT NULL
"""  # noqa: S608 - constants

SIN_CONTACTO_SQL = f"""
UPDATE campaigns_smslog s SET estado = {SMS.FALLIDO}, codigo = %(codigo)s, error = %(texto)s, actualizado = now()
WHERE s.lote_id = %(lote)s AND s.estado = {SMS.PENDIENTE} AND NOT EXISTS (SELECT FROM campaigns_contacto k
    WHERE k.usuario_id = %(tenant)s AND k.dia = %(dia)s AND k.telefono = s.telefono AND k.campana_id = %(campana)s)
"""  # noqa: S608 - constants


def _take_contacts(params: dict[str, Any]) -> None:
    params = {**params, "codigo": codigos.FRECUENCIA, "texto": TEXTOS[codigos.FRECUENCIA]}
    with connection.cursor() as cursor:
        cursor.execute(CONTACTOS_SQL, params)
        cursor.execute(SIN_CONTACTO_SQL, params)


def settle(lote_id: int) -> None:
    """Give back what a Lote holds and did not use. The caller has closed it, and holds it."""
    lote = Lote.objects.select_related("campana").defer("cliente_ids", "campana__mensaje").get(pk=lote_id)
    usuario_id = lote.campana.usuario_id
    if lote.cupo_dia is None:
        return
    if lote.fallidos:
        aside.give_contacts_back(lote_id, usuario_id, lote.cupo_dia)
    _balance(lote, usuario_id, lote.cupo_dia)


# What may have been sent counts. A Lote is cut so that some of its waiting rows stay, at the least the cheapest.
SUMAS_SQL = f"""
SELECT coalesce(sum(costo) FILTER (WHERE fue), 0), coalesce(sum(operador) FILTER (WHERE fue), 0),
    count(*) FILTER (WHERE fue), coalesce(sum(costo) FILTER (WHERE vive), 0),
    coalesce(sum(operador) FILTER (WHERE vive), 0), count(*) FILTER (WHERE vive),
    coalesce(min(costo) FILTER (WHERE espera), 0), coalesce(min(operador) FILTER (WHERE espera), 0),
    count(*) FILTER (WHERE vive AND costo IS NULL)
FROM (SELECT id, costo, {operador_sql("costo", "segmentos")} AS operador, estado = {SMS.PENDIENTE} AS espera,
        estado = {SMS.ENVIADO} OR codigo = %(desconocido)s AS fue, estado IN {SMS.VIVOS} AS vive
    FROM campaigns_smslog WHERE lote_id = %(lote)s) filas
"""  # noqa: S608 - constants

# What a Lote holds of each, and what it spent of it on the days before.
COLUMNAS: Final[dict[Medida, tuple[str, str]]] = {
    "monto": ("cupo_monto", "cupo_previo"),
    "operador": ("cupo_operador", "cupo_operador_previo"),
    "mensajes": ("cupo_mensajes", "cupo_mensajes_previos"),
}
Cuanto = dict[Medida, Any]  # a Decimal of money, a number of messages


def _balance(lote: Lote, usuario_id: int, dia: date, *, capped_by: Ajustes | None = None) -> None:
    """Bring what the Lote holds in line with its rows.

    Raises:
        ExhaustedError: it needs more than the caps leave.
    """
    with connection.cursor() as cursor:
        known: dict[str, Any] = {
            "lote": lote.pk,
            "desconocido": codigos.DESCONOCIDO,
            "precio": settings.SMS_SEGMENT_PRICE,
        }
        cursor.execute(SUMAS_SQL, known)
        *sums, unpriced = cursor.fetchone()
    spent, live, least = (dict(zip(MEDIDAS, part, strict=True)) for part in (sums[:3], sums[3:6], [*sums[6:], 1]))
    if lote.cupo_dia is not None and lote.cupo_dia != dia:
        # A day that is over keeps what was spent on it.
        gastar(usuario_id, lote.cupo_dia, {each: spent[each] - sum(_held(lote, each)) for each in MEDIDAS})
        for each in MEDIDAS:
            _hold(lote, each, 0, spent[each])
    for each in MEDIDAS:
        # What Twilio dropped after that day, and is tried again, was not spent on it.
        _hold(lote, each, _held(lote, each)[0], min(_held(lote, each)[1], spent[each]))
    wanted = {each: spent[each] - _held(lote, each)[1] + live[each] for each in MEDIDAS}
    more = {each: wanted[each] - _held(lote, each)[0] for each in MEDIDAS}
    if capped_by is not None:
        _check(capped_by, lote, dia, more=more, live=live, least=least, unpriced=bool(unpriced))
    gastar(usuario_id, dia, more)
    for each in MEDIDAS:
        _hold(lote, each, wanted[each], _held(lote, each)[1])
    lote.cupo_dia = dia
    lote.save(update_fields=["cupo_dia", *(name for names in COLUMNAS.values() for name in names)])


def _held(lote: Lote, medida: Medida) -> tuple[Any, Any]:
    """Return what the Lote holds of its day, and what it spent on the days before."""
    now, before = COLUMNAS[medida]
    return getattr(lote, now), getattr(lote, before)


def _hold(lote: Lote, medida: Medida, now: Any, before: Any) -> None:
    for name, value in zip(COLUMNAS[medida], (now, before), strict=True):
        setattr(lote, name, value)


# What each recipient of a Lote that was about to open would take, in the order of sending; NULL of who is not sent to.
TOMAS_SQL = f"""
SELECT CASE WHEN estado IN {SMS.VIVOS} THEN coalesce(costo, 0) END,
    coalesce({operador_sql("costo", "segmentos")}, 0)
FROM campaigns_smslog WHERE lote_id = %(lote)s ORDER BY id
"""  # noqa: S608 - constants


def _check(
    ajustes: Ajustes, lote: Lote, dia: date, *, more: Cuanto, live: Cuanto, least: Cuanto, unpriced: bool
) -> None:
    """See that a Lote may have what it needs.

    Args:
        more: what it needs beyond what it holds.
        live: what is still to be sent of it.
        least: what the cheapest of its waiting recipients takes.
        unpriced: whether the shop has no price for some of it.

    Raises:
        ExhaustedError: the caps leave less, or, lowered meanwhile, not even what it holds.
    """
    if next(topes_de(ajustes), None) is None:
        return
    if motivo := sin_precio(ajustes, unpriced=unpriced):
        raise ExhaustedError(motivo)
    spent = gastado(ajustes.usuario_id, dia)
    falta = que_falta(ajustes, spent, more, live)
    if falta is None:
        return
    tope, cuanto = falta
    each = tope.medida
    if lote.cerrado_en is not None or lote.cupo_dia is not None:
        libre = max(Decimal(cuanto - (spent.de(tope) + more[each] - live[each])), Decimal(0))
        # A recipient who is dearer than the whole cap stays so.
        hasta = tope.hasta(dia) if least[each] <= cuanto else None
        raise ExhaustedError(
            _motivo(tope, cuanto, spent, more, live),
            hasta,
            libre=(each, libre, Decimal(cuanto)),
            sin_dia=hasta is None and alguno_cabe(ajustes),
        )
    # What has never held anything is about to open, and can be cut.
    with connection.cursor() as cursor:
        cursor.execute(TOMAS_SQL, {"lote": lote.pk, "precio": settings.SMS_SEGMENT_PRICE})
        tomas: list[Toma | None] = [
            None if monto is None else {"monto": monto, "operador": operador, "mensajes": 1}
            for monto, operador in cursor.fetchall()
        ]
    cabida = caben(ajustes, spent, tomas)
    tope, cuanto = cabida.tope or tope, cabida.cuanto if cabida.tope else cuanto
    hasta = cabida.hasta(dia)
    raise ExhaustedError(
        _motivo(tope, cuanto, spent, more, live),
        hasta,
        caben=cabida.n,
        caros=cabida.caros,
        sin_dia=not cabida.n and hasta is None and alguno_cabe(ajustes),
    )


def _motivo(tope: Tope, cuanto: Any, spent: Gastado, more: Cuanto, live: Cuanto) -> str:
    so_far, needed = spent.de(tope), more[tope.medida]
    costo = needed if needed > 0 else live[tope.medida]
    shown = {"tope": cuanto, "gastado": so_far - (costo - needed), "costo": costo}
    return MOTIVOS[tope.codigo].format(**{name: tope.escrito(value) for name, value in shown.items()})


def renew(campana: CampanaSMS) -> None:
    """Let the campaign's open Lotes hold what they need today, as far as there is room for it: recipients for whom
    there is none are set aside.

    Raises:
        ExhaustedError: there is room for nobody. What was taken until then stays taken.
    """
    open_lotes = Lote.objects.filter(campana=campana, estado__in=LOTES_EN_CURSO)
    without: list[int] = []
    first: ExhaustedError | None = None
    for lote_id in open_lotes.order_by("pk").values_list("pk", flat=True):
        try:
            renew_lote(campana.pk, lote_id)
        except ExhaustedError as error:
            if error.libre is None:
                raise
            if first is None or (first.hasta is None and error.hasta is not None):
                first = error  # some of them wait for another day only
            without.append(lote_id)
    if first is None:
        return
    waiting = SMSLog.objects.filter(lote__in=open_lotes.exclude(pk__in=without), estado=SMSLog.Estado.PENDIENTE)
    if not waiting.exists():
        raise first
    for lote_id in without:
        _set_aside(campana.pk, lote_id)


def renew_lote(campana_id: int, lote_id: int) -> None:
    """Let one open Lote hold what it needs today; recipients for whom there is no room are set aside, if there is for
    others.

    Raises:
        ExhaustedError: there is room for nobody.
    """
    with transaction.atomic():
        held, campana = _hold_campana(campana_id)
        held.take(campana, lote_id, cut=True)


@transaction.atomic
def _set_aside(campana_id: int, lote_id: int) -> None:
    """Let an open Lote's waiting recipients wait in one that is not open."""
    held, _ = _hold_campana(campana_id)
    lote = Lote.objects.select_for_update(no_key=True).defer("cliente_ids").get(pk=lote_id)
    aside.fit(lote, "mensajes", None, None, dia=held.dia)


def _hold_campana(campana_id: int) -> tuple[Cupos, CampanaSMS]:
    """Take the locks of the shop and the campaign, in the order of whoever opens a Lote."""
    held = Cupos.hold(CampanaSMS.objects.values_list("usuario_id", flat=True).get(pk=campana_id))
    return held, CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
