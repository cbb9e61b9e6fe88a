"""One REDIS_URL, read once: what it says reaches redis-py, the broker and the results alike.

redis-py says `unix:///path?db=0` for a socket, Celery says `redis+socket:///path?virtual_host=0`. Both say `rediss://`
for TLS, but redis-py verifies the server's certificate unless it is told otherwise, kombu does not
(`kombu.connection.Connection._init_params`), and Celery's results refuse an address that does not say
(`celery.backends.redis.RedisBackend`). And each knows the words of `ssl_cert_reqs` by another spelling.
"""

from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from redis.connection import parse_url

SCHEMES: Final = ("redis", "rediss", "unix")
# What an address may say besides where the server is. Timeouts and the like are the product's own.
TLS: Final = (
    "ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_check_hostname",
)  # fmt: skip
OPTIONS: Final = ("db", "username", "password")
# Celery's words, and redis-py's.
CERT_REQS: Final = {"CERT_REQUIRED": "required", "CERT_OPTIONAL": "optional", "CERT_NONE": "none"}
VERIFIED: Final[dict[str, str]] = {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}


def normal(url: str) -> str:
    """Return the address in redis-py's spelling; "" for none.

    Args:
        url: `redis://`, `rediss://` or `unix://`, by redis-py's rules or with Celery's words for certificates.

    Raises:
        ValueError: it cannot be read, or says what is not known, with the reason and without the password.
    """
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    known = OPTIONS + (TLS if parts.scheme == "rediss" else ())
    if strange := [name for name in query if name not in known]:
        raise ValueError(f"has an option that is not known here: {strange[0][:40]}")
    if not query.get("db", "0").isdecimal():
        raise ValueError("names a database that is no number")
    if parts.scheme != "unix" and not parts.path.strip("/").isdecimal() and parts.path.strip("/"):
        raise ValueError("names a database that is no number")
    if parts.scheme != "unix" and not parts.hostname:
        raise ValueError("names no server")
    if parts.scheme == "unix" and len(parts.path) < 2:
        raise ValueError("names no socket")
    if parts.scheme == "rediss":
        said = query.get("ssl_cert_reqs", "required")
        query["ssl_cert_reqs"] = CERT_REQS.get(said, said)
        if query["ssl_cert_reqs"] not in CERT_REQS.values():
            raise ValueError("has an ssl_cert_reqs that is none of required, optional and none")
    # urlunsplit would drop the slashes of a socket's.
    return f"{parts.scheme}://{parts.netloc}{parts.path}{'?' if query else ''}{urlencode(query)}"


def for_celery(url: str) -> str:
    """Return the URL of broker and result backend in Celery's spelling.

    Args:
        url: as `normal` returns it.
    """
    if not url:
        return ""
    said: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    who = _who(said.get("username"), said.get("password"))
    db = said.get("db", 0)
    if "path" in said:
        return f"redis+socket://{who}{quote(said['path'])}?virtual_host={db}"
    host = f"[{said['host']}]" if ":" in said["host"] else quote(said["host"])
    server = f"{who}{host}:{said.get('port', 6379)}/{db}"
    if urlsplit(url).scheme == "redis":
        return f"redis://{server}"
    tls = VERIFIED | {name: str(said[name]) for name in TLS if name in said}
    tls["ssl_check_hostname"] = tls["ssl_check_hostname"].lower()
    return f"rediss://{server}?{urlencode(tls)}"


def _who(username: str | None, password: str | None) -> str:
    if not username and not password:
        return ""
    return f"{quote(username or '', safe='')}:{quote(password or '', safe='')}@"
