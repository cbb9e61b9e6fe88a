"""An operator with a phone: who gets a campaign, and an answer that is sent once, and kept when a session ends, for
whoever wrote it.
"""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from campaigns.models import CampanaSMS, Entrante, PlantillaSMS
from core.models import Usuario
from tests.browser import respuestas, tienda
from tests.browser.conftest import ANGOSTO, SignIn, evaluate_until
from tests.browser.test_presentacion import is_presentable
from tests.factories import VendedorFactory

pytestmark = pytest.mark.browser

# What a finger hits, but links within a line of text: WCAG 2.2, 2.5.5.
SMALL = """() => [...document.querySelectorAll("a.btn, button, summary, .filtro a, .menu-enlace, input.form-control")]
    .filter(e => e.checkVisibility() && !e.matches(".enlace, .visually-hidden") && e.getBoundingClientRect().width)
    .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 90))"""


DRAFTS = "() => Object.keys(sessionStorage).filter((key) => key.startsWith('borrador:')).length"
WORKERS = """() => {
  navigator.serviceWorker.getRegistrations().then((all) => { window.obreros = all.filter((it) => it.active).length; });
  return window.obreros;
}"""


@pytest.fixture
def phone(owner: Usuario, sign_in: SignIn, settings: Settings) -> Page:
    settings.TWILIO_FROM = settings.TWILIO_SENDER = respuestas.NUMERO
    page = sign_in(owner)
    page.set_viewport_size(ANGOSTO)
    return page


def test_who_gets_a_campaign_is_on_the_first_screen(phone: Page, owner: Usuario) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    for path in (f"/campanas/{campana.pk}/", "/campanas/", "/clientes/", "/respuestas/", "/"):
        phone.goto(path)
        assert phone.evaluate(SMALL) == [], path
    phone.goto(f"/campanas/{campana.pk}/")
    first = phone.locator(".destinatario a").first
    for needed in (phone.get_by_role("button", name="Pausar"), first):
        expect(needed).to_be_in_viewport()
    nombre = first.inner_text()
    first.click()
    expect(phone.get_by_role("heading", name=nombre)).to_be_visible()
    phone.get_by_role("link", name="Volver a la campaña").click()
    expect(phone.get_by_role("heading", name=campana.nombre)).to_be_visible()
    phone.get_by_role("button", name="Cancelar campaña").click()
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado")
    expect(phone.locator("#estado")).to_contain_text("Pausad", timeout=15_000)
    expect(phone.get_by_role("dialog")).to_be_visible()


def drafts_are_their_writers(phone: Page, owner: Usuario, sign_in: SignIn) -> None:
    """See a draft go once its form is taken or its row has changed, and stay unseen by the next person at the tab."""
    nombre, texto = phone.get_by_label("Nombre", exact=True), phone.get_by_label("Mensaje", exact=True)

    def write(path: str, mensaje: str) -> None:
        phone.goto(path)
        nombre.fill("Rebajas")
        texto.fill(mensaje)

    write("/clientes/plantillas/crear/", "Vuelven las rebajas")
    phone.get_by_role("button", name="Crear plantilla").click()
    expect(phone.get_by_text("quedó guardada")).to_be_visible()
    plantilla = PlantillaSMS.objects.get(nombre="Rebajas")
    phone.goto("/clientes/plantillas/crear/")
    expect(texto).to_have_value("")
    # A draft comes back while the row is what it was, and puts nothing back that others have changed since.
    path = f"/clientes/plantillas/editar/{plantilla.pk}/"
    write(path, "Lo que escribió una")
    phone.goto(path)
    expect(phone.get_by_text("Se recuperó")).to_be_visible()
    expect(texto).to_have_value("Lo que escribió una")
    PlantillaSMS.objects.update(mensaje="Lo que guardó otra")
    phone.goto(path)
    expect(texto).to_have_value("Lo que guardó otra")
    expect(phone.get_by_text("Se recuperó")).to_be_hidden()
    # Another person at the same tab, who came by a session that ended or by signing out.
    write("/clientes/plantillas/crear/", "Lo de la dueña")
    assert phone.evaluate(DRAFTS) == 1
    sign_in(VendedorFactory.create(creado_por=owner, rol="admin"))
    phone.goto("/clientes/plantillas/crear/")
    expect(texto).to_have_value("")
    assert phone.evaluate(DRAFTS) == 0
    phone.context.grant_permissions(["notifications"])
    for _ in range(2):
        sign_in(owner)
        phone.goto("/")
        assert evaluate_until(phone, WORKERS) == 1
        phone.evaluate("localStorage.setItem('ultima-respuesta', 7)")
        phone.locator("summary", has_text="Menú de").click()
        phone.get_by_role("button", name="Salir").click()
        expect(phone.get_by_role("button", name="Ingresar")).to_be_visible()
        assert phone.evaluate("localStorage.getItem('ultima-respuesta')") is None


def test_a_reply_is_answered_once_and_a_draft_is_its_writers(
    phone: Page, owner: Usuario, sign_in: SignIn, settings: Any
) -> None:
    ana = respuestas.surtida(owner)[0]
    phone.goto("/")
    expect(phone.get_by_role("link", name="respuestas sin leer")).to_be_visible()
    expect(phone.get_by_role("button", name="Menú")).to_contain_text("5 sin leer")
    phone.get_by_role("link", name="respuestas sin leer").click()
    phone.get_by_role("link", name="Ana Gómez").first.click()
    answer = phone.get_by_role("textbox", name="Su respuesta")
    expect(answer).to_be_in_viewport(ratio=1)
    expect(phone.get_by_role("button", name="Responder")).to_be_in_viewport(ratio=1)
    answer.fill("Sí, en azul y en verde.")
    phone.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)  # the session is lost
    phone.get_by_role("button", name="Responder").click()
    expect(phone.get_by_role("button", name="Ingresar")).to_be_visible()
    assert not CampanaSMS.objects.exclude(respuesta_a=None).exists()
    sign_in(owner)
    entrante = Entrante.objects.filter(telefono=ana.telefono_e164).latest("pk")
    phone.goto(f"/respuestas/{entrante.pk}/contestar/")
    expect(phone.get_by_role("textbox", name="Su respuesta")).to_have_value("Sí, en azul y en verde.")
    phone.get_by_role("button", name="Responder").dblclick()
    expect(phone.locator(".globo-enviado").last).to_contain_text("Sí, en azul y en verde.")
    expect(phone.get_by_role("textbox", name="Su respuesta")).to_have_value("")
    assert CampanaSMS.objects.exclude(respuesta_a=None).count() == 1
    is_presentable(phone)
    drafts_are_their_writers(phone, owner, sign_in)
