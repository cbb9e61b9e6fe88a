"""Processes of pytest-xdist side by side: what they would share is given to each, and who runs what.

A plugin (`-p` in pyproject.toml), because the settings are read before any conftest is. PostgreSQL's databases are
told apart by pytest-django.
"""

import gc
import os
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

# The databases that a server of Redis has: a process's own, and that of the system that it starts.
SYSTEMS_FROM: Final = 8

# The group of the tests of a whole system, and how far the other groups' processes stand back for it.
SYSTEMS: Final = "sistema"
BEHIND: Final = 10
_placed: list[str] = []


def side_by_side() -> bool:
    """Tell whether this is one of several processes."""
    return "PYTEST_XDIST_WORKER" in os.environ


def process() -> int:
    """Return the number of this process of pytest-xdist, from 0; the only one is 0 too."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def redis_database(url: str, number: int) -> str:
    """The same server's database of that number.

    Args:
        url: a redis-py URL, `redis://host:port/0` or `unix:///path?db=0`.
    """
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return parts._replace(path=f"/{number}").geturl()
    query = parse_qs(parts.query) | {"db": [str(number)]}
    return f"unix://{parts.netloc}{parts.path}?{urlencode(query, doseq=True)}"  # geturl() would drop the slashes


if side_by_side() and os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = redis_database(os.environ["REDIS_URL"], process())


class Scheduler(LoadGroupScheduling):  # type: ignore[misc] # it has no types
    """A scheduler that forgets what is done: pytest-xdist counts all of it again at the end of each test."""

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        given = self.assigned_work[node]
        for name in [name for name, tests in given.items() if all(tests.values())]:
            del given[name]


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler | None:
    return Scheduler(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Give what takes longest to one process each, and begin with it; all others run wherever there is room.

    Where nothing runs side by side, browser tests come last: Playwright keeps an event loop running in the thread until
    they have ended.
    """
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    yield
    if side_by_side():
        _check_groups(items)
        # pytest-xdist hands out the largest groups first, and groups of one size as they come.
        items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what was collected, thousands of tests and all their modules, out of every search for garbage: a seventh of
    the run's processor time went into looking through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the process of whole systems, which mostly wait and then must be quick, go before the others.

    A process keeps what its first test asks for: the largest groups are handed out first.
    """
    if side_by_side() and not _placed:
        _placed.append(_group(item))
        if _placed != [SYSTEMS]:
            os.nice(BEHIND)


def _group(item: pytest.Item) -> str:
    """Return the group whose tests run one after another in one process; "" where it does not matter.

    They mostly wait: for leases, rounds and each other's processes.
    """
    # Whole systems side by side starve each other of two processors: leases then run out that nothing else would end.
    # The harness of faults, and tests that start some processes of their own, wait as long as it takes and stand back
    # for the others' system.
    if "system" in getattr(item, "fixturenames", ()):
        return SYSTEMS
    if item.get_closest_marker("faults") or item.get_closest_marker("e2e"):
        return "procesos"
    return "navegador" if item.get_closest_marker("browser") else ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say the seed once more: who reads a failure reads the end."""
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        terminalreporter.write_line(f"The same order again: scripts/test --randomly-seed={seed}")


def _check_groups(items: list[pytest.Item]) -> None:
    """pytest-xdist hands groups on at the end of each test's id. Where it cannot, it spreads them and says nothing.

    Raises:
        pytest.UsageError: pytest and pytest-xdist do not fit together.
    """
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group and not item.nodeid.endswith(f"@{group.args[0]}"):
            raise pytest.UsageError(f"{item.nodeid} has lost its group {group.args[0]}: run with --dist loadgroup")
