"""One gateway per process, from the settings."""

import os
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from workers.gateway.factory import config_from_settings, forget_gateway, get_gateway


@pytest.fixture(autouse=True)
def _anew(settings: Settings) -> Iterator[None]:
    settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32
    settings.TWILIO_AUTH_TOKEN = "token"
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:8900"
    forget_gateway()
    yield
    forget_gateway()


def test_it_is_built_once_for_all_threads() -> None:
    barrier, seen = threading.Barrier(8), []

    def take() -> None:
        barrier.wait()
        seen.append(get_gateway())

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert len(set(map(id, seen))) == 1


def test_it_reads_the_settings(settings: Settings) -> None:
    settings.TWILIO_API_BASE_URL = ""

    config = config_from_settings()

    assert config.account_sid == "AC" + "1" * 32
    assert config.api_base_url is None


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the child only asks for the gateway
def test_it_is_not_shared_with_a_forked_child() -> None:
    # A child with its parent's sockets would read answers meant for the parent.
    parents = get_gateway()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"same" if get_gateway() is parents else b"other")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        assert answer.read() == b"other"
