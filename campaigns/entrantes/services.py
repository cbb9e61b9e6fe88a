"""Services of clients' texts: keeping one, and doing what it asks for."""

import re
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns.entrantes.atribucion import Destino, destino_de
from campaigns.models import Entrante
from campaigns.remitentes import conocidos
from campaigns.signals import entrante_recibido
from campaigns.values.intencion import Intencion, intencion, normalizar, ofrecida
from campaigns.values.vocabulario import ALTAS_EXACTAS
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Fuente
from core.errors import ConflictError
from core.models import Usuario

E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
# Advanced Opt-Out of Twilio has read the text with words that the shop chose there, and acted on it.
YA_DECIDIDA: Final = "Esta respuesta no espera una decisión."
DE_TWILIO: Final = {"STOP": Intencion.BAJA, "START": Intencion.ALTA, "HELP": Intencion.AYUDA}


@dataclass(frozen=True, slots=True)
class Texto:
    """A text as Twilio hands it over: https://www.twilio.com/docs/messaging/guides/webhook-request

    Args:
        sid: of the text.
        telefono: who wrote.
        para: the number they wrote to.
        servicio: its Messaging Service, or "".
        texto: the body.
        medios: how many pictures and the like came with it.
        opt_out_type: STOP, START or HELP with Advanced Opt-Out, else "".
    """

    sid: str
    telefono: str
    para: str
    servicio: str
    texto: str
    medios: int = 0
    opt_out_type: str = ""


@transaction.atomic
def recibir(texto: Texto) -> bool:
    """Keep a text, and do what it asks for.

    Returns:
        False when it came before: nothing is done twice.
    """
    _lock(texto.sid)  # two deliveries of one text at the same moment; and its shop may be another one by the second
    if Entrante.objects.filter(sid=texto.sid).exists():
        return False
    names = [name for name in (texto.servicio, texto.para) if name]
    ours = conocidos(names)
    destino = destino_de(texto.telefono, remitentes=ours)
    if not ours and destino.remitente:
        # A carrier's short code stands in the place of the number that we sent from.
        names.insert(0, destino.remitente)
    names += [name for name in ours if name not in names]
    tipo = DE_TWILIO.get(texto.opt_out_type) or intencion(
        texto.texto, ofrecida=ofrecida(destino.mensaje), enviado=destino.mensaje
    )
    for tienda_id in destino.tiendas or (None,):
        done = _obey(texto, tipo, destino, tienda_id, names)
        _settle(texto, tipo, tienda_id)
        kept = Entrante.objects.create(
            usuario_id=tienda_id,
            sid=texto.sid,
            telefono=texto.telefono,
            remitente=texto.para,
            texto=texto.texto,
            medios=texto.medios,
            tipo=tipo,
            campana_id=destino.campana_id,
            leido_en=Now() if done else None,
        )
        if tienda_id is not None and not texto.opt_out_type:  # else Twilio has answered
            entrante_recibido.send(Entrante, entrante=kept, unica=len(destino.tiendas) == 1)
    return True


def _lock(sid: str) -> None:
    """Wait until nobody else deals with this text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [sid])


def _obey(texto: Texto, tipo: Intencion, destino: Destino, tienda_id: int | None, names: list[str]) -> bool:
    """Write the opt-out or the opt-in; True when there was something to do and it is done."""
    if tipo not in (Intencion.BAJA, Intencion.ALTA) or not E164.fullmatch(texto.telefono):
        return False
    prueba = Prueba(
        Fuente.SMS,
        texto=texto.texto,
        sid=texto.sid,
        remitente=names[0] if names else "",
        campana_id=destino.campana_id,
        campana_nombre=destino.campana_nombre,
    )
    change = dar_de_baja if tipo == Intencion.BAJA else dar_de_alta
    changed = change(telefono=texto.telefono, tienda_id=tienda_id, prueba=prueba, remitentes=names)
    return changed or tipo == Intencion.BAJA


def _settle(texto: Texto, tipo: Intencion, tienda_id: int | None) -> None:
    """Close the shop's doubts about a phone that has plainly said what it wants. A bare "sí" may answer anything."""
    plain = tipo == Intencion.BAJA or (tipo == Intencion.ALTA and normalizar(texto.texto) not in ALTAS_EXACTAS)
    if plain and tienda_id is not None:
        doubts = Entrante.objects.filter(usuario=tienda_id, telefono=texto.telefono, tipo=Intencion.DUDA)
        doubts.update(tipo=Intencion.BAJA if tipo == Intencion.BAJA else Intencion.OTRO, decidido_en=Now())


@transaction.atomic
def decidir(*, usuario: Usuario, entrante: Entrante, es_baja: bool) -> None:
    """Settle whether a doubtful text was an opt-out.

    When it was, the shop writes to the phone no more, as from when the text came, and its other doubts about the phone
    are settled too. It is the shop's own judgement, so the other shops of the sender are not bound by it.

    Args:
        usuario: the person of the shop who decides.

    Raises:
        ConflictError: it is not doubtful, or not any more.
    """
    _lock(entrante.sid)
    mine = Entrante.objects.filter(usuario=usuario.tenant_id, tipo=Intencion.DUDA)
    if not mine.filter(pk=entrante.pk).exists():
        raise ConflictError(YA_DECIDIDA, code="not_doubtful")
    if es_baja and E164.fullmatch(entrante.telefono):
        # Before any row is written, for it waits for whoever else writes about this phone.
        prueba = Prueba(
            Fuente.SMS,
            texto=entrante.texto,
            sid=entrante.sid,
            remitente=entrante.remitente,
            campana_id=entrante.campana_id,
            campana_nombre=entrante.campana.nombre if entrante.campana else "",
            quien=usuario,
            momento=entrante.recibido,
        )
        dar_de_baja(telefono=entrante.telefono, tienda_id=usuario.tenant_id, prueba=prueba)
    now = {"decidido_en": Now(), "decidido_por": usuario}
    tipo = Intencion.BAJA if es_baja else Intencion.OTRO
    marcar_leidos(usuario=usuario, ids=[entrante.pk], leido=True)
    mine.filter(pk=entrante.pk).update(tipo=tipo, **now)
    if es_baja and entrante.telefono:
        mine.filter(telefono=entrante.telefono).update(tipo=tipo, **now)


def marcar_leidos(*, usuario: Usuario, ids: list[int], leido: bool) -> int:
    """Mark the shop's texts as read, or as unread again; return how many changed."""
    rows = Entrante.objects.filter(usuario=usuario.tenant_id, pk__in=ids, leido_en__isnull=leido)
    return rows.update(leido_en=Now() if leido else None, leido_por=usuario if leido else None)
