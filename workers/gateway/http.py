"""The HTTP client the SDK asks through, in threads: thin, explicit about time, and incapable of repeating a request.

The SDK's own client costs two to three times the CPU of urllib3 alone, has no timeout unless told, offers
retries that repeat a POST, and cannot be pointed at another host. `Client(http_client=…)` is the SDK's
way to replace it: https://www.twilio.com/docs/libraries/reference/twilio-python/
"""

import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from threading import local
from urllib.parse import SplitResult, urlencode, urlsplit

from twilio.http import HttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError
from urllib3.util import make_headers

from workers.gateway.connections import NeverSentError
from workers.gateway.errors import MaybeSentError, checked
from workers.gateway.pools import Pools

logger = logging.getLogger(__name__)


class LeanHttpClient(HttpClient):  # type: ignore[misc]  # the SDK is not typed
    """One set of connections shared by all threads of the process; each call writes at most one request.

    Args:
        base_url: "scheme://host[:port]" that every request goes to instead of Twilio; its path is ignored.
        connect_timeout_s: limit of the TCP connection and of the TLS handshake, in seconds.
        read_timeout_s: limit of each wait for bytes of the answer, in seconds.
        pool_size: connections kept open; above it one is made and dropped, no thread waits for another.

    Raises:
        ValueError: `base_url` is not an http(s) address.
    """

    def __init__(
        self, *, base_url: str | None, connect_timeout_s: float, read_timeout_s: float, pool_size: int
    ) -> None:
        super().__init__(logger, is_async=False, timeout=read_timeout_s)
        self._base = base_address(base_url)
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._pools = Pools(pool_size, delivery_s=read_timeout_s)
        self._said = local()

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Write one request and read its answer, as the SDK asks for it.

        Redirects are never followed, whatever `allow_redirects` says: a POST repeated elsewhere is a second
        message.

        Raises:
            NeverSentError: no connection was made.
            MaybeSentError: it was made, and no whole answer came back.
            ErrorAnswerError: the answer's status is not 2xx.
        """
        self._said.at = None
        url = urlsplit(uri)
        target = f"{url.path}?{url.query}" if url.query else url.path
        if params:
            target += ("&" if url.query else "?") + urlencode(params, doseq=True)
        pool = self._pools.get(self._base or url)
        try:
            answer = pool.urlopen(
                method,
                target,
                body=urlencode(data, doseq=True).encode() if data else None,
                headers={**(headers or {}), **(make_headers(basic_auth=":".join(auth)) if auth else {})},
                retries=False,
                redirect=False,
                timeout=Timeout(connect=self._connect_timeout_s, read=timeout or self._read_timeout_s),
            )
        except NeverSentError:
            raise
        except HTTPError as error:
            raise MaybeSentError(_how_it_broke(error), error) from error
        self._said.at = _date(answer)
        return checked(Response(answer.status, answer.data.decode("utf-8", "replace"), answer.headers))

    @property
    def answered_at(self) -> datetime | None:
        """The time of this thread's last answer by the server's own clock; None when it did not say, or none came."""
        return getattr(self._said, "at", None)

    def close(self) -> None:
        """Close the idle connections."""
        self._pools.close()


def base_address(base_url: str | None) -> SplitResult | None:
    """Read the address that stands in for Twilio's.

    Raises:
        ValueError: it is not an http(s) address.
    """
    if not base_url:
        return None
    base = urlsplit(base_url)
    if base.scheme not in {"http", "https"} or not base.hostname:
        raise ValueError(f"not an http(s) address: {base_url!r}")
    return base


def _date(answer: BaseHTTPResponse) -> datetime | None:
    try:
        found = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _how_it_broke(error: HTTPError) -> str:
    """Return a stable word for a failure after the connection was made."""
    if isinstance(error, ReadTimeoutError):
        return "read_timeout"
    if isinstance(error, SSLError):
        return "tls_error"
    cause = error.args[-1] if error.args else None
    # Python's RemoteDisconnected is a ConnectionResetError and a BadStatusLine at once: ask for it first.
    for kind, code in (
        (RemoteDisconnected, "remote_closed"),
        (ConnectionResetError, "connection_reset"),
        (BadStatusLine, "bad_answer"),
        (TimeoutError, "write_timeout"),
        (IncompleteRead, "incomplete_answer"),
    ):
        if isinstance(cause, kind) or isinstance(error, kind):
            return code
    return "protocol_error"
