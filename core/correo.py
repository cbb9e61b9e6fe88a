"""Emails to the people who use the product: a new password, a new address, and word of what changed in their account.

A worker sends them, so that a page takes as long for a name that exists as for one that does not. OWASP ASVS 5.0, 6.3.7
and 6.4.3; https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
"""

import logging
import time
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
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

from core.models import CorreoPendiente, Registro, Usuario, clave_cambiada
from core.nudges import nudge
from core.postgresql import lending
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

# An email that could not leave is tried again after so many seconds, and the last pause again and again, until it is
# worth nothing: a link to what was asked for an hour ago, a notice of three days ago.
PAUSAS_S: Final = (10, 30, 60, 300, 900)
DURA_ENLACE: Final = timedelta(seconds=ENLACE_S)
DURA_AVISO: Final = timedelta(days=3)
# Seconds: more than the mail server may take, and how long one run goes on.
CLAIM_S: Final = 60
RUN_S: Final = 30.0
# An address or a username is no longer.
TEXTO_MAX: Final = 254
Pendiente: Final = CorreoPendiente.Tipo
CLAIM_SQL: Final = """
UPDATE core_correopendiente SET intentos = intentos + 1,
    proximo_intento = statement_timestamp() + %s * interval '1 second'
WHERE id = (
    SELECT id FROM core_correopendiente WHERE proximo_intento <= statement_timestamp()
    ORDER BY proximo_intento, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""

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
    """Ask for a link to a new password, whoever it is: a worker finds out, so that the page takes as long for nobody.

    Args:
        texto: username or address, as it was typed.
        ip: where it was asked from.
    """
    _dejar(Pendiente.PEDIDO, DURA_ENLACE, texto=texto[:TEXTO_MAX], ip=ip)


def despachar() -> int:
    """Send what is due, the worker's side of this module; return how many were tried.

    An email is claimed by moving its next try beyond the longest call, so two workers never send the same at once. One
    that dies between the server's word and ours leaves it to be sent again.
    """
    dropped = CorreoPendiente.objects.filter(vence_en__lte=Now()).delete()[0]
    if dropped:
        logger.warning("%s emails to people were given up: the mail server did not take them in time", dropped)
    tried, until = 0, time.monotonic() + RUN_S
    while time.monotonic() < until and (row := _tomar()) is not None:
        tried += 1
        if _salio(row):
            row.delete()
        else:
            pause = PAUSAS_S[min(row.intentos, len(PAUSAS_S)) - 1]
            mine = CorreoPendiente.objects.filter(pk=row.pk, intentos=row.intentos)
            mine.update(proximo_intento=Now() + timedelta(seconds=pause))
    return tried


def _tomar() -> CorreoPendiente | None:
    return next(iter(CorreoPendiente.objects.raw(CLAIM_SQL, [CLAIM_S])), None)


def _salio(row: CorreoPendiente) -> bool:
    """Do what the row asks for; return False when it has to be tried again."""
    if row.tipo == Pendiente.PEDIDO:
        with transaction.atomic():  # what it asks for and that it was done, or neither
            for usuario in _quienes(row.texto):
                if _anotar_enlace(usuario, row.ip):
                    _dejar(Pendiente.ENLACE, DURA_ENLACE, usuario=usuario)
        return True
    if row.tipo == Pendiente.TEXTO:
        return enviar(row.correo, row.asunto, row.texto)
    return row.usuario is None or _enviar_enlace(row.usuario)


def _enviar_enlace(usuario: Usuario) -> bool:
    if not usuario.puede_ingresar or not usuario.email:
        return True
    uid = urlsafe_base64_encode(force_bytes(usuario.pk))
    token = default_token_generator.make_token(usuario)
    url = settings.PUBLIC_URL + reverse("clave-nueva", kwargs={"uidb64": uid, "token": token})
    said = {"usuario": usuario.get_username(), "url": url}
    return enviar(usuario.email, CLAVE_ASUNTO.format(**said), CLAVE_TEXTO.format(**said))


def _quienes(texto: str) -> list[Usuario]:
    """Return the people whom a typed name or address is about, and who have an address."""
    who = Q(username=texto) | Q(email__iexact=texto)
    found = Usuario.objects.select_related("creado_por").filter(who, is_active=True).exclude(email="")
    return [usuario for usuario in found.order_by("pk")[:PERSONAS_MAX] if usuario.puede_ingresar]


def _dejar(tipo: CorreoPendiente.Tipo, dura: timedelta, **campos: Any) -> None:
    """Keep an email that has to leave, and tell a worker."""
    CorreoPendiente.objects.create(tipo=tipo, vence_en=Now() + dura, **campos)
    nudge("workers.correos")


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
    _dejar(Pendiente.TEXTO, DURA_ENLACE, correo=correo, asunto=CORREO_ASUNTO, texto=CORREO_TEXTO.format(**said))


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
        _dejar(Pendiente.TEXTO, DURA_AVISO, correo=correo, asunto=que, texto=texto)


def enviar(correo: str, asunto: str, texto: str) -> bool:
    """Hand an email to the server; return False when it has to be tried again.

    An address that is none, or that the server refuses for good, is not tried again.
    """
    if not hay_servidor():
        return False
    lending.rest()
    message = EmailMessage(subject=asunto, body=texto, to=[correo], headers={"Auto-Submitted": "auto-generated"})
    try:
        message.send()
    except (ValueError, SMTPRecipientsRefused) as error:
        logger.warning("an email to a person was given up: %s", type(error).__name__)
    except (SMTPException, OSError) as error:
        logger.warning("an email to a person was not sent: %s", type(error).__name__)
        return False
    return True


@receiver(clave_cambiada)
def _password(usuario: Usuario, **kwargs: Any) -> None:
    avisar(usuario, CAMBIO_CLAVE)
