"""The personal data that campaigns keep of a client, and its erasure."""

import time
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, F, Func, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Now, StrIndex
from django.dispatch import receiver
from django.utils import timezone

from campaigns.models import CampanaSMS, Destinatario, Lote, SMSLog
from campaigns.values.estados import ESPERA_FECHA, SMS_FINALES
from clientes.models import Cliente
from clientes.signals import cliente_por_anonimizar
from core.errors import ConflictError
from core.registro import MES_DIAS

EN_CAMPANA = (
    "No se puede anonimizar todavía: está en la campaña «{campana}», que no ha terminado."
    " Espere a que termine, o cancélela."
)
# One that starts sooner may be reading the client while the data is erased.
MARGEN = timedelta(minutes=5)
LOTE: Final = 2_000


@receiver(cliente_por_anonimizar)
def olvidar(sender: type[Cliente], *, cliente: Cliente, **kwargs: Any) -> None:
    """Erase name, phone and text from the client's ledger rows; estado, code and Twilio's SID stay for the totals.

    Raises:
        ConflictError: a campaign that is not over has the client among its recipients.
    """
    if campana := _en_curso(cliente):
        raise ConflictError(EN_CAMPANA.format(campana=campana.nombre), code="in_campaign")
    answers = CampanaSMS.objects.filter(usuario=cliente.usuario_id, respuesta_a__isnull=False, logs__cliente=cliente)
    CampanaSMS.objects.filter(pk__in=list(answers.values_list("pk", flat=True))).update(mensaje="")
    _borrar(SMSLog.objects.filter(cliente=cliente))
    Destinatario.objects.filter(quien=cliente.pk).delete()


def olvidar_viejas(meses: int, *, hasta: float) -> int:
    """Erase whom the messages of campaigns were for and what they said, of those that ended so long ago.

    Estado, code, SID, delivery and cost stay, and so do opt-outs with their proof. A campaign that is tried again and
    ends again is as old as its new end.

    Args:
        meses: of 31 days.
        hasta: the moment of `time.monotonic` at which to leave the rest for another day.

    Returns:
        How many campaigns are done with.
    """
    before = timezone.now() - timedelta(days=meses * MES_DIAS)
    new = Q(olvidada_en=None) | Q(olvidada_en__lt=F("completado_en"))
    done = 0
    found = CampanaSMS.objects.filter(new, completado_en__lt=before).order_by("pk")
    for pk in list(found.values_list("pk", flat=True)):
        last = 0
        # Who had not come to the end another day goes on from there.
        left = SMSLog.objects.filter(campana=pk).exclude(nombre="", telefono="", mensaje="")
        while ids := _siguientes(left.filter(pk__gt=last)):
            if time.monotonic() >= hasta:
                return done
            _borrar(SMSLog.objects.filter(pk__in=ids))
            last = ids[-1]
        Destinatario.objects.filter(campana=pk).delete()
        CampanaSMS.objects.filter(pk=pk).update(olvidada_en=Now())
        CampanaSMS.objects.filter(pk=pk, respuesta_a__isnull=False).update(mensaje="")  # written to one person
        done += 1
    return done


def _siguientes(rows: QuerySet[SMSLog]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:LOTE])


def _borrar(rows: QuerySet[SMSLog]) -> None:
    # What Twilio says of a number may repeat it.
    digits = Func(F("telefono"), Value("+"), function="ltrim", output_field=TextField())
    clean_error = Case(
        When(~Q(telefono="") & Q(pos__gt=0), then=Value("")), default=F("error"), output_field=TextField()
    )
    with transaction.atomic():
        rows.alias(pos=StrIndex("error", digits)).update(error=clean_error)
        rows.update(nombre="", telefono="", mensaje="")


def _en_curso(cliente: Cliente) -> CampanaSMS | None:
    """A campaign that still needs the client's data: a row of theirs is not final, or is yet to be written."""
    vivas = CampanaSMS.objects.filter(usuario=cliente.usuario_id, completado_en=None)
    row = SMSLog.objects.filter(cliente=cliente).exclude(estado__in=SMS_FINALES).select_related("campana").first()
    if row is not None:
        return row.campana
    # A campaign of another day holds nothing of the client but an id, and will find the client erased.
    otro_dia = ESPERA_FECHA.q(timezone.now() + MARGEN)
    waiting = Lote.objects.filter(campana__in=vivas, estado=Lote.Estado.PENDIENTE, cliente_ids__contains=[cliente.pk])
    return vivas.exclude(otro_dia).filter(lotes__in=waiting).first()
