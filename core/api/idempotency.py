"""The `Idempotency-Key` header."""

from typing import Any, Final, cast

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from core.errors import InvalidInputError
from core.idempotency import Idempotency

CLAVE_MAX: Final = 255
# Latin-1 of a header, without what is not printable; a header begins and ends with no space.
CLAVE: Final = (
    r"^[!-~\u00a1-\u00ac\u00ae-\u00ff]([ -~\u00a1-\u00ac\u00ae-\u00ff]{0,253}[!-~\u00a1-\u00ac\u00ae-\u00ff])?$"
)
CLAVE_INVALIDA = "La Idempotency-Key debe tener entre 1 y 255 caracteres imprimibles."


def header(description: str) -> OpenApiParameter:
    """Describe the header for an operation.

    Args:
        description: what the same key again does there.
    """
    return OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": CLAVE_MAX, "pattern": CLAVE},
        OpenApiParameter.HEADER,
        description=f"1 to {CLAVE_MAX} characters of your choice. {description}",
    )


def idempotency_of(request: Request) -> Idempotency | None:
    """The key of a request and the meaning of its body; None when it has no key.

    Raises:
        InvalidInputError: the key is empty, too long or not printable.
    """
    key = clave_de(request)
    return None if key is None else Idempotency.of(key, cast("Any", request.data))


def de_prueba(idempotency: Idempotency | None) -> Idempotency | None:
    """Return the identity of a test key's request: with the same key and body it is no repetition of a real one."""
    return idempotency and Idempotency(idempotency.key, Idempotency.of("", {"prueba": idempotency.hash}).hash)


def clave_de(request: Request) -> str | None:
    """Read the key of a request.

    Raises:
        InvalidInputError: the key is empty, too long or not printable.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= CLAVE_MAX and key.isprintable()):
        raise InvalidInputError(CLAVE_INVALIDA, field="Idempotency-Key", code="invalid")
    return key
