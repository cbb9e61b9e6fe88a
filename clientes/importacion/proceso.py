"""The work of a worker on an import: read the file into checked rows, batch by batch, then merge them in one go.

When a worker is killed while reading, the next one goes on after the last batch that was committed. When it is killed
while merging, nothing of the merge is there: it is one transaction, the same that makes the import `completada`.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from clientes.importacion import archivo, claim, fusion_clientes, fusion_ventas, lectura
from clientes.importacion.celdas import Celdas, Fila
from clientes.importacion.claim import Claim, LostClaimError
from clientes.importacion.filas import Plan
from clientes.importacion.formato import Formato
from clientes.importacion.fusion import MISMO_TELEFONO, candado, sin_bucles
from clientes.importacion.limites import UnreadableFileError
from clientes.importacion.opciones import opciones_guardadas, plan_de
from clientes.importacion.revision import revisar
from clientes.importacion.valores import InvalidCellError
from clientes.models import Importacion, ImportacionFila
from core.postgresql import lending

logger = logging.getLogger(__name__)

# A merge of 200,000 rows is one statement after another, some longer than any page's may be.
MERGE_TIMEOUT: Final = "15min"
# One import at a time in each worker process bounds its memory, and leaves its threads to the campaigns.
_ocupado = threading.Lock()


# What does the imports that are neither clients nor sales, by their kind: rooms above this one say so when they start.
OTROS: Final[dict[str, Callable[[Importacion, Claim], None]]] = {}


def atender() -> int:
    """Process every import that waits, oldest first, and return how many this call did. At most one call per process
    works."""
    if not _ocupado.acquire(blocking=False):
        return 0
    try:
        done = 0
        while mio := claim.tomar():
            importar(mio)
            done += 1
        return done
    finally:
        _ocupado.release()


def importar(mio: Claim) -> None:
    """Do one import that was claimed."""
    started = time.monotonic()
    try:
        importacion = Importacion.objects.get(pk=mio.importacion_id)
        if otro := OTROS.get(importacion.tipo):
            otro(importacion, mio)
        else:
            _leer(importacion, mio)
            _fusionar(mio)
    except (LostClaimError, Importacion.DoesNotExist):
        logger.warning("import %s is somebody else's now", mio.importacion_id)
    except UnreadableFileError as error:
        claim.terminar(mio, estado=Importacion.Estado.FALLIDA, error=error.message)
        olvidar(mio.importacion_id)
    except DatabaseError:
        # Such as a deadlock with somebody who edits clients: the sweep gives it to a worker again, a few times.
        logger.exception("import %s could not go on", mio.importacion_id)
        claim.soltar(mio)
    else:
        seconds = time.monotonic() - started
        importacion.refresh_from_db()
        logger.info(
            "import %s ended in %s: %s rows in %.1f s, %.0f/s",
            importacion.pk, importacion.estado, importacion.leidas, seconds, importacion.leidas / seconds,
        )  # fmt: skip


def _leer(importacion: Importacion, mio: Claim) -> None:
    plan, formato = plan_de(importacion, opciones_guardadas(importacion)), Formato(**importacion.formato)
    if importacion.etapa == Importacion.Etapa.GUARDANDO:
        return
    leidas, ultima = importacion.leidas, importacion.ultima_fila
    omitidas = 0

    def elegidas(desde: int) -> Iterator[Fila]:
        nonlocal omitidas
        for numero, cells in lectura.datos(file, formato, con_titulos=importacion.con_titulos, heartbeat=heartbeat):
            if importacion.sin_ocultas and cells.oculta:
                omitidas += 1
            elif numero > desde:
                yield numero, cells

    heartbeat = claim.Heartbeat(mio)
    with archivo.abrir(importacion) as file:
        for block in lectura.en_bloques(elegidas(ultima)):
            checked = []
            for numero, cells in block:
                heartbeat()
                checked.append(_revisar(numero, cells, plan))
            leidas, ultima = leidas + len(block), block[-1][0]
            with transaction.atomic():
                claim.renovar(mio, leidas=leidas, ultima=ultima)
                _anotar(importacion.pk, checked)
            lending.rest()  # while the next rows are read
    Importacion.objects.filter(pk=mio.importacion_id, token=mio.token).update(
        etapa=Importacion.Etapa.GUARDANDO, filas=leidas, omitidas=omitidas
    )


def _revisar(numero: int, cells: Celdas, plan: Plan) -> dict[str, Any]:
    row: dict[str, Any] = {"numero": numero, "celdas": cells, "datos": None, "resultado": "", "motivo": ""}
    try:
        row["datos"] = revisar(cells, plan)
    except InvalidCellError as error:
        row.update(resultado=ImportacionFila.Resultado.RECHAZADA, motivo=error.motivo)
    return row


# One document per batch: PostgreSQL reads it faster than Django writes as many rows.
STORE_SQL = """
INSERT INTO clientes_importacionfila (importacion_id, numero, celdas, datos, resultado, motivo, aviso)
SELECT %(id)s, numero, celdas, datos, resultado, motivo, '' FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(numero int, celdas jsonb, datos jsonb, resultado text, motivo text)
"""


def _anotar(importacion_id: int, rows: list[dict[str, Any]]) -> None:
    # PostgreSQL holds any character but this one.
    text = json.dumps(rows, ensure_ascii=False).replace("\\u0000", "\N{REPLACEMENT CHARACTER}")
    with connection.cursor() as cursor:
        cursor.execute(STORE_SQL, {"id": importacion_id, "rows": text})


def _fusionar(mio: Claim) -> None:
    with transaction.atomic():
        importacion = claim.retener(mio)
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{MERGE_TIMEOUT}'")
        sin_bucles(importacion.leidas)
        candado(importacion.usuario_id)
        fusion = fusion_clientes if importacion.tipo == Importacion.Tipo.CLIENTES else fusion_ventas
        fusion.preparar(importacion)
        cuenta = _problemas(importacion)
        malas = cuenta["rechazadas"] + cuenta["repetidas"]
        if malas and importacion.modo == Importacion.Modo.TODO:
            Importacion.objects.filter(pk=importacion.pk).update(**cuenta)
            # Its good rows stay, in case the person wants them after all.
            claim.terminar(mio, estado=Importacion.Estado.RECHAZADA)
        else:
            cuenta.update(fusion.aplicar(importacion))
            Importacion.objects.filter(pk=importacion.pk).update(**cuenta)
            claim.terminar(mio, estado=Importacion.Estado.COMPLETADA)
            # What nobody has to look at goes, in the same transaction.
            importacion.detalle.filter(resultado="", aviso="").delete()
    olvidar(mio.importacion_id)


def _problemas(importacion: Importacion) -> dict[str, int]:
    """Count the bad rows and the rows that share a phone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE resultado = 'rechazada'), count(*) FILTER (WHERE resultado = 'repetida'),"
            " count(*) FILTER (WHERE strpos(aviso, %s) > 0) FROM clientes_importacionfila WHERE importacion_id = %s",
            [MISMO_TELEFONO, importacion.pk],
        )
        return dict(zip(("rechazadas", "repetidas", "telefonos_repetidos"), cursor.fetchone(), strict=True))


def olvidar(importacion_id: int) -> None:
    """Delete the file: what is left to see is in the rows."""
    Importacion.objects.get(pk=importacion_id).trozos.all().delete()


CONFIRMAR_EN = timedelta(days=2)  # a file that nobody said what to do with
GUARDAR = timedelta(days=30)  # the rows that were bad, for their file


def limpiar() -> int:
    """Delete what nobody will come back for: files that were never confirmed, and old imports; how many."""
    now = timezone.now()
    abandonadas = Q(estado=Importacion.Estado.POR_CONFIRMAR, creado__lt=now - CONFIRMAR_EN)
    viejas = Q(terminada_en__lt=now - GUARDAR) & ~Q(estado__in=["pendiente", "procesando"])
    deleted = 0
    for importacion in Importacion.objects.filter(abandonadas | viejas).order_by("pk"):
        importacion.delete()
        deleted += 1
        lending.let_others()
    return deleted
