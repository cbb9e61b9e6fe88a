"""Twilio, through its official SDK."""

import asyncio
import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from twilio.rest import Client  # type: ignore[import-untyped]

from core.clock import Mark, elapsed
from core.senders import Kind, kind_of
from workers.gateway.callbacks import is_public, status_callback
from workers.gateway.classify import classify_error
from workers.gateway.clock import CLOCK
from workers.gateway.codes import explain
from workers.gateway.connections import ALWAYS, TOO_LATE, NeverSentError, WriteLimit, write_limit
from workers.gateway.errors import ErrorAnswerError, MaybeSentError
from workers.gateway.http import LeanHttpClient
from workers.gateway.lookup import Listing, LookupFailedError, Message, looking_up
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Retryable
from workers.gateway.posts import PostingHttpClient

logger = logging.getLogger(__name__)

# Twilio's largest page, and how many of them are read. Nobody who gets ten thousand messages within the life of a
# campaign is a client of a shop.
LISTED = 1000
MOST_PAGES = 10

# As Twilio's OpenAPI description has it: https://github.com/twilio/twilio-oai
MESSAGE_SID = re.compile("(SM|MM)[0-9a-fA-F]{32}")
SEGMENTS = re.compile("[0-9]{1,3}")
NOT_FOUND = 404

# In seconds: https://www.twilio.com/docs/api/errors/90007
LONGEST_VALIDITY_S = 36_000

# The SDK reads these two from the environment and rewrites the host with them, which breaks any other
# address. It takes its environment from a mapping only if that is not empty.
NO_EDGE = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Everything the gateway needs to know, checked by the settings' own checks.

    Args:
        account_sid: "AC…"; with `auth_token`, the API's user and password.
        from_: sender in E.164, a short code or an alphanumeric name; not needed with a Messaging Service.
        messaging_service_sid: "MG…"; wins over `from_` when both are set.
        api_base_url: where to send instead of https://api.twilio.com, for the simulator.
        public_url: the product's address as seen from the internet.
        retain: whether to ask that the text and the number of a message stay readable. Only an account with Message
            Redaction knows the request; another refuses the message: https://www.twilio.com/docs/api/errors/30029
        connect_timeout_s, read_timeout_s: in seconds.
        pool_size: connections kept open for questions, as many as the reconciler asks at a time.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    from_: str
    messaging_service_sid: str
    api_base_url: str | None
    public_url: str
    retain: bool = False
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    pool_size: int = 32


