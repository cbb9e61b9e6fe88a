"""A status callback, from the form to the answer; the same for Django's view and for the quick way before it."""

import re
from collections.abc import Mapping
from typing import Final

from django.conf import settings

from workers.engine.message import receipts
from workers.gateway import signature

SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")  # https://www.twilio.com/docs/glossary/what-is-a-sid
CODE: Final = re.compile(r"[0-9]{1,10}")

WRITTEN, BAD_SIGNATURE, UNKNOWN = 204, 403, 404
# Twilio comes again: `callbacks.CONNECTION_OVERRIDES` of the gateway asks it to.
LATER: Final = 503


def is_twilio(path: str, form: Mapping[str, str], given: str | None, key_settings: str | None = None) -> bool:
    """Tell whether Twilio signed this call.

    Args:
        path: with the query string.
        given: the signature; None when there is none.
        key_settings: the header that says which key signed; None when there is none.
    """
    # The address Twilio was given, not the one a proxy passed on: the signature covers it.
    return signature.is_valid(settings.PUBLIC_URL + path, form, given, key_settings)


def parse(
    *, path: str, token: str, form: Mapping[str, str], given: str | None, key_settings: str | None = None
) -> receipts.Receipt | int:
    """Return what a call says of a message's delivery, or the HTTP status that refuses it.

    Args:
        path: that Twilio called, with the query string.
        token: of the path.
        given, key_settings: as `is_twilio` wants them.
    """
    if not is_twilio(path, form, given, key_settings):
        return BAD_SIGNATURE
    row = receipts.parse_callback_token(token)
    sid = form.get("MessageSid", "")
    if row is None or not SID.fullmatch(sid):
        return UNKNOWN
    error_code = form.get("ErrorCode", "")
    return receipts.Receipt(
        log_id=row[0],
        token=row[1],
        sid=sid,
        status=form.get("MessageStatus", ""),
        error_code=error_code if CODE.fullmatch(error_code) else "",
        to=form.get("To", "").replace("\0", ""),
    )


def receive(
    *, path: str, token: str, form: Mapping[str, str], given: str | None, key_settings: str | None = None
) -> int:
    """Take in a message's delivery status, and return the HTTP status of the answer once it is written.

    Args:
        path, token, form, given, key_settings: as `parse` wants them.

    Raises:
        DatabaseError: it is not written.
    """
    found = parse(path=path, token=token, form=form, given=given, key_settings=key_settings)
    return status_of(known=receipts.apply_receipt(found)) if isinstance(found, receipts.Receipt) else found


def status_of(*, known: bool) -> int:
    """Return the HTTP status that answers news of a message.

    Args:
        known: whether a row of ours is the message's.
    """
    return WRITTEN if known else UNKNOWN
