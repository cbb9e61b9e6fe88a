"""How often an open page looks again, and the rows that it looks at."""

from campaigns.campana.selectors import Progreso
from campaigns.campana.sondeo import BASE_MIN
from campaigns.models import CampanaSMS

REPOSO_S = 10  # between two looks at what stands still, in seconds


def filas_de(campanas: list[CampanaSMS], progreso: dict[int, Progreso]) -> list[tuple[CampanaSMS, Progreso]]:
    return [(campana, progreso[campana.pk]) for campana in campanas]


def intervalo_de(campanas: list[CampanaSMS]) -> int | None:
    """Seconds between two refreshes; None when nothing will change any more."""
    vivas = [c for c in campanas if c.completado_en is None]
    if not vivas:
        return None
    return REPOSO_S if all(_reposa(c) for c in vivas) else BASE_MIN


def _reposa(campana: CampanaSMS) -> bool:
    """Whether nothing happens before its date comes, a window opens or a person does something."""
    return campana.espera_fecha or campana.por_aprobar or campana.espera or campana.estado == CampanaSMS.Estado.PAUSADO
