"""HTTP answers with Twilio's shapes."""

import json
from collections.abc import Mapping

from aiohttp import web

from local.simulator.errors import Refusal
from local.simulator.state import State


def answer_json(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Any JSON."""
    return web.Response(
        body=json.dumps(payload, separators=(",", ":")).encode(),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def answer_refusal(
    state: State, problem: Refusal, headers: Mapping[str, str] | None = None, status: int = 0
) -> web.Response:
    """An error of Twilio's, counted. `status` replaces the code's own."""
    state.refused[problem.code] += 1
    shown = Refusal(problem.code, status or problem.status, problem.message)
    return answer_json(shown.as_json(), shown.status, headers)
