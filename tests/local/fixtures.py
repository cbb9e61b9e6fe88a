"""A simulator, and a place for its webhooks."""

from collections.abc import Iterator

import pytest

from tests.local.simulator_process import RunningSimulator, running_simulator
from tests.workers.webhooks.listener import WebhookListener, webhook_listener


@pytest.fixture(scope="session")
def _simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    flags = ("--send-delay", "0.05", "--delivery-delay", "0.05")
    with running_simulator(tmp_path_factory.mktemp("simulator"), *flags) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator_process: RunningSimulator) -> RunningSimulator:
    """A simulator that has forgotten everything. Its process is shared: to kill one, start your own."""
    _simulator_process.control.reset()
    return _simulator_process


@pytest.fixture
def webhooks() -> Iterator[WebhookListener]:
    """A listener for status callbacks and inbound messages."""
    with webhook_listener() as listener:
        yield listener
