"""The clients of phones that a call names: who has one is that client, and the others become clients."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import connection

from clientes.importacion.fusion import candado, insertar
from clientes.importacion.lote import OTRO_GUARDA
from clientes.models import Cliente
from clientes.texto import DOCUMENTO
from core.errors import ConflictError

TANDA: Final = 10_000
SIN_NOMBRE: Final = "Cliente"  # of a new client of whom only the phone is known


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody by phone.

    Args:
        telefono: as it was written.
        e164, movil, pais: what it means; each e164 of a call comes once.
        nombre, documento: of a new client; "" when they are not known.
    """

    telefono: str
    e164: str
    movil: bool
    pais: str
    nombre: str = ""
    documento: str = ""


@dataclass(frozen=True, slots=True)
class Hallado:
    """The client of a phone.

    Args:
        nombre: as the client has it.
        nuevo: whether the call made the client.
    """

    id: int
    nombre: str
    nuevo: bool


FILAS: Final = "jsonb_to_recordset(%(filas)s::jsonb) AS r(e164 text, documento text)"
# Of several clients with one phone, who has the row's document, then who is active, then the oldest.
HALLADOS_SQL: Final = f"""
SELECT DISTINCT ON (c.telefono_e164) c.telefono_e164, c.id, c.nombre
FROM {FILAS} JOIN clientes_cliente c ON c.usuario_id = %(tienda)s AND c.telefono_e164 = r.e164
ORDER BY c.telefono_e164,
    r.documento <> '' AND {DOCUMENTO.format("c.documento")} = {DOCUMENTO.format("r.documento")} DESC,
    c.activo DESC, c.id
"""  # noqa: S608 - constants
NUEVOS_SQL: Final = """
FROM jsonb_to_recordset(%(filas)s::jsonb) AS r(telefono text, e164 text, movil boolean, pais text, nombre text,
    documento text) RETURNING telefono_e164, id, nombre
"""


def hallar_o_crear(
    *, tienda_id: int, personas: Sequence[Persona], origen: str, de_prueba: bool = False
) -> dict[str, Hallado]:
    """Return the client of each phone, in the caller's transaction; nothing of a client who is there is changed.

    Args:
        origen: what is kept of where the new ones came from.
        de_prueba: the caller undoes it all, and nobody has to wait for it.

    Raises:
        ConflictError: somebody else is writing many rows into the shop's clients.
    """
    hallados = _hallados(tienda_id, personas)
    nuevas = [persona for persona in personas if persona.e164 not in hallados]
    if nuevas and not de_prueba:
        if not candado(tienda_id, espera=False):
            raise ConflictError(OTRO_GUARDA, code="busy")
        # Somebody may have written them before the lock was free.
        hallados |= _hallados(tienda_id, nuevas)
        nuevas = [persona for persona in nuevas if persona.e164 not in hallados]
    columns = {
        "nombre": f"coalesce(nullif(nombre, ''), '{SIN_NOMBRE}')",
        "telefono": "telefono",
        "telefono_e164": "e164",
        "movil": "movil",
        "pais": "pais",
        "documento": "documento",
        "origen": "%(origen)s",
        "usuario_id": "%(tienda)s",
        "id": "nextval(pg_get_serial_sequence('clientes_cliente', 'id'))",
    }
    sql, params = insertar(Cliente, columns, NUEVOS_SQL)
    written = _por_tandas(sql, nuevas, {**params, "origen": origen, "tienda": tienda_id})
    return hallados | {e164: Hallado(pk, nombre, nuevo=True) for e164, pk, nombre in written}


def _hallados(tienda_id: int, personas: Sequence[Persona]) -> dict[str, Hallado]:
    found = _por_tandas(HALLADOS_SQL, personas, {"tienda": tienda_id})
    return {e164: Hallado(pk, nombre, nuevo=False) for e164, pk, nombre in found}


def _por_tandas(sql: str, personas: Sequence[Persona], params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Run a statement for some of them after the other: no one of them takes long."""
    with connection.cursor() as cursor:
        for at in range(0, len(personas), TANDA):
            rows = [asdict(persona) for persona in personas[at : at + TANDA]]
            cursor.execute(sql, {**params, "filas": json.dumps(rows, ensure_ascii=False)})
            yield from cursor.fetchall()
