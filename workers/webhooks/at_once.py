"""Status callbacks straight from the socket: for the web server's loop, which lets one of its threads wait for none.

Three come for each message. Each by itself would take a thread from the loop, a WSGI environment, a statement and a
version of its row. Here those of some milliseconds share one statement, which writes a row once whatever was told of
it, and each is answered when it is committed.

Only what is exactly a status callback as a server passes one on is read here. Everything else is left in the socket,
to be read by gunicorn's parser with all its limits, and answered by `workers.webhooks.wsgi` or by Django.
"""

import logging
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from django.db import Error as DatabaseError

from workers.engine.base.groups import Batches
from workers.engine.message import receipts
from workers.engine.message.receipts import Receipt
from workers.webhooks import reports
from workers.webhooks.forms import FORM_MAX, is_form, read_form

logger = logging.getLogger(__name__)

Answer = Callable[[int], None]

GATHER_S: Final = 0.05  # nobody waits for the news but Twilio, which does so for 15 s
# As many as gunicorn takes by itself: https://docs.gunicorn.org/en/stable/settings.html#limit-request-fields
FIELDS_MAX: Final = 100
BEGINS: Final = b"POST /webhooks/twilio/estado/"
# https://www.rfc-editor.org/rfc/rfc9112#section-3 and, for the fields, #section-5: what is written in another way, as
# a folded line is, is not looked at.
HEAD: Final = re.compile(
    rb"POST (/webhooks/twilio/estado/([0-9]{1,18}-[0-9a-f]{32})/?) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9-]+:[\t\x20-\x7e]*\r\n)+)\r\n"
)
# What says how long the request is, whom the connection is for and who signed it.
TELLING: Final = re.compile(
    rb"^(content-length|content-type|transfer-encoding|content-encoding|connection|upgrade|expect"
    rb"|x-twilio-signature|x-twilio-webhooks-signature-settings):([^\r\n]*)\r\n",
    re.IGNORECASE | re.MULTILINE,
)
KNOWN: Final = {
    b"content-length", b"content-type", b"connection", b"x-twilio-signature",
    b"x-twilio-webhooks-signature-settings",
}  # fmt: skip


class Call(NamedTuple):
    """One status callback as it came.

    Attributes:
        size: bytes of the whole request.
        path, token: the address that was called, and the row's token in it.
        given, key_settings: the headers that sign it, or None.
    """

    size: int
    path: str
    token: str
    form: dict[str, str]
    given: str | None
    key_settings: str | None


def read(data: bytes) -> Call | None:
    """Read a request, if it is a plain status callback and all of it has come; None for everything else.

    Args:
        data: what has come on the connection. Nothing may follow the request in it.
    """
    head = HEAD.match(data)
    if head is None or head[3].count(b"\n") > FIELDS_MAX:
        return None
    told = TELLING.findall(head[3])
    fields = {name.lower(): value.strip(b"\t ") for name, value in told}
    # A field that comes twice, or that changes how a request is read, is for a parser that knows all of them.
    if len(fields) != len(told) or not KNOWN.issuperset(fields):
        return None
    length = fields.get(b"content-length", b"")
    if not length.isdigit() or len(length) > len(str(FORM_MAX)) or int(length) != len(data) - head.end():
        return None
    if fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    if not is_form(fields.get(b"content-type", b"").decode()):
        return None
    form = read_form(data[head.end() :])
    if form is None:
        return None
    given, key_settings = fields.get(b"x-twilio-signature"), fields.get(b"x-twilio-webhooks-signature-settings")
    return Call(
        size=len(data),
        path=head[1].decode(),
        token=head[2].decode(),
        form=form,
        given=None if given is None else given.decode(),
        key_settings=None if key_settings is None else key_settings.decode(),
    )


class AtOnce:
    """Takes status callbacks in, for one process."""

    def __init__(self) -> None:
        self._batches = Batches[tuple[Receipt, Answer]]("callbacks", self._write, gather_s=GATHER_S)

    def take(self, data: bytes, answer: Answer) -> int:
        """Take in what has come on a connection, if it is one whole status callback.

        Args:
            data: what has come.
            answer: is called once with the HTTP status, now or a moment later, by this thread or another.

        Returns:
            The bytes that were taken: all, or 0 when something else must read them.
        """
        call = read(data) if data.startswith(BEGINS) else None
        if call is None:
            return 0
        found = reports.parse(
            path=call.path, token=call.token, form=call.form, given=call.given, key_settings=call.key_settings
        )
        if isinstance(found, Receipt):
            self._batches.start()
            self._batches.put((found, answer))
        else:
            answer(found)
        return call.size

    def stop(self) -> None:
        """Write what was put, and end the thread that writes."""
        self._batches.stop()

    @staticmethod
    def _write(batch: list[tuple[Receipt, Answer]]) -> None:
        known: Sequence[bool | DatabaseError]
        try:
            known = receipts.apply_apart([receipt for receipt, _ in batch])
        except Exception:  # whatever it is, each of them must get an answer
            logger.exception("%s status callbacks could not be taken in", len(batch))
            known = [DatabaseError()] * len(batch)
        for (_, answer), each in zip(batch, known, strict=True):
            answer(reports.LATER if isinstance(each, DatabaseError) else reports.status_of(known=each))
