"""An uncertain message: what is written of it, by what Twilio's list proves (`workers.engine.message.proof`).

Found among the recipient's messages: it was sent. Refused: it ends with its reason. Proved absent by two looks with
time between: it was not accepted, and it is free to be sent, at no cost of its own. Whatever cannot be told, and Twilio
out of reach: another look later, and later each time, until the campaign's deadline (see
`workers.engine.campaign.plazo`).
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection

from campaigns.values.estados import LOTE, SMS
from campaigns.values.twilio import UNSUBSCRIBED, known_status
from core.clock import elapsed
from core.ops import logs
from workers.engine.message import optouts, proof
from workers.engine.message.proof import NOTHING_KNOWN, Do, Doubt, Evidence, Known, Rival, Verdict
from workers.gateway.clock import CLOCK
from workers.gateway.codes import explain
from workers.gateway.lookup import Message
from workers.metrics import measures

logger = logging.getLogger(__name__)

# The longest pause between two looks while Twilio does not answer or something could be the message, in seconds.
LONGEST_PAUSE_S = 900.0
# The longest while only a witness is missing, in intervals: one message that is accepted meanwhile may free them all.
LONGEST_FOR_WITNESS = 4

# In one snapshot, taken after Twilio was asked: a message whose row was in mid-call then has its SID by now, or its row
# is still among these.
KNOWN_SQL: Final = f"""
SELECT NULL::bigint, s.twilio_sid, '', false FROM campaigns_smslog s
WHERE s.twilio_sid = ANY(%(sids)s) AND s.twilio_sid <> ''
UNION ALL
SELECT NULL::bigint, d.sid, '', false FROM campaigns_descarte d WHERE d.sid = ANY(%(sids)s)
UNION ALL
SELECT s.id, s.telefono, s.mensaje, false FROM campaigns_smslog s
WHERE s.estado = {SMS.INCIERTO} AND s.telefono = ANY(%(phones)s)
UNION ALL
SELECT s.id, s.telefono, s.mensaje, true FROM campaigns_smslog s
WHERE s.estado = {SMS.ENVIANDO} AND s.telefono = ANY(%(phones)s)
"""  # noqa: S608 - constants

# The first of the messages that no row of ours accounts for. A message may also be one that another campaign is sending
# to the same phone at this moment, whose sid is in no row yet: taking it would lose ours, so then nothing is taken. Who
# writes the same sid at the same moment meets the unique index.
# It may be the message of another row in doubt to this phone, while ours is not listed yet. That other is free only
# when nothing could be ours either: it takes over our time, and is looked at twice from the beginning.
SENT_SQL = f"""
WITH juntos AS MATERIALIZED (
    SELECT id FROM campaigns_smslog WHERE id = ANY(%(juntos)s) AND estado = {SMS.INCIERTO}
    ORDER BY id FOR NO KEY UPDATE
), tomado AS (
    UPDATE campaigns_smslog s SET estado = {SMS.ENVIADO}, twilio_sid = m.sid, codigo = '', error = '',
        actualizado = now(), entrega = CASE WHEN s.entrega = '' THEN m.entrega ELSE s.entrega END,
        entrega_codigo = CASE WHEN s.entrega = '' THEN m.entrega_codigo ELSE s.entrega_codigo END, revisar_desde = NULL
    FROM (SELECT sid, entrega, entrega_codigo
          FROM unnest(%(sids)s::text[], %(entregas)s::text[], %(codigos)s::text[])
            WITH ORDINALITY AS u(sid, entrega, entrega_codigo, n)
          WHERE NOT EXISTS (SELECT FROM campaigns_smslog k WHERE k.twilio_sid = u.sid AND k.twilio_sid <> '')
            AND NOT EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = u.sid)
          ORDER BY n LIMIT 1) m
    WHERE s.id = %(id)s AND s.token = %(token)s AND s.estado = {SMS.INCIERTO} AND s.id IN (SELECT id FROM juntos)
        AND NOT EXISTS (SELECT FROM campaigns_smslog r
            WHERE r.estado = {SMS.ENVIANDO} AND r.telefono = s.telefono AND r.id <> s.id)
    RETURNING s.id, s.twilio_sid
), heredado AS (
    UPDATE campaigns_smslog r SET ausencias = 0, ausente_en = NULL,
        twilio_desde = least(coalesce(r.twilio_desde, r.reclamado_en - %(any_clock)s), %(since)s),
        twilio_hasta = CASE WHEN r.twilio_hasta IS NOT NULL AND %(until)s::timestamptz IS NOT NULL
            THEN greatest(r.twilio_hasta, %(until)s) END,
        revisar_desde = clock_timestamp() + %(interval)s * interval '1 second'
    FROM tomado t WHERE r.id IN (SELECT id FROM juntos) AND r.id <> t.id
)
SELECT twilio_sid FROM tomado
"""  # noqa: S608 - constants

# The last look before the deadline is just after it, while there is still time for what it says. Nothing is written of
# a row that has taken over another's time since it was read.
LATER_SQL = f"""
UPDATE campaigns_smslog s SET ausencias = n.absences, ausente_en = n.missed,
    twilio_hasta = coalesce(s.twilio_hasta, n.hasta), revisar_desde = greatest(
        least(clock_timestamp() + n.pause * interval '1 second', c.vence_en),
        clock_timestamp() + n.least * interval '1 second')
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(absences)s::int[], %(misseds)s::timestamptz[],
    %(hads)s::int[], %(misseds_before)s::timestamptz[], %(hastas)s::timestamptz[], %(pauses)s::float[],
    %(leasts)s::float[]) AS n (id, token, absences, missed, had, missed_before, hasta, pause, least),
    campaigns_campanasms c
