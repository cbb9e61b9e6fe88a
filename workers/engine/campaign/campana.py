"""A campaign's life in the engine: start, advance, pause by itself, end."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from campaigns.bitacora.services import DE_FINALES, anotar, anotar_avance, anotar_move
from campaigns.campana.selectors import motivos_de
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS, Lote
from campaigns.values import codigos, estados
from campaigns.values.wake import nudge
from core.ops import logs
from core.text.formato import numero
from workers.engine.campaign import jornadas, pausas, plazo
from workers.engine.lote import lotes
from workers.engine.lote.cupos import Cupos, ExhaustedError
from workers.engine.publish import window
from workers.engine.publish.slices import Slice
from workers.engine.publish.window import Window
from workers.gateway.outcomes import Account
from workers.metrics.measures import Closer

logger = logging.getLogger(__name__)

NADA_ENVIADO = "No se envió ningún mensaje: "
VENCIO = "El plazo de la campaña venció: se enviaron {exitosos} de {total} mensajes{desconocidos}."
SIN_SABER = "; de {n} no se sabe si salieron"
ENVIADOS = "{exitosos} enviados, {fallidos} fallidos"
# Lotes of a cancelled campaign that are drained at a time: about a second's work.
DRAINED = 20
# What the deadline did to a row.
CORTADO = [codigos.PLAZO_VENCIDO, codigos.DESCONOCIDO]


def advance(campana_id: int, *, publish: bool = True) -> None:
    """Do whatever is next for this campaign. Safe to call at any time, any number of times.

    Args:
        publish: False while the broker does not answer: everything else is done.
    """
    if not CampanaSMS.objects.filter(pk=campana_id, completado_en=None).exists():
        return
    pausas.resume_if_due(campana_id)
    _start(campana_id)
    if campana := plazo.overdue(campana_id):
        plazo.enforce(campana)
    else:
        _send(campana_id, publish=publish)
    lotes.fail_cancelled(campana_id)
    more = _drain(campana_id)
    if not finish(campana_id):
        anotar_avance(campana_id)
    if more:
        nudge(campana_id)


@transaction.atomic
def _start(campana_id: int) -> None:
    """Start it if it has not, once its date has come and unless it waits for approval, whoever asks; one begun again,
    and so without a deadline, gets a new one."""
    sources, target = estados.MOVES["iniciar"]
    found = CampanaSMS.objects.filter(pk=campana_id)
    due = Q(programada_para=None) | Q(programada_para__lte=Now())
    to_start = Q(due, estado__in=sources) & ~Q(aprobacion=CampanaSMS.Aprobacion.PENDIENTE)
    begun_again = Q(estado=target, vence_en=None)
    usuario_id = found.filter(to_start | begun_again).values_list("usuario_id", flat=True).first()
    if usuario_id is None:
        return
    started = {
        "estado": target,
        "iniciado_en": Coalesce("iniciado_en", Now()),
        "vence_en": Now() + timedelta(hours=ajustes_de(usuario_id).plazo_h),
    }
    if found.filter(to_start).update(**started):
        anotar_move(campana_id=campana_id, action="iniciar")
    else:
        found.filter(begun_again).update(**started)


def _send(campana_id: int, *, publish: bool) -> None:
    """Within its jornada; Lote by Lote, so that the first messages leave while the rest of the window opens."""
    if not jornadas.begin(campana_id):
        return
    room = window.of(campana_id)
    if publish:
        publish_due(campana_id, most=room.rows)
    while _open_one(campana_id, room):
        if publish:
            publish_due(campana_id, most=room.rows)


def publish_due(campana_id: int, *, most: int) -> list[Slice]:
    """Publish the next slice of every open Lote whose time has come; pause the campaign when a quota is used up.

    Args:
        most: messages of one slice.
    """
    try:
        return lotes.publish_due(campana_id, most=most)
    except ExhaustedError as error:
        pausas.pause_for_cap(campana_id, error)
        return []


def _open_one(campana_id: int, room: Window) -> bool:
    """Open one Lote if the window has room and the shop's quotas allow it; True when it did, or may next time."""
    try:
        return _open_within_quotas(campana_id, room)
    except ExhaustedError as error:
        # What the open Lotes do not use comes back when they close.
        if Lote.objects.filter(campana_id=campana_id, estado=Lote.Estado.ABIERTO).exists():
            return False
        if lotes.cut_next(campana_id, error.parte):
            return True
        pausas.pause_for_cap(campana_id, error)
        return False


