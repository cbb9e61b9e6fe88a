"""The one gateway of the process, built from the settings."""

import os
from threading import Lock

from django.conf import settings

from workers.gateway.clock import CLOCK
from workers.gateway.twilio import GatewayConfig, TwilioGateway

_lock = Lock()
_gateway: TwilioGateway | None = None


def get_gateway() -> TwilioGateway:
    """Return the gateway of this process, made on first use: importing the SDK and its first call take ≈ 100 ms."""
    global _gateway
    if _gateway is None:
        with _lock:
            if _gateway is None:
                _gateway = TwilioGateway(config_from_settings())
    return _gateway


def config_from_settings() -> GatewayConfig:
    """Read the gateway's part of the Django settings."""
    return GatewayConfig(
        account_sid=settings.TWILIO_ACCOUNT_SID,
        auth_token=settings.TWILIO_AUTH_TOKEN,
        from_=settings.TWILIO_FROM,
        messaging_service_sid=settings.TWILIO_MESSAGING_SERVICE_SID,
        api_base_url=settings.TWILIO_API_BASE_URL or None,
        public_url=settings.PUBLIC_URL,
        retain=settings.TWILIO_RETAIN,
        connect_timeout_s=settings.TWILIO_CONNECT_TIMEOUT_S,
        read_timeout_s=settings.TWILIO_READ_TIMEOUT_S,
    )


def forget_gateway() -> None:
    """Drop the gateway, so that the next use builds another: after a fork, or when a test changes the settings."""
    global _gateway, _lock
    _lock = Lock()
    _gateway = None
    CLOCK.forget()


# A forked child would share its parent's sockets, and read answers meant for it.
os.register_at_fork(after_in_child=forget_gateway)
