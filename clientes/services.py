"""Services that write clients."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.db.models.deletion import Collector
from django.utils import timezone

from clientes import consentimiento
from clientes.models import Cliente
from clientes.signals import cliente_por_anonimizar, exclusiones_cambiaron
from core.errors import ConflictError
from core.models import Usuario
from core.text.planilla import por_partes

CLIENTE_CON_HISTORIA = "No se puede eliminar: el cliente tiene ventas o mensajes. Desactívelo."
ANONIMO = "Cliente anonimizado"
YA_ANONIMO = "El cliente está anonimizado: ya no tiene datos, y no se puede cambiar."
BORRADOS = ("nombre", "telefono", "documento", "origen", *consentimiento.CAMPOS)
BULK = 1_000


def eliminar_cliente(*, cliente: Cliente) -> None:
    """Delete a client that nothing refers to.

    Raises:
        ConflictError: the client has sales or SMS history.
    """
    try:
        with transaction.atomic():
            cliente.delete()
    except (ProtectedError, IntegrityError) as error:  # the second: the row came while this one was leaving
        raise ConflictError(CLIENTE_CON_HISTORIA, code="protected") from error


def tiene_historia(cliente: Cliente) -> bool:
    """Tell whether something refers to the client that forbids its deletion."""
    try:
        Collector(using="default").collect([cliente])
    except ProtectedError:
        return True
    return False


@transaction.atomic
def crear_cliente(*, quien: Usuario, guardar: Callable[[], Cliente]) -> Cliente:
    """Write a new client that a form, a call or the admin gives.

    Args:
        quien: the person who does it.
        guardar: writes it.
    """
    cliente = guardar()
    if cliente.consentimiento_en:
        consentimiento.anotar(cliente, quien=quien)
    return cliente


@transaction.atomic
def cambiar_cliente(*, cliente: Cliente, quien: Usuario, guardar: Callable[[], object]) -> None:
    """Write what a form, a call or the admin changed of a client.

    Args:
        cliente: has the new values once it is written.
        quien: the person who does it.
        guardar: writes it.
    """
    before = Cliente.objects.select_for_update(no_key=True).get(pk=cliente.pk)
    guardar()
    if consentimiento.de_cliente(before) != consentimiento.de_cliente(cliente):
        consentimiento.anotar(cliente, quien=quien)
    if (before.activo and not cliente.activo) or (before.consentimiento_en and not cliente.consentimiento_en):
        avisar_exclusion(usuario_id=before.usuario_id)


def avisar_exclusion(*, usuario_id: int) -> None:
    """Have the messages that wait judged again, once the transaction that took clients out commits.

    Not inside it: a long import would hold the shop's lock, which every Lote needs, until its end.
    """
    transaction.on_commit(partial(_avisar, usuario_id))


@transaction.atomic
def _avisar(usuario_id: int) -> None:
    exclusiones_cambiaron.send(Cliente, usuario_id=usuario_id)


@transaction.atomic
def activar_cliente(*, cliente: Cliente, activo: bool) -> None:
    """Put a client among those that campaigns to everybody reach, or take them out.

    Raises:
        ConflictError: the client is anonymous.
    """
    found = Cliente.objects.filter(pk=cliente.pk, anonimizado_en=None)
    if found.exclude(activo=activo).update(activo=activo):
        if not activo:
            avisar_exclusion(usuario_id=cliente.usuario_id)
    elif not found.exists():
        raise ConflictError(YA_ANONIMO, code="anonymous")
    cliente.activo = activo


@transaction.atomic
def anonimizar_cliente(*, cliente: Cliente) -> None:
    """Erase a client's personal data here and, by `cliente_por_anonimizar`, wherever it was copied. Totals stay.

    Ley 1581 de 2012, art. 8: the owner of the data may ask for its suppression.

    Raises:
        ConflictError: the client is anonymous, or somebody still needs the data.
    """
    cliente = Cliente.objects.select_for_update().get(pk=cliente.pk)
    if cliente.anonimizado_en:
        raise ConflictError(YA_ANONIMO, code="anonymous")
    cliente_por_anonimizar.send(Cliente, cliente=cliente)
    cliente.nombre = ANONIMO
    cliente.telefono = cliente.documento = cliente.origen = cliente.consentimiento_fuente = ""
    for campo, nada in {"consentimiento_en": None, **consentimiento.PRUEBA}.items():
        setattr(cliente, campo, nada)
    cliente.activo = False
    cliente.anonimizado_en = timezone.now()
    cliente.save(update_fields=[*BORRADOS, "activo", "anonimizado_en"])
    cliente.etiquetas.clear()
    cliente.consentimientos.all().delete()


LEIDO: Final = ("telefono_e164", "movil", "pais")


def releer_telefonos() -> int:
    """Derive again what the clients' phones mean, and return how many mean something else than they did.

    Stored phones keep the reading of the day on which they were saved.
    """
    changed = 0
    for cliente in por_partes(Cliente.objects.exclude(telefono="")):
        before = [getattr(cliente, campo) for campo in LEIDO]
        cliente.derive_phone()
        now = {campo: getattr(cliente, campo) for campo in LEIDO}
        if before != list(now.values()):
            # But not if somebody changes the phone meanwhile.
            changed += Cliente.objects.filter(pk=cliente.pk, telefono=cliente.telefono).update(**now)
    return changed


def crear_clientes(*, usuario: Usuario, filas: Iterable[dict[str, str]]) -> list[Cliente]:
    """Insert many clients at once.

    Args:
        usuario: of the shop that will have them.
        filas: mappings with `nombre` and optionally `telefono` and `documento`, already validated.
    """
    clientes = []
    for fila in filas:
        cliente = Cliente(
            usuario_id=usuario.tenant_id,
            nombre=fila["nombre"],
            telefono=fila.get("telefono", ""),
            documento=fila.get("documento", ""),
        )
        cliente.derive_phone()  # bulk_create calls no save
        clientes.append(cliente)
    return Cliente.objects.bulk_create(clientes, batch_size=BULK)
