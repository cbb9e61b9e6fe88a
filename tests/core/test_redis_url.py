"""REDIS_URL reaches redis-py, the broker and the results alike, whole."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from celery import Celery
from django.conf import settings
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.connection import SSLConnection, parse_url
from redis.retry import Retry

from core.redis_url import for_celery, normal
from tests.core.tls import redis_behind_tls


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://host", "redis://host:6379/0"),
        ("redis://host:6379/?db=4", "redis://host:6379/4"),
        ("redis://:p%2Fw%23rd%40@host:6379/0", "redis://:p%2Fw%23rd%40@host:6379/0"),
        ("redis://[2001:db8::1]:6379/1", "redis://[2001:db8::1]:6379/1"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3&password=x%20y", "redis+socket://:x%20y@/run/redis.sock?virtual_host=3"),
        ("unix://ana:x@/run/redis.sock", "redis+socket://ana:x@/run/redis.sock?virtual_host=0"),
        ("", ""),
    ],
)
def test_it_speaks_celerys_spelling(url: str, expected: str) -> None:
    assert for_celery(normal(url)) == expected


def results(url: str) -> dict[str, Any]:
    """Return the parameters that Celery's results would connect with."""
    backend: Any = Celery(backend=for_celery(normal(url)), set_as_current=False).backend
    params: dict[str, Any] = backend.connparams
    return params


def of_broker(url: str) -> dict[str, Any]:
    """Return the words about TLS that kombu would connect with."""
    with Connection(for_celery(normal(url))) as connection:
        return cast("dict[str, Any]", connection.ssl)


TLS = [
    "rediss://:pw@host:6380/0",
    "rediss://:pw@host:6380/0?ssl_cert_reqs=required",
    "rediss://:pw@host:6380/0?ssl_cert_reqs=CERT_REQUIRED",
    "rediss://:pw@host:6380/0?ssl_ca_certs=/etc/mi%20ca.pem",
]


@pytest.mark.parametrize("url", TLS)
def test_everybody_verifies_the_servers_certificate(url: str) -> None:
    direct = parse_url(normal(url))
    assert direct["ssl_cert_reqs"] == "required"
    for found in (results(url), SSLConnection(**{k: v for k, v in direct.items() if k != "connection_class"}).__dict__):
        reqs = found["ssl_cert_reqs"] if "ssl_cert_reqs" in found else found["cert_reqs"]
        assert ssl.VerifyMode(reqs) is ssl.CERT_REQUIRED
    broker = of_broker(url)
    assert (broker["ssl_cert_reqs"], broker["ssl_check_hostname"]) == (ssl.CERT_REQUIRED, True)
    if "ca_certs" in url:
        given = direct["ssl_ca_certs"], results(url)["ssl_ca_certs"], broker["ssl_ca_certs"]
        assert set(given) == {"/etc/mi ca.pem"}


def test_who_wants_no_certificate_says_so() -> None:
    url = "rediss://host:6380/0?ssl_cert_reqs=none&ssl_check_hostname=false"
    assert results(url)["ssl_cert_reqs"] is ssl.CERT_NONE
    broker = of_broker(url)
    assert (broker["ssl_cert_reqs"], broker["ssl_check_hostname"]) == (ssl.CERT_NONE, False)


def test_a_socket_keeps_its_password() -> None:
    url = "unix://ana:x%40y@/run/redis.sock?db=3"
    for found in (results(url), parse_url(normal(url))):
        assert (found["username"], found["password"], found["path"], int(found["db"])) == (
            "ana",
            "x@y",
            "/run/redis.sock",
            3,
        )


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The tests' Redis behind TLS: its address, and the file of the authority that signed its certificate."""
    with redis_behind_tls(tmp_path, settings.REDIS_URL) as found:
        yield found


def ask_redis_py(url: str) -> bool:
    return bool(redis.Redis.from_url(normal(url), socket_timeout=5, retry=Retry(NoBackoff(), 0)).ping())


def ask_the_broker(url: str) -> bool:
    with Connection(for_celery(normal(url)), transport_options={"socket_timeout": 5}) as connection:
        channel: Any = connection.default_channel
        return bool(channel.client.ping())


def ask_the_results(url: str) -> bool:
    backend: Any = Celery(backend=for_celery(normal(url)), set_as_current=False).backend
    return bool(backend.client.ping())


ASK = [ask_redis_py, ask_the_broker, ask_the_results]


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("reqs", ["", "&ssl_cert_reqs=CERT_REQUIRED", "&ssl_cert_reqs=required"])
def test_a_server_behind_tls_is_reached(tls: tuple[str, Path], ask: Callable[[str], bool], reqs: str) -> None:
    url, ca_file = tls
    assert ask(f"{url}?ssl_ca_certs={ca_file}{reqs}")


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_that_is_another_is_not(tls: tuple[str, Path], ask: Callable[[str], bool], host: str) -> None:
    """Nobody knows its authority; and 127.0.0.1 is not what the certificate names."""
    url, ca_file = tls
    told = "" if host == "localhost" else f"?ssl_ca_certs={ca_file}"
    with pytest.raises((redis.ConnectionError, OperationalError), match=r"(?i)certificate"):
        ask(url.replace("localhost", host) + told)
