"""Two people watch one campaign of the running product: an admin who stops it and goes on, and a vendedor."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.e2e.system import PASSWORD, Shop, System, until

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

DESTINATARIOS = 400
PAUSE_S = 5.0  # what a pause may still let through
CLAVE, PROPIA = "una-clave-larga-9", "otra-clave-larga-7"

Enter = Callable[[str, str], Page]


@pytest.fixture
def enter(chromium: Browser, system: System) -> Iterator[Enter]:
    """Opens a browser of its own for a person, who signs in by the form."""
    contexts = []

    def enter(username: str, password: str) -> Page:
        context = chromium.new_context(base_url=system.url, locale="es-CO", timezone_id="America/Bogota")
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto("/cuentas/ingresar/")
        page.get_by_label("Usuario").fill(username)
        page.get_by_label("Contraseña").fill(password)
        page.get_by_role("button", name="Ingresar").click()
        expect(page.get_by_role("heading", name=re.compile("Inicio|Su clave"))).to_be_visible()
        return page

    yield enter
    for context in contexts:
        context.close()


def a_vendedor(admin: Page, username: str) -> None:
    admin.goto("/usuarios/nuevo/")
    admin.get_by_label("Nombre").fill("Marta")
    admin.get_by_label("Usuario", exact=True).fill(username)
    admin.get_by_label("Clave", exact=True).fill(CLAVE)
    admin.get_by_label("La misma clave otra vez").fill(CLAVE)
    admin.get_by_role("button", name="Agregar persona").click()
    expect(admin.get_by_text("ya puede ingresar")).to_be_visible()


def choose_own(page: Page) -> None:
    """Put an own password in the place of the one that the admin chose."""
    page.get_by_label("Clave actual").fill(CLAVE)
    page.get_by_label("Clave nueva", exact=True).fill(PROPIA)
    page.get_by_label("La clave nueva otra vez").fill(PROPIA)
    page.get_by_role("button", name="Cambiar clave").click()
    expect(page.get_by_text("Su clave cambió")).to_be_visible()


def mark(page: Page) -> None:
    """Leave something that a reload would wipe."""
    page.evaluate("window.misma = true")


def unmoved(page: Page) -> bool:
    return page.evaluate("window.misma === true") is True


def sent(page: Page) -> int:
    return int(page.locator("[data-cuenta=exitosos]").inner_text().replace(".", ""))


def test_pause_stops_it_for_both_and_resume_sends_only_the_rest(system: System, shop: Shop, enter: Enter) -> None:
    numbers = [f"+57300550{n:04d}" for n in range(DESTINATARIOS)]
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=1.0)
    admin = enter(shop.username, PASSWORD)
    a_vendedor(admin, f"{shop.username}-marta")
    vendedor = enter(f"{shop.username}-marta", CLAVE)
    choose_own(vendedor)
    campana = shop.campaign(ids)
    pages = (admin, vendedor)
    for page in pages:
        page.goto(f"/campanas/{campana}/")
        expect(page.locator("#estado")).to_have_text("Procesando")
        before = sent(page)
        mark(page)
        until(lambda page=page: sent(page), lambda now, before=before: now > before + 5)  # type: ignore[misc]
    expect(vendedor.locator("#acciones button")).to_have_count(0)
    assert all(map(unmoved, pages))

    admin.get_by_role("button", name="Pausar").click()
    expect(admin.locator("#estado")).to_have_text("Pausada")
    expect(vendedor.locator("#estado")).to_have_text("Pausada")
    expect(vendedor.locator("#historia")).to_contain_text(shop.username)
    assert unmoved(vendedor)
    [(paused_at,)] = system.sql(
        "SELECT extract(epoch FROM creado)::float8 FROM campaigns_suceso WHERE campana_id = %s AND tipo = 'pausada'",
        campana,
    )
    until(lambda: shop.progress(campana), lambda now: now["enviando"] == 0)
    # Nothing more comes, although there is time for it.
    [(still,)] = system.sql(
        "SELECT count(*) FROM campaigns_smslog WHERE campana_id = %s AND estado = 'enviado'", campana
    )
    admin.wait_for_timeout(1000 * (PAUSE_S + 1))
    arrived = [row for to in numbers for row in system.simulator.control.ledger(to=to)]
    assert 0 < len(arrived) == still < DESTINATARIOS
    assert max(row.accepted_at for row in arrived) < paused_at + PAUSE_S

    system.simulator.control.set_faults(latency_s=0.1)
    mark(admin)
    admin.get_by_role("button", name="Reanudar").click()
    expect(vendedor.locator("#estado")).to_have_text("Completada", timeout=60_000)
    expect(admin.locator("#estado")).to_have_text("Completada")
    expect(vendedor.locator("[data-cuenta=exitosos]")).to_have_text(str(DESTINATARIOS))
    expect(admin.locator("#acciones button")).to_have_count(0)
    assert unmoved(vendedor)
    messages = [row.to for to in numbers for row in system.simulator.control.ledger(to=to)]
    assert sorted(messages) == numbers
    expect(vendedor.locator("[data-embudo=enviados]")).to_have_text(str(DESTINATARIOS))
