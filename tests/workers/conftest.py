from tests.local.fixtures import _simulator_process, gateway, make_gateway, simulator, webhooks  # noqa: F401
