"""POST Messages.json: accept a message, or go wrong as told.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

import asyncio
import socket
from time import time
from urllib.parse import parse_qsl

from aiohttp import web

from local.simulator.answers import answer_json, answer_refusal
from local.simulator.checks import LONGEST_VALIDITY_S, check_create
from local.simulator.errors import refusal
from local.simulator.faults import Rule
from local.simulator.messages import EXPIRED, Message, as_json, outcome_for
from local.simulator.segments import count_segments
from local.simulator.state import State

# How long messages wait for one another to share a commit, in seconds: short when nothing else delays the
# answer, and a part of the latency when there is one.
COMMIT_S = 0.001
LONGEST_COMMIT_S = 0.02

GONE_CHECK_S = 0.25


async def create(state: State, request: web.BaseRequest) -> web.StreamResponse:
    """Answer one create-message request. Nothing answers 201 before its message is on disk."""
    raw = await request.read()
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    behaviour = state.faults.now
    if state.limits.exceeded(behaviour.max_concurrency, behaviour.max_rate):
        state.log.write("POST", request.raw_path, 429, 20429, "", raw)
        return answer_refusal(state, refusal(20429))
    state.limits.in_progress += 1
    try:
        return await _create(state, request, raw, form)
    finally:
        state.limits.in_progress -= 1


async def _create(state: State, request: web.BaseRequest, raw: bytes, form: dict[str, str]) -> web.StreamResponse:
    behaviour = state.faults.now
    latency_s = behaviour.latency_s
    if behaviour.jitter_s:
        latency_s = max(0.0, latency_s + state.faults.random.uniform(-behaviour.jitter_s, behaviour.jitter_s))
    rule = state.faults.pick("create", form.get("To", ""))
    if rule and rule.kind in {"throttle", "refuse"}:
        return await go_wrong(state, request, rule, raw)
    problem = check_create(form, state.ledger.opt_outs)
    if problem is None and (rule is None or rule.accepted):
        started = time()
        message = _accept(state, form, started, latency_s)
        if message is None:
            problem = refusal(21611, form.get("From", ""))
        else:
            state.log.write("POST", request.raw_path, 0 if rule else 201, 0, rule.kind if rule else "", raw)
            committed = state.ledger.add(message, min(LONGEST_COMMIT_S, max(COMMIT_S, latency_s / 4)))
            if latency_s:
                await asyncio.sleep(latency_s)
            await committed.wait()
            if rule:
                return await go_wrong(state, request, rule, None)
            return answer_json(_initial(state, message), 201)
    if latency_s:
        await asyncio.sleep(latency_s)
    if rule:
        return await go_wrong(state, request, rule, raw)
    assert problem is not None  # noqa: S101
    state.log.write("POST", request.raw_path, problem.status, problem.code, "", raw)
    return answer_refusal(state, problem)


def _accept(state: State, form: dict[str, str], now: float, latency_s: float) -> Message | None:
    """Make the message and give it its place in its sender's queue; None when the queue is full."""
    to, sender, service = form["To"], form.get("From", ""), form.get("MessagingServiceSid", "")
    body = form.get("Body", "")
    segments = count_segments(body)
    validity_s = float(form.get("ValidityPeriod") or LONGEST_VALIDITY_S)
    turn = state.drain.schedule(sender or service, segments, now, latency_s, validity_s)
    if turn is None:
        return None
    outcome, code = EXPIRED if turn.expired else outcome_for(to)
    number, sid = state.ledger.next_id()
    callback = form.get("StatusCallback", "")
    message = Message(
        number,
        sid,
        to,
        sender,
        service,
        body,
        segments,
        now,
        turn.sending_at,
        turn.sent_at,
        turn.final_at,
        outcome,
        code,
        callback,
    )
    state.drain.push(message)
    return message


def _initial(state: State, message: Message) -> dict[str, object]:
    """The message as its 201 shows it: before its turn, always."""
    before = message.sending_at - 0.001
    return as_json(message, state.config.account_sid, before, state.config.service_number)


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
