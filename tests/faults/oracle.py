"""The oracle: what Twilio holds against what the product says, recipient by recipient.

Pure: `evidence` reads both sides. A message belongs to the row that its status callback's address names, whatever
the product believes, so a message that was credited to the wrong row is seen (but see `credit`).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.faults.recipients import Fate
from tests.faults.verdict import Kind, Violation

FINAL: Final = frozenset({"enviado", "fallido"})
CANCELLED: Final = "campana_cancelada"
UNKNOWN: Final = "desconocido"
UNSENT: Final = "failed"  # the outcome of what Twilio accepted and never handed to an operator
# What a deadline does to a row.
CUT_OFF: Final = frozenset({UNKNOWN, "plazo_vencido"})
# DESIGN, states, with the two ways back that the engine documents: refused for now, and accepted after all.
MOVES: Final = frozenset(
    {
        ("pendiente", "enviando"),
        ("pendiente", "enviado"),  # found absent twice, then its callback came
        ("pendiente", "fallido"),  # cancelled
        ("enviando", "enviado"),
        ("enviando", "fallido"),
        ("enviando", "incierto"),
        ("enviando", "pendiente"),  # certainly not accepted: refused for now, or never posted
        ("incierto", "enviado"),
        ("incierto", "fallido"),
        ("incierto", "pendiente"),
    }
)


# A cap leaves no room for a recipient, and later there is some. It is no end: the ledger has `fallido`, with a code.
ASIDE: Final = frozenset({("pendiente", "aparte"), ("aparte", "pendiente")})
# A person had them tried again: who failed, or, on the way there, whose message Twilio dropped before it left.
RETRIED: Final = ("fallido", "pendiente")
DROPPED: Final = ("enviado", "fallido")
# The product had given it up, and a late callback proves that it was sent.
PROVED: Final = ("fallido", "enviado")
# PostgreSQL has lost commits: what may have been sent is looked up.
DOUBTED: Final = ("pendiente", "incierto")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign as the product has it, and what it was made for.

    Args:
        ended: whether it has an end (completado_en).
        total, exitosos, fallidos: its counters.
        fates: what must become of each client, by id.
        cancelled: whether somebody asked to cancel it.
        retried: whether somebody asked to try its failed recipients again.
        doubted: whether PostgreSQL lost commits while it was under way.
        closed: sums of its closed Lotes: (Lote's id, exitosos, fallidos).
    """

    id: int
    estado: str
    ended: bool
    total: int
    exitosos: int
    fallidos: int
    fates: Mapping[int, Fate]
    cancelled: bool = False
    retried: bool = False
    doubted: bool = False
    closed: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One SMSLog."""

    id: int
    campana_id: int
    lote_id: int
    cliente_id: int | None
    telefono: str
    mensaje: str
    estado: str
    codigo: str
    twilio_sid: str
    entrega: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message of the simulator's ledger.

    Args:
        log_id: of the row it was sent for; None when its callback's address is none of ours.
        outcome: the delivery status it ends in.
        token: of the claim that sent it; "" when its callback's address is none of ours.
        at: when, a Unix second.
    """

    sid: str
    to: str
    body: str
    log_id: int | None
    outcome: str
    token: str = ""
    at: float = 0.0


@dataclass(slots=True)
class Evidence:
    """The evidence that the oracle judges.

    Args:
        moves: (row's id, from, to) of every change of estado that happened.
        forgotten: messages of campaigns that PostgreSQL has lost; `losses` judges them.
    """

    campaigns: list[Campaign] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    moves: list[tuple[int, str, str]] = field(default_factory=list)
    forgotten: list[Accepted] = field(default_factory=list)


def judge(evidence: Evidence, excused: Collection[str] = ()) -> list[Violation]:
    """Every disagreement.

    Args:
        excused: codes with which a recipient may end `fallido` who could have been sent to.
    """
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in evidence.rows:
        rows[row.campana_id].append(row)
    messages: dict[int | None, list[Accepted]] = defaultdict(list)
    for message in evidence.accepted:
        messages[message.log_id].append(message)
    found: list[Violation] = []
    for campaign in evidence.campaigns:
        found += _campaign(campaign, rows[campaign.id], excused)
        found += _phones(campaign, rows[campaign.id], messages)
        for row in rows[campaign.id]:
            found += _row(campaign, row, messages[row.id], excused)
    found += _unknown(messages, {row.id for row in evidence.rows})
    found += _moves(evidence)
    return found


def _campaign(campaign: Campaign, rows: Sequence[Row], excused: Collection[str]) -> Iterator[Violation]:
    def wrong(text: str) -> Violation:
        return Violation(Kind.WRONG, campaign.id, None, text)

    estados = Counter(row.estado for row in rows)
    sent, failed = estados["enviado"], estados["fallido"]
    if not campaign.ended:
        yield Violation(Kind.STUCK, campaign.id, None, f"is {campaign.estado} with {dict(estados)} of {campaign.total}")
    else:
        if (campaign.exitosos, campaign.fallidos) != (sent, failed):
            yield wrong(f"counts {campaign.exitosos} + {campaign.fallidos}, its rows {sent} + {failed}")
        overdue = any(row.codigo in excused and row.codigo in CUT_OFF for row in rows)
        right = {"completado" if sent and not overdue else "error"} | ({"cancelado"} if campaign.cancelled else set())
        if campaign.estado not in right:
            yield wrong(f"ended {campaign.estado} with {sent} sent")
        for cliente_id in campaign.fates.keys() - {row.cliente_id for row in rows}:
            yield Violation(Kind.LOST, campaign.id, None, f"client {cliente_id} has no row")
    if campaign.total != len(campaign.fates):
        yield wrong(f"is for {campaign.total}, it was made for {len(campaign.fates)}")
    by_lote: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        by_lote[row.lote_id][row.estado] += 1
    for lote_id, exitosos, fallidos in campaign.closed:
        counts = by_lote[lote_id]
        if counts != Counter(enviado=exitosos, fallido=fallidos):
            yield wrong(f"Lote {lote_id} closed with {exitosos} + {fallidos}, its rows are {dict(counts)}")


