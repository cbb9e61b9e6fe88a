"""A large file of the register, read by a worker: claimed, retried and given up as an import of clients is.

Nothing is kept of a file that was not read to its end: the numbers and the evidence are one transaction.
"""

import hashlib
import time

from django.db import connection, transaction

from clientes.importacion import archivo, claim, proceso
from clientes.importacion.claim import Claim
from clientes.models import Importacion
from clientes.rne import numeros, services
from clientes.rne.numeros import Numeros
from core.errors import InvalidInputError
from core.models import Usuario

AVISAR_S = 1.0  # between two signs of how far it is


class Avance:
    """Keeps the claim and says how far the reading is, about once a second."""

    def __init__(self, mio: Claim) -> None:
        self._mio = mio
        self._next = time.monotonic() + AVISAR_S

    def __call__(self, found: Numeros, filas: int) -> None:
        """Renew the claim when it is time.

        Raises:
            LostClaimError: the claim is not ours any more.
        """
        if time.monotonic() < self._next:
            return
        claim.alargar(self._mio)
        Importacion.objects.filter(pk=self._mio.importacion_id, token=self._mio.token).update(
            leidas=found.filas, filas=filas
        )
        self._next = time.monotonic() + AVISAR_S


def importar(importacion: Importacion, mio: Claim) -> None:
    """Exclude the numbers of a file that was claimed, or say why it cannot be read.

    Raises:
        LostClaimError: the claim is not ours any more.
    """
    pedido = services.Pedido.guardado(importacion.pedido)
    try:
        with archivo.abrir(importacion) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = numeros.de_archivo(file, heartbeat=Avance(mio))
        with transaction.atomic():
            claim.retener(mio)
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{proceso.MERGE_TIMEOUT}'")
            usuario = Usuario.objects.get(pk=pedido.quien)
            services.guardar(usuario, found, pedido, archivo=importacion.archivo, sha256=digest)
            Importacion.objects.filter(pk=importacion.pk).update(
                filas=found.filas,
                leidas=found.filas - found.titulos,
                creadas=found.leidas,
                repetidas=found.repetidas,
                rechazadas=found.ilegibles,
            )
            claim.terminar(mio, estado=Importacion.Estado.COMPLETADA)
    except InvalidInputError as error:
        claim.terminar(mio, estado=Importacion.Estado.FALLIDA, error=error.message)
    proceso.olvidar(importacion.pk)


proceso.OTROS[Importacion.Tipo.RNE] = importar
