"""Setting up the second factor in a browser, and signing in with it."""

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from core.models import Factor, LlaveAcceso, Usuario
from tests.browser.conftest import Ears, SignIn
from tests.browser.test_ingreso import enter
from tests.browser.test_presentacion import is_presentable

pytestmark = pytest.mark.browser


def test_who_must_have_one_sets_it_up_and_signs_in_with_it(
    page: Page, owner: Usuario, ears: Ears, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    page.goto("/clientes/")
    enter(page, owner.username, "clave-de-prueba")
    expect(page).to_have_url("/cuenta/factor/")
    expect(page.get_by_text("hasta entonces no puede hacer nada más")).to_be_visible()
    expect(page.get_by_role("img", name="Código QR")).to_be_visible()
    is_presentable(page)
    secreto = page.locator("#secreto").inner_text().replace(" ", "")

    page.get_by_label("Escriba el código que muestra").fill(pyotp.TOTP(secreto).now())
    page.get_by_role("button", name="Poner el segundo factor").click()

    expect(page.get_by_role("heading", name="Sus códigos de recuperación")).to_be_visible()
    codes = page.locator(".factor-codigos code").all_inner_texts()
    assert len(codes) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){5}[a-z2-7]{4}", code) for code in codes)
    page.get_by_role("link", name="Ya los guardé").click()
    expect(page.get_by_role("heading", name="Para empezar")).to_be_visible()

    page.locator("summary", has_text="Menú de duena").click()
    page.get_by_role("button", name="Salir").click()
    enter(page, owner.username, "clave-de-prueba")
    expect(page.get_by_role("heading", name="Escriba su código")).to_be_visible()
    page.get_by_label("Código de su aplicación").fill(codes[0])
    page.get_by_role("button", name="Ingresar").click()
    expect(page.get_by_role("heading", name="Para empezar")).to_be_visible()
    assert Factor.objects.get().codigos.count() == 9

    page.goto("/cuenta/sesiones/")
    expect(page.get_by_role("rowheader", name="Chrome en Linux")).to_be_visible()
    is_presentable(page)


@pytest.fixture
def device(page: Page) -> Iterator[None]:
    """The computer can keep passkeys, and its owner agrees to each."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    on = {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": kind | on})
    yield
    session.detach()  # and the device is gone


@pytest.mark.usefixtures("device")
def test_a_passkey_stands_in_for_the_code(
    page: Page, owner: Usuario, sign_in: SignIn, settings: Any, live_server: LiveServer
) -> None:
    settings.PUBLIC_URL = live_server.url
    Factor.objects.create(usuario=owner, secreto=pyotp.random_base32())
    sign_in(owner)

    page.goto("/cuenta/factor/")
    page.get_by_role("link", name="Añadir una llave de acceso").click()
    page.get_by_label("Cómo la llama usted").fill("El computador")
    page.get_by_role("button", name="Añadir").click()
    expect(page.get_by_text("Su llave de acceso quedó añadida")).to_be_visible()
    expect(page.get_by_text("El computador · añadida")).to_be_visible()
    is_presentable(page)

    page.locator("summary", has_text="Menú de duena").click()
    page.get_by_role("button", name="Salir").click()
    enter(page, owner.username, "clave-de-prueba")
    page.get_by_role("button", name="Usar su llave de acceso").click()
    expect(page.get_by_role("heading", name="Para empezar")).to_be_visible()
    assert LlaveAcceso.objects.get().usada is not None