class TwilioGateway:
    """Sends through Twilio's Messages resource. One per process; safe to share among threads.

    https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
    """

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._sender = config.messaging_service_sid or config.from_
        self._longest_call_s = config.connect_timeout_s + config.read_timeout_s
        self._reports = _goes_elsewhere(config.api_base_url) or is_public(config.public_url)
        if not self._reports:
            logger.warning(
                "PUBLIC_URL %r cannot be reached from the internet: messages go out without a status "
                "callback, and their delivery stays unknown",
                config.public_url,
            )
        self._http = LeanHttpClient(
            base_url=config.api_base_url,
            connect_timeout_s=config.connect_timeout_s,
            read_timeout_s=config.read_timeout_s,
            pool_size=config.pool_size,
        )
        self._posts = PostingHttpClient(
            base_url=config.api_base_url,
            connect_timeout_s=config.connect_timeout_s,
            read_timeout_s=config.read_timeout_s,
        )
        # Taken once: the SDK builds it lazily on first use, which is neither quick nor safe among threads.
        self._messages, self._created = (self._resource(http) for http in (self._http, self._posts))
        self._runner, self._running = asyncio.Runner(), Lock()

    def _resource(self, http: LeanHttpClient | PostingHttpClient) -> Any:
        sid, token = self._config.account_sid, self._config.auth_token
        return Client(sid, token, http_client=http, environment=NO_EDGE).api.v2010.account.messages

    def send(self, **message: Any) -> Outcome:
        """POST one message, once, and wait for its answer in this thread. See `Gateway.post`."""
        with self._running:
            return self._runner.run(self.post(**message))

    async def post(
        self,
        *,
        to: str,
        body: str,
        callback_token: str,
        sender: str = "",
        not_after: float = math.inf,
        validity_s: int | None = None,
    ) -> Outcome:
        """POST one message, once. See `Gateway.post`."""
        # The SDK between here and the connection has no argument for it.
        write_limit.set(WriteLimit(not_after, not_after + self._longest_call_s, Mark()))
        try:
            return await self._post(to, body, callback_token, sender or self._sender, validity_s)
        finally:
            write_limit.set(ALWAYS)

    async def _post(self, to: str, body: str, callback_token: str, sender: str, validity_s: int | None) -> Outcome:
        service = sender == self._config.messaging_service_sid or _is_service(sender)
        optional: dict[str, object] = {"messaging_service_sid" if service else "from_": sender}
        if service:
            # A Messaging Service re-encodes texts unless told otherwise. Ours says what a message costs, and what its
            # words are when it is looked for: https://www.twilio.com/docs/messaging/services#smart-encoding
            optional["smart_encoded"] = False
        if self._config.retain:
            optional["content_retention"] = optional["address_retention"] = "retain"
        if validity_s is not None:
            optional["validity_period"] = min(validity_s, LONGEST_VALIDITY_S)
        if self._reports:
            optional["status_callback"] = status_callback(public_url=self._config.public_url, token=callback_token)
        began = elapsed()
        try:
            return _accepted(await self._created.create_async(to=to, body=body, **optional), began)
        except NeverSentError as error:
            return Retryable(error.code, explain(error.code, str(error)), unreachable=error.code != TOO_LATE)
        except MaybeSentError as error:
            return Ambiguous(error.code, explain(error.code, str(error)))
        except ErrorAnswerError as error:
            return classify_error(error.answer.status_code, error.answer.headers, error.answer.text)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            # The SDK could not make a message out of a 2xx answer. A mistake of ours in the call above would
            # end here too, and calling it ambiguous is still the side that never sends twice.
            logger.error("Unreadable answer to a message: %r", error)
            return _unreadable()

    def close(self) -> None:
        """Close the idle connections, but for those of an event loop that is not the gateway's own."""
        self._http.close()
        with self._running:
            self._runner.run(self._close_posts())
            self._runner.close()

    async def _close_posts(self) -> None:
        self._posts.close()
        await asyncio.sleep(0)  # the loop closes their sockets

    def messages_to(self, to: str, *, since: datetime) -> Listing:
        """List what Twilio holds for a recipient. See `Gateway.messages_to`."""
        # Filtered by recipient alone: a filter by date leaves out what is still queued.
        return self._list(since, to=to)

    def messages_since(self, since: datetime) -> Listing:
        """List what Twilio holds for anybody. See `Gateway.messages_since`."""
        return self._list(since)

    def message(self, sid: str) -> Message | None:
        """Fetch one message. See `Gateway.message`."""
        with looking_up():
            try:
                return _listed(self._messages(sid).fetch())
            except ErrorAnswerError as error:
                if error.answer.status_code == NOT_FOUND:
                    return None
                raise

    def _list(self, since: datetime, **filters: str) -> Listing:
        with looking_up():
            return self._recent(self._messages.stream(page_size=LISTED, **filters), since)

    def _recent(self, stream: Iterable[Any], since: datetime) -> Listing:
        read = before = 0
        recent = Listing()
        # About newest first, and a page is fetched when the one before is used up.
        for number, listed in enumerate(stream, 1):
            if number == 1:
                recent.at = self._http.answered_at
            message = _listed(listed)
            if message.created_at >= since:
                read += 1
                if not str(listed.direction or "").startswith("inbound"):
                    recent.append(message)
            if number % LISTED == 0:
                if read == before:
                    break  # all of the page is older: sorted by when they left, some are out of order
                before = read
            if number == LISTED * MOST_PAGES:
                raise LookupFailedError("too_many_messages")
        if recent.at is None:  # nothing is listed
            recent.at = self._http.answered_at
        return recent


@cache
def _is_service(sender: str) -> bool:
    return kind_of(sender) is Kind.SERVICE


def _accepted(created: Any, began: float) -> Outcome:
    """Read the acceptance from the answer: only a message's sid proves that it exists; the status 2xx alone does
    not. Its date tells Twilio's clock.

    Args:
        began: `elapsed()` before the call.
    """
    sid = created.sid
    if not isinstance(sid, str) or not MESSAGE_SID.fullmatch(sid):
        return _unreadable()
    # Through a Messaging Service the count is "0" until a sender is chosen: that is "not known yet". A count
    # that is no number must not put a proven message in doubt.
    counted = str(created.num_segments)
    segments = int(counted) if SEGMENTS.fullmatch(counted) else 0
    if isinstance(created.date_created, datetime):
        CLOCK.learn(_aware(created.date_created), written=began, answered=elapsed())
    return Accepted(sid, str(created.status or "queued"), segments or None)


def _listed(message: Any) -> Message:
    if message.date_created is None:
        raise ValueError(f"{message.sid} has no date")
    return Message(
        sid=str(message.sid),
        body=str(message.body or ""),
        status=str(message.status or ""),
        error_code=str(message.error_code or ""),
        created_at=_aware(message.date_created),
        to=str(message.to or ""),
        sender=str(message.from_ or ""),
        service=str(message.messaging_service_sid or ""),
        sent_at=_aware(message.date_sent) if isinstance(message.date_sent, datetime) else None,
    )


def _aware(moment: datetime) -> datetime:
    """Return the date with its zone: Twilio's are in UTC, however they say so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unreadable() -> Ambiguous:
    return Ambiguous("unreadable_answer", explain("unreadable_answer"))


def _goes_elsewhere(api_base_url: str | None) -> bool:
    """Tell whether requests go to a stand-in, which can call back a private address."""
    host = urlsplit(api_base_url or "").hostname or "api.twilio.com"
    return host != "twilio.com" and not host.endswith(".twilio.com")
