"""The plain forms that status callbacks are: small, and no name twice."""

from typing import Final
from urllib.parse import parse_qsl

FORM: Final = "application/x-www-form-urlencoded"
FORM_MAX: Final = 8_000  # bytes; a callback's form has about 400
FIELDS_MAX: Final = 100


def is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip() == FORM


def read_form(body: bytes) -> dict[str, str] | None:
    """Read a form; None when it is none, or has a name twice: that is signed in a way of its own."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return None
    form = dict(pairs)
    return form if form and len(form) == len(pairs) else None
