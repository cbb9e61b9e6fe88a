"""Writes."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Usuario

CLIENTE_CON_HISTORIA = "No se puede eliminar: el cliente tiene ventas o mensajes. Desactívelo."
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
