"""Rates: 429 in the one error shape, per caller, and open when Redis is down. Guesses have tests of their own."""

import logging
from typing import Any

import pytest
from django.core.cache import cache
from limits.strategies import SlidingWindowCounterRateLimiter
from rest_framework.test import APIClient

from core.api import throttling
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.ports import silent

TOKEN, CLIENTES = "/api/v1/auth/token/", "/api/v1/clientes/"


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two a minute for everybody."""
    for throttle in (throttling.UserThrottle, throttling.AddressThrottle, throttling.LoginThrottle):
        monkeypatch.setattr(throttle, "rate", "2/min", raising=False)


def guess(username: str = "duena", **headers: Any) -> Any:
    return APIClient().post(TOKEN, {"username": username, "password": "mal"}, **headers)


def test_it_stops_password_guesses(owner: Usuario, rates: None) -> None:
    assert [guess().status_code for _ in range(2)] == [400, 400]
    response = guess()
    assert error_of(response, 429)["code"] == "throttled"
    assert 0 < int(response["Retry-After"]) <= 60
    right = APIClient().post(TOKEN, {"username": "duena", "password": "clave-de-prueba"})
    assert right.status_code == 429


def test_the_configured_rate_is_ten_a_minute(owner: Usuario) -> None:
    assert [guess().status_code for _ in range(11)] == [400] * 10 + [429]


def test_a_forged_address_does_not_reset_the_count(owner: Usuario, rates: None) -> None:
    """A proxy of ours is missing, so X-Forwarded-For is whatever the guesser writes."""
    codes = [guess(HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").status_code for n in range(4)]
    assert codes == [400, 400, 429, 429]


def test_each_address_has_its_own_count(owner: Usuario, rates: None) -> None:
    assert [guess(REMOTE_ADDR="10.0.0.1").status_code for _ in range(3)] == [400, 400, 429]
    assert guess("otra", REMOTE_ADDR="10.0.0.2").status_code == 400


def test_behind_one_proxy_the_address_it_saw_counts(owner: Usuario, rates: None, settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    forged = [guess(HTTP_X_FORWARDED_FOR=f"1.2.3.{n}, 10.0.0.1").status_code for n in range(3)]
    assert forged == [400, 400, 429]
    assert guess("otra", HTTP_X_FORWARDED_FOR="10.0.0.2").status_code == 400


def test_each_user_has_their_own_count(owner: Usuario, stranger: Usuario, rates: None) -> None:
    codes = [signed_in(owner).get(CLIENTES).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert signed_in(stranger).get(CLIENTES).status_code == 200


def test_anonymous_calls_are_counted_by_address(db: None, rates: None) -> None:
    """401 comes first; what is open to all is not slowed."""
    assert [APIClient().get(CLIENTES).status_code for _ in range(3)] == [401, 401, 401]
    assert [APIClient().get("/healthz").status_code for _ in range(5)] == [200] * 5
    assert [APIClient().get("/api/schema/").status_code for _ in range(3)] == [200, 200, 429]  # it costs as much as ten


def test_a_process_takes_several_calls_at_once_and_counts_each(
    owner: Usuario, stranger: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "taken", throttling.Taken())
    monkeypatch.setattr(throttling, "TAKEN_AT_ONCE", 3)
    monkeypatch.setattr(throttling, "TAKEN_OF", 2)
    monkeypatch.setattr(throttling.UserThrottle, "rate", "10/min", raising=False)
    asked: list[int] = []
    hit = SlidingWindowCounterRateLimiter.hit

    def counted(self: Any, *args: Any, cost: int = 1) -> bool:
        asked.append(cost)
        return hit(self, *args, cost=cost)

    monkeypatch.setattr(SlidingWindowCounterRateLimiter, "hit", counted)
    client = signed_in(owner)
    assert [client.get(CLIENTES).status_code for _ in range(11)] == [200] * 10 + [429]
    # One by one until it is worth it, then three at once, then what is left, and the refusal.
    assert asked == [1, 1, 1, 3, 3, 3, 1, 3, 1]
    assert signed_in(stranger).get(CLIENTES).status_code == 200


def test_what_was_taken_is_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("core.api.throttling.time.monotonic", lambda: clock[0])
    taken = throttling.Taken()
    taken.add("a", 2)
    assert taken.hand_out("a")
    clock[0] += throttling.TAKEN_FOR_S + 1
    assert not taken.hand_out("a")
    assert not taken.hand_out("b")


def test_who_calls_now_and_then_has_none_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is taken and not used counts all the same: with many processes it would use the rate up."""
    clock = [100.0]
    monkeypatch.setattr("core.api.throttling.time.monotonic", lambda: clock[0])
    taken = throttling.Taken()
    for _ in range(100):
        assert (taken.hand_out("a"), taken.most("a")) == (False, 1)
        taken.add("a", 0)
        clock[0] += 1
    for _ in range(throttling.TAKEN_AT_ONCE):
        taken.add("b", 0)
    assert taken.most("b") == throttling.TAKEN_AT_ONCE
    clock[0] += throttling.TAKEN_FOR_S + 1
    assert taken.most("b") == 1


@pytest.fixture
def dead_cache(settings: Any, request: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": request.param}}


DEAD = ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock", "redis://nowhere.invalid/0"]


@pytest.mark.parametrize("dead_cache", DEAD, indirect=True)
def test_it_fails_open_when_redis_is_down(
    owner: Usuario, rates: None, dead_cache: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert [signed_in(owner).get(CLIENTES).status_code for _ in range(4)] == [200] * 4
    assert "throttle usuario is off" in caplog.text


def test_it_fails_open_when_redis_stalls(owner: Usuario, rates: None, settings: Any) -> None:
    """Redis takes the connection and never answers."""
    with silent() as port:
        location = f"redis://127.0.0.1:{port}/0"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
        assert signed_in(owner).get(CLIENTES).status_code == 200
        cache.close()
