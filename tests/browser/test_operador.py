"""The operator's pages about Twilio, as people see them: the daily closes, and the check of the account."""

import pytest
from playwright.sync_api import expect

from core.models import Usuario
from tests.browser import operador
from tests.browser.conftest import SignIn
from tests.browser.test_presentacion import is_presentable
from workers.revision import pages
from workers.revision.fallas import Falla

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _operador(owner: Usuario) -> None:
    operador.ascender(owner)


def test_there_is_no_close_yet(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/cierres/")
    expect(page.get_by_role("heading", name="Aún no hay ningún cierre")).to_be_visible()
    is_presentable(page)


def test_a_day_with_differences(owner: Usuario, sign_in: SignIn) -> None:
    operador.cierres()
    page = sign_in(owner)
    page.goto("/cierres/")
    expect(page.get_by_text("Cuadra")).to_be_visible()
    expect(page.get_by_text("Twilio no responde")).to_be_visible()
    is_presentable(page)
    page.get_by_role("link", name="4 mar 2026").click()
    expect(page.get_by_role("heading", name="Otro teléfono")).to_be_visible()
    is_presentable(page)


def test_a_day_that_has_not_ended_is_refused(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/cierres/")
    page.get_by_label("Día (UTC)").fill("2199-01-01")
    page.get_by_role("button", name="Cerrar ese día").click()
    expect(page.get_by_text("Ese día no ha terminado")).to_be_visible()
    is_presentable(page)


def test_the_check_of_twilio(owner: Usuario, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    operador.revision()
    page = sign_in(owner)
    page.goto("/twilio/revision/")
    expect(page.get_by_text("no tiene saldo")).to_be_visible()
    is_presentable(page)
    monkeypatch.setattr(pages, "revisar", lambda: [Falla("reloj", "El reloj difiere", "Sincronícelo.", grave=True)])
    page.get_by_role("button", name="Revisar ahora").click()
    expect(page.get_by_text("El reloj difiere.")).to_be_visible()
    is_presentable(page)
