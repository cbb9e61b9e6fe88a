"""Fixtures that every room's tests share: a shop's admin, a teammate, a stranger, and nobody.

PostgreSQL and Valkey are the embedded ones: run the tests with scripts/test.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as runs
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from campaigns.campana import selectors
from core.api import throttling
from core.models import Usuario
from tests import emptying, migrated, parallel
from tests.e2e.fixtures import _system, shop, system  # noqa: F401 - tests/browser drives the same system
from tests.factories import AdminFactory, VendedorFactory
from tests.plans import Planner

# How long an example takes says what else the machine does.
runs.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
runs.load_profile("patient")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the run's processes share, and no other run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if parallel.side_by_side() else own


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, run_folder: Path
) -> Iterator[None]:
    """The process's database. In place of pytest-django's fixture, which migrates each."""
    own, name = connection.settings_dict["NAME"], f"test_sms_{parallel.process()}"
    with django_db_blocker.unblock():
        migrated.make(name, settings.DATABASE_URL, run_folder)
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = own
        migrated.drop(name, settings.DATABASE_URL)


@pytest.fixture
def owner(db: None) -> Usuario:
    """The admin whose rows a test is about."""
    return AdminFactory.create(username="duena")


@pytest.fixture
def teammate(owner: Usuario) -> Usuario:
    """A vendedor of the owner's shop: sees, writes nothing."""
    return VendedorFactory.create(username="vendedor", creado_por=owner)


@pytest.fixture
def stranger(db: None) -> Usuario:
    """The admin of another shop: for them the owner's rows do not exist."""
    return AdminFactory.create(username="ajeno")


@pytest.fixture
def planner(db: None) -> Planner:
    """PostgreSQL's planner, on empty tables of which it knows nothing."""
    return Planner()


def signed_in(user: Usuario | None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


@pytest.fixture
def api(owner: Usuario) -> APIClient:
    """The owner's API client."""
    return signed_in(owner)


@pytest.fixture(autouse=True, scope="session")
def _test_settings() -> None:
    """Set what a test run needs and no environment should have to say."""
    settings.SECRET_KEY = "only-for-tests-and-worth-nothing-to-anybody"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
    TransactionTestCase._fixture_teardown = emptying.empty_tables  # type: ignore[attr-defined] # Django's own name
    # Pages name their static files; without collectstatic there is no manifest of their hashed names.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    # whitenoise warns about a folder that collectstatic has not made yet, and a warning is an error here.
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def _redis_of_tests() -> Iterator[redis.Redis]:
    """A client that stays: the cache makes one for each call, and there are twelve thousand tests."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def _forget_copies(_redis_of_tests: redis.Redis) -> None:
    """One test's calls must not slow the next, and what was counted for it is not what the next counts."""
    _redis_of_tests.flushdb()
    throttling.taken.clear()
    throttling.counted_here.reset()
    selectors.recuentos.clear()
