"""One call that hands an alert to a shop's program."""

import time
from typing import Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from campaigns.alertas.direccion import Direccion, leer
from core.errors import InvalidInputError
from workers.alerts import signature
from workers.alerts.addresses import look_up
from workers.alerts.results import Delivered, Failed, Result

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
AGENT: Final = "campanas-sms-alertas/1"

# 2xx took it. These will never take it, however often: https://www.rfc-editor.org/rfc/rfc9110#section-15.5
GONE: Final = frozenset({410})
NO_CONTESTO: Final = "No contestó: {why}."
CONTESTO: Final = "Contestó {status}."


def post(*, url: str, secret: str, message_id: str, body: str) -> Result:
    """Hand the alert over, once. Redirects are not followed: they would lead where nobody has looked.

    Args:
        body: the JSON.
    """
    try:
        direccion = leer(url)
        ip = look_up(direccion)
    except InvalidInputError as error:
        return Failed(error.message)
    signed = signature.headers(secret=secret, message_id=message_id, timestamp=int(time.time()), body=body)
    headers = {"Host": _host(direccion), "Content-Type": "application/json", "User-Agent": AGENT, **signed}
    pool = _pool(direccion, ip)
    try:
        answer = pool.urlopen(
            "POST",
            direccion.path,
            body=body.encode(),
            headers=headers,
            retries=False,
            redirect=False,
            preload_content=False,  # how much they answer is nothing to us
            timeout=Timeout(connect=CONNECT_S, read=READ_S),
        )
        answer.close()
    except (HTTPError, OSError, ValueError) as error:
        return Failed(NO_CONTESTO.format(why=type(error).__name__))
    finally:
        pool.close()
    if 200 <= answer.status < 300:
        return Delivered(answer.status)
    return Failed(CONTESTO.format(status=answer.status), answer.status, for_good=answer.status in GONE)


def _pool(direccion: Direccion, ip: str) -> HTTPConnectionPool:
    if direccion.is_secure:
        # To the address that was looked at, under the name that its certificate must show.
        host = direccion.host
        return HTTPSConnectionPool(ip, direccion.port, server_hostname=host, assert_hostname=host, maxsize=1)
    return HTTPConnectionPool(ip, direccion.port, maxsize=1)


def _host(direccion: Direccion) -> str:
    name = f"[{direccion.host}]" if ":" in direccion.host else direccion.host
    usual = 443 if direccion.is_secure else 80
    return name if direccion.port == usual else f"{name}:{direccion.port}"
