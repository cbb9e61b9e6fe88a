"""Screenshots of what the review promises, and of how it ended; scripts/screenshots runs this with the others."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from campaigns.models import Ajustes, CampanaSMS, Contacto, Lote
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot
from tests.factories import CampanaFactory, ClienteFactory, una_programacion


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True


def test_promesa(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    Ajustes.objects.filter(usuario=owner).update(
        ventanas_activas=True, frecuencia_activa=True, precio_segmento=Decimal("0.05"), tope_diario=Decimal("1.50")
    )
    clientes = tienda.clientes(owner, 40)
    ClienteFactory.create_batch(2, usuario=owner, telefono="")
    other = CampanaFactory.create(usuario=owner, estado="cancelado", completado_en=timezone.now())
    for cliente in clientes[:25]:
        dia = timezone.localdate()
        Contacto.objects.create(usuario=owner, dia=dia, telefono=cliente.telefono_e164, n=1, campana=other)
    sign_in(owner)
    shoot(page, "promesa-1-audiencia", "/campanas/nueva/")
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Hola {nombre}, mañana abrimos hasta las nueve.")
    page.get_by_role("button", name="Revisar").last.click()
    shoot(page, "promesa-3-ahora")
    page.get_by_label("Otro día u otra hora").check()
    sunday = timezone.localdate() + timedelta(days=13 - timezone.localdate().weekday())
    with page.expect_response("**/campanas/nueva/"):
        page.get_by_label("Día y hora").fill(f"{sunday:%Y-%m-%d}T20:00")
    page.get_by_role("button", name="Programarla para esa hora").wait_for()
    shoot(page, "promesa-3-domingo")
    page.get_by_role("button", name="Programarla para esa hora").click()
    shoot(page, "promesa-3-movida")

    row = una_programacion(owner, nombre="Fin de semana", frecuencia="semanal", hora=time(20), dias=(6, 7))
    shoot(page, "promesa-programacion", f"/programaciones/{row.pk}/")
    shoot(page, "promesa-programacion-editar", f"/programaciones/{row.pk}/editar/")

    campana = tienda.terminada(owner, "Black Friday", 1204, 8796, estado="cancelado", motivo="La canceló duena.")
    parts = {"no_enviados": 8712, "excluidos": 72}
    CampanaSMS.objects.filter(pk=campana.pk).update(**parts)
    Lote.objects.filter(campana=campana).update(**parts)
    shoot(page, "promesa-cancelada", f"/campanas/{campana.pk}/")
    shoot(page, "promesa-inicio", "/")
    shoot(page, "promesa-reportes", "/reportes/")
    shoot(page, "promesa-campanas", "/campanas/")
