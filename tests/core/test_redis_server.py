"""A Redis that cannot do what is needed is refused by its name before anything starts; one that is away is not."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from core import preflight, redis_client, redis_server
from tests.core.tls import redis_behind_tls
from tests.ports import silent


class Server:
    """Answers INFO and CONFIG GET as one of that kind does."""

    def __init__(self, answer: dict[str, Any] | RedisError, read_only: str = "yes") -> None:
        self._answer, self._read_only = answer, read_only

    def info(self) -> dict[str, Any]:
        if isinstance(self._answer, RedisError):
            raise self._answer
        return self._answer

    def config_get(self, name: str) -> dict[str, str]:
        return {name: self._read_only}

    def close(self) -> None:
        pass


CASES: list[tuple[str, Any, list[str]]] = [
    ("redis 7", {"redis_version": "7.0.0", "redis_mode": "standalone", "role": "master"}, []),
    ("redis 8", {"redis_version": "8.2.1"}, []),
    ("valkey", {"redis_version": "7.2.4", "valkey_version": "8.0.1", "server_mode": "standalone"}, []),
    ("redis 6", {"redis_version": "6.2.14", "redis_mode": "standalone"}, ["core.E033"]),
    ("redis 5", {"redis_version": "5.0.7"}, ["core.E033"]),
    ("a service that hides its version", {}, []),
    ("a cluster", {"redis_version": "7.4.0", "redis_mode": "cluster"}, ["core.E034"]),
    ("a cluster by another word", {"redis_version": "8.0.0", "cluster_enabled": 1}, ["core.E034"]),
    ("a replica", {"redis_version": "7.4.0", "role": "slave"}, ["core.E035"]),
    ("an old cluster's replica", {"redis_version": "6.0.0", "redis_mode": "cluster", "role": "slave"},
     ["core.E033", "core.E034", "core.E035"]),
    ("a wrong password", AuthenticationError("invalid username-password pair or user is disabled."), ["core.E030"]),
    ("who may not ask", NoPermissionError("this user has no permissions to run the 'info' command"), []),
    ("another refusal", ResponseError("unknown command 'INFO'"), ["core.E031"]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "ids"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_it_names_what_is_unfit(monkeypatch: pytest.MonkeyPatch, answer: Any, ids: list[str]) -> None:
    monkeypatch.setattr(redis_client, "connect", lambda: Server(answer))

    found = redis_server.faults()

    assert [fault.id for fault in found] == ids
    assert all("REDIS_URL" in fault.msg for fault in found)


def test_a_replica_that_takes_writes_is_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "connect", lambda: Server({"role": "slave"}, read_only="no"))

    assert redis_server.faults() == []


def test_the_real_one_is_fit() -> None:
    assert redis_server.faults() == []


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock", "redis://nowhere.invalid/0", ""]
)
def test_one_that_is_away_stops_nothing(settings: Any, url: str) -> None:
    settings.REDIS_URL = url

    assert redis_server.faults() == []


def test_nor_does_one_that_says_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as port:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        assert redis_server.faults() == []


def test_a_certificate_of_nobody_known_is_named(settings: Any, tmp_path: Path) -> None:
    with redis_behind_tls(tmp_path, settings.REDIS_URL) as (url, ca_file):
        settings.REDIS_URL = f"{url}?ssl_ca_certs={ca_file}"
        assert redis_server.faults() == []
        settings.REDIS_URL = url
        [fault] = redis_server.faults()
    assert fault.id == "core.E032"


@pytest.mark.django_db
def test_it_is_asked_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "connect", lambda: Server({"redis_version": "6.2.14"}))

    with pytest.raises(ImproperlyConfigured, match=r"REDIS_URL leads to Redis 6\.2\.14"):
        preflight.refuse_misconfiguration(serves_pages=False)
