"""The product's API, called by an integrator who asks again until there is an answer."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

TIMEOUT = urllib3.Timeout(connect=3.0, read=30.0)
PAUSE_S = 0.3
WITHIN_S = 120.0


class NoAnswerError(Exception):
    """The product gave no answer below 500 in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


class Api:
    """One shop's API.

    Args:
        base_url: "http://127.0.0.1:8000".
        token: the admin's.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._base = base_url
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT, maxsize=4)

    def get(self, path: str, within_s: float = WITHIN_S) -> Answer:
        return self._until_answered("GET", path, None, {}, within_s)

    def post(self, path: str, body: object = None, key: str = "", within_s: float = WITHIN_S) -> Answer:
        """POST again and again until it is answered.

        Args:
            key: the Idempotency-Key, without which a repeat may do it twice.
        """
        return self._until_answered("POST", path, body, {"Idempotency-Key": key} if key else {}, within_s)

    def patch(self, path: str, body: object, within_s: float = WITHIN_S) -> Answer:
        return self._until_answered("PATCH", path, body, {}, within_s)

    def _until_answered(
        self, method: str, path: str, body: object, headers: Mapping[str, str], within_s: float
    ) -> Answer:
        deadline = time.monotonic() + within_s
        while True:
            try:
                answer = self._http.request(
                    method,
                    f"{self._base}/api/v1{path}",
                    body=None if body is None else json.dumps(body).encode(),
                    headers={**self._headers, **headers},
                )
            except urllib3.exceptions.HTTPError as error:
                said = str(error)
            else:
                if answer.status < 500:
                    return Answer(answer.status, json.loads(answer.data or b"null"))
                said = f"HTTP {answer.status}"
            if time.monotonic() > deadline:
                raise NoAnswerError(f"{method} {path} within {within_s:g} s: {said}")
            time.sleep(PAUSE_S)
