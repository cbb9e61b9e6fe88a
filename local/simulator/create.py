"""POST Messages.json: accept a message, or go wrong as told.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

import asyncio
import socket
from time import time
from urllib.parse import parse_qsl

from aiohttp import web

from local.simulator.alterations import alter
from local.simulator.answers import answer_json, answer_refusal
from local.simulator.checks import LONGEST_VALIDITY_S, check_create
from local.simulator.endings import choose
from local.simulator.errors import Refusal, refusal
from local.simulator.faults import Call, Rule
from local.simulator.messages import EXPIRED, Message, outcome_for
from local.simulator.segments import count_segments
from local.simulator.state import State

# How long messages wait for one another to share a commit, in seconds: short when nothing else delays the
# answer, and a part of the latency when there is one.
COMMIT_S = 0.001
LONGEST_COMMIT_S = 0.02

GONE_CHECK_S = 0.25
HTTP_REFUSED = 400
PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


async def create(state: State, request: web.BaseRequest, account: str) -> web.StreamResponse:
    """Answer one create-message request. Nothing answers 201 before its message is on disk.

    Refused requests are recorded too, where Twilio records them: "we now record all message creation attempts … both
    successful POSTs (201 response) and failed POSTs (400 response)", and they show "when you list messages on the
    API": https://support.twilio.com/hc/en-us/articles/21923437804315. A 429 is never processed
    (https://www.twilio.com/docs/api/errors/20429), and what is refused before the account is known has no list.

    Args:
        account: the SID of who asks.
    """
    raw = await request.read()
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    behaviour = state.faults.now
    if state.limits.exceeded(behaviour.max_concurrency, behaviour.max_rate):
        state.log.write("POST", request.raw_path, 429, 20429, "", raw)
        return answer_refusal(state, refusal(20429))
    state.limits.in_progress += 1
    try:
        return await _create(state, request, raw, form, account)
    finally:
        state.limits.in_progress -= 1


async def _create(
    state: State, request: web.BaseRequest, raw: bytes, form: dict[str, str], account: str
) -> web.StreamResponse:
    behaviour = state.faults.now
    latency_s = behaviour.latency_s
    if behaviour.jitter_s:
        latency_s = max(0.0, latency_s + state.faults.random.uniform(-behaviour.jitter_s, behaviour.jitter_s))
    rule = state.faults.pick("create", form.get("To", ""))
    if rule and rule.kind in {"throttle", "refuse"}:
        if rule.kind == "refuse":
            await _record(state, form, account, refusal(rule.code, form.get("To", "")), rule.status)
        return await go_wrong(state, request, rule, raw)
    late_s = 0.0
    if rule and rule.kind == "late":
        state.faults.count(rule.counted_as)
        late_s, rule = rule.seconds, None
    problem = check_create(form, state.ledger.opt_outs)
    if rule and rule.refused:
        problem = refusal(rule.refused, form.get("To", ""))
    acted_on = rule is None or rule.accepted or bool(rule.refused)
    if problem is None and behaviour.max_daily and state.limits.accepted[account] >= behaviour.max_daily:
        problem = refusal(63038)
    if problem is None and acted_on:
        started = time()
        message = _accept(state, form, account, started, latency_s)
        if message is None:
            problem = refusal(21611, form.get("From", ""))
        else:
            state.limits.accepted[account] += 1
            state.log.write("POST", request.raw_path, 0 if rule else 201, 0, rule.kind if rule else "", raw)
            committed = state.ledger.add(message, min(LONGEST_COMMIT_S, max(COMMIT_S, latency_s / 4)))
            if latency_s + late_s:
                await asyncio.sleep(latency_s + late_s)
            await committed.wait()
            if rule:
                return await go_wrong(state, request, rule, None)
            return answer_json(_initial(state, message), 201)
    if problem is not None and acted_on:
        await _record(state, form, account, problem)
    if latency_s + late_s:
        await asyncio.sleep(latency_s + late_s)
    if rule:
        return await go_wrong(state, request, rule, raw)
    assert problem is not None  # noqa: S101
    state.log.write("POST", request.raw_path, problem.status, problem.code, "", raw)
    return answer_refusal(state, problem)


def _accept(state: State, form: dict[str, str], account: str, now: float, latency_s: float) -> Message | None:
    """Make the message and give it its place in its sender's queue; None when the queue is full."""
    to, sender, service = form["To"], form.get("From", ""), form.get("MessagingServiceSid", "")
    faults, behaviour = state.faults, state.faults.now
    rcs = bool(service) and faults.chance(behaviour.rcs_to)
    altered = behaviour.alter_probability >= 1.0 or faults.chance(behaviour.alter_probability)
    listed = alter(behaviour, form, now, altered=altered, rcs=rcs)
    validity_s = float(form.get("ValidityPeriod") or LONGEST_VALIDITY_S)
    turn = state.drain.schedule(sender or service, listed.segments, now, latency_s, validity_s)
    if turn is None:
        return None
    outcome, code = EXPIRED if turn.expired else outcome_for(to)
    if outcome == "delivered" and (ending := choose(behaviour.endings, service, faults.random)):
        outcome, code = ending
        faults.count(f"ending_{outcome}")
    number, sid = state.ledger.next_id()
    body = form.get("Body", "")
    message = Message(
        number,
        sid,
        to,
        sender,
        service,
        body,
        listed.segments,
        now,
        turn.sending_at,
        turn.sent_at,
        turn.final_at,
        outcome,
        code,
        form.get("StatusCallback", ""),
        account,
        listed="" if listed.body == body else listed.body,
        rcs=int(listed.rcs),
        body_until=listed.body_until,
        to_until=listed.to_until,
    )
    state.drain.push(message)
    return message


async def _record(state: State, form: dict[str, str], account: str, problem: Refusal, status: int = 0) -> None:
    """Record a refused request as a failed message, if Twilio would.

    Args:
        status: the HTTP status of the answer, where it is not the code's own.
    """
    if not state.faults.now.record_refusals or (status or problem.status) != HTTP_REFUSED:
        return
    now, (number, sid) = time(), state.ledger.next_id()
    message = Message(
        number,
        sid,
        form.get("To", ""),
        form.get("From", ""),
        form.get("MessagingServiceSid", ""),
        form.get("Body", ""),
        count_segments(form.get("Body", "")),
        now,
        now,
        now,
        now,
        "failed",
        str(problem.code),
        "",
        account,
        refused=1,
    )
    state.faults.count("refusal_recorded")
    await state.ledger.add(message, COMMIT_S).wait()


def _initial(state: State, message: Message) -> dict[str, object]:
    """The message as its 201 shows it: before its turn, always."""
    return state.show(message, message.sending_at - 0.001)


async def meet(state: State, request: web.BaseRequest, call: Call, to: str) -> web.StreamResponse | None:
    """The wrong answer that a GET meets, or None when it is to be answered."""
    rule = state.faults.pick(call, to)
    if rule is None:
        return None
    if rule.kind != "late":
        return await go_wrong(state, request, rule, b"")
    state.faults.count(rule.counted_as)
    await asyncio.sleep(rule.seconds)
    return None


async def go_wrong(state: State, request: web.BaseRequest, rule: Rule, raw: bytes | None) -> web.StreamResponse:
    """Do what a fault says with the answer. `raw` is None when the request is in the log already."""
    state.faults.count(rule.counted_as)
    problem = refusal(20429 if rule.kind == "throttle" else rule.code)
    if raw is not None:
        code = problem.code if rule.kind in {"throttle", "refuse"} else 0
        state.log.write(request.method, request.raw_path, 0, code, rule.kind, raw)
    match rule.kind:
        case "throttle":
            return answer_refusal(state, problem, {"Retry-After": f"{rule.seconds:g}"} if rule.seconds else None)
        case "refuse":
            return answer_refusal(state, problem, status=rule.status)
        case "page":
            status = rule.status or 403
            return web.Response(status=status, text=PAGE.format(f"Error {status}"), content_type="text/html")
        case "error":
            return web.Response(status=rule.status or 503, text="Service Unavailable")
        case "garbage":
            return web.Response(status=201, text="<html>not a message</html>", content_type="text/html")
        case "hang":
            await _hang(state, request, rule.seconds)
    _cut(request, reset=rule.reset)
    return web.Response()


async def _hang(state: State, request: web.BaseRequest, seconds: float) -> None:
    """Wait until the client has left, the time is over, or the simulator stops."""
    deadline = time() + seconds if seconds else float("inf")
    while time() < deadline and request.transport and not request.transport.is_closing():
        try:
            await asyncio.wait_for(state.stopping.wait(), GONE_CHECK_S)
        except TimeoutError:
            continue
        return


def _cut(request: web.BaseRequest, *, reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if reset:
        # A linger of zero makes the close a reset.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    transport.abort()
