"""The quotas of a shop in the engine: taken when a Lote opens, given back for what was not sent when it closes.

Under one lock per shop, so that of two campaigns that open a Lote at the same moment the second sees what the first
took. A Lote's hold is brought in line with its rows each time: doing it twice is doing it once. What was not sent on a
day is given back to that day, and taken of the next one's before anything is sent on it.
"""

import json
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from campaigns.audiencia.juicio import parametros
from campaigns.ley.gasto import gastado
from campaigns.ley.precios import precio_base
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import bloquear
from campaigns.models import Ajustes, CampanaSMS, Lote
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.values.horario import dia_de
from clientes.bajas.sql import fuera_sql
from core.text.formato import dinero
from workers.engine.base import database
from workers.engine.lote import medida

TOPE_DEL_DIA = "Tope de gasto del día: {tope}. Van {gastado}, y los mensajes que siguen cuestan {costo}."
TOPE_DEL_MES = "Tope de gasto del mes: {tope}. Van {gastado}, y los mensajes que siguen cuestan {costo}."
SIN_PRECIO = "Hay un tope de gasto y no se sabe cuánto cuesta un segmento: ponga su precio en Ajustes."


class ExhaustedError(Exception):
    """A quota of the shop does not allow what a Lote has left.

    Args:
        motivo: for people.
        hasta: the last date on the shop's calendar on which it does not; None when no other date helps.
        parte: the share (0–1) of a Lote that was about to open for which there would be money.
    """

    def __init__(self, motivo: str, hasta: date | None = None, parte: Decimal = Decimal(0)) -> None:
        super().__init__(motivo)
        self.motivo = motivo
        self.hasta = hasta
        self.parte = parte


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
        """Without the lock: for whoever takes nothing."""
        ajustes = ajustes_de(usuario_id)
        return cls(ajustes, dia_de(ajustes.zona, database.now()))

    def judge(self, campana: CampanaSMS) -> dict[str, Any]:
        """The parameters of the judgement and of the prices."""
        return {
            **self._parametros(campana),
            "precio": precio_base(self.ajustes),
            "precios": json.dumps(self.ajustes.precios),
        }

    def take(self, campana: CampanaSMS, lote_id: int) -> None:
        """Let the Lote hold what its rows need today. The caller holds the shop's lock.

        Rows that must not be sent any more, or whose phone has had its messages of the day, end `fallido`.

        Raises:
            ExhaustedError: the money is not there; the caller undoes the transaction.
        """
        lote = Lote.objects.select_for_update(no_key=True).defer("cliente_ids").get(pk=lote_id)
        params = {**self._parametros(campana), "lote": lote_id, "textos": json.dumps(codigos.TEXTOS)}
        with connection.cursor() as cursor:
            cursor.execute(REJUZGAR_SQL, params)
        medida.price(lote_id, self.judge(campana))
        if params["frecuencia"]:
            _take_contacts(params)
        _balance(lote, campana.usuario_id, self.dia, capped_by=self.ajustes)

    def _parametros(self, campana: CampanaSMS) -> dict[str, Any]:
        return parametros(
            self.ajustes,
            dia=self.dia,
            remitente=valor_de(campana.remitente),
            campana_id=campana.pk,
            a_toda_hora=campana.a_toda_hora,
        )


# Of what the judgement saw when the Lote opened, what may have come since.
FUERA_SQL = fuera_sql(telefono="s.telefono", tienda="%(tenant)s", remitente="%(remitente)s")
REJUZGAR_SQL = f"""
UPDATE campaigns_smslog s SET estado = 'fallido', codigo = j.codigo, error = %(textos)s::jsonb ->> j.codigo,
    actualizado = now()
FROM (SELECT s.id, CASE
        WHEN NOT c.activo THEN 'cliente_inactivo'
        WHEN {FUERA_SQL} THEN 'baja'
        WHEN %(rne)s AND EXISTS (SELECT FROM clientes_numerorne r
            WHERE r.usuario_id = %(tenant)s AND r.telefono = s.telefono) THEN 'rne'
        WHEN %(consentimiento)s AND c.consentimiento_en IS NULL THEN 'sin_consentimiento' ELSE '' END AS codigo
    FROM campaigns_smslog s JOIN clientes_cliente c ON c.id = s.cliente_id
    WHERE s.lote_id = %(lote)s AND s.estado = 'pendiente') j
WHERE s.id = j.id AND j.codigo <> '' AND s.estado = 'pendiente'
"""  # noqa: S608 - constants

