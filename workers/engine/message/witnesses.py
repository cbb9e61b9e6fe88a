"""Witnesses: messages of ours that were certainly accepted, asked for as a doubt is, to see whether Twilio's list shows
what it holds.

A late one shows how far the list has come. An early one that left Twilio long ago shows that numbers are still to be
found: an account may hide them some time after a message was sent. A few of each sender are asked for in each run, not
some for each doubt.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.conf import settings
from django.db import connection

from campaigns.values.estados import SMS
from workers.engine.base import account
from workers.engine.message.proof import ANY_CLOCK, LEFT, REFUSED_BEFORE, Evidence
from workers.gateway.lookup import RCS, Listing, LookupFailedError, Message

# Of each of the sender's latest campaigns so many accepted rows at each end, …
CAMPAIGNS: Final = 5
ENDS: Final = 10
# … found among so many of its rows; …
WITHIN: Final = 5_000
# … of these so many are asked for, of the latest and of the earliest.
LATEST: Final = 2
EARLIEST: Final = 2
# So many questions without an answer, and the doubts, which wait for this, get their turn.
SILENT_AFTER: Final = 2
# Older messages may have been deleted.
OLDEST: Final = timedelta(days=2)

_ROWS = f"""
SELECT s.telefono, s.twilio_sid, s.reclamado_en, s.twilio_desde, s.twilio_hasta FROM (
    SELECT * FROM campaigns_smslog WHERE campana_id = c.id ORDER BY id %s LIMIT {WITHIN}) s
WHERE s.estado = {SMS.ENVIADO} AND s.telefono <> '' AND s.reclamado_en IS NOT NULL
    AND left(s.cuenta, {account.PART}) IN ('', %%(account)s)
LIMIT {ENDS}
"""  # noqa: S608 - constants

# Rows are opened, and so claimed, about in the order of their ids: by the index (campana, id).
CHOOSE_SQL: Final = f"""
SELECT v.sender, s.*
FROM unnest(%(senders)s::text[]) AS v (sender)
CROSS JOIN LATERAL (
    (SELECT c.id FROM campaigns_campanasms c
     WHERE c.remitente_id IN (SELECT r.id FROM campaigns_remitente r WHERE r.valor = v.sender)
        AND NOT c.prueba AND c.iniciado_en IS NOT NULL ORDER BY c.id DESC LIMIT {CAMPAIGNS})
    UNION ALL
    (SELECT c.id FROM campaigns_campanasms c
     WHERE v.sender = %(installation)s AND c.remitente_id IS NULL
        AND NOT c.prueba AND c.iniciado_en IS NOT NULL ORDER BY c.id DESC LIMIT {CAMPAIGNS})) c
CROSS JOIN LATERAL (({_ROWS % "DESC"}) UNION ({_ROWS % "ASC"})) s
ORDER BY v.sender
"""  # noqa: S608 - constants

Ask = Callable[[str, datetime], Listing]
Fetch = Callable[[str], Message | None]


@dataclass(frozen=True, slots=True)
class Witness:
    """A row that Twilio certainly accepted.

    Args:
        claimed_at: PostgreSQL's time.
        since, until: Twilio's time, between which it was created; None when that is not known.
        early: whether it was accepted long ago, so that the list must have it.
    """

    telefono: str
    sid: str
    claimed_at: datetime
    since: datetime | None
    until: datetime | None
    early: bool = False


def choose(senders: Iterable[str]) -> dict[str, list[Witness]]:
    """Choose the witnesses of each sender, in one statement."""
    params: dict[str, Any] = {
        "senders": sorted(set(senders)),
        "installation": settings.TWILIO_SENDER,
        "account": account.fingerprint()[: account.PART],
    }
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE_SQL, params)
        rows = cursor.fetchall()
    return {sender: _some([Witness(*row[1:]) for row in found]) for sender, found in groupby(rows, lambda row: row[0])}


def _some(accepted: Sequence[Witness]) -> list[Witness]:
    ordered = sorted(accepted, key=lambda witness: witness.claimed_at)
    latest = ordered[-LATEST:]
    recent = [one for one in ordered if one.claimed_at >= latest[-1].claimed_at - OLDEST and one not in latest]
    early = [Witness(one.telefono, one.sid, one.claimed_at, one.since, one.until, early=True) for one in recent]
    return latest + early[:EARLIEST]


def hear(witnesses: Sequence[Witness], ask: Ask, fetch: Fetch) -> Evidence:
    """Ask Twilio for the witnesses, and say what that shows. One that Twilio does not answer about shows nothing.

    Args:
        ask: lists the messages to a phone since a date.
        fetch: returns a message by its SID; None when it was deleted.
    """
    fresh_to: datetime | None = None
    searched_from: datetime | None = None
    missing: datetime | None = None
    heard_at: datetime | None = None
    trusted, silent, agreeing, contradicting = True, 0, 0, 0
    for witness in witnesses:
        found = None
        try:
            if silent < SILENT_AFTER:
                listed = ask(witness.telefono, witness.claimed_at - ANY_CLOCK)
                if listed.at is not None:
                    heard_at = min(heard_at or listed.at, listed.at)
                found = next((message for message in listed if message.sid == witness.sid), None)
                if found is None and witness.early:
                    # Hidden, or deleted.
                    trusted = trusted and fetch(witness.sid) is None
                    continue
        except LookupFailedError:
            silent += 1
        if found is None:
            missing = max(missing or witness.claimed_at, witness.claimed_at)
            continue
        if witness.since is not None:
            if not _agrees(witness, found):
                contradicting += 1
                continue
            agreeing += 1
        fresh_to = max(fresh_to or found.created_at, found.created_at)
        if found.status in LEFT and found.to.removeprefix(RCS) == witness.telefono:
            left_at = found.sent_at or found.created_at
            searched_from = min(searched_from or left_at, left_at)
    # One may have got another row's message, of the same words. If none agrees, Twilio's clock is not what it says.
    return Evidence(fresh_to, searched_from, trusted and (agreeing > 0 or not contradicting), missing, heard_at)


def _agrees(witness: Witness, found: Message) -> bool:
    """Tell whether its date lies in its claim's time."""
    return (witness.since is None or found.created_at >= witness.since - REFUSED_BEFORE) and (
        witness.until is None or found.created_at <= witness.until
    )
