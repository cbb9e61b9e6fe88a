"""GET Messages.json and GET one message.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

import re
from datetime import UTC, datetime, timedelta
from time import time
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from local.simulator.alterations import RCS
from local.simulator.answers import answer_json, answer_refusal
from local.simulator.create import meet
from local.simulator.errors import refusal
from local.simulator.messages import API_VERSION
from local.simulator.state import State

DEFAULT_PAGE, MAX_PAGE = 50, 1000
TOKEN = re.compile(r"PA([0-9a-f]{12})")
DAY_S = 86400.0

# How a message's recipient is listed, as `messages.shown_to` has it; a redacted one is found by no number.
SHOWN = f"CASE WHEN to_until > 0 AND to_until <= ? THEN '' WHEN rcs THEN '{RCS}' || to_ ELSE to_ END"


async def fetch(state: State, request: web.BaseRequest, account: str, sid: str) -> web.StreamResponse:
    """Answer GET Messages/{sid}.json."""
    if wrong := await meet(state, request, "fetch", ""):
        return wrong
    message = state.ledger.get(sid)
    if message is not None and state.owner(message) != account:
        message = None
    state.log.write("GET", request.raw_path, 200 if message else 404, 0 if message else 20404, "", b"")
    if message is None:
        return answer_refusal(state, refusal(20404, request.raw_path))
    return answer_json(state.show(message, time()))


async def list_messages(state: State, request: web.BaseRequest, account: str) -> web.StreamResponse:
    """Answer GET Messages.json: newest first, by pages, filtered by To, From and DateSent.

    Args:
        account: the SID of who asks.
    """
    query = dict(parse_qsl(request.raw_path.partition("?")[2]))
    if wrong := await meet(state, request, "list", query.get("To", "")):
        return wrong
    state.log.write("GET", request.raw_path, 200, 0, "", b"")
    now = time()
    try:
        size = min(max(int(query.get("PageSize", DEFAULT_PAGE)), 1), MAX_PAGE)
        page = int(query.get("Page", 0))
        where, values = _conditions(state, query, now, account)
    except ValueError as error:
        return answer_refusal(state, refusal(20001, str(error)))
    found = list(state.ledger.select(f"{where} ORDER BY id DESC LIMIT ?", (*values, size + 1)))
    state.faults.count("list_hidden", _hides(state, query, now))
    shown, more = found[:size], len(found) > size
    filters = [(name, value) for name, value in query.items() if name not in {"Page", "PageToken", "PageSize"}]
    filters.append(("PageSize", str(size)))

    def uri(number: int, token: str | None = None) -> str:
        extra = [("Page", str(number)), *([("PageToken", token)] if token else [])]
        return f"/{API_VERSION}/Accounts/{account}/Messages.json?{urlencode([*filters, *extra])}"

    return answer_json(
        {
            "end": page * size + max(len(shown) - 1, 0),
            "first_page_uri": uri(0),
            "messages": [state.show(row, now) for row in shown],
            "next_page_uri": uri(page + 1, f"PA{shown[-1].id:012x}") if more else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": uri(page - 1) if page else None,
            "start": page * size,
            "uri": uri(page, query.get("PageToken")),
        }
    )


def _hides(state: State, query: dict[str, str], now: float) -> bool:
    """Tell whether a message to the recipient is too young to be listed."""
    since = now - state.faults.list_delay_s()
    young = "to_ = ? AND accepted_at > ? LIMIT 1"
    return since < now and any(True for _ in state.ledger.select(young, (query.get("To", ""), since)))


def _conditions(state: State, query: dict[str, str], now: float, account: str) -> tuple[str, tuple[object, ...]]:
    """The filters as SQL.

    Raises:
        ValueError: a token or a date cannot be read.
    """
    parts = ["accepted_at <= ?", "account IN (?, ?)"]
    # Messages of before there were several accounts have none, and are the first's.
    arguments: list[object] = [now - state.faults.list_delay_s(), account]
    arguments.append("" if account == state.config.account_sid else account)
    if "To" in query:
        parts.append(f"to_ = ? AND {SHOWN} = ?")
        arguments += [query["To"].removeprefix(RCS), now, query["To"]]
    if "From" in query:
        # A Messaging Service's message has no sender until it is its turn.
        parts.append("(sender = ? OR (sender = '' AND ? = ? AND sending_at <= ?))")
        arguments += [query["From"], query["From"], state.config.service_number, now]
    if "PageToken" in query:
        token = TOKEN.fullmatch(query["PageToken"])
        if token is None:
            raise ValueError(query["PageToken"])
        parts.append("id < ?")
        arguments.append(int(token[1], 16))
    for name, start, end in (
        ("DateSent", True, True),
        ("DateSent>", True, False),
        ("DateSent<", False, True),
    ):
        if name in query:
            instant, length = _instant(query[name])
            instant -= state.faults.now.clock_offset_s
            # A message that is not sent yet, or never will be, has no date and matches no filter of it.
            parts.append("sent_at <= ? AND outcome NOT IN ('failed', 'canceled')")
            arguments.append(now)
            if start:
                parts.append("sent_at >= ?")
                arguments.append(instant)
            if end:
                parts.append("sent_at < ?")
                arguments.append(instant + length)
    return " AND ".join(parts), tuple(arguments)


def _instant(text: str) -> tuple[float, float]:
    """A day or an instant in UTC, with its length in seconds."""
    if len(text) == len("2024-01-31"):
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp(), DAY_S
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), timedelta(seconds=1).total_seconds()
