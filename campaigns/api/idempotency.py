"""The `Idempotency-Key` header."""

from typing import Any, cast

from rest_framework.request import Request

from campaigns.campana.services import Idempotency
from core.errors import InvalidInputError

CLAVE_INVALIDA = "La Idempotency-Key debe tener entre 1 y 255 caracteres imprimibles."


def idempotency_of(request: Request) -> Idempotency | None:
    """The key of a request and the meaning of its body; None when it has no key.

    Raises:
        InvalidInputError: the key is empty, too long or not printable.
    """
    key = clave_de(request)
    return None if key is None else Idempotency.of(key, cast("Any", request.data))


def clave_de(request: Request) -> str | None:
    """Raises:
    InvalidInputError: the key is empty, too long or not printable.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise InvalidInputError(CLAVE_INVALIDA, field="Idempotency-Key", code="invalid")
    return key