WHERE c.id = s.campana_id AND s.id = n.id AND s.token = n.token AND s.estado = {SMS.INCIERTO}
    AND (s.ausencias, s.ausente_en) IS NOT DISTINCT FROM (n.had, n.missed_before)
"""  # noqa: S608 - constants

# Its Lote opens again, so that the row is published; a cancelled or overdue campaign's rows are failed by the sweeper.
# It is free however often that happens. A pilot goes alone: once it is accepted, the list can be judged by it.
FREE_SQL = f"""
WITH libre AS (
    UPDATE campaigns_smslog s SET estado = {SMS.PENDIENTE}, revisar_desde = NULL, actualizado = now()
    WHERE s.id = %(id)s AND s.token = %(token)s AND s.estado = {SMS.INCIERTO} AND s.ausencias = %(absences)s
        AND s.ausente_en IS NOT DISTINCT FROM %(missed)s::timestamptz
        AND (NOT %(pilot)s OR NOT EXISTS (SELECT FROM campaigns_lote l JOIN campaigns_smslog r ON r.lote_id = l.id
            WHERE l.campana_id = s.campana_id AND l.estado IN {LOTE.EN_CURSO}
                AND r.estado IN ({SMS.PENDIENTE}, {SMS.ENVIANDO})))
    RETURNING lote_id
)
UPDATE campaigns_lote SET estado = {LOTE.ABIERTO}, publicar_desde = coalesce(publicar_desde, now())
WHERE id IN (SELECT lote_id FROM libre)
"""  # noqa: S608 - constants

REFUSED_SQL = f"""
UPDATE campaigns_smslog SET estado = {SMS.FALLIDO}, codigo = %(codigo)s, error = %(texto)s, actualizado = now(),
    revisar_desde = NULL
WHERE id = %(id)s AND token = %(token)s AND estado = {SMS.INCIERTO}
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Look:
    """Twilio's answer about one uncertain row.

    Args:
        messages: to its recipient, read before this is settled.
        evidence: of the witnesses that were heard before.
        asked_at: Twilio's time of the answer; None when it did not say.
        whole: whether `messages` are all there are to its recipient. Where they are only those to the number, what is
            not among them may have gone by RCS.
        account: all messages of the account since `doubt.from_`, read after `messages`; None when they were not asked
            for.
    """

    doubt: Doubt
    messages: Sequence[Message]
    evidence: Evidence = NOTHING_KNOWN
    asked_at: datetime | None = None
    account: Sequence[Message] | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Later:
    doubt: Doubt
    verdict: Verdict
    pause: float
    until: datetime | None = None


