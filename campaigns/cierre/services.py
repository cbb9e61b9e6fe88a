"""The daily close, step by step. Each step is one transaction, and leaves where the next one begins."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from campaigns.cierre import sql
from campaigns.ley.gasto import gastar
from campaigns.models import CierreDiario, Diferencia
from campaigns.models.cierre import SID_MAX, VALOR_MAX
from core.errors import InvalidInputError
from core.nudges import nudge

TAREA: Final = "workers.cierre_diario"
# After its end a day is left alone for so long: what waits in Twilio's queue leaves, and is billed.
TRAS: Final = timedelta(hours=6)
# Days that were missed and are made up for.
ATRASADOS: Final = 7
# A day of which something is not billed is read again on the following nights, so often in all.
VECES: Final = 4
OTRA_VEZ_TRAS: Final = timedelta(hours=20)
# Differences of one kind that are kept of a day; all are counted.
GUARDADAS: Final = 1_000
# Listed messages that one statement compares, and Lotes of which one asks for rows without a message.
PARTE: Final = 2_000
LOTES: Final = 100
# A step takes seconds; a process that says nothing for so long has died.
LEASE_S: Final = 300.0

FUTURO: Final = "Ese día no ha terminado: se puede cerrar desde el día siguiente, a las {hora}."


@dataclass(frozen=True, slots=True)
class Listado:
    """A message as Twilio lists it.

    Args:
        telefono: the recipient.
        remitentes: what it came from: the number, and the Messaging Service.
        entrante: whether a client wrote it.
        precio: what was billed, positive; None while it is not.
    """

    sid: str
    telefono: str
    remitentes: tuple[str, ...]
    entrante: bool
    estado: str
    codigo: str
    segmentos: int
    precio: Decimal | None
    moneda: str


@dataclass(frozen=True, slots=True)
class SinMensaje:
    """A row that was claimed on the day, and is on none of its pages."""

    log_id: int
    campana_id: int
    sid: str
    telefono: str


class LostTurnError(Exception):
    """Another process works on the close: this one was silent for too long."""


@dataclass(slots=True)
class Turno:
    """The right to work on a close."""

    cierre: CierreDiario
    token: UUID

    @contextmanager
    def step(self) -> Iterator[CierreDiario]:
        """One transaction of work on the close, which is read anew and saved at the end.

        Raises:
            LostTurnError: it is another's.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql.HOLD_SQL, {"cierre": self.cierre.pk, "turno": self.token, "lease": LEASE_S})
                if cursor.fetchone() is None:
                    raise LostTurnError
            self.cierre.refresh_from_db()
            yield self.cierre
            self.cierre.error = ""
            self.cierre.save()

    def leave(self, error: str = "") -> None:
        """Let another process go on.

        Args:
            error: why no step could be done.
        """
        CierreDiario.objects.filter(pk=self.cierre.pk, turno=self.token).update(
            turno=None, turno_hasta=None, error=error[:500]
        )


