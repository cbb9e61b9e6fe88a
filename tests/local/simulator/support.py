"""Requests as raw as a test of an API needs them."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.util import make_headers

from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator

SENDER = "+15005550006"
SERVICE = "MG" + "2c" * 16
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"

HTTP = urllib3.PoolManager(maxsize=32, retries=False, timeout=5.0)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with its JSON read, if it is JSON."""

    status: int
    headers: urllib3.HTTPHeaderDict
    json: dict[str, Any]
    data: bytes


def call(
    simulator: RunningSimulator,
    method: str,
    path: str,
    form: dict[str, str] | None = None,
    login: str = f"{ACCOUNT_SID}:{AUTH_TOKEN}",
    timeout_s: float = 5.0,
) -> Answer:
    """Make a request with Basic authentication."""
    headers = {**make_headers(basic_auth=login), "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode() if form is not None else None
    response = HTTP.request(
        method, f"{simulator.url}{path}", body=body, headers=headers, redirect=False, timeout=timeout_s
    )
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return Answer(response.status, response.headers, json.loads(response.data) if is_json else {}, response.data)


def create(simulator: RunningSimulator, *, timeout_s: float = 5.0, **changes: str) -> Answer:
    """POST a message; a field given as an empty string is left out."""
    form = {"To": "+573001112233", "From": SENDER, "Body": "Hola", **changes}
    return call(
        simulator,
        "POST",
        f"{PATH}.json",
        {name: value for name, value in form.items() if value},
        timeout_s=timeout_s,
    )


def listing(simulator: RunningSimulator, **query: str) -> Answer:
    """GET the list."""
    return call(simulator, "GET", f"{PATH}.json?{urlencode(query)}")
