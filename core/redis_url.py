"""One REDIS_URL, three spellings.

redis-py says `unix:///path?db=0` for a socket, Celery says `redis+socket:///path?virtual_host=0`;
over TCP both say `redis://host:port/0`.
"""

from urllib.parse import parse_qs, urlsplit


def for_celery(url: str) -> str:
    """Return the URL of broker and result backend in Celery's spelling.

    Args:
        url: a redis-py URL (`redis://`, `rediss://` or `unix://`).
    """
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    db = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={db}"
