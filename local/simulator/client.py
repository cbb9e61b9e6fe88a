"""The simulator's control API from Python, for tests, benchmarks and the demonstration."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

TIMEOUT = urllib3.Timeout(connect=2.0, read=60.0)


class SimulatorError(Exception):
    """The simulator refused a control request, or is not there."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts since the start or the last reset; accepted messages and their recipients survive a restart.

    `duplicates` are accepted messages beyond the first of each recipient.
    """

    accepted: int
    distinct_to: int
    duplicates: int
    requests: int
    refused: dict[str, int]
    faults: dict[str, int]
    in_progress: int
    callbacks_sent: int
    callbacks_failed: int
    callbacks_pending: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One accepted message, or a refused one that was recorded (`refused`, with its `error_code`). Instants are Unix
    seconds; `outcome` is the status it ends in at `final_at`, `body` as it was sent, `account` a SID."""

    id: int
    sid: str
    to: str
    from_: str
    service: str
    body: str
    segments: int
    accepted_at: float
    sending_at: float
    sent_at: float
    final_at: float
    outcome: str
    error_code: str
    status_callback: str
    account: str
    refused: int


class SimulatorControl:
    """Talks to one simulator.

    Args:
        base_url: "http://127.0.0.1:8900".
        token: its SIMULATOR_CONTROL_TOKEN, if it was started with one.

    Every method raises `SimulatorError` when the simulator refuses or cannot be reached.
    """

    def __init__(self, base_url: str, *, token: str = "") -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT)

    def wait_ready(self, timeout_s: float = 15.0) -> None:
        """Return once the simulator answers; raise after `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self._call("GET", "health")
            except SimulatorError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def stats(self) -> Stats:
        """The counts."""
        return Stats(**self._call("GET", "stats"))

    def wait_drained(self, timeout_s: float = 30.0) -> None:
        """Return once no status callback is waiting or on its way; raise after `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        while pending := self.stats().callbacks_pending:
            if time.monotonic() > deadline:
                raise SimulatorError(f"{pending} callbacks still pending after {timeout_s:g} s")
            time.sleep(0.05)

    def ledger(self, *, to: str | None = None, since_id: int = 0, refused: bool = False) -> Iterator[LedgerRow]:
        """Accepted messages, oldest first, read as they stream in.

        Args:
            to: only this recipient's.
            since_id: only those after this id.
            refused: the refused ones that were recorded, instead of the accepted ones.
        """
        query: dict[str, object] = {"since_id": since_id, "refused": int(refused), **({"to": to} if to else {})}
        response = self._request("GET", f"ledger?{urlencode(query)}", preload_content=False)
        try:
            for line in response:
                row = json.loads(line)
                yield LedgerRow(
                    from_=row["sender"], **{name: row[name] for name in LedgerRow.__slots__ if name != "from_"}
                )
        finally:
            response.release_conn()

    def faults(self) -> dict[str, Any]:
        """The behaviour now, rules with their `fired` counts included."""
        return self._call("GET", "faults")

    def fault_counts(self) -> dict[str, int]:
        """Count how often each thing went wrong since the start or the last reset: rules by name, and the behaviour's
        `list_hidden`, `refusal_recorded`, `ending_failed` and the like, `callback_dropped`, `callback_doubled`,
        `callback_late`, `callback_early`."""
        return self._call("GET", "fault-counts")

    def set_faults(self, *rules: Mapping[str, object], **behaviour: object) -> dict[str, Any]:
        """Replace what goes wrong: rules as in `faults.Rule`, the rest as in `faults.Behaviour`.

        >>> control.set_faults({"kind": "error", "accepted": True, "count": 3}, latency_s=0.1)
        """
        return self._call("PUT", "faults", {**behaviour, "rules": [dict(rule) for rule in rules]})

    def clear_faults(self) -> None:
        """Back to the behaviour of the command line."""
        self._call("DELETE", "faults")

    def add_account(self, sid: str, token: str) -> None:
        """Let the simulator know another account, or give a known one another Auth Token."""
        self._call("POST", "accounts", {"sid": sid, "token": token})

    def set_setup(self, **setup: object) -> dict[str, Any]:
        """Replace what the account has: fields as in `setup.Setup`."""
        return self._call("PUT", "setup", setup)

    def inbound(self, **message: object) -> dict[str, Any]:
        """A client writes to us: from_, body, to, service, url, advanced (see `inbound.receive`)."""
        return self._call("POST", "inbound", {name.rstrip("_"): value for name, value in message.items()})

    def reset(self) -> None:
        """Forget messages, opt-outs, other accounts, the setup, faults and counts."""
        self._call("POST", "reset")

    def _call(self, method: str, path: str, payload: object = None) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._request(method, path, payload).data)
        return answer

    def _request(
        self, method: str, path: str, payload: object = None, *, preload_content: bool = True
    ) -> urllib3.BaseHTTPResponse:
        body = None if payload is None else json.dumps(payload).encode()
        try:
            response = self._http.request(
                method,
                f"{self.base_url}/_control/{path}",
                body=body,
                headers=self._headers,
                preload_content=preload_content,
            )
        except urllib3.exceptions.HTTPError as error:
            raise SimulatorError(f"no simulator at {self.base_url}: {error}") from error
        if response.status >= 400:
            raise SimulatorError(f"{method} {path}: {response.data.decode()}")
        return response
