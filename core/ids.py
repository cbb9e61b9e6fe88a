"""Ids as callers name them."""

from collections.abc import Iterable
from typing import Final

MAX_ID: Final = 2**63 - 1  # PostgreSQL bigint


def sin_repetir(ids: Iterable[int]) -> list[int]:
    """The ids in their order, each once.

    Numbers beyond those of the database are told apart by their text: a caller can choose any amount of them whose
    hashes are equal, and a dictionary of 100,000 of those takes a minute, in one call that no thread can interrupt.
    """
    named = list(ids)
    if min(named, default=0) >= -MAX_ID and max(named, default=0) <= MAX_ID:
        return list(dict.fromkeys(named))
    return list({str(one): one for one in named}.values())
