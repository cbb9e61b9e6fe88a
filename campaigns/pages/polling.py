"""The polling of open pages: how often each looks again, and the rows that it looks at."""

from django.utils import timezone

from campaigns.campana.selectors import Progreso
from campaigns.campana.sondeo import BASE_MIN
from campaigns.models import CampanaSMS
from campaigns.values.estados import descansa

REPOSO_S = 10  # between two looks at what stands still, in seconds


def filas_de(campanas: list[CampanaSMS], progreso: dict[int, Progreso]) -> list[tuple[CampanaSMS, Progreso]]:
    return [(campana, progreso[campana.pk]) for campana in campanas]


def intervalo_de(campanas: list[CampanaSMS]) -> int | None:
    """Seconds between two refreshes; None when nothing will change any more."""
    vivas = [c for c in campanas if c.completado_en is None]
    if not vivas:
        return None
    now = timezone.now()
    return REPOSO_S if all(descansa(c, now) for c in vivas) else BASE_MIN
