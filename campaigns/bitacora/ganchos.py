"""Services and selectors of hooks: making and changing them, and telling again what was told."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import transaction
from django.db.models import F, Func, JSONField, Model, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.bitacora.alertas import avisar_de_gancho, nuevo_secreto
from campaigns.models import EntregaGancho, EventoGancho, Gancho
from campaigns.models.alerta import ERROR_MAX
from campaigns.values.direccion import leer
from campaigns.values.eventos import Evento
from clientes.bajas.privacidad import otros_con_telefono
from clientes.models import Cliente
from core import registro
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.nudges import nudge
from core.registro import anotar

M = TypeVar("M", bound=Model)

AVISAR: Final = "workers.avisar_ganchos"
MAXIMO: Final = 10  # of a shop
TANDA: Final = 500  # events of one call
REPETIR_MAX: Final = 100_000  # events that are told again at once
GUARDAR: Final = timedelta(days=7)  # events, once they were told
ATRASO_MAX: Final = timedelta(days=30)  # of a hook that takes its calls, but more slowly than they come
LOTE: Final = 10_000  # rows that are deleted in a statement
GUARDAR_ENTREGAS: Final = timedelta(days=30)
ANTERIOR: Final = timedelta(days=1)  # the secret before the last signs for so long

MUCHOS: Final = f"Una tienda tiene hasta {MAXIMO} ganchos: elimine uno que no use."
SIN_TIPOS: Final = "Elija al menos un evento."
POR_PERSONA: Final = "Lo desactivó una persona."
ATRASADO: Final = "Recibe más despacio de lo que se le avisa: los eventos más viejos esperan hace 30 días."
DESACTIVADO: Final = "El gancho está desactivado: actívelo primero."
YA_ESPERA: Final = "Esta entrega todavía no termina: se intenta sola."
YA_REPITE: Final = "Ya hay una repetición en camino: espere a que termine."
OLVIDADOS: Final = "Los eventos de esa entrega ya se borraron: se guardan 7 días."
NADA: Final = "No hay eventos de esas fechas."
DEMASIADOS: Final = f"Son más de {REPETIR_MAX:,} eventos: pida un tramo más corto.".replace(",", ".")
AL_REVES: Final = "«hasta» debe ser posterior a «desde»."


def ganchos_de(usuario: Usuario) -> QuerySet[Gancho]:
    return Gancho.objects.filter(usuario_id=usuario.tenant_id)


def entregas_de(gancho: Gancho) -> QuerySet[EntregaGancho]:
    """The calls of a hook, the newest first."""
    return EntregaGancho.objects.filter(gancho=gancho).order_by("-id")


@transaction.atomic
def crear(*, usuario: Usuario, url: str, tipos: Sequence[str]) -> Gancho:
    """Make a hook, with a secret of its own.

    Raises:
        InvalidInputError: the address may not be called, or no event is chosen.
        ConflictError: the shop has as many as it may.
    """
    leer(url)
    Usuario.objects.select_for_update(no_key=True).get(pk=usuario.tenant_id)  # two at once
    if ganchos_de(usuario).count() >= MAXIMO:
        raise ConflictError(MUCHOS, code="limit")
    gancho = Gancho.objects.create(usuario_id=usuario.tenant_id, url=url, tipos=_tipos(tipos), secreto=nuevo_secreto())
    anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle=f"gancho {gancho.pk}, creado")
    return gancho


@transaction.atomic
def cambiar(*, gancho: Gancho, usuario: Usuario, datos: dict[str, Any]) -> Gancho:
    """Change the address, the events, or whether it is active. One that is activated begins anew, with what waited.

    One that is active already keeps `libre_desde`: it may be the claim of a call that is being made.

    Args:
        datos: some of `url`, `tipos` and `activo`.

    Raises:
        InvalidInputError: the address may not be called, or no event is chosen.
    """
    found = Gancho.objects.select_for_update(no_key=True).get(pk=gancho.pk)
    if "url" in datos:
        leer(datos["url"])
        found.url = datos["url"]
    if "tipos" in datos:
        found.tipos = _tipos(datos["tipos"])
    if datos.get("activo") is True and found.estado != Gancho.Estado.ACTIVO:
        found.estado, found.motivo, found.falla_desde = Gancho.Estado.ACTIVO, "", None
        found.libre_desde = timezone.now()
    elif datos.get("activo") is False and found.estado == Gancho.Estado.ACTIVO:
        found.estado, found.motivo = Gancho.Estado.DESACTIVADO, POR_PERSONA
    found.save()
    anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle=f"gancho {found.pk}: {', '.join(sorted(datos))}")
    nudge(AVISAR)
    return found


def _tipos(tipos: Sequence[str]) -> list[str]:
    if not tipos:
        raise InvalidInputError(SIN_TIPOS, field="tipos", code="empty")
    return [tipo.value for tipo in Evento if tipo.value in set(tipos) and tipo != Evento.PRUEBA]


def cambiar_secreto(*, gancho: Gancho, usuario: Usuario) -> Gancho:
    """Make a new secret. The one before it signs too for a day, so that the receiver may change over."""
    with transaction.atomic():
        found = Gancho.objects.select_for_update(no_key=True).get(pk=gancho.pk)
        found.secreto_anterior, found.secreto = found.secreto, nuevo_secreto()
        found.anterior_hasta = timezone.now() + ANTERIOR
        found.save(update_fields=["secreto", "secreto_anterior", "anterior_hasta"])
        anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle=f"gancho {found.pk}, secreto")
    return found


def eliminar(*, gancho: Gancho, usuario: Usuario) -> None:
    """Delete a hook with its calls. Its events, which may be millions, go in the next night."""
    anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle=f"gancho {gancho.pk}, eliminado")
    gancho.delete()


@transaction.atomic
def probar(*, gancho: Gancho) -> EntregaGancho:
    """Call the hook with an event that says that it is a trial.

    Raises:
        ConflictError: it is disabled.
    """
    _exigir_activo(gancho)
    datos = {"motivo": "Es una prueba: no pasó nada."}
    evento = EventoGancho.objects.create(gancho=gancho, tipo=Evento.PRUEBA, datos=datos, en_entrega=True)
    return _entregar(gancho, [evento.pk], repetida=False)


@transaction.atomic
def repetir(*, entrega: EntregaGancho) -> EntregaGancho:
    """Call the hook again with the events of a call, each under the id that it had.

    Raises:
        ConflictError: the hook is disabled, the call is not over, some of its events are being told again already, or
            they are not kept any more.
    """
    _exigir_activo(entrega.gancho)
    if entrega.estado == EntregaGancho.Estado.PENDIENTE:
        raise ConflictError(YA_ESPERA, code="pending")
    known = list(
        EventoGancho.objects.filter(gancho=entrega.gancho_id, pk__in=entrega.evento_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not known:
        raise ConflictError(OLVIDADOS, code="gone")
    if _repeticiones(entrega.gancho).filter(evento_ids__overlap=known).exists():
        raise ConflictError(YA_REPITE, code="pending")
    return _entregar(entrega.gancho, known, repetida=True)


@transaction.atomic
def repetir_tramo(*, gancho: Gancho, desde: datetime, hasta: datetime) -> int:
    """Call the hook again with all events of a span that were told before; return how many.

    Args:
        desde, hasta: of the events' own time, the second not included.

    Raises:
        ConflictError: the hook is disabled, it is being told something again already, or nothing is kept of that time.
        InvalidInputError: the span is none, or has too many events.
    """
    _exigir_activo(gancho)
    if desde >= hasta:
        raise InvalidInputError(AL_REVES, field="hasta", code="invalid")
    # What is told again goes before what is new, which each press would put off by up to 200 calls.
    if _repeticiones(gancho).exists():
        raise ConflictError(YA_REPITE, code="pending")
    found = EventoGancho.objects.filter(gancho=gancho, en_entrega=True, creado__gte=desde, creado__lt=hasta)
    ids = list(found.exclude(tipo=Evento.PRUEBA).order_by("pk").values_list("pk", flat=True)[: REPETIR_MAX + 1])
    if not ids:
        raise ConflictError(NADA, code="empty")
    if len(ids) > REPETIR_MAX:
        raise InvalidInputError(DEMASIADOS, field="desde", code="max_length")
    tandas = [ids[at : at + TANDA] for at in range(0, len(ids), TANDA)]
    EntregaGancho.objects.bulk_create(
        EntregaGancho(gancho=gancho, evento_ids=tanda, total=len(tanda), repetida=True) for tanda in tandas
    )
    nudge(AVISAR)
    return len(ids)


def _repeticiones(gancho: Gancho) -> QuerySet[EntregaGancho]:
    """Calls that tell again what was told, and are not over."""
    return EntregaGancho.objects.filter(gancho=gancho, estado=EntregaGancho.Estado.PENDIENTE, repetida=True)


def _exigir_activo(gancho: Gancho) -> None:
    """Lock the hook, so that of two who ask at once the second sees what the first has made."""
    locked = Gancho.objects.select_for_update(no_key=True).filter(pk=gancho.pk).first()
    if locked is None or locked.estado != Gancho.Estado.ACTIVO:
        raise ConflictError(DESACTIVADO, code="disabled")


def _entregar(gancho: Gancho, ids: list[int], *, repetida: bool) -> EntregaGancho:
    entrega = EntregaGancho.objects.create(gancho=gancho, evento_ids=ids, total=len(ids), repetida=repetida)
    entrega.refresh_from_db()
    nudge(AVISAR)
    return entrega


def olvidar(cliente: Cliente) -> None:
    """Delete the events that tell of a client, in the caller's transaction, and what was answered to calls with them.

    Those by the phone alone stay if another client of the shop has it too, without what was written from it. What a
    receiver has taken is the receiver's to erase.

    Args:
        cliente: as it still is.
    """
    eventos = EventoGancho.objects.filter(gancho__usuario=cliente.usuario_id)
    suyos = Q(datos__cliente_id=cliente.pk) | Q(tipo__startswith="cliente.", datos__id=cliente.pk)
    if phone := cliente.telefono_e164:
        if otros_con_telefono(cliente).filter(usuario=cliente.usuario_id).exists():
            texts = eventos.filter(tipo=Evento.RESPUESTA_RECIBIDA, datos__telefono=phone)
            blank = Func(F("datos"), Value("{texto}"), Value('""'), function="jsonb_set", output_field=JSONField())
            texts.update(datos=blank)
        else:
            suyos |= Q(datos__telefono=phone) | Q(datos__telefono_e164=phone)
    ids = list(eventos.filter(suyos).values_list("pk", flat=True))
    if not ids:
        return
    # Its beginning may repeat what it was sent.
    EntregaGancho.objects.filter(gancho__usuario=cliente.usuario_id, evento_ids__overlap=ids).update(respuesta="")
    EventoGancho.objects.filter(pk__in=ids).delete()


def desactivar(gancho: Gancho, *, motivo: str) -> None:
    """Call a hook no more, and tell its shop why. Its calls are not lost: once it is active again, a person may repeat
    them.

    Args:
        gancho: its row is locked by the caller's transaction.
    """
    gancho.estado, gancho.motivo = Gancho.Estado.DESACTIVADO, motivo[:ERROR_MAX]
    gancho.save(update_fields=["estado", "motivo"])
    pending = EntregaGancho.objects.filter(gancho=gancho, estado=EntregaGancho.Estado.PENDIENTE)
    pending.update(estado=EntregaGancho.Estado.FALLIDA, error=gancho.motivo)
    avisar_de_gancho(usuario_id=gancho.usuario_id, url=gancho.url, motivo=gancho.motivo)


def limpiar(*, hasta: float) -> int:
    """Delete events and calls that are old, a batch in a transaction; return how many.

    What an active hook was not told yet stays. One that is a month behind is disabled first, and its shop is told.

    Args:
        hasta: the moment of `time.monotonic` at which to leave the rest for another day.
    """
    dropped = 0
    for gancho_id in _con_eventos():
        _desactivar_atrasado(gancho_id)
        dropped += _borrar(_viejos(gancho_id), hasta)
    calls = EntregaGancho.objects.filter(creada__lt=Now() - GUARDAR_ENTREGAS)
    return dropped + _borrar(calls.exclude(estado=EntregaGancho.Estado.PENDIENTE).order_by("pk"), hasta)


def _con_eventos() -> Iterator[int]:
    """Yield the ids of the hooks that have events, also of those that were deleted, by a step in the index for each."""
    ids = EventoGancho.objects.order_by("gancho_id").values_list("gancho_id", flat=True)
    last = ids.first()
    while last is not None:
        yield last
        last = ids.filter(gancho_id__gt=last).first()


def _sin_contar(gancho_id: int) -> QuerySet[EventoGancho]:
    """Return the events of a hook that no call has, the oldest first."""
    return EventoGancho.objects.filter(gancho_id=gancho_id, en_entrega=False).order_by("pk")


@transaction.atomic
def _desactivar_atrasado(gancho_id: int) -> None:
    active = Gancho.objects.filter(pk=gancho_id, estado=Gancho.Estado.ACTIVO)
    first = _sin_contar(gancho_id).first()
    if first is None or first.creado >= timezone.now() - ATRASO_MAX:
        return
    if (gancho := active.select_for_update(no_key=True).first()) is not None:
        desactivar(gancho, motivo=ATRASADO)


def _viejos(gancho_id: int) -> QuerySet[EventoGancho]:
    """Return the events of a hook that may go, the oldest first: what stays comes after them in the index."""
    events = EventoGancho.objects.filter(gancho_id=gancho_id).order_by("creado")
    gancho = Gancho.objects.filter(pk=gancho_id).first()
    if gancho is None:
        return events
    old = events.filter(creado__lt=Now() - GUARDAR)
    if gancho.estado != Gancho.Estado.ACTIVO:
        return old
    # In this order: what a call takes in between is found by the first question.
    waits = _sin_contar(gancho_id).values_list("pk", flat=True).first()
    calls = EntregaGancho.objects.filter(gancho_id=gancho_id, estado=EntregaGancho.Estado.PENDIENTE)
    untold = [pk for pk in (waits, *calls.values_list("evento_ids__0", flat=True)) if pk is not None]
    return old.filter(pk__lt=min(untold)) if untold else old


def _borrar(rows: QuerySet[M], hasta: float) -> int:
    """Delete rows in their order, a batch in a statement, which has a limit of time; return how many."""
    dropped = 0
    while time.monotonic() < hasta:
        batch = rows.model._default_manager.filter(pk__in=rows.values("pk")[:LOTE])
        count = int(batch._raw_delete(batch.db))
        dropped += count
        if count < LOTE:
            break
    return dropped
