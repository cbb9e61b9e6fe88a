"""The reader of the account itself: its state, balance, senders, Messaging Services and countries, and one message.

Each answer is read as JSON, field by field: a check of an installation must not fail on a field that is new.

- https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/usage/api for Balance.json
- https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
- https://www.twilio.com/docs/messaging/api/service-resource and its subresources
- GET /v1/Messaging/GeoPermissions on accounts.twilio.com: Twilio's OpenAPI description and SDK have it, no page of the
  documentation does.
"""

import json
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from workers.gateway.classify import twilio_error
from workers.gateway.connections import NeverSentError
from workers.gateway.errors import ErrorAnswerError, MaybeSentError
from workers.gateway.http import LeanHttpClient
from workers.gateway.twilio import GatewayConfig

API: Final = "https://api.twilio.com/2010-04-01/Accounts"
MESSAGING: Final = "https://messaging.twilio.com/v1/Services"
ACCOUNTS: Final = "https://accounts.twilio.com/v1"
# Each of both, in seconds: a check answers soon, or says that Twilio did not.
TIMEOUT_S: Final = 2.0
NOT_FOUND: Final = 404

Row = dict[str, Any]


class ReadError(Exception):
    """Raised when Twilio did not answer what it was asked.

    Args:
        code: Twilio's error code, `http_…`, or a word for what went wrong on the way.
        status: of the HTTP answer; 0 for none.
        text: Twilio's own words, or ours.
    """

    def __init__(self, code: str, status: int = 0, text: str = "") -> None:
        self.code, self.status, self.text = code, status, text
        super().__init__(f"{code} {text}".rstrip())


class AccountReader:
    """Reads the configured account. It is safe to share among threads, and writes nothing.

    Every method raises `ReadError` when there is no answer; what does not exist is None.
    """

    def __init__(self, config: GatewayConfig) -> None:
        self._sid, self._auth = config.account_sid, (config.account_sid, config.auth_token)
        self._base = f"{API}/{quote(config.account_sid, safe='')}"
        self._http = LeanHttpClient(
            base_url=config.api_base_url, connect_timeout_s=TIMEOUT_S, read_timeout_s=TIMEOUT_S, pool_size=8
        )

    @property
    def date(self) -> datetime | None:
        """The time of this thread's last answer by Twilio's clock; None when it did not say, or there was none."""
        return self._http.answered_at

    def account(self) -> Row | None:
        """Read the account: `status` ("active", "suspended", "closed") and `type` ("Trial", "Full")."""
        return self._get(f"{self._base}.json")

    def balance(self) -> Row | None:
        """Read `balance`, a text, and `currency`. A subaccount has none of its own."""
        return self._get(f"{self._base}/Balance.json")

    def number(self, phone: str) -> Row | None:
        """Find a phone number of the account's, in E.164: `capabilities`, `sms_url`, `sms_method`."""
        return self._first(f"{self._base}/IncomingPhoneNumbers.json", "incoming_phone_numbers", PhoneNumber=phone)

    def short_code(self, code: str) -> Row | None:
        """Find a short code of the account's: `sms_url`, `sms_method`."""
        return self._first(f"{self._base}/SMS/ShortCodes.json", "short_codes", ShortCode=code)

    def service(self, sid: str) -> Row | None:
        """Read a Messaging Service: `smart_encoding`, `inbound_request_url`, `use_inbound_webhook_on_number` …"""
        return self._get(f"{MESSAGING}/{quote(sid, safe='')}")

    def senders(self, service: str, kind: str) -> list[Row]:
        """List the first senders of a Messaging Service.

        Args:
            kind: "PhoneNumbers", "ShortCodes", "AlphaSenders" or "ChannelSenders".
        """
        found = self._get(f"{MESSAGING}/{quote(service, safe='')}/{kind}", PageSize="50") or {}
        return list(found.get(str(found.get("meta", {}).get("key", "")), []))

    def country(self, code: str) -> bool | None:
        """Tell whether messages to a country are allowed; None when Twilio does not say.

        Args:
            code: two letters.
        """
        found = self._get(f"{ACCOUNTS}/Messaging/GeoPermissions", CountryCode=code) or {}
        allowed = [row.get("enabled") for row in found.get("permissions", []) if row.get("country_code") == code]
        return bool(allowed[0]) if allowed else None

    def message(self, sid: str) -> Row | None:
        """Read one message."""
        return self._get(f"{self._base}/Messages/{quote(sid, safe='')}.json")

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def _first(self, url: str, name: str, **query: str) -> Row | None:
        found = self._get(url, **query) or {}
        return next(iter(found.get(name, [])), None)

    def _get(self, url: str, **query: str) -> Row | None:
        try:
            answer = self._http.request("GET", f"{url}?{urlencode(query)}" if query else url, auth=self._auth)
        except (NeverSentError, MaybeSentError) as error:
            raise ReadError(error.code) from error
        except ErrorAnswerError as error:
            status = error.answer.status_code
            if status == NOT_FOUND:
                return None
            code, text = twilio_error(error.answer.text)
            raise ReadError(code or f"http_{status}", status, text) from error
        try:
            found = json.loads(answer.text)
        except (ValueError, RecursionError) as error:
            raise ReadError("unreadable_answer", answer.status_code) from error
        if not isinstance(found, dict):
            raise ReadError("unreadable_answer", answer.status_code)
        return found
