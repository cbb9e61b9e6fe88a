"""The running product, started once for every test that needs it."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.conf import settings

from tests import parallel
from tests.e2e.system import Shop, System, running_system

DATABASE = f"sms_e2e_{parallel.process()}"


@pytest.fixture(scope="session")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    admin = psycopg2.connect(settings.DATABASE_URL)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    database_url = settings.DATABASE_URL.rpartition("/")[0] + f"/{DATABASE}"
    redis_url = parallel.redis_database(settings.REDIS_URL, parallel.SYSTEMS_FROM + parallel.process())
    with running_system(tmp_path_factory.mktemp("e2e"), database_url, redis_url) as system:
        yield system
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    admin.close()


@pytest.fixture
def system(_system: System) -> System:
    """The running product with a simulator that has forgotten everything."""
    _system.simulator.control.reset()
    return _system


@pytest.fixture
def shop(system: System) -> Shop:
    return system.shop()
