"""The token of an opt-out link: which message it came in, and the proof that we sent it. Pure.

Each letter is paid for in every SMS, so: five letters of base 62 for the message's id (six from the 916,132,832nd
message on), then six of HMAC-SHA256: 11 in all.

- No two messages share a token: the id is in it.
- A guess hits one in 62^6 = 5.7 × 10^10. The page takes 30 wrong guesses a minute from an address, so ten thousand
  addresses that guess day and night need four months for one hit, and have then opted a stranger out of one shop, which
  the stranger's own link undoes. The page shows no more of the client than the last two digits of the phone.
"""

import hashlib
import hmac
from typing import Final

LETRAS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LETRAS: Final = 5
FIRMA_LETRAS: Final = 6


def token_de(log_id: int, llave: bytes) -> str:
    """Args:
    log_id: the message's row.
    llave: the installation's key.
    """
    mac = hmac.digest(llave, b"baja:%d" % log_id, hashlib.sha256)
    firma = int.from_bytes(mac[:8], "big") % len(LETRAS) ** FIRMA_LETRAS
    return _escribir(log_id, ID_LETRAS) + _escribir(firma, FIRMA_LETRAS)


def log_de(token: str, llave: bytes) -> int | None:
    """The message's row, or None when the token is none of ours."""
    digits = token[:-FIRMA_LETRAS]
    if not ID_LETRAS <= len(digits) <= ID_LETRAS + 5 or not all(letter in LETRAS for letter in digits):
        return None
    log_id = 0
    for letter in digits:
        log_id = log_id * len(LETRAS) + LETRAS.index(letter)
    right = token_de(log_id, llave)
    return log_id if hmac.compare_digest(right.encode(), token.encode()) else None


def largo(log_id: int) -> int:
    """Letters of a token."""
    return max(ID_LETRAS, len(_escribir(log_id, 1))) + FIRMA_LETRAS


def _escribir(number: int, letters: int) -> str:
    written = ""
    while number:
        number, rest = divmod(number, len(LETRAS))
        written = LETRAS[rest] + written
    return written.rjust(letters, LETRAS[0])
