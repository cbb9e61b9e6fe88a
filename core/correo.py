"""Emails to the people who use the product: a new password, a new address, and word of what changed in their account.

A worker sends them, so that a page takes as long for a name that exists as for one that does not. OWASP ASVS 5.0, 6.3.7
and 6.4.3; https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
"""

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.dispatch import receiver
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from core.models import Registro, Usuario, clave_cambiada
from core.nudges import nudge
from core.registro import Tipo, anotar

logger = logging.getLogger(__name__)

SALT: Final = "core.correo.direccion"
# Seconds that a link to a new address is good.
ENLACE_S: Final = 3600
# People who share an address; more is somebody's mistake, and each is an email.
PERSONAS_MAX: Final = 5
# Links to a new password in an hour, of each person, whether they were asked for by the name or by the address.
ENLACES_MAX: Final = 3
CADA: Final = timedelta(hours=1)

CLAVE_ASUNTO: Final = "Una clave nueva para «{usuario}»"
CLAVE_TEXTO: Final = """Alguien pidió una clave nueva para el usuario «{usuario}» de Campañas SMS.

Si fue usted, póngala aquí antes de una hora:

{url}

Si no fue usted, no haga nada: su clave sigue siendo la misma.
"""
CORREO_ASUNTO: Final = "Confirme su correo"
CORREO_TEXTO: Final = """El usuario «{usuario}» de Campañas SMS quiere usar este correo.

Si es usted, confírmelo aquí antes de una hora, con su sesión abierta:

{url}

Si no es usted, no haga nada.
"""
AVISO_TEXTO: Final = """{que}, en la cuenta «{usuario}» de Campañas SMS.

Si no fue usted, avise ya a quien administra su tienda o la instalación.
"""
CAMBIO_CLAVE: Final = "Cambió la clave"
CAMBIO_CORREO: Final = "Este correo ya no es el de la cuenta"


def hay_servidor() -> bool:
    """Tell whether emails can be sent at all."""
    return bool(settings.EMAIL_HOST)


def pedir_clave(texto: str, ip: str) -> None:
    """Ask for a link to a new password, whoever it is.

    Args:
        texto: username or address, as it was typed.
        ip: where it was asked from.
    """
    nudge("workers.correo_de_clave", texto, ip)


def enviar_clave(texto: str, ip: str) -> int:
    """Send the links; return how many. The worker's side of `pedir_clave`."""
    who = Q(username=texto) | Q(email__iexact=texto)
    found = Usuario.objects.select_related("creado_por").filter(who, is_active=True).exclude(email="")
    people = [usuario for usuario in found.order_by("pk")[:PERSONAS_MAX] if usuario.puede_ingresar]
    people = [usuario for usuario in people if _anotar_enlace(usuario, ip)]
    for usuario in people:
        uid = urlsafe_base64_encode(force_bytes(usuario.pk))
        token = default_token_generator.make_token(usuario)
        url = settings.PUBLIC_URL + reverse("clave-nueva", kwargs={"uidb64": uid, "token": token})
        said = {"usuario": usuario.get_username(), "url": url}
        enviar(usuario.email, CLAVE_ASUNTO.format(**said), CLAVE_TEXTO.format(**said))
    return len(people)


def _anotar_enlace(usuario: Usuario, ip: str) -> bool:
    """Write down that a link to a new password leaves; return False for one too many, which does not."""
    with transaction.atomic():
        Usuario.objects.select_for_update(no_key=True).get(pk=usuario.pk)  # two requests count one after the other
        lately = Registro.objects.filter(
            tienda_id=usuario.tenant_id, usuario_id=usuario.pk, tipo=Tipo.CLAVE_PEDIDA, creado__gt=Now() - CADA
        )
        if lately.count() >= ENLACES_MAX:
            return False
        anotar(Tipo.CLAVE_PEDIDA, usuario=usuario, detalle=f"desde {ip}" if ip else "")
    return True


def pedir_confirmacion(usuario: Usuario, correo: str) -> None:
    """Send a link to an address that the person wants to use."""
    token = signing.dumps([usuario.pk, usuario.email, correo], salt=SALT)
    url = settings.PUBLIC_URL + reverse("correo-confirmar", kwargs={"token": token})
    said = {"usuario": usuario.get_username(), "url": url}
    nudge("workers.enviar_correo", correo, CORREO_ASUNTO, CORREO_TEXTO.format(**said))


def correo_de(usuario: Usuario, token: str) -> str | None:
    """Return the address that this link confirms; None if it is too old, or another's, or the address changed since."""
    try:
        whose, before, correo = signing.loads(token, salt=SALT, max_age=ENLACE_S)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return str(correo) if whose == usuario.pk and before == usuario.email else None


def cambiar(usuario: Usuario, correo: str) -> None:
    """Use an address that was confirmed, or none, and tell the old one."""
    before, usuario.email = usuario.email, correo
    usuario.save(update_fields=["email"])
    anotar(Tipo.CORREO, usuario=usuario)
    if before and before != correo:
        _avisar(before, usuario, CAMBIO_CORREO)


def avisar(usuario: Usuario, que: str) -> None:
    """Tell a person what changed in their account, if there is an address and a server.

    Args:
        que: what happened, as the beginning of a sentence: "Cambió la clave".
    """
    if usuario.email:
        _avisar(usuario.email, usuario, que)


def _avisar(correo: str, usuario: Usuario, que: str) -> None:
    if hay_servidor():
        texto = AVISO_TEXTO.format(que=que, usuario=usuario.get_username())
        nudge("workers.enviar_correo", correo, que, texto)


def enviar(correo: str, asunto: str, texto: str) -> bool:
    """Hand an email to the server; return False when it does not take it."""
    if not hay_servidor():
        return False
    message = EmailMessage(subject=asunto, body=texto, to=[correo], headers={"Auto-Submitted": "auto-generated"})
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.warning("an email to a person was not sent: %s", type(error).__name__)
        return False
    return True


@receiver(clave_cambiada)
def _password(usuario: Usuario, **kwargs: Any) -> None:
    avisar(usuario, CAMBIO_CLAVE)
