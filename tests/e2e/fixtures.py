"""The running product, started once for every test that needs it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from tests import parallel
from tests.e2e.system import Shop, System, running_system


@contextmanager
def fresh_system(folder: Path, name: str, redis_number: int, python: str = sys.executable) -> Iterator[System]:
    """The product on databases that hold nothing, which are dropped afterwards.

    Args:
        folder: for logs and the simulator's ledger.
        name: of the PostgreSQL database.
        redis_number: of the Redis database.
        python: the interpreter of its processes.
    """
    admin = psycopg2.connect(settings.DATABASE_URL)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    database_url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    redis_url = parallel.redis_database(settings.REDIS_URL, redis_number)
    with running_system(folder, database_url, redis_url, python) as system:
        yield system
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@pytest.fixture(scope="session")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    number = parallel.process()
    with fresh_system(tmp_path_factory.mktemp("e2e"), f"sms_e2e_{number}", parallel.SYSTEMS_FROM + number) as system:
        yield system


@pytest.fixture
def system(_system: System) -> System:
    """The running product with a simulator that has forgotten everything."""
    _system.simulator.control.reset()
    return _system


@pytest.fixture
def shop(system: System) -> Shop:
    return system.shop()
