"""Selectors of recurring campaigns. Each one starts from the tenant."""

from datetime import datetime
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.values.recurrencia import Recurrencia
from core.models import Usuario

PROXIMAS: Final = 5


def programaciones_de(usuario: Usuario, *, solo_prueba: bool = False) -> QuerySet[Programacion]:
    """Return the recurring campaigns of the shop.

    Args:
        solo_prueba: only those of test keys, which see no others.
    """
    found = Programacion.objects.filter(usuario_id=usuario.tenant_id).select_related("plantilla", "remitente")
    return found.filter(prueba=True) if solo_prueba else found


def ocurrencias_de(programacion: Programacion) -> QuerySet[Ocurrencia]:
    """Return the occurrences of a programación, the latest first, each with its campaign."""
    return Ocurrencia.objects.filter(programacion=programacion).select_related("campana")


def ultimas_de(programaciones: list[Programacion]) -> dict[int, Ocurrencia]:
    """Return the latest occurrence of each, by the programación's id."""
    rows = Ocurrencia.objects.filter(programacion__in=programaciones).select_related("campana")
    latest = rows.order_by("programacion_id", "-id").distinct("programacion_id")
    return {row.programacion_id: row for row in latest}


def campanas_de(ocurrencias: list[Ocurrencia]) -> list[CampanaSMS]:
    return [row.campana for row in ocurrencias if row.campana]


def proximas_de(programacion: Programacion) -> list[datetime]:
    """Return the next moments, each with its offset in the programación's zone; none while it is paused."""
    return proximas(programacion.recurrencia) if programacion.activa else []


def proximas(recurrencia: Recurrencia) -> list[datetime]:
    zona = ZoneInfo(recurrencia.zona)
    return [moment.astimezone(zona) for moment in islice(recurrencia.despues_de(timezone.now()), PROXIMAS)]
