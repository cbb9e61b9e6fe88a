"""An alert as an email."""

from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from campaigns.bitacora.alertas import enlace_de
from campaigns.models import Alerta
from workers.alerts.results import Delivered, Failed, Result

SIN_SERVIDOR: Final = "No hay servidor de correo: falta EMAIL_HOST."
RECHAZADO: Final = "El servidor de correo no aceptó esa dirección."
NO_SALIO: Final = "El correo no salió: {why}."

CONFIRME: Final = "Confirme este correo para recibir alertas"
# Whoever reads it has asked for nothing yet: not one word in it is a shop's.
INVITACION: Final = """Alguien pidió que a este correo lleguen las alertas de sus campañas de SMS en {url}.

Si las quiere recibir, ábralo y confírmelo:
{enlace}

El enlace sirve tres días. Si no sabe de qué se trata, no haga nada: no recibirá ninguna."""
NO_SE_PUEDE: Final = "No se puede escribir a esa dirección."
PIE: Final = "Para cambiar qué se avisa y a quién: {url}/alertas/"


def send(*, alerta: Alerta, destino: str) -> Result:
    """Hand the email to the mail server, once."""
    if not settings.EMAIL_HOST:
        return Failed(SIN_SERVIDOR, for_good=True)
    asks = alerta.tipo == Alerta.Tipo.CONFIRMACION
    message = EmailMessage(
        subject=asunto(alerta),
        body=invitacion(alerta, destino) if asks else texto(alerta),
        to=[destino],
        # The same in every try: a reader that has it already can tell.
        headers={"Message-ID": f"<{alerta.evento}@alertas>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except ValueError:  # Django's BadHeaderError among them: an address that is none, whoever let it in
        return Failed(NO_SE_PUEDE, for_good=True)
    except SMTPRecipientsRefused:
        return Failed(RECHAZADO, for_good=True)
    except (SMTPException, OSError) as error:
        return Failed(NO_SALIO.format(why=type(error).__name__))
    return Delivered()


def asunto(alerta: Alerta) -> str:
    """Return the subject: of our own words and a number, for a shop's would be read as ours."""
    if alerta.tipo == Alerta.Tipo.CONFIRMACION:
        return CONFIRME
    title = str(Alerta.Tipo(alerta.tipo).label)
    campana = alerta.datos.get("campana", {})
    if campana:
        return f"{title}: campaña {int(campana['id'])}"
    return title if alerta.tipo == Alerta.Tipo.GANCHO else f"{title} de las alertas"


def invitacion(alerta: Alerta, destino: str) -> str:
    """Return the text that asks the reader to confirm; its link is made for them alone, and kept nowhere."""
    return INVITACION.format(url=settings.PUBLIC_URL, enlace=enlace_de(alerta.usuario_id, destino))


def texto(alerta: Alerta) -> str:
    campana = alerta.datos.get("campana", {})
    nombre = " ".join(str(campana.get("nombre", "")).split())
    lines = [asunto(alerta), "", nombre, alerta.datos.get("motivo", ""), campana.get("url", "")]
    return "\n".join([*(line for line in lines if line is not None), "", PIE.format(url=settings.PUBLIC_URL)])