def limites(dia: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day of UTC and of the next."""
    desde = datetime.combine(dia, time.min, UTC)
    return desde, desde + timedelta(days=1)


def se_puede_cerrar(dia: date, ahora: datetime) -> bool:
    return limites(dia)[1] + TRAS <= ahora


def pedir_cierre(*, dia: date, ahora: datetime) -> CierreDiario:
    """Let a day be read and compared, once more if it was before. The workers are told.

    Raises:
        InvalidInputError: the day has not ended, or only just.
    """
    if not se_puede_cerrar(dia, ahora):
        hora = f"{TRAS.seconds // 3600}:00 UTC"
        raise InvalidInputError(FUTURO.format(hora=hora), field="dia")
    with transaction.atomic():
        cierre, _ = CierreDiario.objects.select_for_update().get_or_create(dia=dia)
        if cierre.estado == CierreDiario.Estado.LISTO:
            _empezar(cierre, veces=cierre.veces + 1)
        nudge(TAREA)
    return cierre


def preparar(ahora: datetime) -> None:
    """Make the closes of the days that have ended, and read again those of which something is not billed yet."""
    last = ahora.astimezone(UTC).date()
    while not se_puede_cerrar(last, ahora):
        last -= timedelta(days=1)
    newest = CierreDiario.objects.filter(dia__lte=last).values_list("dia", flat=True).first()
    first = last if newest is None else max(newest + timedelta(days=1), last - timedelta(days=ATRASADOS - 1))
    for n in range((last - first).days + 1):
        CierreDiario.objects.get_or_create(dia=first + timedelta(days=n))
    unbilled = CierreDiario.objects.filter(
        estado=CierreDiario.Estado.LISTO,
        sin_precio__gt=0,
        veces__lt=VECES,
        terminado_en__lt=ahora - OTRA_VEZ_TRAS,
        dia__gt=last - timedelta(days=ATRASADOS),
    )
    for pk in list(unbilled.values_list("pk", flat=True)):
        with transaction.atomic():
            cierre = CierreDiario.objects.select_for_update().get(pk=pk)
            if cierre.estado == CierreDiario.Estado.LISTO:
                _empezar(cierre, veces=cierre.veces + 1)


def tomar(dia: date | None = None) -> Turno | None:
    """Take the oldest close that has something left, or one day's; None when there is none that is free."""
    turno = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(sql.TAKE_SQL, {"turno": turno, "lease": LEASE_S, "dia": dia})
        row = cursor.fetchone()
    return Turno(CierreDiario.objects.get(pk=row[0]), turno) if row else None


def _empezar(cierre: CierreDiario, *, veces: int) -> None:
    """Begin from the first page."""
    cierre.detalle.all().delete()
    cierre.listados.all().delete()
    fresh = CierreDiario(id=cierre.pk, dia=cierre.dia, creado=cierre.creado, veces=veces)
    fresh.save(force_update=True)
    cierre.refresh_from_db()


def guardar_pagina(turno: Turno, mensajes: Sequence[Listado], siguiente: str, *, remitentes: frozenset[str]) -> None:
    """Keep one page of the day.

    Args:
        siguiente: the address of the next one; "" after the last.
        remitentes: the senders that are ours.
    """
    with turno.step() as cierre:
        cierre.recibidos += _guardar(cierre, mensajes, remitentes)
        cierre.paginas += 1
        cierre.siguiente = siguiente
        if not siguiente:
            cierre.estado, cierre.cursor = CierreDiario.Estado.BUSCANDO, 0


def empezar_otra_vez(turno: Turno) -> None:
    """Read the day from its first page: Twilio no longer knows the next one. What was kept is not kept twice."""
    with turno.step() as cierre:
        cierre.siguiente, cierre.paginas, cierre.recibidos = "", 0, 0


def sin_mensaje(turno: Turno) -> tuple[list[SinMensaje], int]:
    """Find rows of the day that are on none of its pages, in the next Lotes; with the last Lote's id, 0 when no Lote is
    left."""
    cierre = turno.cierre
    desde, hasta = limites(cierre.dia)
    params: dict[str, Any] = {"cierre": cierre.pk, "desde": desde, "hasta": hasta}
    with connection.cursor() as cursor:
        cursor.execute(sql.LOTES_SQL, {**params, "cursor": cierre.cursor, "most": LOTES})
        lotes = [row[0] for row in cursor.fetchall()]
        if not lotes:
            return [], 0
        cursor.execute(sql.MISSING_SQL, {**params, "lotes": lotes})
        return [SinMensaje(*row) for row in cursor.fetchall()], lotes[-1]


def guardar_busqueda(
    turno: Turno,
    *,
    hallados: Sequence[Listado],
    perdidos: Sequence[SinMensaje],
    consultados: int,
    sin_consultar: int,
    cursor: int,
    remitentes: frozenset[str],
) -> None:
    """Keep what was found out about rows that are on no page.

    Args:
        hallados: messages that Twilio has all the same.
        perdidos: rows whose message it does not have.
        consultados, sin_consultar: rows that were asked for, and that were too many to be.
        cursor: the id of the last Lote; 0 when none is left.
    """
    with turno.step() as cierre:
        _guardar(cierre, hallados, remitentes)
        cierre.consultados += consultados
        cierre.sin_consultar += sin_consultar
        if perdidos:
            tipo = Diferencia.Tipo.FILA_SIN_MENSAJE
            before = cierre.diferencias.get(tipo, 0)
            cierre.diferencias[tipo] = before + len(perdidos)
            Diferencia.objects.bulk_create(
                Diferencia(
                    cierre=cierre,
                    tipo=tipo,
                    sid=row.sid,
                    log_id=row.log_id,
                    campana_id=row.campana_id,
                    nuestro=row.telefono,
                )
                for row in perdidos[: max(GUARDADAS - before, 0)]
            )
        cierre.cursor = cursor
        if not cursor:
            cierre.estado = CierreDiario.Estado.COMPARANDO


def comparar(turno: Turno) -> bool:
    """Compare the next part of the listed messages with their rows, which take what was billed; False after the
    last."""
    with turno.step() as cierre:
        moneda = settings.SMS_PRICE_CURRENCY.upper()
        params: dict[str, Any] = {
            "cierre": cierre.pk,
            "cursor": cierre.cursor,
            "most": PARTE,
            "moneda": moneda,
            "precio": settings.SMS_SEGMENT_PRICE,
            "kept": GUARDADAS,
            "ya": json.dumps(cierre.diferencias),
        }
        with connection.cursor() as cursor:
            cursor.execute(sql.COMPARE_SQL, params)
            row = cursor.fetchone()
            last, mensajes, rechazados, filas, segmentos, costo, sin_precio, al_dia, corregidos, found, mas = row
            if last is None:
                _terminar(cierre)
                return False
            _tomar_facturado(cursor, mas)
        cierre.cursor = last
        cierre.mensajes += mensajes - rechazados
        cierre.rechazados += rechazados
        cierre.filas += filas
        cierre.segmentos += segmentos
        cierre.costo += costo
        cierre.moneda = moneda
        cierre.sin_precio += sin_precio
        cierre.al_dia += al_dia
        cierre.corregidos += corregidos
        for tipo, n in _dict(found).items():
            cierre.diferencias[tipo] = cierre.diferencias.get(tipo, 0) + n
    return True


def _terminar(cierre: CierreDiario) -> None:
    ajenos = cierre.listados.count() - cierre.mensajes - cierre.rechazados
    cierre.ajenos = max(ajenos, 0)
    cierre.listados.all().delete()
    cierre.estado = CierreDiario.Estado.LISTO
    cierre.terminado_en = timezone.now()


def _tomar_facturado(cursor: Any, mas: Any) -> None:
    """Let Lotes, and the money that counts against their shops' caps, take what was billed beyond what was reckoned."""
    if not (more := _dict(mas)):
        return
    cursor.execute(sql.LOTES_TAKE_SQL, {"mas": json.dumps(more, default=str)})
    for tenant, dia, monto, operador in cursor.fetchall():
        gastar(tenant, dia, {"monto": monto, "operador": operador})


def _guardar(cierre: CierreDiario, mensajes: Sequence[Listado], remitentes: frozenset[str]) -> int:
    """Keep what was sent; return how many clients wrote."""
    # A page may repeat what the one before has shown; a statement changes a row once.
    sent = list({one.sid: one for one in mensajes if not one.entrante}.values())
    if sent:
        params: dict[str, Any] = {
            "cierre": cierre.pk,
            "sids": [one.sid[:SID_MAX] for one in sent],
            "telefonos": [one.telefono[:VALOR_MAX] for one in sent],
            "estados": [one.estado[:20] for one in sent],
            "codigos": [one.codigo[:10] for one in sent],
            "segmentos": [one.segmentos for one in sent],
            "precios": [one.precio for one in sent],
            "monedas": [one.moneda[:3] for one in sent],
            "propios": [not remitentes.isdisjoint(one.remitentes) for one in sent],
        }
        with connection.cursor() as cursor:
            cursor.execute(sql.KEEP_SQL, params)
    return len(mensajes) - sum(not one.entrante for one in mensajes)


def _dict(value: Any) -> dict[str, Any]:
    return dict(json.loads(value, parse_float=Decimal) if isinstance(value, str) else value)
