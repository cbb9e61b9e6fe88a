"""The SDK with its own HTTP client; only the host is another."""

import os
from functools import cache
from typing import Any

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

TWILIO = "https://api.twilio.com"
TEXT = "Hola Cliente, esta semana tienes 20% de descuento en la tienda. Responde BAJA para no recibir mas."


class StandInHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK is not typed
    """Sends what is meant for Twilio to `TWILIO_API_BASE_URL`.

    Args:
        pool_size: connections its session keeps. The SDK asks for a few more than there are processors, and for https
            only; with more threads than that, a third of the calls would open a connection of their own.
    """

    def __init__(self, *, pool_size: int) -> None:
        super().__init__()
        self._base = os.environ["TWILIO_API_BASE_URL"]
        self.session.mount("http://", HTTPAdapter(pool_maxsize=pool_size))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace(TWILIO, self._base, 1), *args, **kwargs)


@cache
def client() -> Client:
    """One client, and so one session, for all threads of the process."""
    return Client(
        os.environ["TWILIO_ACCOUNT_SID"],
        os.environ["TWILIO_AUTH_TOKEN"],
        http_client=StandInHttpClient(pool_size=int(os.environ["TEXTBOOK_THREADS"])),
    )


def send(to: str) -> str:
    """Send the text; the message's sid."""
    sid: str = client().messages.create(to=to, from_=os.environ["TWILIO_FROM"], body=TEXT).sid
    return sid
