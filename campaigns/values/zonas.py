"""The time zones that may be chosen."""

from functools import cache
from zoneinfo import available_timezones

NINGUNA = {"Factory", "localtime"}  # of the machine, and not of a place


@cache
def zonas() -> frozenset[str]:
    """Every IANA name this machine knows; finding them reads the disk for a tenth of a second."""
    return frozenset(available_timezones() - NINGUNA)


@cache
def ofrecidas() -> list[str]:
    """Those of places, in the order of the alphabet, and UTC: the others are old names or offsets."""
    return [*sorted(zona for zona in zonas() if "/" in zona and not zona.startswith("Etc/")), "UTC"]
