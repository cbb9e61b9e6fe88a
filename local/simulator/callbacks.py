"""Status callbacks and inbound messages: signed form POSTs to the product, retried as Twilio retries them.

https://www.twilio.com/docs/messaging/guides/track-outbound-message-status and, for the retries,
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag

import aiohttp

from local.simulator.accounts import Accounts
from local.simulator.faults import Faults
from local.simulator.messages import API_VERSION, Message
from local.simulator.signing import headers as signed

WAITING = 1000
TOTAL_S = 15.0
RETRY_AFTER_S = (0.1, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Overrides:
    """The way to call one URL: times in seconds, and the failures ("ct", "rt", "4xx", "5xx") after which to retry."""

    connect_s: float
    read_s: float
    retries: int
    policy: frozenset[str]

    @classmethod
    def of(cls, url: str) -> "Overrides":
        """Read them from the URL's fragment; by default one retry, when no connection could be made."""
        given = dict(parse_qsl(urldefrag(url).fragment))
        numbers = {name: int(value) for name, value in given.items() if value.isdigit()}
        policy = frozenset(given.get("rp", "ct").split(","))
        return cls(
            connect_s=numbers.get("ct", 5000) / 1000,
            read_s=numbers.get("rt", 15000) / 1000,
            retries=min(numbers.get("rc", 1), len(RETRY_AFTER_S)),
            policy=policy | {"ct", "rt", "4xx", "5xx"} if "all" in policy else policy,
        )


class CallbackSender:
    """Posts webhooks, `concurrency` at a time. The queue before it is short, so the threads that feed it wait."""

    def __init__(
        self, account_sid: str, accounts: Accounts, faults: Faults, service_number: str, concurrency: int
    ) -> None:
        self._account_sid, self._accounts, self._faults = account_sid, accounts, faults
        self._service_number = service_number
        self._concurrency = concurrency
        self._queue: asyncio.Queue[tuple[Message, str]] = asyncio.Queue(WAITING)
        self._in_progress = 0
        self._resets = 0
        self.sent = 0
        self.failed = 0

    @property
    def waiting(self) -> int:
        """Callbacks in the queue and on their way."""
        return self._queue.qsize() + self._in_progress

    async def put(self, message: Message, status: str) -> None:
        """Queue one status callback; waits while the queue is full."""
        await self._queue.put((message, status))

    def clear(self) -> None:
        """Forget what is queued and the counts; what is on its way is neither retried nor counted."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._resets += 1
        self.sent = self.failed = 0

    async def run(self) -> None:
        """Post what is queued, until cancelled."""
        connector = aiohttp.TCPConnector(limit=self._concurrency + 4)
        async with (
            aiohttp.ClientSession(connector=connector, trust_env=False) as self._session,
            asyncio.TaskGroup() as workers,
        ):
            for _ in range(self._concurrency):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            message, status = await self._queue.get()
            resets = self._resets
            self._in_progress += 1
            try:
                answer = await self.post(message.status_callback, self._form(message, status))
            finally:
                self._in_progress -= 1
            if resets != self._resets:
                continue
            if 200 <= answer < 300:
                self.sent += 1
            else:
                self.failed += 1

    async def post(self, url: str, form: dict[str, str]) -> int:
        """Post a form, signed for its account, with the retries its URL asks for.

        Returns:
            The last HTTP status, or 0 when no answer came.
        """
        overrides, target = Overrides.of(url), urldefrag(url).url
        wanted = self._faults.now.callbacks
        token = wanted.token or self._accounts.token(form["AccountSid"])
        headers = {
            **signed(token, wanted.shared_key, target, form),
            "I-Twilio-Idempotency-Token": f"{form['MessageSid']}-{form.get('MessageStatus', 'inbound')}",
            "User-Agent": "TwilioProxy/1.1",
        }
        timeout = aiohttp.ClientTimeout(total=TOTAL_S, sock_connect=overrides.connect_s, sock_read=overrides.read_s)
        resets = self._resets
        for attempt in range(overrides.retries + 1):
            status, failure = await self._once(target, form, headers, timeout)
            if not failure or failure not in overrides.policy or attempt == overrides.retries:
                break
            if resets != self._resets:
                break
            await asyncio.sleep(RETRY_AFTER_S[attempt])
        return status

    async def _once(
        self, url: str, form: dict[str, str], headers: dict[str, str], timeout: aiohttp.ClientTimeout
    ) -> tuple[int, str]:
        try:
            async with self._session.post(
                url, data=form, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                await answer.read()
                failure = f"{answer.status // 100}xx" if answer.status >= 400 else ""
                return answer.status, failure
        except aiohttp.ClientConnectorError:
            return 0, "ct"
        except TimeoutError as error:
            return 0, "ct" if isinstance(error, aiohttp.ConnectionTimeoutError) else "rt"
        except aiohttp.ClientError:
            return 0, "rt"

    def _form(self, message: Message, status: str) -> dict[str, str]:
        form = {
            "AccountSid": message.account or self._account_sid,
            "ApiVersion": API_VERSION,
            "From": message.sender or self._service_number,
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if message.service:
            form["MessagingServiceSid"] = message.service
        if status in {"failed", "undelivered"} and message.error_code:
            form["ErrorCode"] = message.error_code
        return form
