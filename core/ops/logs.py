"""The log: one line for people or one JSON object for machines, each with whose work it is about.

What a line is about (the request, the campaign, the message) is said once, around the work, and not in every call:

    with logs.about(campana=campana_id, sms=log_id):
        …
"""

import logging
import re
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

LINE: Final = "line"
JSON: Final = "json"

# Controls (ESC begins what a terminal obeys), line ends of Unicode, and what changes the direction of reading:
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
UNSAFE: Final = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

Fields = dict[str, Any]

NOTHING: Final[Fields] = {}  # never written to: each `about` makes its own

_fields: ContextVar[Fields] = ContextVar("fields", default=NOTHING)


class about:  # noqa: N801 - used as a statement, as `suppress` is
    """Say for a while what the lines of this thread are about, on top of what was said around it.

    Args:
        fields: plain values; `request_id`, `campana` (id), `lote` (id) and `sms` (the SMSLog's id) are the usual ones.
    """

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: Any) -> None:
        self._fields = fields
        self._token: Token[Fields] | None = None

    def __enter__(self) -> Self:
        self._token = _fields.set({**_fields.get(), **self._fields})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _fields.reset(self._token)


def begin(**fields: Any) -> None:
    """Say what this thread is about from now on, whatever was said before."""
    _fields.set(fields)


def said(name: str) -> Any:
    """Return the value that was said under this name; None when nothing was."""
    return _fields.get().get(name)


def harmless(text: str) -> str:
    """Return the text with its control characters, line ends and marks of direction as escapes: `\\x0a`, `\\u202e`."""
    return UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Line(logging.Formatter):
    """`2026-03-02 10:00:00,123 INFO core.request: POST /campanas/ 201 in 31 ms [request_id=… usuario=1]`

    A line begins at its first column, and nothing that a caller sent can begin one: control characters are shown by
    their numbers, and the lines of a traceback stand behind a bar (OWASP ASVS 5.0, 16.4.1).
    """

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        line = super().formatMessage(record)
        fields = " ".join(f"{name}={value}" for name, value in _fields.get().items())
        return harmless(f"{line} [{fields}]" if fields else line)

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).split("\n")
        return "\n".join([first, *(f"  | {harmless(line)}" for line in rest)])


class Json(JsonFormatter):
    """One object a line: time (UTC), level, logger, message, what it is about, the call's `extra`, and `exc_info`."""

    def __init__(self) -> None:
        super().__init__("{message}", style="{", json_ensure_ascii=False)

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: LogData) -> None:
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["process"] = record.process
        log_data.update(_fields.get())
        super().add_fields(log_data, record, message_dict)


def configuration(form: str, level: str) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`.

    Args:
        form: LINE or JSON.
        level: DEBUG, INFO, WARNING or ERROR.
    """
    formatter = Json if form == JSON else Line
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": f"{formatter.__module__}.{formatter.__name__}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # One INFO line per message sent would be most of the log.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            # One line per sweep says nothing.
            "celery.beat": {"level": "WARNING"},
            # Gunicorn gives it a handler of its own, which writes in another form.
            "gunicorn.error": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        },
    }
