"""The reconciler: finds out what became of messages whose call never came back.

Twilio has no idempotency key, so an uncertain message is looked for among the recipient's messages. Threads ask Twilio,
many at a time, and this one writes what follows, as long as it is alone: one that was stopped for too long ends on
waking, and what it was just about to write finds rows that nobody has looked at since, or is not written.
"""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection

from campaigns.values.estados import SMS
from core.postgresql import lending
from core.senders import Kind, kind_of
from workers.engine.base import account, locks
from workers.engine.message import doubts, witnesses
from workers.engine.message.doubts import Look
from workers.engine.message.ledger import LEASE_EXPIRED
from workers.engine.message.proof import Doubt, Evidence
from workers.engine.message.witnesses import Witness
from workers.gateway.base import Gateway
from workers.gateway.factory import get_gateway
from workers.gateway.lookup import RCS, Listing, LookupFailedError, Message

logger = logging.getLogger(__name__)

# Questions to Twilio under way at the same time. A minute of 5xx leaves a campaign's window in doubt, 10,000 messages:
# their two looks should not take longer than the minute between them.
LOOKUPS = 32
# Rows read at once.
BATCH = 500
# After this many seconds no more questions are asked; the next turn goes on.
RUN_S = 10.0
# So many questions in a row without an answer, and Twilio is left alone until the next turn.
SILENT_AFTER = LOOKUPS

# What the installation's sender was then is known by the claim's `cuenta` only. A look that is farther away than any
# pause was put off by PostgreSQL's clock while that was ahead: to look too early does no harm.
DUE_SQL = f"""
SELECT s.id, s.telefono, s.mensaje, s.token, s.reclamado_en, s.ausencias,
    extract(epoch FROM now() - s.actualizado)::float, s.campana_id, coalesce(r.valor, ''), s.twilio_desde,
    s.twilio_hasta, s.ausente_en, s.cuenta,
    CASE s.codigo WHEN '{LEASE_EXPIRED}' THEN NULL ELSE extract(epoch FROM s.actualizado - s.reclamado_en)::float END
FROM campaigns_smslog s JOIN campaigns_campanasms c ON c.id = s.campana_id
LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
WHERE s.estado = {SMS.INCIERTO} AND (s.revisar_desde IS NULL OR s.revisar_desde <= now()
    OR s.revisar_desde > now() + {2 * doubts.LONGEST_PAUSE_S} * interval '1 second')
ORDER BY s.revisar_desde NULLS FIRST, s.id LIMIT %s
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Answer:
    """Twilio's answer about one phone: its messages, and what the witnesses heard before show, by sender.

    Args:
        whole: whether those by RCS are among them, if there may be any.
    """

    messages: Listing
    evidence: dict[str, Evidence]
    whole: bool = True


Question = Future[Answer]


def reconcile() -> int:
    """Look at the rows that are due; return how many, 0 also while another process is at it."""
    with locks.alone(locks.RECONCILE) as held:
        run = Run(get_gateway())
        try:
            return run.all() if held else 0
        except locks.LostError:
            logger.warning("this run was silent for too long, and another process has begun one")
            return 0


class Run:
    """One turn of asking."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._until = time.monotonic() + RUN_S
        self._unanswered = 0
        self._chosen_at: dict[str, float] = {}
        self._evidence: dict[str, Future[Evidence]] = {}

    def all(self) -> int:
        """Look at row after row until none is due, the time is over or Twilio is silent; return how many."""
        looked = 0
        with ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup") as pool:
            while self._goes_on() and (found := self._batch(pool)):
                looked += found
        return looked

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until and self._unanswered < SILENT_AFTER

    def _batch(self, pool: ThreadPoolExecutor) -> int:
        due, strangers = _due()
        # They are asked about when their account is ours again, or end with their campaign.
        doubts.put_off(strangers)
        groups = _by_phone(due)
        running: dict[Question, list[Doubt]] = {}
        answered: list[Look] = []
        unread: list[Look] = []
        looked = len(strangers)
        while True:
            # Never more in the pool than it works on: the others stay due when the run ends.
            while len(running) < LOOKUPS and self._goes_on() and (group := next(groups, None)):
                self._choose({_sender(doubt) for doubt in group}, pool)
                running[pool.submit(self._ask, group)] = group
            if not running:
                break
            lending.rest()
            done, _ = wait(running, timeout=locks.SILENCE_S / 4, return_when=FIRST_COMPLETED)
            locks.still_here()
            for question in done:
                group = running.pop(question)
                answered += self._looks(question, group)
                looked += len(group)
            if len(answered) >= LOOKUPS or not running:
                unread += doubts.settle(answered)
                answered = []
        self._read_all(self._read_rcs(unread, pool), pool)
        return looked

    def _choose(self, senders: set[str], pool: ThreadPoolExecutor) -> None:
        """Begin to hear the witnesses of senders of which none was heard in this run, or not for as long as two looks
        are apart: what was accepted since is missing among them."""
        now = time.monotonic()
        old = now - settings.RECONCILE_INTERVAL_S
        new = {sender for sender in senders if self._chosen_at.get(sender, -math.inf) <= old}
        if not new:
            return
        chosen = witnesses.choose(new)
        for sender in new:
            self._chosen_at[sender] = now
            self._evidence[sender] = pool.submit(self._hear, sender, chosen.get(sender, []))

    def _hear(self, sender: str, chosen: list[Witness]) -> Evidence:
        def ask(to: str, since: datetime) -> Listing:
            return self._messages(to, since, {sender})

        return witnesses.hear(chosen, ask, self._gateway.message)

    def _ask(self, group: list[Doubt]) -> Answer:
        senders = {_sender(doubt) for doubt in group}
        # First the witnesses: what is found later shows nothing of a list that was read before.
        evidence = {sender: self._evidence[sender].result() for sender in senders}
        since = min(doubt.from_ for doubt in group)
        found = self._gateway.messages_to(group[0].telefono, since=since)
        return Answer(found, evidence, whole=not _may_go_by_rcs(senders))

    def _messages(self, to: str, since: datetime, senders: set[str]) -> Listing:
        found = self._gateway.messages_to(to, since=since)
        return self._with_rcs(found, to, since, found.at) if _may_go_by_rcs(senders) else found

    def _with_rcs(self, found: Sequence[Message], to: str, since: datetime, at: datetime | None) -> Listing:
        """Return what is listed to the number, by Twilio's time of that answer, with what is listed to its other
        address."""
        return Listing([*found, *self._gateway.messages_to(RCS + to, since=since)], at=at)

    def _looks(self, question: Question, group: list[Doubt]) -> list[Look]:
        try:
            answer = question.result()
        except Exception as error:
            self._failed(error, group)
            return []
        self._unanswered = 0
        # One after the other: two campaigns may have said the same words to this phone.
        at = answer.messages.at
        return [
            Look(doubt, answer.messages, answer.evidence[_sender(doubt)], at, whole=answer.whole) for doubt in group
        ]

    def _failed(self, error: Exception, group: list[Doubt]) -> None:
        """Put the rows off: they would come first in the next run too, and a batch of them would keep the others
        out."""
        self._unanswered += 1
        if not isinstance(error, LookupFailedError):  # a fault of ours
            logger.error("sms %s could not be looked up", group[0].log_id, exc_info=error)
        elif self._unanswered in (1, SILENT_AFTER):
            logger.warning("Twilio cannot be asked (%s in a row): %s", self._unanswered, error)
        doubts.put_off(group)

    def _read_rcs(self, looks: Sequence[Look], pool: ThreadPoolExecutor) -> list[Look]:
        """Settle rows whose message is not among those to the number: it may have gone by RCS.

        That costs a question more for each phone, so it is asked for only where the first did not find the message.

        Returns:
            What is left of all looks.
        """
        left = [look for look in looks if look.whole]
        by_phone: dict[str, list[Look]] = {}
        for look in looks:
            if not look.whole:
                by_phone.setdefault(look.doubt.telefono, []).append(look)
        questions = {
            pool.submit(
                self._with_rcs, same[0].messages, phone, min(look.doubt.from_ for look in same), same[0].asked_at
            ): same
            for phone, same in by_phone.items()
        }
        while questions:
            done, _ = wait(questions, timeout=locks.SILENCE_S / 4, return_when=FIRST_COMPLETED)
            locks.still_here()
            whole: list[Look] = []
            for question in done:
                same = questions.pop(question)
                try:
                    messages = question.result()
                except Exception as error:
                    self._failed(error, [look.doubt for look in same])
                else:
                    whole += [replace(look, messages=messages, whole=True) for look in same]
            left += doubts.settle(whole) if whole else []
        return left

    def _read_all(self, looks: Sequence[Look], pool: ThreadPoolExecutor) -> None:
        """Settle rows of which only the whole account tells whether their message is hidden under another number."""
        if not looks:
            return
        question = pool.submit(self._gateway.messages_since, min(look.doubt.from_ for look in looks))
        while not wait([question], timeout=locks.SILENCE_S / 4).done:
            locks.still_here()
        try:
            messages: Sequence[Message] = question.result()
        except Exception as error:
            self._failed(error, [look.doubt for look in looks])
            return
        locks.still_here()
        doubts.settle([replace(look, account=messages) for look in looks])


