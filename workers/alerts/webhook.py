"""One call that hands an alert, or events, to a shop's program."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Final

from django.utils import timezone
from standardwebhooks import Webhook
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from campaigns.values.direccion import Direccion, leer
from core.errors import InvalidInputError
from workers.alerts.addresses import look_up
from workers.alerts.deadline import OverdueError, ended_after
from workers.alerts.results import Delivered, Failed, Result

CONNECT_S: Final = 5.0  # and as long again for TLS's handshake
READ_S: Final = 10.0
# From then until the answer's last header.
CALL_S: Final = 15.0
ANSWER_MAX: Final = 500  # bytes of an answer that are kept
ANSWER_S: Final = 1.0  # between its headers and them
AGENT: Final = "campanas-sms-alertas/1"

# 2xx took it. These will never take it, however often: https://www.rfc-editor.org/rfc/rfc9110#section-15.5
GONE: Final = frozenset({410})
NO_CONTESTO: Final = "No contestó: {why}."
SIN_FIN: Final = "No contestó: a los {segundos:g} s no había terminado."
CONTESTO: Final = "Contestó {status}."


def post(*, url: str, secrets: Sequence[str], message_id: str, body: str) -> Result:
    """Hand it over, once. Redirects are not followed: they would lead where nobody has looked.

    Args:
        secrets: each signs.
        body: the JSON.
    """
    try:
        direccion = leer(url)
        ip = look_up(direccion)
    except InvalidInputError as error:
        return Failed(error.message)
    signed = signature_headers(secrets=secrets, message_id=message_id, moment=timezone.now(), body=body)
    headers = {"Host": _host(direccion), "Content-Type": "application/json", "User-Agent": AGENT, **signed}
    connection = _connection(direccion, ip)
    try:
        connection.connect()
        with ended_after(CALL_S, connection.sock):
            status, answer = _ask(connection, direccion.path, body, headers)
    except OverdueError:
        return Failed(SIN_FIN.format(segundos=CALL_S))
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        return Failed(NO_CONTESTO.format(why=type(error).__name__))
    finally:
        connection.close()
    if 200 <= status < 300:
        return Delivered(status, answer)
    return Failed(CONTESTO.format(status=status), status, for_good=status in GONE, answer=answer)


def signature_headers(*, secrets: Sequence[str], message_id: str, moment: datetime, body: str) -> dict[str, str]:
    """The three headers that tell the shop's program that a call is ours: https://www.standardwebhooks.com

    Args:
        secrets: each "whsec_" and a key in base64; while one is changed for another there are two.
        message_id: the same in every try, so that the receiver may drop what it has already.
        moment: now; the receiver refuses what is minutes old.
    """
    moment = moment.astimezone(UTC)  # the library takes the hour that it is given for one of UTC
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, moment, body) for secret in secrets),
    }


def _ask(connection: HTTPConnection, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
    connection.request("POST", path, body=body.encode(), headers=headers, preload_content=False)
    connection.timeout = READ_S
    response = connection.getresponse()
    if connection.sock is not None:
        connection.sock.settimeout(ANSWER_S)
    return response.status, _beginning(response)


def _beginning(response: HTTPResponse) -> str:
    """Return the beginning of an answer, as far as it is there already: how much they answer is nothing to us, nor
    whether its end comes."""
    try:
        said = response.read1(ANSWER_MAX, decode_content=False)
    except (HTTPError, HTTPException, OSError, ValueError):
        return ""
    return said.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _connection(direccion: Direccion, ip: str) -> HTTPConnection:
    if direccion.is_secure:
        # To the address that was looked at, under the name that its certificate must show.
        host = direccion.host
        return HTTPSConnection(ip, direccion.port, timeout=CONNECT_S, server_hostname=host, assert_hostname=host)
    return HTTPConnection(ip, direccion.port, timeout=CONNECT_S)


def _host(direccion: Direccion) -> str:
    name = f"[{direccion.host}]" if ":" in direccion.host else direccion.host
    usual = 443 if direccion.is_secure else 80
    return name if direccion.port == usual else f"{name}:{direccion.port}"