# Each phone of a waiting row gets the lowest free number of its day, if it has any left.
CONTACTOS_SQL = """
INSERT INTO campaigns_contacto (usuario_id, dia, telefono, n, campana_id)
SELECT %(tenant)s, %(dia)s, s.telefono, libre.n, %(campana)s
FROM campaigns_smslog s CROSS JOIN LATERAL (
    SELECT count(*) AS usados, bool_or(k.campana_id = %(campana)s) AS propio, array_agg(k.n) AS tomados
    FROM campaigns_contacto k WHERE k.usuario_id = %(tenant)s AND k.dia = %(dia)s AND k.telefono = s.telefono
) dia CROSS JOIN LATERAL (
    SELECT min(g) AS n FROM generate_series(1, %(frecuencia)s) g WHERE dia.tomados IS NULL OR g <> ALL (dia.tomados)
) libre
WHERE s.lote_id = %(lote)s AND s.estado = 'pendiente'
    AND dia.usados < %(frecuencia)s AND dia.propio IS NOT TRUE AND libre.n IS NOT NULL
"""

SIN_CONTACTO_SQL = """
UPDATE campaigns_smslog s SET estado = 'fallido', codigo = %(codigo)s, error = %(texto)s, actualizado = now()
WHERE s.lote_id = %(lote)s AND s.estado = 'pendiente' AND NOT EXISTS (SELECT FROM campaigns_contacto k
    WHERE k.usuario_id = %(tenant)s AND k.dia = %(dia)s AND k.telefono = s.telefono AND k.campana_id = %(campana)s)
"""

# What certainly was not sent gives its phone's contact back.
DEVOLVER_SQL = """
DELETE FROM campaigns_contacto k USING campaigns_smslog s
WHERE s.lote_id = %(lote)s AND s.estado = 'fallido' AND s.telefono <> '' AND s.codigo <> ALL (%(no)s)
    AND k.usuario_id = %(tenant)s AND k.dia = %(dia)s AND k.telefono = s.telefono AND k.campana_id = s.campana_id
"""


def _take_contacts(params: dict[str, Any]) -> None:
    params = {**params, "codigo": codigos.FRECUENCIA, "texto": codigos.TEXTOS[codigos.FRECUENCIA]}
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
        no = [codigos.TELEFONO_DUPLICADO, codigos.DESCONOCIDO]
        with connection.cursor() as cursor:
            cursor.execute(DEVOLVER_SQL, {"lote": lote_id, "tenant": usuario_id, "dia": lote.cupo_dia, "no": no})
    _balance(lote, usuario_id, lote.cupo_dia)


# What may have been sent counts as sent.
SUMAS_SQL = """
SELECT coalesce(sum(costo) FILTER (WHERE estado = 'enviado' OR codigo = %(desconocido)s), 0),
    coalesce(sum(costo) FILTER (WHERE estado IN ('pendiente', 'enviando', 'incierto')), 0),
    count(*) FILTER (WHERE estado IN ('pendiente', 'enviando', 'incierto') AND costo IS NULL),
    count(*) FILTER (WHERE estado IN ('pendiente', 'enviando', 'incierto'))
FROM campaigns_smslog WHERE lote_id = %(lote)s
"""

GASTO_SQL = """
INSERT INTO campaigns_gasto AS g (usuario_id, dia, monto) VALUES (%(tenant)s, %(dia)s, greatest(0, %(monto)s::numeric))
ON CONFLICT (usuario_id, dia) DO UPDATE SET monto = greatest(0, g.monto + %(monto)s::numeric)
"""