def _may_go_by_rcs(senders: set[str]) -> bool:
    """Tell whether a message may have gone by RCS, which Twilio lists to another address: it is the first attempt of a
    Messaging Service with an RCS sender (https://www.twilio.com/docs/rcs/send-an-rcs-message), and whether a service
    had one at that moment nobody can tell afterwards."""
    return any(kind_of(sender) is Kind.SERVICE for sender in senders)


def _sender(doubt: Doubt) -> str:
    """The sender whose witnesses are heard for a doubt."""
    return doubt.sender or str(settings.TWILIO_SENDER)


def _due() -> tuple[list[Doubt], list[Doubt]]:
    """The rows to look at, and those that are another account's."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, [BATCH])
        rows = cursor.fetchall()
    ours: list[Doubt] = []
    strangers: list[Doubt] = []
    for row in rows:
        (ours if account.is_this_account(row[12]) else strangers).append(_doubt(row))
    return ours, strangers


def _doubt(row: Sequence[Any]) -> Doubt:
    log_id, telefono, mensaje, token, claimed_at, absences, age_s, campana_id = row[:8]
    sender, since, until, missed_at, cuenta, spent_s = row[8:]
    if not sender and account.is_this_sender(cuenta):
        sender = settings.TWILIO_SENDER
    if until and spent_s is not None:
        # The call came back, without an answer, after so long: from then on its message is not created.
        until -= timedelta(seconds=settings.LEASE_S - min(max(spent_s, 0.0), settings.LEASE_S))
    return Doubt(
        log_id=log_id,
        telefono=telefono,
        mensaje=mensaje,
        token=token,
        claimed_at=claimed_at,
        absences=absences,
        age_s=age_s,
        campana_id=campana_id,
        sender=sender,
        since=since,
        until=until,
        missed_at=missed_at,
    )


def _by_phone(due: list[Doubt]) -> Iterator[list[Doubt]]:
    """Group those of one phone: they need one question."""
    due.sort(key=lambda doubt: doubt.telefono)
    return (list(rows) for _, rows in groupby(due, key=lambda doubt: doubt.telefono))
