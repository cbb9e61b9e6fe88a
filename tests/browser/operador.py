"""An installation as its operator sees it: closes that match, differ and go on, and a check of Twilio."""

import json
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone
from django_celery_results.models import TaskResult

from campaigns.models import CierreDiario, Diferencia
from core.models import Usuario
from workers.revision import pages

DIA = date(2026, 3, 4)


def ascender(usuario: Usuario) -> None:
    usuario.is_staff = usuario.is_superuser = True
    usuario.save(update_fields=["is_staff", "is_superuser"])


def cierres() -> CierreDiario:
    """A day in each state; the one with differences of every kind."""
    sums = {"mensajes": 1_234_567, "filas": 1_234_417, "segmentos": 2_469_134, "moneda": "USD", "veces": 1}
    for n, fields in enumerate(({}, {"error": "read_timeout"}, {"estado": "leyendo"}, {"estado": "comparando"})):
        made = {**sums, "estado": "listo", "costo": Decimal("64814.7675"), "terminado_en": timezone.now(), **fields}
        CierreDiario.objects.create(dia=DIA - timedelta(days=n + 1), **made)
    found = CierreDiario.objects.create(
        dia=DIA,
        **sums,
        estado="listo",
        costo=Decimal("64814.7675"),
        terminado_en=timezone.now(),
        sin_precio=3,
        sin_consultar=40_000,
        corregidos=12_345,
        diferencias=dict.fromkeys(Diferencia.Tipo.values, 150),
    )
    for tipo in Diferencia.Tipo.values:
        for n in range(3):
            Diferencia.objects.create(
                cierre=found,
                tipo=tipo,
                sid=f"SM{n:032x}",
                log_id=n or None,
                campana_id=n or None,
                nuestro="undelivered",
                de_twilio="+573001112233",
            )
    return found


def revision() -> None:
    """This morning's check, which found something."""
    lines = [
        "La cuenta de Twilio no tiene saldo: quedan 0,42 USD. Recárguela. [sin_saldo]",
        "El remitente +15005550006 no está en esta cuenta. Cómprelo o cambie TWILIO_FROM. [remitente_ajeno]",
    ]
    TaskResult.objects.create(task_id="r", task_name=pages.TAREA, status="SUCCESS", result=json.dumps(lines))
