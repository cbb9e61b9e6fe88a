"""The opt-out link that stands in a message in the place of `{enlace_baja}`."""

import secrets
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.db import connection

from campaigns.mensaje.token import largo, token_de
from campaigns.models import Llave

LLAVE: Final = "enlaces"


def llave() -> bytes:
    """The installation's key, made on first use."""
    found, _ = Llave.objects.get_or_create(nombre=LLAVE, defaults={"valor": secrets.token_bytes(32)})
    return bytes(found.valor)


def enlace(token: str) -> str:
    # Without the last slash: one letter less to pay for in every message.
    return f"{settings.PUBLIC_URL}/b/{token}"


def enlaces_de(log_ids: Iterable[int]) -> list[str]:
    """The link of each message, in the same order."""
    key = llave()
    return [enlace(token_de(log_id, key)) for log_id in log_ids]


def muestra() -> str:
    """A link that leads nowhere, as long as the next message's: what previews show and count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM campaigns_smslog_id_seq")
        return enlace("x" * largo(cursor.fetchone()[0] + 1))
