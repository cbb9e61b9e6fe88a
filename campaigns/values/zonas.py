"""The time zones that may be chosen, and the date in one of them."""

from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

NINGUNA: Final = {"Factory", "localtime"}  # of the machine, and not of a place
LUGARES: Final = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@cache
def zonas() -> frozenset[str]:
    """Every IANA name this machine knows; finding them reads the disk for a tenth of a second."""
    return frozenset(available_timezones() - NINGUNA)


@cache
def ofrecidas() -> tuple[str, ...]:
    """List the zones of places, in the order of the alphabet, and UTC: the others are old names or offsets."""
    return (*sorted(zona for zona in zonas() if zona.startswith(LUGARES)), "UTC")


def hoy(zona: str) -> date:
    """The date in this zone now; in the product's own when there is no such zone."""
    return datetime.now(ZoneInfo(zona)).date() if zona in zonas() else timezone.localdate()