def settle(looks: Sequence[Look]) -> list[Look]:
    """Write what follows from each look; return those that would free their row once the whole account was read, and
    those of which less than all messages to the recipient were read and which these do not settle."""
    known, unread, later = _known(looks), [], []
    taken: set[str] = set()
    accounts = {id(look.account): look.account for look in looks if look.account is not None}
    strange = {key: [one for one in account if one.sid not in known.sids] for key, account in accounts.items()}
    for look in looks:
        if look.doubt.telefono in taken:
            continue  # it has taken over another's time: a look at the row as it is now will follow
        with logs.about(sms=look.doubt.log_id):
            verdict = _judge(look, known)
            if verdict.do is Do.SENT and not _is_in_call(look.doubt, known):
                if sid := _take(look.doubt, verdict.messages, known):
                    known.sids.add(sid)
                    taken.add(look.doubt.telefono)
                    continue
                # In a call that began just now, or another's a moment ago; or the row itself is settled.
                verdict = _judge(look, _known([look]))
            if not look.whole or (verdict.do in proof.SEARCHES and look.account is None):
                unread.append(look)
            elif left := _settle(look, verdict, known, strange.get(id(look.account))):
                later.append(left)
    _look_later(later)
    return unread


def put_off(doubts: Sequence[Doubt]) -> None:
    """Twilio could not be asked: look again after a while, which doubles from look to look."""
    _look_later(
        [
            _Later(doubt, Verdict(Do.UNPROVED, (), doubt.absences, doubt.missed_at), pause_s(doubt.age_s))
            for doubt in doubts
        ]
    )


def pause_s(age_s: float) -> float:
    """Return how long a row waits for its next look while nothing can be told, in seconds.

    The pause is as long as the row has been in doubt already, so it doubles each time without a count. It is spread, or
    the rows that one bad minute left would come back together.

    Args:
        age_s: seconds since the row became uncertain.
    """
    pause = min(max(age_s, settings.RECONCILE_INTERVAL_S), LONGEST_PAUSE_S)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311 - no secret


def _is_in_call(doubt: Doubt, known: Known) -> bool:
    """Tell whether a message to the phone is under way: what is listed may be that one."""
    return any(rival.in_call and rival.telefono == doubt.telefono for rival in known.rivals)


def _judge(look: Look, known: Known) -> Verdict:
    others = [rival for rival in known.rivals if rival.log_id != look.doubt.log_id]
    return proof.judge(look.doubt, look.messages, replace(known, rivals=others), look.evidence, look.asked_at)


def _settle(look: Look, verdict: Verdict, known: Known, strange: Sequence[Message] | None) -> _Later | None:
    """Write one row's verdict; what is left is to be looked at later.

    Args:
        strange: of the whole account, what no row of ours accounts for; None when it was not read.
    """
    doubt, interval = look.doubt, settings.RECONCILE_INTERVAL_S
    pause = pause_s(doubt.age_s)
    match verdict.do:
        case Do.REFUSED:
            _refuse(doubt, verdict.messages[0])
            return None
        case Do.FREE | Do.SEARCH | Do.PILOT | Do.PILOT_SEARCH:
            hidden = strange is not None and proof.could_be_hidden(doubt, strange, known)
            if not hidden and _free(doubt, pilot=verdict.do in proof.PILOTS):
                return None
        case Do.SENT | Do.ABSENT:  # a message that was not to be had just now may be next time
            pause = interval
        case Do.WAIT:
            logger.info("sms %s: %s could be its message", doubt.log_id, verdict.messages[0].sid)
        case Do.UNPROVED:
            pause = pause_s(min(doubt.age_s, interval * LONGEST_FOR_WITNESS))
    learnt = _latest_now() if doubt.until is None else None
    if learnt is not None:  # from here on a look counts: what was waited for without one says nothing
        pause = min(pause, pause_s(interval * LONGEST_FOR_WITNESS))
    return _Later(doubt, verdict, pause, learnt)


def _latest_now() -> datetime | None:
    """Twilio's time after which no call that was under way creates a message; None while its clock is not known."""
    now = CLOCK.at(elapsed())
    return now.high + timedelta(seconds=settings.LEASE_S + proof.LATE_S) if now else None


