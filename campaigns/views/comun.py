"""What several pages share."""

from django.shortcuts import get_object_or_404

from campaigns import selectors
from campaigns.models import CampanaSMS
from campaigns.selectors import Progreso
from core.models import Usuario

REPOSO_S = 10  # between two looks at what stands still, in seconds


def campana_de(usuario: Usuario, pk: int) -> CampanaSMS:
    return get_object_or_404(
        selectors.campanas_de(usuario).select_related("plantilla", "remitente", "ocurrencia__programacion"), pk=pk
    )


def filas_de(campanas: list[CampanaSMS], progreso: dict[int, Progreso]) -> list[tuple[CampanaSMS, Progreso]]:
    return [(campana, progreso[campana.pk]) for campana in campanas]


def intervalo_de(campanas: list[CampanaSMS]) -> int | None:
    """Seconds between two refreshes; None when nothing will change any more."""
    vivas = [c for c in campanas if c.completado_en is None]
    if not vivas:
        return None
    return REPOSO_S if all(c.estado == CampanaSMS.Estado.PAUSADO or c.espera_fecha for c in vivas) else 2
