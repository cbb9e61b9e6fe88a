"""The pages of replies and opt-outs, as people see them; and the page behind an opt-out link, as clients do."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from campaigns.mensaje.enlace import llave
from campaigns.mensaje.token import token_de
from campaigns.models import SMSLog
from clientes.models import Baja, Cliente
from core.models import Usuario
from tests.browser import respuestas
from tests.browser.conftest import SignIn
from tests.browser.test_presentacion import is_presentable

pytestmark = pytest.mark.browser


@pytest.fixture
def clientes(owner: Usuario, settings: Any) -> list[Cliente]:
    settings.TWILIO_FROM = settings.TWILIO_SENDER = respuestas.NUMERO
    return respuestas.surtida(owner)


def test_the_list_is_read_and_the_conversation_opened(owner: Usuario, clientes: list[Cliente], sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/respuestas/")
    expect(page.get_by_role("main").get_by_text("5 sin leer")).to_be_visible()
    is_presentable(page)
    page.get_by_role("link", name="Sin leer", exact=True).click()
    page.get_by_role("button", name="Marcar estos como leídos").click()
    expect(page.get_by_text("5 mensajes leídos.")).to_be_visible()
    expect(page.get_by_role("heading", name="Todo está leído")).to_be_visible()
    page.get_by_role("link", name="Ver todas").click()
    page.get_by_role("link", name="Ana Gómez").first.click()
    expect(page.get_by_role("list")).to_contain_text("¿Tienen el vestido azul")
    is_presentable(page)


def test_what_may_be_an_opt_out_is_decided(owner: Usuario, clientes: list[Cliente], sign_in: SignIn) -> None:
    respuestas.dudosa(clientes[8])
    page = sign_in(owner)
    page.goto("/respuestas/")
    page.get_by_role("link", name="1 por decidir").click()
    is_presentable(page)
    page.get_by_role("listitem").get_by_role("link", name=clientes[8].nombre).click()
    expect(page.get_by_text("Hasta que un administrador decida, no se le envía nada.")).to_be_visible()
    is_presentable(page)
    page.get_by_role("button", name="Es una baja", exact=True).click()
    expect(page.get_by_text("Es una baja: no se le escribe más.")).to_be_visible()
    assert Baja.objects.filter(usuario=owner, telefono=clientes[8].telefono_e164, vigente=True).exists()


def test_the_list_of_those_who_left(owner: Usuario, clientes: list[Cliente], sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/bajas/")
    is_presentable(page)
    page.get_by_role("row", name="Luis Ríos").get_by_role("link").first.click()
    expect(page.get_by_text("«BAJA por favor»")).to_be_visible()
    is_presentable(page)
    page.get_by_role("button", name="Levantar la baja").click()
    expect(page.get_by_role("alert")).to_contain_text("No se guardó")
    is_presentable(page)
    page.goto("/bajas/nueva/")
    page.get_by_role("button", name="Registrar baja").click()
    is_presentable(page)


def test_the_link_of_a_message(clientes: list[Cliente], page: Page) -> None:
    log = SMSLog.objects.get(cliente=clientes[4])
    page.goto(f"/b/{token_de(log.pk, llave())}")
    expect(page.get_by_text("Modas Zafiro", exact=True)).to_be_visible()
    is_presentable(page)
    page.get_by_role("button", name="No recibir más mensajes").click()
    expect(page.get_by_role("heading", name="No recibirá más mensajes")).to_be_visible()
    assert Baja.objects.filter(telefono=log.telefono, vigente=True, fuente="enlace").exists()
    is_presentable(page)
    page.get_by_role("button", name="Quiero volver a recibirlos").click()
    expect(page.get_by_role("button", name="No recibir más mensajes")).to_be_visible()
    assert not Baja.objects.filter(telefono=log.telefono, vigente=True).exists()


def test_the_editor_counts_the_link(owner: Usuario, clientes: list[Cliente], sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/clientes/plantillas/crear/")
    page.get_by_role("button", name="Enlace de baja").click()
    expect(page.get_by_label("Mensaje")).to_have_value("{enlace_baja}")
    link = page.locator("[data-enlace]").get_attribute("data-enlace") or ""
    expect(page.locator("[data-burbuja=primero]")).to_have_text(link)
    expect(page.locator("[data-cuenta-viva]")).to_contain_text(f"{len(link)} caracteres · GSM-7 · 1 segmento")
    page.get_by_label("Mensaje").fill("x" * (161 - len(link)) + "{enlace_baja}")
    expect(page.locator("[data-cuenta-viva]")).to_contain_text("161 caracteres · GSM-7 · 2 segmentos")
