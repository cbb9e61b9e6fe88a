"""Selectors of the settings. Each one starts from the tenant."""

from typing import Any, Final

from django.db.models import QuerySet

from campaigns.models import Ajustes, AjustesCambio
from core.models import Usuario

CONSENTIMIENTO: Final = "exigir_consentimiento"
CAMBIOS_MAX: Final = 200  # that are read for who had them open meanwhile
LARGO_DE_ID: Final = 19  # digits that no id reaches


def ajustes_de(tenant_id: int) -> Ajustes:
    """The shop's settings; the defaults while nobody has changed them."""
    found = Ajustes.objects.select_related("limites_propios").filter(usuario_id=tenant_id).first()
    return found or Ajustes(usuario_id=tenant_id)


def historial_de(usuario: Usuario) -> QuerySet[AjustesCambio]:
    return AjustesCambio.objects.filter(usuario_id=usuario.tenant_id).select_related("quien")


def visto_de(tenant_id: int) -> str:
    """Name the shop's settings as they are: another person may change them while somebody has them open."""
    latest = AjustesCambio.objects.filter(usuario_id=tenant_id).order_by("-pk").values_list("pk", flat=True).first()
    return str(latest or 0)


def cambiado_desde(tenant_id: int, visto: str) -> dict[str, Any]:
    """Return each setting that was changed since then, as the history has it from before.

    Args:
        visto: of `visto_de`, then; anything else is long ago.
    """
    since = int(visto) if visto.isascii() and visto.isdigit() and len(visto) < LARGO_DE_ID else 0
    before: dict[str, Any] = {}
    for cambios in (
        AjustesCambio.objects.filter(usuario_id=tenant_id, pk__gt=since)
        .order_by("pk")
        .values_list("cambios", flat=True)[:CAMBIOS_MAX]
    ):
        for name, (antes, _) in cambios.items():
            before.setdefault(name, antes)
    return before


def consentimiento_decidido(ajustes: Ajustes) -> bool:
    """Tell whether somebody has said if the shop requires a consent on record: yes, or no, as the history has it."""
    said = AjustesCambio.objects.filter(usuario_id=ajustes.usuario_id, cambios__has_key=CONSENTIMIENTO)
    return ajustes.exigir_consentimiento or said.exists()
