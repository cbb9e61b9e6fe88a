"""The tasks that run under Celery. A task fetches its arguments and calls one function."""

import time
from dataclasses import asdict
from functools import cached_property
from typing import Any, Final

from celery import Task, shared_task
from django.conf import settings
from django.core.management import call_command
from django_celery_results.backends import DatabaseBackend
from django_celery_results.models import TaskResult

from campaigns.bitacora import ganchos
from campaigns.campana import privacidad as campanas
from campaigns.entrantes import privacidad as entrantes
from campaigns.ley import contactos
from campaigns.programaciones import ocurrencias
from clientes import conteos
from clientes.importacion import lote, proceso
from core import correo, llaves, registro
from core.celery import DatabaseTask
from core.postgresql import lending
from workers import cierre
from workers.alerts import deliver, hooks
from workers.engine.campaign import campana
from workers.engine.lote import closing
from workers.engine.message import sending
from workers.engine.rounds import rounds
from workers.revision import antes, revision

# Seconds of a night.
OLVIDAR_S: Final = 600.0


class Recorded(DatabaseTask):
    """A campaign-level task: its result is kept in PostgreSQL, where operators read it in the admin.

    Chords need Redis to count their parts, so the application's backend is Redis and these few tasks name
    their own.
    """

    abstract = True

    @cached_property
    def backend(self) -> DatabaseBackend:
        return DatabaseBackend(app=self.app)


@shared_task(name="workers.avanzar_campana", base=Recorded)
def avanzar_campana(campana_id: int) -> None:
    """Start the campaign or move it on."""
    campana.advance(campana_id)


@shared_task(
    name="workers.enviar_sms", base=Task, ignore_result=True, Strategy="workers.process.strategy:into_the_loop"
)
def enviar_sms(log_id: int) -> None:
    """Send one message, as a part of its Lote's chord. A worker's loop takes what it fetches: see the strategy."""
    sending.send_one(log_id)


@shared_task(name="workers.cerrar_lote", base=Recorded)
def cerrar_lote(lote_id: int) -> None:
    """Sum the Lote, open the next, try to finish the campaign: the chord's callback and errback."""
    campana_id = closing.close(lote_id)
    if campana_id is not None:
        campana.advance(campana_id)


@shared_task(name="workers.barrer", ignore_result=True)
def barrer() -> dict[str, Any] | None:
    """Sweep, unless a worker's timer just did; beat sends it."""
    found = rounds.sweep()
    return asdict(found) if found else None


@shared_task(name="workers.conciliar", ignore_result=True)
def conciliar() -> None:
    """Ask Twilio about uncertain messages, unless a worker's timer just did; beat sends it."""
    rounds.reconcile()


@shared_task(name="workers.entregar_alertas", ignore_result=True)
def entregar_alertas() -> int:
    """Deliver the alerts that are due. It is sent when an alert is raised; a timer makes the next tries."""
    return deliver.deliver()


@shared_task(name="workers.avisar_ganchos", ignore_result=True)
def avisar_ganchos() -> int:
    """Call the hooks that are due. It is sent when a person asks for a call; a timer makes all others."""
    return hooks.deliver()


@shared_task(name="workers.importar_clientes", ignore_result=True)
@lending.long_work()
def importar_clientes() -> int:
    """Process the imports that wait, one by one. It is sent when an import is started, and by beat for what was
    lost."""
    return proceso.atender()


@shared_task(name="workers.contar_clientes", ignore_result=True)
def contar_clientes() -> int:
    """Sum the counts of clients that changed, and compare the phones that are new. Beat sends it."""
    return conteos.atender()


@shared_task(name="workers.atender_programacion", base=Recorded)
def atender_programacion(programacion_id: int) -> int:
    """Make the campaign of a programación whose time has come. The programación's entry in beat's schedule sends it."""
    return ocurrencias.atender(programacion_id)


@shared_task(name="workers.limpiar_importaciones", ignore_result=True)
@lending.long_work()
def limpiar_importaciones() -> int:
    """Delete old imports, the files that nobody confirmed, the answers of calls that brought many clients, and old
    events of hooks."""
    cleaned = proceso.limpiar() + lote.limpiar()
    return cleaned + ganchos.limpiar(hasta=time.monotonic() + OLVIDAR_S)


@shared_task(name="workers.olvidar_contactos", ignore_result=True)
@lending.long_work()
def olvidar_contactos() -> int:
    """Delete what was counted against the frequency cap on past days."""
    return contactos.olvidar_contactos()


@shared_task(name="workers.revisar_twilio", base=Recorded)
def revisar_twilio() -> list[str]:
    """Check the set-up at Twilio. What is wrong is the task's result, in the admin, and in the log."""
    return revision.revisar_y_anotar()


@shared_task(name="workers.revisar_campana", base=Recorded)
def revisar_campana(campana_id: int) -> list[str]:
    """Check the set-up at Twilio for a large campaign that was just created."""
    return antes.revisar_campana(campana_id)


@shared_task(name="workers.cierre_diario", ignore_result=True)
def cierre_diario() -> bool:
    """Go on with the daily closes. Beat sends it, and a person who asks for one; what is left waits for the next."""
    return cierre.atender()


@shared_task(name="workers.correos", ignore_result=True)
def correos() -> int:
    """Send the emails of people's accounts that are due; the workers' timers do it too."""
    return correo.despachar()


@shared_task(name="workers.limpiar_sesiones", ignore_result=True)
@lending.long_work()
def limpiar_sesiones() -> None:
    """Drop the sessions that are over, and the keys that have been over for long."""
    call_command("clearsessions")
    lending.let_others()
    llaves.limpiar()


@shared_task(name="workers.olvidar_lo_viejo", ignore_result=True)
@lending.long_work()
def olvidar_lo_viejo() -> None:
    """Forget what is older than SECURITY_LOG_MONTHS and MESSAGES_MONTHS say, for some minutes; the rest tomorrow."""
    hasta = time.monotonic() + OLVIDAR_S
    if settings.SECURITY_LOG_MONTHS:
        registro.olvidar(settings.SECURITY_LOG_MONTHS, hasta=hasta)
    if settings.MESSAGES_MONTHS:
        entrantes.olvidar_viejos(settings.MESSAGES_MONTHS, hasta=hasta)
        campanas.olvidar_viejas(settings.MESSAGES_MONTHS, hasta=hasta)


@shared_task(name="workers.limpiar_resultados", base=Recorded)
@lending.long_work()
def limpiar_resultados() -> None:
    """Drop the recorded results of campaign-level tasks that are older than RECORDED_RESULTS_EXPIRE."""
    TaskResult.objects.delete_expired(settings.RECORDED_RESULTS_EXPIRE)
