"""The way from an HTTP error answer to an outcome. The status class decides first, the JSON code second; but what is
known of an account or a sender holds with whatever 4xx it comes."""

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Final

from campaigns.values.twilio import TOO_MANY_REQUESTS
from workers.gateway.codes import Decision, decision_for, explain, explain_both, is_the_rate, stops_everybody
from workers.gateway.outcomes import Account, Ambiguous, Outcome, Permanent, Retryable
from workers.gateway.words import clean

# The longest a Retry-After is believed, in seconds: a wrong clock must not park a campaign for a day.
MAX_RETRY_AFTER_S = 300.0

CODE: Final = re.compile("[1-9][0-9]{4,5}")

# Answers without Twilio's JSON come from something in between (a proxy, a portal, a wrong address). These
# are given before a request body is acted on, and every message would meet the same: stop and tell someone.
# 307 and 308 say by definition that nothing was done; 301 and 302 are what a wrong address answers.
ACCOUNT_STATUSES = frozenset({301, 302, 307, 308, 401, 403, 404, 405, 407})


def classify_error(status: int, headers: Mapping[str, str], body: str) -> Outcome:
    """Decide what an HTTP status other than 2xx means for the message.

    - 5xx: unknown whatever the body says; Twilio documents no 5xx that excludes acceptance.
    - 4xx with Twilio's JSON code: not created; the code's table decides.
    - 429: never processed, with or without a body (https://www.twilio.com/docs/api/errors/20429). It is the rate,
      unless the code is known to be the account's: its limit of a day comes as a 429 too
      (https://www.twilio.com/docs/api/errors/63038), and no pause of seconds would help.
    - Anything else without that JSON: ambiguous, since a proxy may answer 4xx for a request it had already
      passed on (408, 499), except the statuses in `ACCOUNT_STATUSES`.

    Args:
        status: HTTP status, 300 and above.
        headers: the answer's headers, in a mapping blind to case.
        body: the answer's text.
    """
    if status == 429:
        code, text = twilio_error(body)
        if stops_everybody(code):
            return Account(code, explain_both(code, text))
        return Retryable(
            code or TOO_MANY_REQUESTS, explain(TOO_MANY_REQUESTS, text), _retry_after(headers), throttled=True
        )
    code, text = twilio_error(body) if 400 <= status < 500 else ("", "")
    if code:
        return _refusal(status, code, text, headers)
    slug = f"http_{status}"
    if status in ACCOUNT_STATUSES:
        return Account(slug, f"La dirección de Twilio contestó HTTP {status}: revise la configuración", transient=True)
    return Ambiguous(slug, f"Twilio contestó HTTP {status}; no se sabe si el mensaje salió")


def _refusal(status: int, code: str, text: str, headers: Mapping[str, str]) -> Outcome:
    message = explain(code, text)
    match decision_for(code):
        case Decision.PERMANENT:
            return Permanent(code, message, theirs=text)
        case Decision.RETRYABLE:
            return Retryable(code, message, _retry_after(headers), throttled=is_the_rate(code))
        case Decision.ACCOUNT:
            return Account(code, explain_both(code, text), transient=status in ACCOUNT_STATUSES)


def twilio_error(body: str) -> tuple[str, str]:
    """Return the code and text of Twilio's error JSON, or empty strings when the body is something else."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    code = payload.get("code") if isinstance(payload, dict) else None
    # A Twilio code has five digits or six. A gateway's own `{"code": 404}` is not one and proves nothing.
    if isinstance(code, bool) or not isinstance(code, int | str) or not CODE.fullmatch(str(code)):
        return "", ""
    return str(code), clean(str(payload.get("message") or payload.get("title") or ""))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read the seconds of a Retry-After header (a number or an HTTP date, RFC 9110 section 10.2.3), capped."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        seconds = float(value) if value.replace(".", "", 1).isdigit() else _until(value)
    except ValueError:
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _until(http_date: str) -> float:
    return parsedate_to_datetime(http_date).timestamp() - time()
