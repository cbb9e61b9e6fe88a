"""Beat's entry for a programación: it wakes the workers on time.

It decides nothing. Its crontab may fire when nothing is due (celery knows no last day of a month and no two kinds of
days at once, so those days are left open), twice when there are two beats, or not at all when beat was killed between
moving its schedule and publishing. Whoever wakes looks at `Programacion.proxima`, and every sweep does.

Beat saves its entries whole, so a change made here at that very moment may be lost: then the sweep alone finds it.
"""

import json
from typing import Final

from django_celery_beat.models import CrontabSchedule, PeriodicTask

from campaigns.models import Programacion
from campaigns.values.recurrencia import Frecuencia

ATENDER: Final = "workers.atender_programacion"


def nombre(programacion: Programacion) -> str:
    return f"programacion-{programacion.pk}"


def sincronizar(programacion: Programacion) -> None:
    """Write beat's entry anew, switched off while the programación is paused or over."""
    spec = _crontab(programacion)
    # Not get_or_create: no constraint keeps the table from holding one twice.
    crontab = CrontabSchedule.objects.filter(**spec).first() or CrontabSchedule.objects.create(**spec)
    PeriodicTask.objects.update_or_create(
        name=nombre(programacion),
        defaults={
            "task": ATENDER,
            "args": json.dumps([programacion.pk]),
            "crontab": crontab,
            "interval": None,
            "solar": None,
            "clocked": None,
            "enabled": programacion.activa and not programacion.terminada,
            "description": programacion.nombre,
        },
    )


def olvidar(programacion: Programacion) -> None:
    PeriodicTask.objects.filter(name=nombre(programacion)).delete()


def _crontab(programacion: Programacion) -> dict[str, str]:
    """A crontab that fires at every occurrence, and maybe more often."""
    minute, hour, *_ = programacion.recurrencia.expresiones()[0].split()
    spec = {"minute": minute, "hour": hour, "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}
    if programacion.frecuencia == Frecuencia.SEMANAL:
        spec["day_of_week"] = ",".join(str(dia % 7) for dia in programacion.dias)
    elif programacion.dia_mes:
        spec["day_of_month"] = str(programacion.dia_mes) if programacion.dia_mes <= 28 else "28-31"
    return {**spec, "timezone": programacion.zona}
