"""The address where Twilio reports what became of a message."""

import ipaddress
from urllib.parse import urlsplit

# Twilio retries a status callback only once, and only when it could not connect. These ask for five tries on
# any failure, so a restart of the web process loses none. Twilio strips the fragment before it calls and
# before it signs: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CONNECTION_OVERRIDES = "#rc=5&rp=all"

LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".test", ".example", ".invalid")


def status_callback(*, public_url: str, token: str) -> str:
    """Build the status callback URL of one message, with Twilio's retry settings in its fragment.

    Args:
        public_url: the product's public address, "https://host[/prefix]".
        token: the ledger row's token.
    """
    return f"{public_url.rstrip('/')}/webhooks/twilio/estado/{token}/{CONNECTION_OVERRIDES}"


def is_public(url: str) -> bool:
    """Tell whether Twilio could call this address from the internet.

    Twilio refuses a message whose StatusCallback has an unusable host (error 21609: no valid or public
    hostname, or an underscore in it): https://www.twilio.com/docs/api/errors/21609
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host or "_" in host:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(LOCAL_SUFFIXES)
