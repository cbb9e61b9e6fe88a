"""The connection pools, one per host, with the machine's proxy settings honoured."""

import ssl
from threading import Lock
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import PoolManager, ProxyManager
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import make_headers

from workers.gateway.connections import PlainPool, SecurePool, socket_options


class Pools:
    """Connection pools by scheme and host, made once each and shared by all threads.

    Requests to https hosts go through HTTPS_PROXY (a CONNECT tunnel, so the proxy sees no content) unless
    NO_PROXY excludes them. Plain http is only ever the simulator, and goes direct.

    Args:
        size: connections each pool keeps open.
        delivery_s: see `connections.socket_options`.
    """

    def __init__(self, size: int, *, delivery_s: float) -> None:
        self._size = size
        self._socket_options = socket_options(delivery_s)
        self._lock = Lock()
        self._by_origin: dict[tuple[str, str], HTTPConnectionPool] = {}

    def get(self, url: SplitResult) -> HTTPConnectionPool:
        """Return the pool for the URL's scheme and host."""
        origin = (url.scheme, url.netloc)
        pool = self._by_origin.get(origin)
        if pool is None:
            with self._lock:
                pool = self._by_origin.get(origin) or self._make(url)
                self._by_origin[origin] = pool
        return pool

    def close(self) -> None:
        """Close the idle connections. The next `get` makes new pools."""
        with self._lock:
            for pool in self._by_origin.values():
                pool.close()
            self._by_origin.clear()

    def _make(self, url: SplitResult) -> HTTPConnectionPool:
        host, secure = url.hostname or "", url.scheme == "https"
        tls = tls_context() if secure else None
        proxy = proxy_for(host) if secure else None
        options: dict[str, Any] = {
            "maxsize": self._size,
            "block": False,
            "ssl_context": tls,
            "socket_options": self._socket_options,
        }
        manager = ProxyManager(proxy, proxy_headers=_proxy_login(proxy), **options) if proxy else PoolManager(**options)
        manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
        return manager.connection_from_host(host, url.port, url.scheme)


def _proxy_login(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if not parts.username:
        return {}
    return dict(make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}"))


def proxy_for(host: str) -> str | None:
    """Return the address of the proxy through which https requests to a host go; None for none."""
    return None if proxy_bypass(host) else getproxies().get("https")


def tls_context() -> ssl.SSLContext:
    """Return the one TLS context for all connections: loading the certificate authorities takes tens of milliseconds.

    The machine's own store (or SSL_CERT_FILE / SSL_CERT_DIR) counts as well as certifi's, so a company's
    proxy certificate works where an administrator installed it, and a bare container works too.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
