"""The interface that the sending engine needs of a provider of messages."""

import math
from datetime import datetime
from typing import Protocol

from workers.gateway.lookup import Listing, Message
from workers.gateway.outcomes import Outcome


class Gateway(Protocol):
    """A provider that sends messages. It is safe to share among threads and event loops."""

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
        """Hand one message over, once: no retry happens below this call.

        Args:
            to: the recipient, in E.164 ("+573001112233").
            body: the rendered text, at most 1,600 characters.
            sender: what it comes from, as in `core.senders`; "" for the installation's.
            callback_token: the ledger row's token; status callbacks come back with it in their URL.
            not_after: the `core.clock.elapsed()` after which no byte of the request may leave; nor may one when this
                machine has slept since the call.
            validity_s: whole seconds, 1 or more, after which the provider must not deliver it any more; None leaves
                it to the provider.

        Returns:
            What came of it. Answers of the API and failures of the network are outcomes, never exceptions.
        """
        ...

    def send(
        self,
        *,
        to: str,
        body: str,
        callback_token: str,
        sender: str = "",
        not_after: float = math.inf,
        validity_s: int | None = None,
    ) -> Outcome:
        """Hand one message over as `post` does, and wait for what comes of it in this thread."""
        ...

    def messages_to(self, to: str, *, since: datetime) -> Listing:
        """List what the provider holds for a recipient, newest first, whatever program sent it.

        Args:
            to: the recipient, in E.164; "rcs:" before it asks for what was sent by RCS.
            since: aware; only messages created then or later.

        Raises:
            LookupFailedError: nothing can be said; ask again later.
        """
        ...

    def messages_since(self, since: datetime) -> Listing:
        """List what the provider holds for anybody, newest first, but for what people wrote to us.

        Args:
            since: aware; all messages created then or later.

        Raises:
            LookupFailedError: nothing can be said, or they are too many to read.
        """
        ...

    def message(self, sid: str) -> Message | None:
        """Return one message of the provider's; None when it holds no such message, any more.

        Raises:
            LookupFailedError: nothing can be said.
        """
        ...