def _known(looks: Sequence[Look]) -> Known:
    listed = {message.sid for look in looks for message in look.messages}
    for account in {id(look.account): look.account for look in looks}.values():  # the same for all
        listed |= {message.sid for message in account or ()}
    params = {"sids": list(listed), "phones": list({look.doubt.telefono for look in looks})}
    known = Known()
    rivals = []
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_SQL, params)
        for log_id, value, mensaje, in_call in cursor.fetchall():
            if log_id is None:
                known.sids.add(value)
            else:
                rivals.append(Rival(log_id, value, mensaje, in_call))
    known.rivals = rivals
    return known


def _take(doubt: Doubt, same: Sequence[Message], known: Known) -> str | None:
    """The sid of the message that is the row's now; None when none is free, or the row is settled."""
    # Who became uncertain since this was read was in mid-call then, and nothing is taken, or posted after Twilio was
    # asked.
    juntos = [rival.log_id for rival in known.rivals if rival.telefono == doubt.telefono]
    entregas = [known_status(message.status) for message in same]
    reasons = [message.error_code if entrega else "" for message, entrega in zip(same, entregas, strict=True)]
    params: dict[str, Any] = {
        "id": doubt.log_id,
        "token": doubt.token,
        "juntos": juntos,
        "any_clock": proof.ANY_CLOCK,
        "interval": settings.RECONCILE_INTERVAL_S,
        "since": doubt.since or doubt.claimed_at - proof.ANY_CLOCK,
        # Who reads the other row subtracts up to a lease again.
        "until": doubt.until and doubt.until + timedelta(seconds=settings.LEASE_S),
        "sids": [message.sid for message in same],
        "entregas": entregas,
        "codigos": reasons,
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(SENT_SQL, params)
            row = cursor.fetchone()
    except IntegrityError:
        logger.info("sms %s: its message was another row's a moment before", doubt.log_id)
        return None
    if row is None:
        return None
    measures.SETTLED.labels("sent").inc()
    logger.info("sms %s was sent after all: %s", doubt.log_id, row[0])
    return str(row[0])


def _refuse(doubt: Doubt, refusal: Message) -> None:
    if refusal.error_code == UNSUBSCRIBED:
        try:
            optouts.learn(campana_id=doubt.campana_id, telefono=doubt.telefono, remitente=doubt.sender)
        except DatabaseError:
            # The next message to this phone is refused again, and it is learnt then.
            logger.exception("the opt-out of sms %s could not be kept", doubt.log_id)
    texto = explain(refusal.error_code)
    refused = _execute(REFUSED_SQL, doubt, codigo=refusal.error_code, texto=texto)
    measures.SETTLED.labels("refused").inc(refused)
    logger.info("sms %s was refused: %s", doubt.log_id, refusal.error_code)


def _free(doubt: Doubt, *, pilot: bool) -> bool:
    if not _execute(FREE_SQL, doubt, absences=doubt.absences, missed=doubt.missed_at, pilot=pilot):
        return False
    measures.SETTLED.labels("free").inc()
    logger.warning("sms %s was never accepted: it is sent again", doubt.log_id)
    return True


def _look_later(rows: Sequence[_Later]) -> None:
    if not rows:
        return
    # In the order of their ids, as everybody locks them.
    rows = sorted(rows, key=lambda row: row.doubt.log_id)
    interval = settings.RECONCILE_INTERVAL_S
    params: dict[str, Any] = {
        "ids": [row.doubt.log_id for row in rows],
        "tokens": [row.doubt.token.hex for row in rows],
        "absences": [row.verdict.absences for row in rows],
        "misseds": [row.verdict.missed_at for row in rows],
        "hads": [row.doubt.absences for row in rows],
        "misseds_before": [row.doubt.missed_at for row in rows],
        "hastas": [row.until for row in rows],
        "pauses": [row.pause for row in rows],
        "leasts": [min(row.pause, interval) for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(LATER_SQL, params)


def _execute(sql: str, doubt: Doubt, **params: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"id": doubt.log_id, "token": doubt.token, **params})  # type: ignore[dict-item]
        return int(cursor.rowcount)
