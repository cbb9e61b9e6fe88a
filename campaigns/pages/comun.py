"""What several pages share."""

from django.shortcuts import get_object_or_404

from campaigns.campana import selectors
from campaigns.campana.selectors import Progreso
from campaigns.campana.sondeo import BASE_MIN
from campaigns.models import CampanaSMS
from core.models import Usuario

REPOSO_S = 10  # between two looks at what stands still, in seconds


def campana_de(usuario: Usuario, pk: int) -> CampanaSMS:
    return get_object_or_404(
        selectors.campanas_de(usuario).select_related(
            "plantilla", "remitente", "ocurrencia__programacion", "creada_por", "decidida_por"
        ),
        pk=pk,
    )


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
