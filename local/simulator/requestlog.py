"""The raw request log: what came in, as it came in, one line a request, append only.

Next to the ledger, which says what was accepted, it says what was attempted: refused, throttled and cut
requests too. Lines reach the kernel at least every tenth of a second and at every commit's latest, so a
`kill -9` loses at most the last tenth.
"""

import asyncio
from pathlib import Path
from time import time

FLUSH_EVERY_S = 0.1


class RequestLog:
    """Appends to `requests.log`: time, method, path, status, Twilio code, fault, raw body.

    Args:
        directory: where the file is.
        enabled: False writes nothing, for the largest benchmarks.
    """

    def __init__(self, directory: Path, *, enabled: bool) -> None:
        self._path = directory / "requests.log"
        self._file = self._path.open("ab", buffering=0) if enabled else None
        self._lines: list[bytes] = []

    def write(self, method: str, target: str, status: int, code: int, fault: str, body: bytes) -> None:
        """Note one request. A status of 0 means that none was sent."""
        if self._file is None:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_EVERY_S, self.flush)
        raw = body.replace(b"\n", b"%0A").replace(b"\r", b"%0D")
        self._lines.append(f"{time():.6f} {method} {target} {status} {code} {fault or '-'} ".encode() + raw + b"\n")

    def flush(self) -> None:
        """Hand the lines to the kernel."""
        if self._file is not None and self._lines:
            lines, self._lines = self._lines, []
            self._file.write(b"".join(lines))

    def clear(self) -> None:
        """Start the log anew."""
        self.flush()
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        """Write what waits and close."""
        self.flush()
        if self._file is not None:
            self._file.close()
