"""The quick way of status callbacks: before Django's request, its middleware and its routes.

They come two or three for each message, at the rate of sending, on the machine that sends, and need nothing of what
every page needs: no session, no CSRF token, no language. Whatever is not plainly a status callback goes on to Django,
whose view gives the same answers.
"""

import logging
import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final

from django.db import Error as DatabaseError

from core.postgresql.away import RETRY_S
from workers.webhooks import reports
from workers.webhooks.at_once import AtOnce
from workers.webhooks.forms import FORM_MAX, is_form, read_form

logger = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PATH: Final = re.compile(r"/webhooks/twilio/estado/([0-9]{1,18}-[0-9a-f]{32})/?")
STATUS: Final = {
    reports.WRITTEN: "204 No Content",
    reports.BAD_SIGNATURE: "403 Forbidden",
    reports.UNKNOWN: "404 Not Found",
    reports.LATER: "503 Service Unavailable",
}


class Callbacks:
    """A WSGI application that answers status callbacks and hands every other request on.

    Args:
        application: what answers everything else.

    Attributes:
        at_once: takes whole requests from the web server's loop (`core.web_worker`), before they are its threads'.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self.at_once = AtOnce()

    def __call__(self, asked: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = PATH.fullmatch(asked["PATH_INFO"])
        if found is None or not _is_plain(asked):
            return self._application(asked, start_response)
        body = asked["wsgi.input"].read(int(asked["CONTENT_LENGTH"]))
        form = read_form(body)
        if form is None:
            asked["wsgi.input"] = BytesIO(body)
            return self._application(asked, start_response)
        try:
            status = reports.receive(
                path=found[0],
                token=found[1],
                form=form,
                given=asked.get("HTTP_X_TWILIO_SIGNATURE"),
                key_settings=asked.get("HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS"),
            )
        except DatabaseError:
            logger.exception("a status callback could not be written")
            status = reports.LATER
        headers = [] if status == reports.WRITTEN else [("Content-Length", "0")]
        if status == reports.LATER:
            headers.append(("Retry-After", str(RETRY_S)))
        start_response(STATUS[status], headers)
        return [b""]


def _is_plain(asked: dict[str, Any]) -> bool:
    length = asked.get("CONTENT_LENGTH", "")
    return (
        asked["REQUEST_METHOD"] == "POST"
        and not asked.get("QUERY_STRING")
        and not asked.get("SCRIPT_NAME")
        and is_form(asked.get("CONTENT_TYPE", ""))
        and length.isascii()
        and length.isdecimal()
        and int(length) <= FORM_MAX
    )
