"""The address where Twilio reports what became of a message."""

from core.addresses import is_public

__all__ = ["is_public", "status_callback", "status_path"]

# Twilio retries a status callback only once, and only when it could not connect. These ask for five tries on
# any failure, so a restart of the web process loses none. Twilio strips the fragment before it calls and
# before it signs: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CONNECTION_OVERRIDES = "#rc=5&rp=all"


def status_callback(*, public_url: str, token: str) -> str:
    """Build the status callback URL of one message, with Twilio's retry settings in its fragment.

    Args:
        public_url: the product's public address, "https://host[/prefix]".
        token: the ledger row's token.
    """
    return f"{public_url.rstrip('/')}{status_path(token)}{CONNECTION_OVERRIDES}"


def status_path(token: str) -> str:
    """Return the path of a row's status callbacks.

    Args:
        token: the ledger row's token.
    """
    return f"/webhooks/twilio/estado/{token}/"
