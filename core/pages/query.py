"""What a page reads from its query string."""

from django.http import HttpRequest


def entero(request: HttpRequest, name: str) -> int:
    """An id or a cursor of the query string; 0 when there is none or it makes no sense."""
    raw = request.GET.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else 0
