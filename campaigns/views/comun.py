"""What several pages share."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from campaigns import selectors
from campaigns.models import CampanaSMS
from campaigns.selectors import Progreso
from core.models import Usuario
from core.pages import usuario_de


def admin_de(request: HttpRequest, refusal: str) -> Usuario:
    """The admin who asks.

    Raises:
        PermissionDenied: it is a vendedor; `refusal` tells them so.
    """
    usuario = usuario_de(request)
    if not usuario.es_admin:
        raise PermissionDenied(refusal)
    return usuario


def campana_de(usuario: Usuario, pk: int) -> CampanaSMS:
    return get_object_or_404(selectors.campanas_de(usuario).select_related("plantilla"), pk=pk)


def filas_de(campanas: list[CampanaSMS], progreso: dict[int, Progreso]) -> list[tuple[CampanaSMS, Progreso]]:
    return [(campana, progreso[campana.pk]) for campana in campanas]


def intervalo_de(campanas: list[CampanaSMS]) -> int | None:
    """Seconds between two refreshes; None when nothing will change any more."""
    vivas = [c for c in campanas if c.completado_en is None]
    if not vivas:
        return None
    return 10 if all(c.estado == CampanaSMS.Estado.PAUSADO for c in vivas) else 2


def entero(request: HttpRequest, name: str) -> int:
    """A cursor of the query string; 0 when there is none or it makes no sense."""
    raw = request.GET.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else 0
