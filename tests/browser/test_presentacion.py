"""Every page: nothing wider than a phone, nothing refused by the CSP, nothing serious for axe."""

import zlib
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from campaigns.ley.services import cambiar_ajustes
from clientes.rne.services import importar_lista
from core.models import Usuario
from core.registro import Tipo, anotar
from tests.browser import tienda
from tests.browser.conftest import ANCHO, ANGOSTO, SCHEMES, Ears, SignIn, grave, overflow

pytestmark = pytest.mark.browser


def is_presentable(page: Page) -> None:
    """Judge the page as it is now, wide and narrow, the one light and the other dark: which, changes from page to page.

    Colours do not depend on the width, and axe takes half a second of a processor each time.
    """
    schemes = SCHEMES if zlib.crc32(urlsplit(page.url).path.encode()) % 2 else SCHEMES[::-1]
    for size, scheme in zip((ANCHO, ANGOSTO), schemes, strict=True):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        assert overflow(page) == 0, f"{page.url} is wider than {size['width']}"
        assert grave(page) == [], f"{page.url} {size['width']} {scheme}"


@pytest.fixture
def simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True


def test_a_grave_fault_is_found(page: Page) -> None:
    page.set_content("<html lang=es><title>Pálida</title><main><h1 style=color:#ccc>Hola</h1></main>")
    assert [found.partition(":")[0] for found in grave(page)] == ["color-contrast"]


def test_the_login(page: Page, owner: Usuario, simulado: None) -> None:
    page.goto("/cuentas/ingresar/")
    page.get_by_label("Usuario").fill("duena")
    page.get_by_label("Contraseña").fill("otra")
    page.get_by_role("button", name="Ingresar").click()
    expect(page.get_by_role("alert")).to_be_visible()
    is_presentable(page)


def test_an_empty_dashboard(owner: Usuario, sign_in: SignIn, simulado: None) -> None:
    page = sign_in(owner)
    page.goto("/")
    expect(page.get_by_text("Simulado", exact=False).first).to_be_visible()
    is_presentable(page)


def test_a_desktop_shows_the_whole_menu(owner: Usuario, sign_in: SignIn, simulado: None) -> None:
    page = sign_in(owner)
    page.set_viewport_size(ANCHO)
    page.goto("/")
    expect(page.locator(".menu").get_by_text("Personas")).to_be_in_viewport(ratio=1)
    assert page.evaluate("(m => m.scrollWidth - m.clientWidth)(document.querySelector('.menu'))") == 0


def test_a_full_dashboard(owner: Usuario, sign_in: SignIn, simulado: None) -> None:
    tienda.surtida(owner)
    page = sign_in(owner)
    page.goto("/")
    page.locator("summary", has_text="Menú de duena").click()
    is_presentable(page)


def test_a_running_campaign(owner: Usuario, sign_in: SignIn, simulado: None) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    is_presentable(page)
    page.get_by_role("button", name="Cancelar campaña").click()
    is_presentable(page)


def long_words(owner: Usuario) -> str:
    campana = tienda.detenida(owner, "Promo" * 40, 10, estado="pausado", motivo="https://" + "a" * 200)
    campana.mensaje = "https://tienda.example/" + "x" * 300
    campana.save(update_fields=["mensaje"])
    return f"/campanas/{campana.pk}/"


@pytest.mark.parametrize(
    "make",
    [
        long_words,
        lambda owner: f"/campanas/{tienda.detenida(owner, 'Promo', 10, estado='pausado', motivo='Twilio').pk}/",
        lambda owner: f"/campanas/{tienda.terminada(owner, 'Promo', 0, 3, motivo='Nada salió').pk}/",
    ],
    ids=["long words", "paused", "error"],
)
def test_a_campaign(make: Callable[[Usuario], str], owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto(make(owner))
    is_presentable(page)


@pytest.mark.parametrize("path", ["/ajustes/", "/clientes/rne/"])
def test_what_the_law_asks_for(path: str, owner: Usuario, sign_in: SignIn) -> None:
    importar_lista(usuario=owner, telefonos=["3001112233"], consultado_en=date(2026, 1, 2), reemplaza=False)
    cambiar_ajustes(usuario=owner, cambios={"plazo_h": 48}, motivo="Ofertas de dos días")
    page = sign_in(owner)
    page.goto(path)
    is_presentable(page)


def test_the_security_log(owner: Usuario, sign_in: SignIn) -> None:
    anotar(Tipo.LIMITE, usuario=owner)
    anotar(Tipo.EXPORTACION, usuario=owner, detalle="destinatarios de la campaña 41")
    page = sign_in(owner)
    page.goto("/seguridad/")
    expect(page.get_by_text("Demasiados intentos").last).to_be_visible()
    is_presentable(page)


def test_a_page_that_does_not_exist(owner: Usuario, sign_in: SignIn, ears: Ears) -> None:
    page = sign_in(owner)
    page.goto("/no-existe/")
    expect(page.get_by_role("heading", name="No encontramos esta página")).to_be_visible()
    is_presentable(page)
    ears.forgive("/no-existe/")


def test_the_api_documentation_opens(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/api/docs/")
    page.locator(".swagger-ui .opblock").first.click()
    expect(page.locator(".swagger-ui .opblock-body").first).to_be_visible()


def test_the_admin_opens(owner: Usuario, sign_in: SignIn) -> None:
    owner.is_staff = owner.is_superuser = True
    owner.save(update_fields=["is_staff", "is_superuser"])
    page = sign_in(owner)
    page.goto("/")
    page.locator("summary", has_text="Menú de duena").click()
    page.get_by_role("link", name="Administración").click()
    expect(page.get_by_role("heading", name="Administración", exact=True)).to_be_visible()


def press_first_tab(page: Page) -> None:
    """Press Tab until something has the focus: a key that a page just opened is not yet listening for is lost."""
    page.bring_to_front()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== document.body"):
            return


def test_the_keyboard_reaches_the_content_first(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/")
    press_first_tab(page)
    expect(page.get_by_role("link", name="Saltar al contenido")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#contenido")).to_be_focused()
