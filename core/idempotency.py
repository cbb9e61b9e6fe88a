"""The identity of a request that may come again, because its answer was lost."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ConflictError

CLAVE_REUTILIZADA = "Esta Idempotency-Key ya se usó con otro contenido."


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The identity of a request, by which its repetition is recognised.

    Args:
        key: the caller's `Idempotency-Key`, 1 to 255 characters.
        hash: SHA-256 of the request's meaning, hexadecimal.
    """

    key: str
    hash: str

    @classmethod
    def of(cls, key: str, request: Mapping[str, Any]) -> "Idempotency":
        canonical = json.dumps(request, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
        return cls(key, hashlib.sha256(canonical.encode()).hexdigest())


def reutilizada() -> ConflictError:
    """Return the refusal of a key that came with another request before."""
    return ConflictError(CLAVE_REUTILIZADA, field="Idempotency-Key", code="idempotency_key_reused")
