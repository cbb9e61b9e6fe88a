"""The product's API, called as an integrator would: over HTTP, with a token."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import urllib3
from django.core.management.base import CommandError

TIMEOUT = urllib3.Timeout(connect=3.0, read=30.0)
PAGE = 1000


class Api:
    """Args:
    base_url: the web's address, "http://127.0.0.1:8000".
    host: the name the web serves, for the Host header.
    """

    def __init__(self, base_url: str, *, username: str, password: str) -> None:
        self._base = base_url
        self._http = urllib3.PoolManager(timeout=TIMEOUT, retries=False)
        self._headers: dict[str, str] = {}
        token = self.post("/api/v1/auth/token/", {"username": username, "password": password})["token"]
        self._headers = {"Authorization": f"Token {token}"}

    def create_campaign(self, **body: object) -> dict[str, Any]:
        return self.post("/api/v1/campanas/", body, {"Idempotency-Key": secrets.token_hex(16)})

    def progress(self, campana_id: int) -> dict[str, Any]:
        return self._call("GET", f"/api/v1/campanas/{campana_id}/progreso/")

    def logs(self, campana_id: int) -> Iterator[dict[str, Any]]:
        """Every recipient's row, page by page."""
        path: str | None = f"/api/v1/campanas/{campana_id}/logs/?page_size={PAGE}"
        while path:
            page = self._call("GET", path)
            yield from page["results"]
            path = page["next"] and page["next"][page["next"].index("/api/") :]

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> dict[str, Any]:
        return self._call("POST", path, body, headers)

    def _call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            answer = self._http.request(
                method,
                self._base + path,
                body=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json", **self._headers, **(headers or {})},
            )
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(f"the web at {self._base} does not answer: {error}") from error
        if answer.status >= 400:
            raise CommandError(f"{method} {path} answered {answer.status}: {answer.data.decode()[:300]}")
        found: dict[str, Any] = json.loads(answer.data)
        return found
