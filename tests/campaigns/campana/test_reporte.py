"""The report of a shop's days."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.campana.reporte import reporte_de
from clientes.models import RegistroBaja
from core.models import Usuario

pytestmark = pytest.mark.django_db


def registro(usuario: Usuario, days_ago: int, hour: int = 12, **fields: Any) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    momento = timezone.make_aware(datetime.combine(day, time(hour)))
    RegistroBaja.objects.create(
        **{"usuario": usuario, "tipo": "baja", "fuente": "sms", "huella": b"x", "momento": momento, **fields}
    )


def test_opt_outs_count_on_the_day_on_which_they_were_said(owner: Usuario, stranger: Usuario) -> None:
    registro(owner, 1, hour=0)
    registro(owner, 1, hour=23, fuente="enlace")
    registro(owner, 0, hour=0, fuente="twilio_21610")
    registro(owner, 7)  # before the report begins
    registro(owner, 1, tipo="alta")
    registro(owner, 1, fuente="importacion")  # had left before the shop came here
    registro(stranger, 1)
    reporte = reporte_de(owner, dias=7)
    assert [dia.bajas for dia in reporte.dias] == [0, 0, 0, 0, 0, 2, 1]
    assert (reporte.total.bajas, reporte.total.campanas, reporte.vacio) == (3, 0, False)


def test_nothing_happened(owner: Usuario) -> None:
    assert reporte_de(owner, dias=7).vacio
