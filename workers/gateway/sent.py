"""Reading all that the account has sent on a day, page by page, for the daily close.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

The pages are read as JSON: the SDK would make an object of each of a million messages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from twilio.rest import Client  # type: ignore[import-untyped]

from campaigns.cierre.services import Listado
from workers.gateway.classify import twilio_error
from workers.gateway.errors import ErrorAnswerError
from workers.gateway.http import LeanHttpClient
from workers.gateway.lookup import LookupFailedError, looking_up
from workers.gateway.twilio import NO_EDGE, GatewayConfig

HOST: Final = "https://api.twilio.com"
# The resource was not found: https://www.twilio.com/docs/api/errors/20404
NOT_FOUND: Final = "20404"
# Twilio's largest page.
PAGE: Final = 1000
# A page of a thousand messages is half a megabyte, which Twilio takes seconds to gather.
READ_TIMEOUT_S: Final = 60.0
# Messages that are asked for at the same time, one by one.
AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the day's messages; `next` is the address of the one after it, "" when it is the last."""

    messages: list[Listado]
    next: str


class PageGoneError(Exception):
    """Twilio no longer knows the address of a page."""


class SentReader:
    """Reads the messages of one account. It is safe to share among threads."""

    def __init__(self, config: GatewayConfig) -> None:
        self._path = f"/2010-04-01/Accounts/{config.account_sid}/Messages"
        self._http = LeanHttpClient(
            base_url=config.api_base_url,
            connect_timeout_s=config.connect_timeout_s,
            read_timeout_s=READ_TIMEOUT_S,
            pool_size=AT_ONCE,
        )
        self._client: Any = Client(config.account_sid, config.auth_token, http_client=self._http, environment=NO_EDGE)

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def page(self, day: date, address: str = "") -> Page:
        """Read a page of what was sent on a day of UTC.

        Args:
            address: from the page before; "" for the first.

        Raises:
            PageGoneError: the address is too old.
            LookupFailedError: Twilio could not be asked, or its answer cannot be read.
        """
        first = {"DateSent": day.isoformat(), "PageSize": PAGE}
        with looking_up():
            try:
                found = self._get(address, {}) if address else self._get(f"{self._path}.json", first)
            except ErrorAnswerError as error:
                if address and error.answer.status_code in {400, 404}:
                    raise PageGoneError from error
                raise
            messages = [_listed(message) for message in found["messages"]]
            following = str(found.get("next_page_uri") or "")
        if following and not following.startswith(f"{self._path}.json?"):
            raise LookupFailedError("unreadable_answer", following[:200])
        return Page(messages, following)

    def message(self, sid: str) -> Listado | None:
        """Read one message; None when the account has none of this SID.

        Raises:
            LookupFailedError: Twilio could not be asked, or its answer cannot be read.
        """
        with looking_up():
            try:
                return _listed(self._get(f"{self._path}/{sid}.json", {}))
            except ErrorAnswerError as error:
                if error.answer.status_code == 404 and twilio_error(error.answer.text)[0] == NOT_FOUND:
                    return None
                raise

    def _get(self, path: str, params: Mapping[str, object]) -> dict[str, Any]:
        found = json.loads(self._client.request("GET", HOST + path, params=dict(params)).text)
        if not isinstance(found, dict):
            raise LookupFailedError("unreadable_answer")
        return found


def _listed(message: Mapping[str, Any]) -> Listado:
    segments, price = str(message.get("num_segments") or "0"), message.get("price")
    to = _text(message.get("to"))
    return Listado(
        sid=str(message["sid"]),
        # Another channel's address of the same phone: https://www.twilio.com/docs/messaging/channels
        telefono=to.rpartition(":")[2],
        remitentes=tuple(_text(one) for name in ("from", "messaging_service_sid") if (one := message.get(name))),
        entrante=message.get("direction") == "inbound",
        estado=_text(message.get("status")),
        codigo=_text(message.get("error_code")),
        segmentos=int(segments) if segments.isdecimal() else 0,
        # What is paid is negative: "-0.00750".
        precio=None if price is None else abs(Decimal(str(price))),
        moneda=_text(message.get("price_unit")).upper(),
    )


def _text(value: object) -> str:
    # PostgreSQL holds no NUL.
    return str(value or "").replace("\0", "")
