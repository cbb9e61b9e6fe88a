"""Writes: a client's wish to be left alone, or to be written to again, with its proof."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from clientes.bajas.sql import huella
from clientes.models import Baja, Fuente, RegistroBaja
from core.models import Usuario

# Said by the client or by somebody for them: each time counts. What Twilio says a second time is nothing new.
DICHAS: Final = frozenset(Fuente) - {Fuente.TWILIO_21610}
POR_EL_REMITENTE: Final = (Fuente.SMS, Fuente.TWILIO_21610)


@dataclass(frozen=True, slots=True)
class Prueba:
    """What shows that it was said.

    Args:
        fuente: where it was said.
        texto: the client's own words.
        sid: of the text, or of the message that Twilio refused.
        remitente: what the client answered.
        campana_id, campana_nombre: the campaign that it answers.
        quien: who wrote it down, when it was not the client.
        motivo, evidencia: why, and where the proof is kept, in their words.
        momento: when it was said; None is now.
    """

    fuente: Fuente
    texto: str = ""
    sid: str = ""
    remitente: str = ""
    campana_id: int | None = None
    campana_nombre: str = ""
    quien: Usuario | None = None
    motivo: str = ""
    evidencia: str = ""
    momento: datetime | None = None


@transaction.atomic
def dar_de_baja(*, telefono: str, tienda_id: int | None, prueba: Prueba, remitentes: Iterable[str] = ()) -> bool:
    """Send nothing more to a phone.

    Args:
        telefono: E.164.
        tienda_id: the shop that may not; None when nobody knows which.
        remitentes: senders from which no shop may.

    Returns:
        Whether something changed. A later word of the client's stands: what is reported late does not undo it.
    """
    momento = _lock(telefono, prueba)
    changed = False
    if tienda_id is not None:
        found = Baja.objects.filter(usuario=tienda_id, huella=huella(telefono)).first()
        if found is None or (not found.vigente and found.desde <= momento):
            _write(found, telefono, prueba, momento, usuario_id=tienda_id, vigente=True)
            changed = True
        elif not found.vigente:
            return False  # of a shop that the client came back to since: nor may it silence the sender
    for remitente in sorted(set(remitentes)):
        found = Baja.objects.filter(usuario=None, remitente=remitente, huella=huella(telefono)).first()
        if found is None or found.desde < momento:
            sender = Prueba(prueba.fuente, remitente=remitente)
            _write(found, telefono, sender, momento, usuario_id=None, vigente=True)
            changed = changed or found is None
    if changed or prueba.fuente in DICHAS:
        _record(RegistroBaja.Tipo.BAJA, telefono, tienda_id, prueba, momento)
    return changed


@transaction.atomic
def dar_de_alta(*, telefono: str, tienda_id: int | None, prueba: Prueba, remitentes: Iterable[str] = ()) -> bool:
    """Let a phone be written to again, by the client's own word or by an admin's with evidence.

    Args:
        telefono: E.164.
        tienda_id: the shop that may again, whatever made it stop; None when nobody knows which.
        remitentes: senders that the client wrote to. What the phone said to them before is lifted, for every shop that
            it was said to: the client cannot tell the shops of one number apart. What was said to a shop in another
            way, by its link or at its counter, stays.

    Returns:
        Whether something changed: False when the phone was not suppressed.
    """
    momento = _lock(telefono, prueba)
    mine = Baja.objects.filter(huella=huella(telefono))
    names = set(remitentes)
    senders, _ = mine.filter(usuario=None, remitente__in=names).delete()
    answered = mine.filter(usuario__isnull=False, vigente=True, remitente__in=names, fuente__in=POR_EL_REMITENTE)
    lifted = list(answered.exclude(usuario=tienda_id))
    for baja in lifted:
        told = Prueba(prueba.fuente, remitente=baja.remitente)  # the words were another shop's
        _write(baja, telefono, told, momento, usuario_id=baja.usuario_id, vigente=False)
        _record(RegistroBaja.Tipo.ALTA, telefono, baja.usuario_id, told, momento)
    changed = bool(senders or lifted)
    if tienda_id is not None:
        found = mine.filter(usuario=tienda_id).first()
        by_sender = mine.filter(usuario=None).exists()  # of another sender of the shop's: its own word is the later one
        if (found and found.vigente) or (by_sender and not (found and found.desde > momento)):
            _write(found, telefono, prueba, momento, usuario_id=tienda_id, vigente=False)
            changed = True
    if changed:
        _record(RegistroBaja.Tipo.ALTA, telefono, tienda_id, prueba, momento)
    return changed


def _lock(telefono: str, prueba: Prueba) -> datetime:
    """Wait until nobody else writes about this phone; return when the word was said, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [telefono])
        cursor.execute("SELECT clock_timestamp()")  # after the wait, so that the later word is the later one
        now: datetime = cursor.fetchone()[0]
    return now if prueba.momento is None else min(prueba.momento, now)


def _write(
    found: Baja | None, telefono: str, prueba: Prueba, momento: datetime, *, usuario_id: int | None, vigente: bool
) -> None:
    baja = found or Baja(usuario_id=usuario_id, huella=huella(telefono))
    baja.telefono, baja.remitente = telefono, prueba.remitente
    baja.vigente, baja.desde, baja.fuente = vigente, momento, prueba.fuente
    baja.save()


def _record(tipo: RegistroBaja.Tipo, telefono: str, tienda_id: int | None, prueba: Prueba, momento: datetime) -> None:
    RegistroBaja.objects.create(
        usuario_id=tienda_id,
        tipo=tipo,
        fuente=prueba.fuente,
        huella=huella(telefono),
        telefono=telefono,
        remitente=prueba.remitente,
        texto=prueba.texto,
        sid=prueba.sid,
        campana_id=prueba.campana_id,
        campana_nombre=prueba.campana_nombre,
        quien=prueba.quien,
        motivo=prueba.motivo,
        evidencia=prueba.evidencia,
        momento=momento,
    )
