"""Screenshots of the campaigns' own pages; scripts/screenshots runs this with the others."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from campaigns.models import CampanaSMS
from clientes.models import Cliente
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot
from tests.factories import ClienteFactory, EtiquetaFactory, PlantillaFactory, SegmentoFactory

MENSAJE = "¡Hola {nombre}! Promoción del Día de la Madre: 30 % de descuento sábado y domingo. Muestre este SMS en caja."


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True


@pytest.fixture
def clientes(owner: Usuario) -> list[Cliente]:
    """A shop with tags, segments and templates, and some clients that cannot be sent to."""
    found = tienda.clientes(owner, 40)
    ClienteFactory.create_batch(3, usuario=owner, nombre="Pedro Páramo", telefono="")
    ClienteFactory.create(usuario=owner, nombre="Rosa Salas", telefono="12")
    largo = "María Fernanda de los Ángeles Restrepo Valencia"
    ClienteFactory.create(usuario=owner, nombre=largo, telefono="3151234567")
    for nombre, step in (("VIP", 3), ("Mayoristas", 7), ("Chapinero", 2), ("No molestar", 11)):
        EtiquetaFactory.create(usuario=owner, nombre=nombre).clientes.set(found[::step])
    SegmentoFactory.create(
        usuario=owner,
        nombre="Buenos clientes que no volvieron",
        condiciones={"gasto_minimo": "200000.00", "gasto_en_dias": 365, "no_compro_en_dias": 90, "con_movil": True},
    )
    SegmentoFactory.create(usuario=owner, nombre="Con celular", condiciones={"con_movil": True, "activo": True})
    PlantillaFactory.create(usuario=owner, nombre="Promoción mensual", mensaje=MENSAJE)
    return found


def spread(campanas: dict[str, CampanaSMS]) -> None:
    """Let the days of the chart differ."""
    for n, campana in enumerate(CampanaSMS.objects.exclude(completado_en=None)):
        campana.completado_en = timezone.now() - timedelta(days=3 * n + 1)
        campana.save(update_fields=["completado_en"])


def test_campanas(owner: Usuario, clientes: list[Cliente], sign_in: SignIn, page: Page, ears: Ears) -> None:
    sign_in(owner)
    shoot(page, "campanas-vacia", "/campanas/")
    shoot(page, "etiquetas", "/clientes/etiquetas/")
    page.get_by_role("button", name="Eliminar VIP").click()
    shoot(page, "etiquetas-eliminar")
    shoot(page, "segmentos", "/clientes/segmentos/")
    shoot(page, "segmento-nuevo", "/clientes/segmentos/nuevo/")

    shoot(page, "nueva-1-audiencia", "/campanas/nueva/")
    page.get_by_label("Algunos").check()
    page.get_by_label("VIP").first.check()
    page.get_by_role("searchbox", name="Estos clientes").first.fill("sara")
    page.get_by_role("list", name="Clientes encontrados").wait_for()
    page.get_by_role("list", name="Clientes encontrados").get_by_role("checkbox").first.check()
    page.locator("summary", has_text="Dejar a algunos por fuera").click()
    page.wait_for_timeout(600)
    shoot(page, "nueva-1-algunos")
    page.get_by_role("button", name="Continuar al mensaje").click()
    shoot(page, "nueva-2-vacio")
    page.get_by_label("Texto").fill(MENSAJE)
    page.get_by_role("button", name="Usar el texto sin tildes").wait_for()
    shoot(page, "nueva-2-mensaje")
    page.get_by_role("button", name="Revisar").last.click()
    shoot(page, "nueva-3-revision")

    spread(tienda.surtida(owner))
    shoot(page, "campanas", "/campanas/")
    shoot(page, "campanas-buscar", "/campanas/?q=nada")
    shoot(page, "inicio", "/")
