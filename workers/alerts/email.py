"""An alert as an email."""

from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from campaigns.models import Alerta
from workers.alerts.results import Delivered, Failed, Result

SIN_SERVIDOR: Final = "No hay servidor de correo: falta EMAIL_HOST."
RECHAZADO: Final = "El servidor de correo no aceptó esa dirección."
NO_SALIO: Final = "El correo no salió: {why}."

PIE: Final = "Para cambiar qué se avisa y a quién: {url}/alertas/"


def send(*, alerta: Alerta, destino: str) -> Result:
    """Hand the email to the mail server, once."""
    if not settings.EMAIL_HOST:
        return Failed(SIN_SERVIDOR, for_good=True)
    message = EmailMessage(
        subject=asunto(alerta),
        body=texto(alerta),
        to=[destino],
        # The same in every try: a reader that has it already can tell.
        headers={"Message-ID": f"<{alerta.evento}@alertas>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except SMTPRecipientsRefused:
        return Failed(RECHAZADO, for_good=True)
    except (SMTPException, OSError) as error:
        return Failed(NO_SALIO.format(why=type(error).__name__))
    return Delivered()


def asunto(alerta: Alerta) -> str:
    nombre = " ".join(str(alerta.datos.get("campana", {}).get("nombre", "")).split())
    title = str(Alerta.Tipo(alerta.tipo).label)
    return f"{title}: {nombre}" if nombre else f"{title} de las alertas"


def texto(alerta: Alerta) -> str:
    campana = alerta.datos.get("campana", {})
    lines = [asunto(alerta), "", alerta.datos.get("motivo", ""), campana.get("url", "")]
    return "\n".join([*(line for line in lines if line is not None), "", PIE.format(url=settings.PUBLIC_URL)])