@transaction.atomic
def _open_within_quotas(campana_id: int, room: Window) -> bool:
    # The shop's lock first: whoever changes its settings takes it before its campaigns'.
    held = Cupos.hold(CampanaSMS.objects.values_list("usuario_id", flat=True).get(pk=campana_id))
    # Serialises the openers of one campaign: two Lotes may hold the same phone.
    campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
    if campana.estado != CampanaSMS.Estado.PROCESANDO:
        return False
    if lotes.in_flight(campana_id, paced=room.paced) >= room.lotes:
        return False
    if not jornadas.runs(campana_id):
        return False
    # Twilio answers nothing but errors: what was tried already is settled before more is put in doubt.
    if lotes.unsettled(campana_id, limit=2 * settings.LOTE_SIZE) >= 2 * settings.LOTE_SIZE:
        return False
    lote = lotes.open_next(campana, held)
    if lote is None:
        return False
    held.take(campana, lote.pk)
    return True


def _drain(campana_id: int) -> bool:
    """Give the recipients of some unopened Lotes of a cancelled campaign their failed rows.

    Returns:
        Whether there may be more, which are left for another task: a million recipients take minutes, and neither a
        transaction nor the sweep lasts that long.
    """
    with transaction.atomic():
        # Somebody else's slice is under way: they go on, and two would only wait for each other.
        cancelled = CampanaSMS.objects.filter(pk=campana_id, estado=CampanaSMS.Estado.CANCELADO)
        campana = cancelled.select_for_update(no_key=True, skip_locked=True).first()
        if campana is None:
            return False
        for _ in range(DRAINED):
            lote = lotes.open_next(campana, sin_enviar=codigos.CAMPANA_CANCELADA)
            if lote is None:
                return False
            lotes.close(lote.pk, Closer.CANCEL)
    return True


# Ends a campaign once, whoever asks first: the chord's callback, the errback or the sweeper. A paused one ends only
# when its deadline has passed.
FINISH_SQL = """
UPDATE campaigns_campanasms c
SET estado = CASE WHEN c.estado = 'cancelado' THEN 'cancelado' WHEN t.cortada THEN 'error'
        WHEN t.exitosos > 0 THEN 'completado' ELSE 'error' END,
    motivo = CASE WHEN c.estado = 'cancelado' THEN c.motivo ELSE '' END,
    enviados_exitosos = t.exitosos, enviados_fallidos = t.fallidos, desconocidos = t.desconocidos,
    completado_en = now(), espera_hasta = NULL, reanuda_en = NULL
FROM (SELECT coalesce(sum(exitosos), 0) AS exitosos, coalesce(sum(fallidos), 0) AS fallidos,
        coalesce(sum(desconocidos), 0) AS desconocidos,
        EXISTS (SELECT FROM campaigns_campanasms WHERE id = %(id)s AND vence_en <= now())
            AND EXISTS (SELECT FROM campaigns_smslog
                WHERE campana_id = %(id)s AND estado = 'fallido' AND codigo = ANY(%(cortado)s)) AS cortada
      FROM campaigns_lote WHERE campana_id = %(id)s) t
WHERE c.id = %(id)s AND c.completado_en IS NULL AND (c.estado IN ('procesando', 'cancelado') OR c.vence_en <= now())
    AND NOT EXISTS (SELECT FROM campaigns_lote WHERE campana_id = %(id)s AND estado <> 'cerrado')
RETURNING c.estado, t.cortada, c.enviados_exitosos, c.enviados_fallidos, c.desconocidos, c.total_clientes
"""


@transaction.atomic
def finish(campana_id: int) -> bool:
    """End the campaign if every Lote is closed; True when this call did it."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH_SQL, {"id": campana_id, "cortado": CORTADO})
        row = cursor.fetchone()
    if row is None:
        return False
    estado, cortada, exitosos, fallidos, desconocidos, total = row
    motivo = ""
    if estado == CampanaSMS.Estado.ERROR:
        sin_saber = SIN_SABER.format(n=desconocidos) if desconocidos else ""
        motivo = (
            VENCIO.format(exitosos=exitosos, total=total, desconocidos=sin_saber)
            if cortada
            else _why_nothing_was_sent(campana_id)
        )[: pausas.MOTIVO_MAX]
        CampanaSMS.objects.filter(pk=campana_id).update(motivo=motivo)
    anotar(
        campana_id=campana_id,
        tipo=DE_FINALES[CampanaSMS.Estado(estado)],
        detalle=motivo or ENVIADOS.format(exitosos=numero(exitosos), fallidos=numero(fallidos)),
    )
    with logs.about(campana=campana_id):
        logger.info("campaign %s ended in %s: %s sent, %s failed", campana_id, estado, exitosos, fallidos)
    return True


def _why_nothing_was_sent(campana_id: int) -> str:
    reasons = motivos_de(CampanaSMS(pk=campana_id))[:3]
    return NADA_ENVIADO + "; ".join(f"{reason.n} × {reason.error}" for reason in reasons)


def pause_for_account(campana_id: int, refusal: Account) -> None:
    """Twilio refuses the account or the sender: stop, keep the rows, and say why."""
    pausas.pause(campana_id, f"Twilio: {refusal.message} ({refusal.code}).")
