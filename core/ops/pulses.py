"""The pulse of the processes that work: each process writes its own, and health, metrics and the admin read them."""

import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils import timezone

from core.models import Pulso
from core.ops import series
from core.postgresql import lending

logger = logging.getLogger(__name__)

EVERY_S: Final = 5.0
# Without a pulse for so long a process counts as gone: three are missing, and one was late.
GONE_S: Final = 20.0
# Rows of processes that are gone are kept so long, to be seen.
KEPT_S: Final = 24 * 3600.0

BEAT_SQL = """
INSERT INTO core_pulso (nombre, tipo, pid, colas, mensajes, desde, visto) VALUES (%s, %s, %s, %s, %s, %s, now())
ON CONFLICT (nombre) DO UPDATE SET tipo = EXCLUDED.tipo, pid = EXCLUDED.pid, colas = EXCLUDED.colas,
    mensajes = EXCLUDED.mensajes, desde = EXCLUDED.desde, visto = now()
"""
FORGET_SQL = "DELETE FROM core_pulso WHERE visto < now() - %s * interval '1 second'"
READ_SQL = "SELECT nombre, tipo, colas, desde, visto, extract(epoch FROM now() - visto)::float8 FROM core_pulso"


class Heart(threading.Thread):
    """Writes this process's pulse until it is stopped, and shares its counters.

    Args:
        nombre: of the process, unique among those that run.
        tipo: what it is.
        mensajes: that it may have on their way at a time.
        colas: asked before each pulse.
        is_well: asked before each pulse; while it says no, there is none.
    """

    def __init__(
        self,
        nombre: str,
        tipo: Pulso.Tipo,
        *,
        mensajes: int = 0,
        colas: Callable[[], Sequence[str]] = tuple,
        is_well: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._nombre = nombre
        self._tipo = tipo
        self._mensajes = mensajes
        self._colas = colas
        self._is_well = is_well
        self._since = timezone.now()
        self._stopping = threading.Event()
        self._failing = False

    def run(self) -> None:
        lending.be_timer()
        while True:
            self._try()
            lending.rest()
            if self._stopping.wait(EVERY_S):
                break
        connection.close()

    def stop(self, timeout: float = 5.0) -> None:
        """Share what is left to share and say that the process is gone, within `timeout` seconds or not at all."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout)
        try:
            series.add()
            Pulso.objects.filter(nombre=self._nombre, pid=os.getpid()).delete()
        except DatabaseError as error:
            logger.warning("%s ends without a word in PostgreSQL: %s", self._nombre, error)

    def _try(self) -> None:
        try:
            self.beat()
        except DatabaseError as error:
            # The first of a row only: an hour without PostgreSQL is one line.
            if not self._failing:
                logger.warning("no pulse could be written, and it goes on trying: %s", error)
            self._failing = True
            connection.close()
        except Exception:
            logger.exception("no pulse could be written")
        else:
            self._failing = False

    def beat(self) -> None:
        """Write one pulse, unless the process is not well.

        Raises:
            django.db.Error: it could not be written.
        """
        if not self._is_well():
            return
        with transaction.atomic(), connection.cursor() as cursor:
            colas = json.dumps(list(self._colas()))
            cursor.execute(BEAT_SQL, [self._nombre, self._tipo, os.getpid(), colas, self._mensajes, self._since])
            cursor.execute(FORGET_SQL, [KEPT_S])
        series.add()
        if settings.PULSE_FILE:
            Path(settings.PULSE_FILE).touch()


@dataclass(frozen=True, slots=True)
class Visto:
    """A process that was seen within the last day.

    Args:
        desde, visto: when it started, and when it was last seen.
        hace: seconds since then, by PostgreSQL's clock.
    """

    nombre: str
    tipo: str
    colas: list[str]
    desde: datetime
    visto: datetime
    hace: float

    @property
    def vive(self) -> bool:
        return self.hace < GONE_S


def vistos() -> list[Visto]:
    """Return every process of the last day, workers and beats, by name."""
    with connection.cursor() as cursor:
        cursor.execute(READ_SQL)
        rows = cursor.fetchall()
    found = [Visto(nombre, tipo, json.loads(colas), *rest) for nombre, tipo, colas, *rest in rows]
    return sorted(found, key=lambda seen: (seen.tipo, seen.nombre))
