"""The running product, started once for every test that needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests import migrated, parallel
from tests.docker import acl, runtime
from tests.e2e.system import Shop, System, running_system


@pytest.fixture(scope="session")
def _system(django_db_setup: None, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """On databases that hold no row, in an environment that holds what production has; both go with it."""
    folder, number = tmp_path_factory.mktemp("e2e"), parallel.process()
    name = f"sms_e2e_{number}"
    migrated.make(name, settings.DATABASE_URL, run_folder)
    database_url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    redis_url = parallel.redis_database(settings.REDIS_URL, parallel.SYSTEMS_FROM + number)
    python = runtime.environment(folder / "venv")
    with acl.user(redis_url) as limited, running_system(folder, database_url, limited, str(python)) as system:
        yield system
        assert acl.refusals(limited) == [], "scripts/compose.d/valkey.acl lacks a command that the product uses"
    migrated.drop(name, settings.DATABASE_URL)


@pytest.fixture
def system(_system: System) -> System:
    """The running product with a simulator that has forgotten everything."""
    _system.simulator.control.reset()
    return _system


@pytest.fixture
def shop(system: System) -> Shop:
    return system.shop()
