"""Writes."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.db.models.deletion import Collector
from django.utils import timezone

from clientes.models import Cliente
from clientes.signals import cliente_por_anonimizar
from core.errors import ConflictError
from core.models import Usuario

CLIENTE_CON_HISTORIA = "No se puede eliminar: el cliente tiene ventas o mensajes. Desactívelo."
ANONIMO = "Cliente anonimizado"
YA_ANONIMO = "El cliente está anonimizado: ya no tiene datos, y no se puede cambiar."
BORRADOS = ("nombre", "telefono", "documento", "consentimiento_fuente", "consentimiento_en")
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
    """Whether something refers to the client that forbids its deletion."""
    try:
        Collector(using="default").collect([cliente])
    except ProtectedError:
        return True
    return False


def activar_cliente(*, cliente: Cliente, activo: bool) -> None:
    """Put a client among those that campaigns to everybody reach, or take them out.

    Raises:
        ConflictError: the client is anonymous.
    """
    if not Cliente.objects.filter(pk=cliente.pk, anonimizado_en=None).update(activo=activo):
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
    cliente.telefono = cliente.documento = cliente.consentimiento_fuente = ""
    cliente.consentimiento_en = None
    cliente.activo = False
    cliente.anonimizado_en = timezone.now()
    cliente.save(update_fields=[*BORRADOS, "activo", "anonimizado_en"])
    cliente.etiquetas.clear()


def crear_clientes(*, usuario: Usuario, filas: Iterable[dict[str, str]]) -> list[Cliente]:
    """Insert many clients at once.

    Args:
        usuario: the admin who will own them.
        filas: mappings with `nombre` and optionally `telefono` and `documento`, already validated.
    """
    clientes = []
    for fila in filas:
        cliente = Cliente(
            usuario=usuario,
            nombre=fila["nombre"],
            telefono=fila.get("telefono", ""),
            documento=fila.get("documento", ""),
        )
        cliente.derive_phone()  # bulk_create calls no save
        clientes.append(cliente)
    return Cliente.objects.bulk_create(clientes, batch_size=BULK)
