"""The way from an HTTP error answer to an outcome. The status class decides first, the JSON code second."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from campaigns.values.twilio import TOO_MANY_REQUESTS
from workers.gateway.codes import Decision, decision_for, explain
from workers.gateway.outcomes import Account, Ambiguous, Outcome, Permanent, Retryable

# The longest a Retry-After is believed, in seconds: a wrong clock must not park a campaign for a day.
MAX_RETRY_AFTER_S = 300.0

# Answers without Twilio's JSON come from something in between (a proxy, a portal, a wrong address). These
# are given before a request body is acted on, and every message would meet the same: stop and tell someone.
# 307 and 308 say by definition that nothing was done; 301 and 302 are what a wrong address answers.
ACCOUNT_STATUSES = frozenset({301, 302, 307, 308, 401, 403, 404, 405, 407})


def classify_error(status: int, headers: Mapping[str, str], body: str) -> Outcome:
    """Decide what an HTTP status other than 2xx means for the message.

    - 5xx: unknown whatever the body says; Twilio documents no 5xx that excludes acceptance.
    - 4xx with Twilio's JSON code: not created; the code's table decides.
    - 429: never processed, with or without a body (https://www.twilio.com/docs/api/errors/20429).
    - Anything else without that JSON: ambiguous, since a proxy may answer 4xx for a request it had already
      passed on (408, 499), except the statuses in `ACCOUNT_STATUSES`.

    Args:
        status: HTTP status, 300 and above.
        headers: the answer's headers, in a mapping blind to case.
        body: the answer's text.
    """
    if status == 429:
        code, text = _twilio_error(body)
        return Retryable(
            code or TOO_MANY_REQUESTS, explain(TOO_MANY_REQUESTS, text), _retry_after(headers), throttled=True
        )
    code, text = _twilio_error(body) if 400 <= status < 500 else ("", "")
    if code:
        return _refusal(code, text, headers)
    slug = f"http_{status}"
    if status in ACCOUNT_STATUSES:
        return Account(slug, f"La dirección de Twilio contestó HTTP {status}: revise la configuración")
    return Ambiguous(slug, f"Twilio contestó HTTP {status}; no se sabe si el mensaje salió")


def _refusal(code: str, text: str, headers: Mapping[str, str]) -> Outcome:
    message = explain(code, text)
    match decision_for(code):
        case Decision.PERMANENT:
            return Permanent(code, message)
        case Decision.RETRYABLE:
            return Retryable(code, message, _retry_after(headers), throttled=True)
        case Decision.ACCOUNT:
            return Account(code, message)


def _twilio_error(body: str) -> tuple[str, str]:
    """Return the code and text of Twilio's error JSON, or empty strings when the body is something else."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    code = payload.get("code") if isinstance(payload, dict) else None
    # A Twilio code has five digits. A gateway's own `{"code": 404}` is not one and proves nothing.
    if not isinstance(code, int) or isinstance(code, bool) or not 10000 <= code <= 99999:
        return "", ""
    return str(code), str(payload.get("message") or payload.get("title") or "")


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
