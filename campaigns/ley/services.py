"""Services of a shop's settings, and what follows for the campaigns that are under way."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver
from django.utils import timezone

from campaigns.ley import reglas
from campaigns.ley.contactos import recordar_contactos
from campaigns.ley.selectors import CONSENTIMIENTO, consentimiento_decidido, visto_de
from campaigns.models import Ajustes, AjustesCambio, CampanaSMS
from campaigns.models.ajustes import MOTIVO_MAX
from campaigns.values.horario import dia_de, inicio_del_dia
from campaigns.values.wake import nudge
from clientes.signals import exclusiones_cambiaron
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.services import aprueban

MOTIVO_LARGO = f"El motivo puede tener hasta {MOTIVO_MAX} caracteres."
# Campaigns that are told at once of a change; the sweeper finds any others within seconds.
AVISADAS = 50
INTENTOS = 5
NADIE_MAS = (
    "Nadie más en la tienda aprueba campañas: primero agregue en «Personas» a un aprobador o a otro administrador."
)
OCUPADA = "Hay campañas en curso que no se pudieron detener un momento: inténtelo otra vez."
OTRA_PERSONA = (
    "Otra persona cambió los ajustes mientras usted escribía, y lo suyo no se guardó. Esto es lo que hay ahora."
)


class CambiaronError(ConflictError):
    """Raised when the settings are others than the person saw who changes them."""


class _EnMarchaError(Exception):
    """Raised while a campaign of the shop is sending and what it sent is about to be counted."""


def cambiar_ajustes(
    *, usuario: Usuario, cambios: Mapping[str, Any], motivo: str = "", visto: str | None = None
) -> Ajustes:
    """Change settings of the shop. Campaigns that are under way obey from their next message on.

    Args:
        usuario: the admin who does it.
        cambios: setting: new value; of `ventanas` only the days that change.
        motivo: why, for the history; needed to switch a protection off or to loosen it.
        visto: of `visto_de`, when they saw the settings; None changes them whatever they are now.

    Raises:
        InvalidInputError: naming the setting and the reason.
        CambiaronError: somebody has changed them since.
        ConflictError: a cap on contacts was to be switched on, and the shop's campaigns could not be stopped for it.
    """
    for _ in range(INTENTOS):
        if cambios.get("frecuencia_activa"):
            # Nothing is claimed from here on, until a jornada begins again: under the lock that `_cambiar` holds, none.
            _vivas(usuario.tenant_id).filter(cierra_en__gt=Now()).update(cierra_en=Now())
        try:
            return _cambiar(usuario=usuario, cambios=cambios, motivo=motivo, visto=visto)
        except _EnMarchaError:
            continue
    raise ConflictError(OCUPADA, code="busy")


@transaction.atomic
def _cambiar(*, usuario: Usuario, cambios: Mapping[str, Any], motivo: str, visto: str | None) -> Ajustes:
    motivo = motivo.strip()
    if len(motivo) > MOTIVO_MAX:
        raise InvalidInputError(MOTIVO_LARGO, field="motivo", code="max_length")
    ajustes = bloquear(usuario.tenant_id)
    if visto is not None and visto != visto_de(usuario.tenant_id):
        raise CambiaronError(OTRA_PERSONA, code="changed")
    before = _valores(ajustes)
    reglas.aplicar(ajustes, cambios)
    after = _valores(ajustes)
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if CONSENTIMIENTO in cambios and not consentimiento_decidido(ajustes):
        changed[CONSENTIMIENTO] = [before[CONSENTIMIENTO], after[CONSENTIMIENTO]]  # "no" is an answer too
    if not changed:
        return ajustes
    if changed.get("aprobacion_ajena") == [False, True] and len(aprueban(usuario.tenant_id)) < 2:
        raise InvalidInputError(NADIE_MAS, field="aprobacion_ajena", code="nobody_else")
    if not motivo and any(reglas.desprotege(name, old, new) for name, (old, new) in changed.items() if old != new):
        raise InvalidInputError(reglas.FALTA_MOTIVO, field="motivo", code="required")
    ajustes.save(update_fields=list(changed))
    if ajustes.tope_por_telefono and not before["frecuencia_activa"]:
        if _vivas(usuario.tenant_id).filter(cierra_en__gt=Now()).exists():
            raise _EnMarchaError
        _recordar(ajustes)
    AjustesCambio.objects.create(usuario_id=usuario.tenant_id, quien=usuario, cambios=changed, motivo=motivo)
    reabrir(usuario.tenant_id)
    return ajustes


def _recordar(ajustes: Ajustes) -> None:
    """Count the messages that were sent today while nobody counted."""
    hoy = dia_de(ajustes.zona, timezone.now())
    recordar_contactos(tenant_id=ajustes.usuario_id, dia=hoy, desde=inicio_del_dia(ajustes.zona, hoy))


def bloquear(tenant_id: int) -> Ajustes:
    """Lock the shop's settings: nobody else changes them, or hands out quotas by them, until the transaction ends."""
    # The row of the operator's ceilings is written under this lock too, and needs none of its own.
    locked = Ajustes.objects.select_related("limites_propios").select_for_update(no_key=True, of=("self",))
    found = locked.filter(usuario_id=tenant_id).first()
    if found is None:
        Ajustes.objects.bulk_create([Ajustes(usuario_id=tenant_id)], ignore_conflicts=True)
        found = locked.get(usuario_id=tenant_id)
    return found


def _valores(ajustes: Ajustes) -> dict[str, Any]:
    return {field.name: getattr(ajustes, field.name) for field in Ajustes._meta.fields if not field.primary_key}


def reabrir(tenant_id: int) -> None:
    """End the jornada of the shop's campaigns: each begins another, by the settings and for the recipients of now."""
    vivas = _vivas(tenant_id)
    vivas.update(cierra_en=Now(), espera_hasta=None)
    for campana_id in vivas.order_by("pk").values_list("pk", flat=True)[:AVISADAS]:
        nudge(campana_id)


def _vivas(tenant_id: int) -> QuerySet[CampanaSMS]:
    """Campaigns that have begun a jornada, over or not."""
    return CampanaSMS.objects.filter(usuario_id=tenant_id, completado_en=None, cierra_en__isnull=False)


@receiver(exclusiones_cambiaron)
def _juzgar_de_nuevo(sender: type[Model], *, usuario_id: int, **kwargs: Any) -> None:
    """Messages that wait are judged again before the next one leaves."""
    bloquear(usuario_id)
    reabrir(usuario_id)
