"""Who works on an import: a claim with a token and a lease, so that a dead worker's import is taken up again."""

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django.db import connection

from clientes.models import Importacion

# While a worker reads, it shows a sign of life with every batch of rows and at least every HEARTBEAT_S, however slow
# the file is. While it saves, it holds the row's lock.
LEASE_S: Final = 60
HEARTBEAT_S: Final = 10
INTENTOS_MAX: Final = 4
AGOTADA: Final = "El proceso se interrumpió varias veces en el mismo punto. Divida el archivo e inténtelo de nuevo."


@dataclass(frozen=True, slots=True)
class Claim:
    importacion_id: int
    token: UUID


class LostClaimError(Exception):
    """Somebody else has the import now, or it is gone: stop without writing anything."""


class Heartbeat:
    """A sign of life, called at every row: it costs nothing until HEARTBEAT_S have passed since the last one."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._next = time.monotonic() + HEARTBEAT_S

    def __call__(self) -> None:
        """Raises:
        LostClaimError: the claim is not ours any more.
        """
        if time.monotonic() >= self._next:
            alargar(self._claim)
            self._next = time.monotonic() + HEARTBEAT_S


DUE = """(estado = 'pendiente' OR (estado = 'procesando' AND lease_hasta < now()))"""

# SKIP LOCKED: the row of an import that is being saved is locked for as long as that takes.
# One import of a shop at a time, so that a second one finds the clients that the first one makes.
CLAIM_SQL = f"""
UPDATE clientes_importacion SET estado = 'procesando', token = %(token)s, intentos = intentos + 1,
    lease_hasta = now() + %(lease)s * interval '1 second', iniciada_en = coalesce(iniciada_en, now())
WHERE id = (
    SELECT id FROM clientes_importacion i WHERE {DUE} AND NOT EXISTS (
        SELECT FROM clientes_importacion o
        WHERE o.usuario_id = i.usuario_id AND o.id <> i.id AND o.estado = 'procesando' AND o.lease_hasta >= now())
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) AND {DUE}
RETURNING id, intentos
"""  # noqa: S608 - constants of this module

RENEW_SQL = """
UPDATE clientes_importacion SET lease_hasta = now() + %(lease)s * interval '1 second', intentos = 0,
    leidas = %(leidas)s, ultima_fila = %(ultima)s
WHERE id = %(id)s AND token = %(token)s AND estado = 'procesando'
"""


EXTEND_SQL = """
UPDATE clientes_importacion SET lease_hasta = now() + %(lease)s * interval '1 second'
WHERE id = %(id)s AND token = %(token)s AND estado = 'procesando'
"""


def tomar() -> Claim | None:
    """Claim the oldest import that waits or that a dead worker left; None when there is none."""
    while True:
        token = uuid4()
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_SQL, {"token": token, "lease": LEASE_S})
            row = cursor.fetchone()
        if row is None:
            return None
        if row[1] <= INTENTOS_MAX:
            return Claim(row[0], token)
        terminar(Claim(row[0], token), estado=Importacion.Estado.FALLIDA, error=AGOTADA)


def renovar(claim: Claim, *, leidas: int, ultima: int) -> None:
    """Say that it moves, in the transaction that stores the rows.

    Raises:
        LostClaimError: the claim is not ours any more.
    """
    _renovar(claim, RENEW_SQL, leidas=leidas, ultima=ultima)


def alargar(claim: Claim) -> None:
    """Say that it works, though nothing is stored yet: a file that kills every worker is still given up.

    Raises:
        LostClaimError: the claim is not ours any more.
    """
    _renovar(claim, EXTEND_SQL)


def _renovar(claim: Claim, sql: str, **hecho: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"lease": LEASE_S, "id": claim.importacion_id, "token": claim.token, **hecho})
        if not cursor.rowcount:
            raise LostClaimError


def retener(claim: Claim) -> Importacion:
    """Lock the import until the end of the transaction: nobody can claim it meanwhile.

    Raises:
        LostClaimError: the claim is not ours any more.
    """
    found = Importacion.objects.select_for_update().filter(pk=claim.importacion_id, token=claim.token).first()
    if found is None or found.estado != Importacion.Estado.PROCESANDO:
        raise LostClaimError
    return found


TERMINAR_SQL = """
UPDATE clientes_importacion SET estado = %(estado)s, error = %(error)s, token = NULL, lease_hasta = NULL,
    terminada_en = clock_timestamp()
WHERE id = %(id)s AND token = %(token)s AND estado = 'procesando'
"""


def terminar(claim: Claim, *, estado: str, error: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            TERMINAR_SQL,
            {"estado": estado, "error": error[:300], "id": claim.importacion_id, "token": claim.token},
        )


# A worker that stops in good order gives back what it holds instead of letting the lease run out.
SOLTAR_SQL = """
UPDATE clientes_importacion SET estado = 'pendiente', token = NULL, lease_hasta = NULL
WHERE id = %(id)s AND token = %(token)s AND estado = 'procesando'
"""


def soltar(claim: Claim) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SOLTAR_SQL, {"id": claim.importacion_id, "token": claim.token})
