"""The door: wrong, right, out."""

import pytest
from playwright.sync_api import Page, expect

from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn

pytestmark = pytest.mark.browser


def enter(page: Page, username: str, password: str) -> None:
    page.get_by_label("Usuario").fill(username)
    page.get_by_label("Contraseña").fill(password)
    page.get_by_role("button", name="Ingresar").click()


def test_it_rejects_then_lets_in_and_out(page: Page, owner: Usuario) -> None:
    page.goto("/")
    expect(page).to_have_url("/cuentas/ingresar/?next=/")

    enter(page, owner.username, "no-es-esta")
    expect(page.get_by_role("alert")).to_contain_text("no son correctos")
    expect(page.get_by_label("Usuario")).to_have_value(owner.username)
    expect(page.get_by_label("Contraseña")).to_be_focused()

    enter(page, owner.username, "clave-de-prueba")
    expect(page.get_by_role("heading", name="Para empezar")).to_be_visible()

    page.locator("summary", has_text="Menú de duena").click()
    expect(page.get_by_text("Administrador", exact=True)).to_be_visible()
    page.get_by_role("button", name="Salir").click()
    expect(page.get_by_role("heading", name="Ingrese a su cuenta")).to_be_visible()


def test_a_page_whose_session_ended_leads_to_the_login(page: Page, owner: Usuario, sign_in: SignIn, ears: Ears) -> None:
    tienda.detenida(owner, "Promo", 10)
    sign_in(owner)
    page.goto("/")
    page.context.clear_cookies()
    expect(page).to_have_url("/cuentas/ingresar/?next=/")
    ears.forgive("401")
