"""What campaigns keep of a client's personal data, and its erasure."""

from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Func, Q, TextField, Value, When
from django.db.models.functions import StrIndex
from django.dispatch import receiver
from django.utils import timezone

from campaigns.models import CampanaSMS, Lote, SMSLog
from clientes.models import Cliente
from clientes.signals import cliente_por_anonimizar
from core.errors import ConflictError

EN_CAMPANA = (
    "No se puede anonimizar todavía: está en la campaña «{campana}», que no ha terminado."
    " Espere a que termine, o cancélela."
)
# One that starts sooner may be reading the client while the data is erased.
MARGEN = timedelta(minutes=5)
FINALES = (SMSLog.Estado.ENVIADO, SMSLog.Estado.FALLIDO)


@receiver(cliente_por_anonimizar)
def olvidar(sender: type[Cliente], *, cliente: Cliente, **kwargs: Any) -> None:
    """Erase name, phone and text from the client's ledger rows; estado, code and Twilio's SID stay for the totals.

    Raises:
        ConflictError: a campaign that is not over has the client among its recipients.
    """
    if campana := _en_curso(cliente):
        raise ConflictError(EN_CAMPANA.format(campana=campana.nombre), code="in_campaign")
    # What Twilio says of a number may repeat it.
    digits = Func(F("telefono"), Value("+"), function="ltrim", output_field=TextField())
    clean_error = Case(
        When(~Q(telefono="") & Q(pos__gt=0), then=Value("")), default=F("error"), output_field=TextField()
    )
    rows = SMSLog.objects.filter(cliente=cliente).alias(pos=StrIndex("error", digits))
    rows.update(error=clean_error)
    SMSLog.objects.filter(cliente=cliente).update(nombre="", telefono="", mensaje="")


def _en_curso(cliente: Cliente) -> CampanaSMS | None:
    """A campaign that still needs the client's data: a row of theirs is not final, or is yet to be written."""
    vivas = CampanaSMS.objects.filter(usuario=cliente.usuario_id, completado_en=None)
    row = SMSLog.objects.filter(cliente=cliente).exclude(estado__in=FINALES).select_related("campana").first()
    if row is not None:
        return row.campana
    # A campaign of another day holds nothing of the client but an id, and will find the client erased.
    otro_dia = Q(estado=CampanaSMS.Estado.PENDIENTE, programada_para__gt=timezone.now() + MARGEN)
    waiting = Lote.objects.filter(campana__in=vivas, estado=Lote.Estado.PENDIENTE, cliente_ids__contains=[cliente.pk])
    return vivas.exclude(otro_dia).filter(lotes__in=waiting).first()
