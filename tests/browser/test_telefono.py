"""An operator with a phone: who gets a campaign, and an answer that is sent once, and kept when a session ends."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from campaigns.models import CampanaSMS, Entrante
from core.models import Usuario
from tests.browser import respuestas, tienda
from tests.browser.conftest import ANGOSTO, SignIn
from tests.browser.test_presentacion import is_presentable

pytestmark = pytest.mark.browser

# What a finger hits, but links within a line of text: WCAG 2.2, 2.5.5.
SMALL = """() => [...document.querySelectorAll("a.btn, button, summary, .filtro a, .menu-enlace, input.form-control")]
    .filter(e => e.checkVisibility() && !e.matches(".enlace, .visually-hidden") && e.getBoundingClientRect().width)
    .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 90))"""


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


def test_a_reply_is_announced_and_answered_once(phone: Page, owner: Usuario, sign_in: SignIn, settings: Any) -> None:
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
