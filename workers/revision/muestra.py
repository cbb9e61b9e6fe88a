"""One message of ours, read back: what Twilio keeps of it is what a doubt can be proved by."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from campaigns.models import CampanaSMS, SMSLog
from workers.gateway.account import AccountReader
from workers.revision.fallas import Falla

# Twilio may have deleted older ones.
RECIENTE: Final = timedelta(days=30)
DUDA: Final = "lo que quede en duda terminará como desconocido."


@dataclass(frozen=True, slots=True)
class Muestra:
    """A message that was sent."""

    sid: str
    telefono: str
    mensaje: str


def ultima() -> Muestra | None:
    """Return a message of the last campaign that sent any, or None."""
    since = timezone.now() - RECIENTE
    sent = CampanaSMS.objects.filter(enviados_exitosos__gt=0, iniciado_en__gte=since, prueba=False)
    campana = sent.order_by("-iniciado_en").values_list("pk", flat=True).first()
    if campana is None:
        return None
    rows = SMSLog.objects.filter(campana=campana, estado=SMSLog.Estado.ENVIADO).exclude(twilio_sid="").order_by("id")
    row = rows.values_list("twilio_sid", "telefono", "mensaje").first()
    return Muestra(*row) if row else None


def leida(reader: AccountReader, muestra: Muestra) -> list[Falla]:
    """Compare the message with what Twilio shows of it."""
    found = reader.message(muestra.sid)
    if found is None:
        texto = f"Twilio no tiene el mensaje {muestra.sid}, el último que se le entregó"
        remedio = "Si cambió de cuenta, es de la anterior; si no, algo borra mensajes: no lo permita."
        return [Falla("mensaje_perdido", texto, remedio, grave=False)]
    fallas, body, to = [], str(found.get("body") or ""), str(found.get("to") or "")
    if not body:
        texto = "Twilio oculta los textos (Message redaction)"
        fallas.append(Falla("texto_oculto", texto, f"Desactívelo en Messaging, Settings: {DUDA}", grave=False))
    elif body.split() != muestra.mensaje.split():
        texto = f"Twilio cambia los textos: muestra «{body[:60]}» por «{muestra.mensaje[:60]}»"
        fallas.append(Falla("texto_cambiado", texto, f"Revise Smart encoding y el tipo de cuenta: {DUDA}", grave=False))
    if to != muestra.telefono:
        texto = f"Twilio muestra {to} por el número del destinatario"
        remedio = f"Desactive la ocultación de números (Message redaction) y los remitentes RCS: {DUDA}"
        fallas.append(Falla("numero_oculto", texto, remedio, grave=False))
    return fallas
