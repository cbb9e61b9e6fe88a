"""The control API, `/_control/…`: what a test or a demonstration does to the simulator. JSON in and out.

Where SIMULATOR_CONTROL_TOKEN is set, or the account may be a real one, all but `health` need
`Authorization: Bearer <that token>`.

| call | does |
|---|---|
| GET health | is it up |
| GET, PUT, DELETE faults | see, set, forget what goes wrong (see `faults.py` for the fields) |
| GET fault-counts | how often each thing went wrong; unlike stats, it reads no ledger |
| GET stats | counts |
| GET ledger?to=&since_id=&refused= | the accepted messages (refused=1: the refused), one JSON a line, oldest first |
| POST accounts | `{"sid", "token"}`: know another account, or another Auth Token of a known one |
| GET, PUT, DELETE setup | see, set, forget what the account has (see `setup.py` for the fields) |
| POST inbound | `{"from", "body", "to"?, "service"?, "url"?, "advanced"?}`: a client writes to us |
| POST reset | forget everything |
"""

import asyncio
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from local.simulator import doors
from local.simulator.answers import answer_json
from local.simulator.faults import Behaviour
from local.simulator.inbound import receive
from local.simulator.setup import Setup
from local.simulator.state import State

LEDGER_BATCH = 500


async def control(state: State, request: web.BaseRequest, name: str) -> web.StreamResponse:
    """Answer one control request; what cannot be understood is a 400 that says why."""
    config = state.config
    locked = doors.looks_real(config.account_sid)
    if not doors.may_command(request.headers, name, token=config.control_token, locked=locked):
        return answer_json({"error": "this needs SIMULATOR_CONTROL_TOKEN: Authorization: Bearer …"}, 401)
    try:
        match request.method, name:
            case "GET", "health":
                return answer_json({"status": "ok"} | ({} if locked else {"account_sid": config.account_sid}))
            case "GET", "faults":
                return answer_json(asdict(state.faults.now))
            case "PUT", "faults":
                state.faults.set(Behaviour.parse(await _body(request), state.faults.defaults))
                return answer_json(asdict(state.faults.now))
            case "DELETE", "faults":
                state.faults.set(state.faults.defaults)
                return answer_json(asdict(state.faults.now))
            case "GET", "fault-counts":
                return answer_json(dict(state.faults.happened))
            case "GET", "stats":
                return answer_json(await _stats(state))
            case "GET", "ledger":
                return await _ledger(state, request)
            case "POST", "accounts":
                given = await _body(request)
                state.accounts.add(str(given.get("sid", "")), str(given.get("token", "")))
                return answer_json({"status": "ok"})
            case "GET", "setup":
                return answer_json(asdict(state.setup))
            case "PUT", "setup":
                state.setup = Setup.parse(await _body(request))
                return answer_json(asdict(state.setup))
            case "DELETE", "setup":
                state.setup = Setup()
                return answer_json(asdict(state.setup))
            case "POST", "inbound":
                return answer_json(await receive(state, await _body(request)))
            case "POST", "reset":
                state.reset()
                return answer_json({"status": "ok"})
    except ValueError as error:
        return answer_json({"error": str(error)}, 400)
    return answer_json({"error": f"no {request.method} {name} here"}, 404)


async def _body(request: web.BaseRequest) -> dict[str, Any]:
    payload = json.loads(await request.read() or b"{}")
    if not isinstance(payload, dict):
        raise ValueError("the body must be a JSON object")
    return payload


async def _stats(state: State) -> dict[str, object]:
    state.ledger.flush()
    totals = await asyncio.to_thread(state.ledger.totals)
    return {
        **totals,
        "requests": state.requests,
        "refused": {str(code): count for code, count in sorted(state.refused.items())},
        "faults": dict(state.faults.happened),
        "in_progress": state.limits.in_progress,
        "callbacks_sent": state.sender.sent,
        "callbacks_failed": state.sender.failed,
        "callbacks_pending": state.drain.pending + state.sender.waiting,
    }


async def _ledger(state: State, request: web.BaseRequest) -> web.StreamResponse:
    """Stream the ledger in batches, so that neither side ever holds it whole."""
    query = dict(parse_qsl(request.raw_path.partition("?")[2]))
    last, to = int(query.get("since_id", 0)), query.get("to")
    where, values = ("id > ? AND to_ = ?", [to]) if to else ("id > ?", [])
    where += f" AND refused = {int(query.get('refused') == '1')}"
    state.ledger.flush()
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    while True:
        rows = list(state.ledger.select(f"{where} ORDER BY id LIMIT {LEDGER_BATCH}", (last, *values)))
        if not rows:
            break
        await response.write("".join(f"{json.dumps(row._asdict())}\n" for row in rows).encode())
        last = rows[-1].id
    await response.write_eof()
    return response
