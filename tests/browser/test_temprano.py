"""A page on which a person acts before its scripts have come, as on a slow phone: what was done counts too."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import SignIn
from tests.factories import EtiquetaFactory

pytestmark = pytest.mark.browser

Act = Callable[[Page], None]


def until_2000(page: Page) -> None:
    page.get_by_label("Entraron hasta").fill("2000-01-01")


def choose_some(page: Page) -> None:
    page.get_by_label("Algunos").check()


def search(page: Page) -> None:
    page.get_by_label("Algunos").check()
    page.get_by_role("searchbox", name="Estos clientes").first.fill("ana")


@pytest.fixture
def surtida(owner: Usuario) -> Usuario:
    tienda.clientes(owner, 40)
    EtiquetaFactory.create(usuario=owner)
    return owner


@pytest.fixture
def late(surtida: Usuario, sign_in: SignIn) -> tuple[Page, list[Route]]:
    """A page whose htmx has not come yet, and the request that it waits for."""
    page = sign_in(surtida)
    waiting: list[Route] = []
    page.route("**/htmx.min*.js", lambda route: waiting.append(route))
    return page, waiting


@pytest.mark.parametrize(
    ("path", "act", "where", "text"),
    [
        pytest.param("/campanas/nueva/", choose_some, "#cuenta", re.compile("Elija a quién"), id="audience"),
        pytest.param("/campanas/nueva/", search, ".hallados >> nth=0", re.compile("Ana Gómez"), id="search"),
        pytest.param(
            "/clientes/segmentos/nuevo/",
            until_2000,
            "#cuenta .resumen-cifra",
            "0",
            id="segment",
        ),
    ],
)
def test_what_was_done_before_the_scripts_came_counts(
    late: tuple[Page, list[Route]], path: str, act: Act, where: str, text: str | re.Pattern[str]
) -> None:
    page, waiting = late
    page.goto(path, wait_until="commit")
    act(page)
    expect(page.locator(where)).not_to_have_text(text)
    waiting.pop().continue_()
    expect(page.locator(where)).to_have_text(text)


def test_a_text_that_was_written_before_the_scripts_came_has_its_cost(late: tuple[Page, list[Route]]) -> None:
    page, waiting = late
    page.goto("/campanas/nueva/", wait_until="commit")
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Promoción")
    expect(page.locator("#editor-cuenta")).not_to_contain_text("9 caracteres")
    waiting.pop().continue_()
    expect(page.locator("#costo")).to_contain_text("Segmentos en total")
    expect(page.locator("#editor-cuenta")).to_contain_text("9 caracteres")


def test_what_back_brings_again_has_its_cost(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/campanas/nueva/")
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Promoción")
    expect(page.locator("#costo")).to_contain_text("Segmentos en total")
    page.goto("/muro/")
    page.go_back()
    expect(page.get_by_label("Texto")).to_have_value("Promoción")
    expect(page.locator("#costo")).to_contain_text("Segmentos en total")
    expect(page.locator("#editor-cuenta")).to_contain_text("9 caracteres")