def _phones(
    campaign: Campaign, rows: Sequence[Row], messages: Mapping[int | None, list[Accepted]]
) -> Iterator[Violation]:
    by_phone: dict[str, list[tuple[Row, Accepted]]] = defaultdict(list)
    for row in rows:
        for message in messages.get(row.id, ()):
            by_phone[message.to].append((row, message))
    for phone, sent in by_phone.items():
        if campaign.retried:
            sent = [(row, message) for row, message in sent if message.outcome != UNSENT] or sent
        for row, message in sent[1:]:
            yield Violation(Kind.DUPLICATED, campaign.id, row.id, f"{phone} also received {message.sid}")


def _row(campaign: Campaign, row: Row, messages: Sequence[Accepted], excused: Collection[str]) -> Iterator[Violation]:
    def found(kind: Kind, text: str) -> Violation:
        return Violation(kind, campaign.id, row.id, f"{row.telefono or 'no phone'} {text}")

    fate = campaign.fates.get(row.cliente_id) if row.cliente_id is not None else None
    if fate is None:
        yield found(Kind.WRONG, f"client {row.cliente_id} was not chosen")
    elif row.estado not in FINAL:
        yield found(Kind.STUCK, f"is still {row.estado} {row.codigo}".rstrip())
        if messages and campaign.ended:
            yield found(Kind.WRONG, f"is {row.estado} and was accepted as {messages[0].sid}")
    elif row.estado == "enviado":
        yield from (found(*what) for what in _sent(row, fate, messages))
    elif row.codigo == UNKNOWN and UNKNOWN in excused and fate in {Fate.SENT, Fate.REFUSED, Fate.LEFT}:
        return  # it says itself that nobody knows
    elif messages:
        yield found(Kind.WRONG, f"is fallido ({row.codigo}) and was accepted as {messages[0].sid}")
    elif fate is Fate.SENT and row.codigo in excused:
        return
    elif fate is Fate.SENT and not (campaign.estado == "cancelado" and row.codigo == CANCELLED):
        yield found(Kind.LOST, f"was not sent: {row.codigo}")
    elif not _reason_fits(campaign, row, fate):
        yield found(Kind.WRONG, f"is fallido for {row.codigo}, and not as {fate.name}")


def _sent(row: Row, fate: Fate, messages: Sequence[Accepted]) -> Iterator[tuple[Kind, str]]:
    if not messages:
        yield Kind.LOST, f"is enviado as {row.twilio_sid}, and no message was accepted for it"
        return
    if fate is not Fate.SENT:
        yield Kind.WRONG, f"is enviado, and its phone is {fate.name}"
    mine = next((message for message in messages if message.sid == row.twilio_sid), None)
    if mine is None:
        yield Kind.WRONG, f"is enviado as {row.twilio_sid}, and its message is {messages[0].sid}"
    elif (mine.to, mine.body) != (row.telefono, row.mensaje):
        yield Kind.WRONG, f"says {row.mensaje!r}, Twilio has {mine.body!r} to {mine.to}"
    elif row.entrega in {"delivered", "undelivered", "failed"} and row.entrega != mine.outcome:
        yield Kind.WRONG, f"is {row.entrega}, at Twilio {mine.outcome}"
    for message in messages:
        if message is not mine and message.to != row.telefono:
            yield Kind.WRONG, f"has {message.sid}, which went to {message.to}"


def _reason_fits(campaign: Campaign, row: Row, fate: Fate) -> bool:
    if campaign.estado == "cancelado" and row.codigo == CANCELLED:
        return True
    if fate is Fate.REFUSED:
        return len(row.codigo) == 5 and row.codigo.isdecimal() and row.codigo != "20429"
    if fate is Fate.LEFT and row.codigo == "21610":
        return True
    return row.codigo == str(fate.value)


def _unknown(messages: Mapping[int | None, list[Accepted]], known: set[int]) -> Iterator[Violation]:
    for log_id in messages.keys() - known:
        for message in messages[log_id]:
            yield Violation(
                Kind.WRONG, 0, log_id, f"Twilio accepted {message.sid} to {message.to}, and no row knows it"
            )


def _moves(evidence: Evidence) -> Iterator[Violation]:
    campaigns = {row.id: row.campana_id for row in evidence.rows}
    retried = {campaign.id for campaign in evidence.campaigns if campaign.retried}
    doubted = {campaign.id for campaign in evidence.campaigns if campaign.doubted}
    outcomes: dict[int | None, set[str]] = defaultdict(set)
    for message in evidence.accepted:
        outcomes[message.log_id].add(message.outcome)
    for log_id, before, after in evidence.moves:
        if (before, after) == RETRIED and campaigns.get(log_id) in retried:
            continue
        if (before, after) == DROPPED and campaigns.get(log_id) in retried and UNSENT in outcomes[log_id]:
            continue
        if (before, after) in ASIDE:
            continue
        if (before, after) in {PROVED, ("aparte", "enviado")} and outcomes[log_id]:
            continue
        if (before, after) == DOUBTED and campaigns.get(log_id) in doubted:
            continue
        if (before, after) not in MOVES:
            yield Violation(Kind.WRONG, campaigns.get(log_id, 0), log_id, f"went from {before} to {after}")