def _balance(lote: Lote, usuario_id: int, dia: date, *, capped_by: Ajustes | None = None) -> None:
    """Bring the money that the Lote holds in line with its rows.

    Raises:
        ExhaustedError: it needs more than the caps leave.
    """
    with connection.cursor() as cursor:
        cursor.execute(SUMAS_SQL, {"lote": lote.pk, "desconocido": codigos.DESCONOCIDO})
        spent, live, unpriced, rows = cursor.fetchone()
    # What has never held anything is about to open, and could be cut.
    least = live / max(rows, 1) if lote.cupo_dia is None else live
    if lote.cupo_dia is not None and lote.cupo_dia != dia:
        # A day that is over keeps what was spent on it.
        _add(usuario_id, lote.cupo_dia, spent - lote.cupo_previo - lote.cupo_monto)
        lote.cupo_previo, lote.cupo_monto = spent, Decimal(0)
    wanted = spent - lote.cupo_previo + live
    if capped_by is not None:
        _check(capped_by, dia, more=wanted - lote.cupo_monto, live=live, least=least, unpriced=bool(unpriced))
    _add(usuario_id, dia, wanted - lote.cupo_monto)
    lote.cupo_dia, lote.cupo_monto = dia, wanted
    lote.save(update_fields=["cupo_dia", "cupo_monto", "cupo_previo"])


def _add(usuario_id: int, dia: date, monto: Decimal) -> None:
    if monto:
        with connection.cursor() as cursor:
            cursor.execute(GASTO_SQL, {"tenant": usuario_id, "dia": dia, "monto": monto})


def _check(ajustes: Ajustes, dia: date, *, more: Decimal, live: Decimal, least: Decimal, unpriced: bool) -> None:
    """See that a Lote may have its money.

    Args:
        more: what it needs beyond what it holds.
        live: what is still to be sent of it.
        least: the smallest part of that which can be sent alone.

    Raises:
        ExhaustedError: the caps leave less, or, lowered meanwhile, not even what it holds.
    """
    if (ajustes.tope_diario, ajustes.tope_mensual) == (None, None):
        return
    if unpriced:
        raise ExhaustedError(SIN_PRECIO)
    if live <= 0:
        return
    now_spent = gastado(ajustes.usuario_id, dia)
    fin_de_mes = dia.replace(day=monthrange(dia.year, dia.month)[1])
    for tope, so_far, text, hasta in (
        (ajustes.tope_diario, now_spent.dia, TOPE_DEL_DIA, dia),
        (ajustes.tope_mensual, now_spent.mes, TOPE_DEL_MES, fin_de_mes),
    ):
        if tope is not None and so_far + more > tope:
            costo = more if more > 0 else live
            shown = {"tope": tope, "gastado": so_far - (costo - more), "costo": costo}
            motivo = text.format(**{name: dinero(value) for name, value in shown.items()})
            parte = max(tope - so_far, Decimal(0)) / costo if least < live else Decimal(0)
            # What is dearer than the whole cap stays so.
            raise ExhaustedError(motivo, hasta if min(costo, least) <= tope else None, parte)


def renew(campana: CampanaSMS) -> None:
    """Let each of the campaign's open Lotes hold what it needs today.

    Raises:
        ExhaustedError: the money is not there. What was taken until then stays taken.
    """
    open_lotes = Lote.objects.filter(campana=campana, estado__in=(Lote.Estado.ABIERTO, Lote.Estado.POR_CONCILIAR))
    for lote_id in open_lotes.order_by("pk").values_list("pk", flat=True):
        renew_lote(campana.pk, lote_id)


def renew_lote(campana_id: int, lote_id: int) -> None:
    """Let one open Lote hold what it needs today.

    Raises:
        ExhaustedError: the money is not there.
    """
    campana = CampanaSMS.objects.get(pk=campana_id)
    with transaction.atomic():
        Cupos.hold(campana.usuario_id).take(campana, lote_id)
