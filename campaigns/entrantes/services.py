"""Services of clients' texts: keeping one, and doing what it asks for."""

import re
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns.entrantes.atribucion import Destino, destino_de
from campaigns.models import Entrante
from campaigns.remitentes import conocidos
from campaigns.values.intencion import Intencion, intencion, ofrecida
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Fuente
from core.models import Usuario

E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
# Advanced Opt-Out of Twilio has read the text with words that the shop chose there, and acted on it.
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
    with connection.cursor() as cursor:
        # Two deliveries of one text at the same moment; and its shop may be another one by the second.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [texto.sid])
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
        Entrante.objects.create(
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
    return True


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


def marcar_leidos(*, usuario: Usuario, ids: list[int], leido: bool) -> int:
    """Mark the shop's texts as read, or as unread again; return how many changed."""
    rows = Entrante.objects.filter(usuario=usuario.tenant_id, pk__in=ids, leido_en__isnull=leido)
    return rows.update(leido_en=Now() if leido else None, leido_por=usuario if leido else None)
