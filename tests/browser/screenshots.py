"""Screenshots of every page, wide and narrow, light and dark: scripts/screenshots runs this; the tests do not."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_django import Settings

from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import ANCHO, ANGOSTO, SCHEMES, Ears, SignIn
from tests.browser.test_importacion import estados

OUT = Path(os.environ.get("SCREENSHOTS", ".data/screenshots"))


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True


def shoot(page: Page, name: str, path: str | None = None) -> None:
    """Both widths in light and dark; `path` None keeps what the page shows."""
    OUT.mkdir(parents=True, exist_ok=True)
    if path is not None:
        page.goto(path)
    for width, size in (("1280", ANCHO), ("375", ANGOSTO)):
        page.set_viewport_size(size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            suffix = "" if scheme == "light" else "-oscuro"
            page.screenshot(path=OUT / f"{name}-{width}{suffix}.png", full_page=True)
    page.set_viewport_size(ANCHO)


def test_screenshots(owner: Usuario, teammate: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    shoot(page, "ingresar", "/cuentas/ingresar/")
    page.get_by_label("Usuario").fill("duena")
    page.get_by_label("Contraseña").fill("otra")
    page.get_by_role("button", name="Ingresar").click()
    shoot(page, "ingresar-error")

    sign_in(owner)
    shoot(page, "tablero-vacio", "/")
    campanas = tienda.surtida(owner)
    shoot(page, "tablero", "/")
    page.locator("summary", has_text="Menú de duena").click()
    shoot(page, "menu")
    for estado, campana in campanas.items():
        shoot(page, f"campana-{estado}", f"/campanas/{campana.pk}/")
    shoot(page, "campana-fallidos", f"/campanas/{campanas['procesando'].pk}/?estado=fallido")
    page.get_by_role("button", name="Cancelar campaña").click()
    shoot(page, "campana-cancelar")
    page.get_by_role("button", name="Sí, cancelar").click()
    shoot(page, "campana-cancelada")

    shoot(page, "404", "/no-existe/")
    page.goto("/api/docs/")
    page.locator(".swagger-ui .opblock").first.wait_for()
    shoot(page, "api")
    ears.forgive("404")


def test_readme(owner: Usuario, sign_in: SignIn, context: BrowserContext) -> None:
    """The picture of a running campaign for the README."""
    campana = tienda.grande(owner)
    page = sign_in(owner)
    page.set_viewport_size({"width": 1200, "height": 900})
    page.goto(f"/campanas/{campana.pk}/")
    page.screenshot(path=OUT / "readme.png")


def test_importaciones(owner: Usuario, sign_in: SignIn, page: Page) -> None:
    sign_in(owner)
    shoot(page, "importar-vacio", "/clientes/importar/")
    for name, importacion in estados(owner).items():
        shoot(page, f"importar-{name}", f"/clientes/importar/{importacion.pk}/")
    shoot(page, "importar", "/clientes/importar/")
