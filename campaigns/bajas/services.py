"""Services of opt-outs: by the link in a message, and by the shop for a client who told it."""

from dataclasses import dataclass
from typing import Final

from campaigns.mensaje.enlace import llave
from campaigns.mensaje.token import log_de
from campaigns.models import SMSLog
from campaigns.remitentes import valor_de
from clientes import phones
from clientes.bajas.selectors import ultima_palabra
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.bajas.sql import huella
from clientes.models import Baja, Fuente
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario

TELEFONO_INVALIDO: Final = "No es un número de teléfono válido."
FALTA_MOTIVO: Final = "Escriba qué dijo el cliente, y cómo."
FALTA_EVIDENCIA: Final = "Escriba dónde está la prueba: una carta, una grabación, un formulario."
YA_LEVANTADA: Final = "Esta baja ya no está vigente: a este número se le puede escribir."
BORRADO: Final = "El teléfono se borró a petición de su dueño: si vuelve, debe pedirlo él mismo, por SMS."


@dataclass(frozen=True, slots=True)
class Invitado:
    """The holder of an opt-out link.

    Args:
        log: the message that it came in.
        baja: the word by which nothing is sent to them; None when they are sent to.
    """

    log: SMSLog
    baja: Baja | None

    @property
    def tienda(self) -> Usuario:
        return self.log.campana.usuario

    @property
    def final(self) -> str:
        """The phone's last digits: enough for its owner."""
        return self.log.telefono[-2:]


def leer_token(token: str) -> int | None:
    """Read the id of the message that a token came in; None when it is none of ours."""
    return log_de(token, llave())


def invitado_de(log_id: int) -> Invitado | None:
    """Find the holder of a link; None when the message is not kept any more, or its phone was erased."""
    log = (
        SMSLog.objects.select_related("campana__usuario", "campana__remitente")
        .filter(pk=log_id, campana__prueba=False)  # nobody got the link of a test
        .exclude(telefono="")
        .first()
    )
    if log is None:
        return None
    sender = valor_de(log.campana.remitente)
    last = ultima_palabra(log.telefono, tienda_id=log.campana.usuario_id, remitentes=[sender])
    return Invitado(log, last if last and last.vigente else None)


def salir(invitado: Invitado) -> None:
    """Opt the client out of the shop's messages. A client who is left alone already has said so."""
    if invitado.baja is None:
        dar_de_baja(telefono=invitado.log.telefono, tienda_id=invitado.tienda.pk, prueba=_prueba(invitado))


def volver(invitado: Invitado) -> None:
    """Let the shop write to the client again, by the client's own word."""
    if invitado.baja is not None:
        dar_de_alta(telefono=invitado.log.telefono, tienda_id=invitado.tienda.pk, prueba=_prueba(invitado))


def _prueba(invitado: Invitado) -> Prueba:
    campana = invitado.log.campana
    return Prueba(Fuente.ENLACE, campana_id=campana.pk, campana_nombre=campana.nombre)


def registrar(
    *, usuario: Usuario, telefono: str, motivo: str, evidencia: str = "", fuente: Fuente = Fuente.MANUAL
) -> Baja:
    """Write down that a client asked the shop, in some other way, to write no more.

    Args:
        usuario: the admin who does.
        telefono: as a person writes it.
        motivo: what the client said, and how.
        evidencia: where the proof is kept.

    Raises:
        InvalidInputError: naming the field and the reason.
    """
    e164 = phones.to_e164(telefono)
    if not e164:
        raise InvalidInputError(TELEFONO_INVALIDO, field="telefono", code="invalid")
    if not motivo.strip():
        raise InvalidInputError(FALTA_MOTIVO, field="motivo", code="required")
    prueba = Prueba(fuente, quien=usuario, motivo=motivo.strip(), evidencia=evidencia.strip())
    dar_de_baja(telefono=e164, tienda_id=usuario.tenant_id, prueba=prueba)
    return Baja.objects.get(usuario=usuario.tenant_id, huella=huella(e164))


def levantar(*, usuario: Usuario, baja: Baja, motivo: str, evidencia: str) -> None:
    """Let the shop write again to a client who has consented again, on an admin's word and with evidence.

    Decreto 1377 de 2013, art. 8: it is for the shop to prove that consent was given.

    Args:
        usuario: the admin who answers for it.
        motivo, evidencia: how the client consented, and where the proof is kept.

    Raises:
        InvalidInputError: naming the field and the reason.
        ConflictError: it is not in force, or its phone was erased.
    """
    for field, value, text in (("motivo", motivo, FALTA_MOTIVO), ("evidencia", evidencia, FALTA_EVIDENCIA)):
        if not value.strip():
            raise InvalidInputError(text, field=field, code="required")
    if not baja.telefono:
        raise ConflictError(BORRADO, code="erased")
    if not baja.vigente:
        raise ConflictError(YA_LEVANTADA, code="not_in_force")
    prueba = Prueba(Fuente.MANUAL, quien=usuario, motivo=motivo.strip(), evidencia=evidencia.strip())
    dar_de_alta(telefono=baja.telefono, tienda_id=usuario.tenant_id, prueba=prueba)
