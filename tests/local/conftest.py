from tests.local.fixtures import _simulator_process, simulator, webhooks  # noqa: F401
