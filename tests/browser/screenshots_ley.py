"""Screenshots of the settings and of what they do to campaigns; scripts/screenshots runs this with the others."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from campaigns.ley.services import cambiar_ajustes
from campaigns.models import CampanaSMS
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True


def test_ajustes(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    cambiar_ajustes(usuario=owner, cambios={"ventanas_activas": True})
    cambiar_ajustes(
        usuario=owner,
        cambios={"ventanas": {"sabado": None}, "dias_cerrados": [timezone.localdate() + timedelta(days=30)]},
        motivo="Los sábados nadie contesta las respuestas.",
    )
    cambiar_ajustes(usuario=owner, cambios={"plazo_h": 48})
    sign_in(owner)
    shoot(page, "ajustes", "/ajustes/")
    page.get_by_label("Lunes, hasta").fill("07:00")
    page.get_by_role("button", name="Guardar los ajustes").click()
    shoot(page, "ajustes-error")


def test_espera(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    now = timezone.now()
    CampanaSMS.objects.filter(pk=campana.pk).update(
        espera_hasta=now + timedelta(hours=13), cierra_en=now, ventana_hasta=now
    )
    sign_in(owner)
    shoot(page, "campana-espera", f"/campanas/{campana.pk}/")
    shoot(page, "campanas-espera", "/campanas/")


def test_tope(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    CampanaSMS.objects.filter(pk=campana.pk).update(
        estado="pausado",
        motivo="Tope de gasto del día: USD 20,00. Van USD 19,95, y los mensajes que siguen cuestan USD 5,00.",
        reanuda_en=timezone.now() + timedelta(hours=13),
    )
    sign_in(owner)
    shoot(page, "campana-tope", f"/campanas/{campana.pk}/")
