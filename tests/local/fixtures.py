"""A simulator, a gateway that sends to it, and a place for its webhooks."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator, running_simulator
from tests.workers.webhooks.listener import WebhookListener, webhook_listener
from workers.gateway.twilio import GatewayConfig, TwilioGateway

MakeGateway = Callable[..., TwilioGateway]

CONFIG = GatewayConfig(
    account_sid=ACCOUNT_SID,
    auth_token=AUTH_TOKEN,
    from_="+15005550006",
    messaging_service_sid="",
    api_base_url=None,
    public_url="https://sms.tienda.co",
    connect_timeout_s=5.0,
    read_timeout_s=5.0,
    pool_size=4,
)


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


@pytest.fixture
def make_gateway() -> Iterator[MakeGateway]:
    """Makes a gateway that sends to a URL, with any `GatewayConfig` field changed."""
    made: list[TwilioGateway] = []

    def make(api_base_url: str | None, **changes: object) -> TwilioGateway:
        made.append(TwilioGateway(replace(CONFIG, api_base_url=api_base_url, **changes)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(
    simulator: RunningSimulator,
    make_gateway: MakeGateway,
) -> TwilioGateway:
    """A gateway that sends to the simulator."""
    return make_gateway(simulator.url)
