"""A new campaign in chromium: the editor as one types, and the way from the audience to a campaign that ends."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.mensaje.partes import contar, letras_ucs2
from campaigns.mensaje.plano import invisibles, sin_invisibles, transliterar
from campaigns.models import Ajustes, CampanaSMS, Contacto
from clientes.models import Cliente
from core.models import Usuario
from core.settings import BASE_DIR
from tests.browser import tienda
from tests.browser.conftest import ANCHO, ANGOSTO, PATIENCE_MS, Ears, SignIn, evaluate_until, grave, overflow
from tests.browser.test_presentacion import is_presentable
from tests.campaigns.mensaje.test_plano import TEXTOS
from tests.e2e.system import PASSWORD, Shop, System
from tests.factories import ClienteFactory, EtiquetaFactory, PlantillaFactory, SegmentoFactory

pytestmark = pytest.mark.browser

TEXTS = [row[0] for row in json.loads((BASE_DIR / "tests/campaigns/mensaje/partes.json").read_text(encoding="utf-8"))]
MORE = [
    "Promoción: ¡él cumplió años! 😀 á",
    "«Núm. 1º» – “ok”…",
    "I\u0301 o\u0301",
    "hola\tç ﬁ Ⅷ ½ ẞ",
    "",
    *TEXTOS,
]
MENSAJE = "Hola {nombre}, promoción del día: " + "todo con descuento. " * 3


def test_the_browser_counts_as_the_server_does(page: Page) -> None:
    page.goto("about:blank")
    page.add_script_tag(path=BASE_DIR / "campaigns/static/campaigns/partes.js")
    found: list[Any] = page.evaluate(
        "texts => texts.map((text) => {const {encoding, unidades, segmentos: n} = segmentos.contar(text);"
        " return [encoding, unidades, n, segmentos.letrasUcs2(text), segmentos.transliterar(text),"
        " segmentos.invisibles(text), segmentos.sinInvisibles(text)];})",
        [*TEXTS, *MORE],
    )
    assert len(found) >= 60
    for text, (encoding, unidades, segmentos, letters, plain, unseen, seen) in zip([*TEXTS, *MORE], found, strict=True):
        counted = contar(text)
        assert (encoding, unidades, segmentos) == (counted.encoding, counted.unidades, counted.segmentos), text
        assert letters == letras_ucs2(text), text
        assert plain == transliterar(text), text
        assert (unseen, seen) == (invisibles(text), sin_invisibles(text)), text


@pytest.fixture
def surtida(owner: Usuario) -> Usuario:
    """A shop of 40, where one has the longest name and one no phone."""
    clientes = tienda.clientes(owner, 40)
    ClienteFactory.create(usuario=owner, nombre="Maximiliano Bernardo Bustamante", telefono="3151234567")
    ClienteFactory.create(usuario=owner, nombre="Sin Telefono", telefono="")
    EtiquetaFactory.create(usuario=owner, nombre="VIP").clientes.set(clientes[:5])
    SegmentoFactory.create(usuario=owner, nombre="Con celular", condiciones={"con_movil": True})
    PlantillaFactory.create(usuario=owner, nombre="Saludo", mensaje="Hola {nombre}, bienvenido")
    return owner


def to_the_message(page: Page) -> None:
    page.goto("/campanas/nueva/")
    page.get_by_role("button", name="Continuar al mensaje").click()


def test_the_count_moves_with_the_audience(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/campanas/nueva/")
    count = page.locator("#cuenta")
    expect(count.locator(".resumen-cifra")).to_have_text("41")
    expect(page.get_by_label("VIP")).to_have_count(2)
    expect(page.get_by_label("VIP").first).to_be_hidden()
    page.get_by_label("Algunos").check()
    expect(count).to_contain_text("Elija a quién")
    page.get_by_label("VIP").first.check()
    expect(count.locator(".resumen-cifra")).to_have_text("5")
    page.get_by_role("searchbox", name="Estos clientes").first.fill("maxi")
    page.get_by_role("checkbox", name="Maximiliano").check()
    expect(count.locator(".resumen-cifra")).to_have_text("6")
    is_presentable(page)
    # Enter searches; it does not leave the page.
    page.get_by_role("searchbox", name="Estos clientes").first.fill("sin tel")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Sin Telefono").check()
    expect(count).to_contain_text("El cliente no tiene teléfono.")
    expect(page.get_by_role("list", name="Clientes elegidos").get_by_role("checkbox")).to_have_count(1)


def test_the_editor_counts_as_one_types(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    to_the_message(page)
    line, text = page.locator("#editor-cuenta"), page.get_by_label("Texto")
    text.press_sequentially("Hola ")
    expect(line).to_have_text("5 caracteres · GSM-7 · 1 segmento · caben 155 más")
    page.get_by_role("button", name="Nombre del cliente").click()
    # 5 and the 31 letters of the longest name
    expect(line).to_have_text("36 caracteres · GSM-7 · 1 segmento · caben 124 más, con el nombre más largo")
    expect(page.locator("[data-burbuja=largo]")).to_have_text("Hola Maximiliano Bernardo Bustamante")
    expect(page.locator("[data-ucs2]")).to_be_hidden()
    text.press_sequentially(" adiós €")
    expect(line).to_have_text("44 caracteres · UCS-2 · 1 segmento · caben 26 más, con el nombre más largo")
    expect(page.locator("[data-letras] mark")).to_have_text(["ó"])
    expect(page.locator(".editor-fondo mark")).to_have_text(["ó"])
    expect(page.locator(".editor-fondo")).to_have_text("Hola {nombre} adiós €")
    expect(page.locator("#costo")).to_contain_text("Segmentos en total41")


def test_the_marks_lie_on_their_letters(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    to_the_message(page)
    page.get_by_label("Texto").fill("palabra " * 60 + "ó")
    # The script that lays them there comes a little later.
    evaluate_until(page, "getComputedStyle(document.querySelector('#mensaje')).backgroundColor === 'rgba(0, 0, 0, 0)'")
    same = page.evaluate(
        "() => {const [a, b] = [document.querySelector('.editor-fondo'), document.querySelector('#mensaje')];"
        "return [a.clientWidth - b.clientWidth, a.clientHeight - b.clientHeight, a.scrollTop - b.scrollTop,"
        " Math.abs(a.scrollHeight - b.scrollHeight) < 2, getComputedStyle(b).backgroundColor,"
        " ...['font', 'padding', 'lineHeight', 'letterSpacing', 'wordBreak', 'overflowWrap'].map((each) =>"
        " getComputedStyle(a)[each] === getComputedStyle(b)[each])];}"
    )
    assert same == [0, 0, 0, True, "rgba(0, 0, 0, 0)", *[True] * 6]


def test_the_text_without_accents_is_one_click_away(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    to_the_message(page)
    text = page.get_by_label("Texto")
    text.fill("Promoción " + "x" * 90)
    offer = page.get_by_role("button", name="Usar el texto sin tildes: ahorra 41 segmentos")
    expect(offer).to_be_visible()
    is_presentable(page)
    offer.click()
    expect(text).to_have_value("Promocion " + "x" * 90)
    expect(offer).to_have_count(0)
    expect(page.locator("#costo")).to_contain_text("Segmentos en total41")
    page.keyboard.press("ControlOrMeta+z")  # it can be taken back
    expect(text).to_have_value("Promoción " + "x" * 90)


def test_a_template_fills_the_editor(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    to_the_message(page)
    chosen, text = page.get_by_label("Empezar con una plantilla"), page.get_by_label("Texto")
    chosen.select_option(label="Saludo")
    expect(text).to_have_value("Hola {nombre}, bienvenido")
    text.fill("Escrito a mano")  # what a person typed goes only when they say so
    chosen.select_option(index=0)
    chosen.select_option(label="Saludo")
    expect(text).to_have_value("Escrito a mano")
    page.get_by_role("button", name="Usar").first.click()
    expect(text).to_have_value("Hola {nombre}, bienvenido")
    expect(page.locator("[data-burbuja=primero]")).to_have_text("Hola Ana Gómez, bienvenido")


def test_another_day_is_counted_while_it_is_chosen(surtida: Usuario, sign_in: SignIn) -> None:
    Ajustes.objects.filter(usuario=surtida).update(ventanas_activas=True, frecuencia_activa=True)
    cliente = Cliente.objects.filter(usuario=surtida).exclude(telefono="").order_by("pk")[0]
    for day in (0, 1):  # the shop may be closed by now, and "now" be tomorrow
        dia = timezone.localdate() + timedelta(days=day)
        Contacto.objects.create(usuario=surtida, dia=dia, telefono=cliente.telefono_e164, n=1, campana_id=1)
    page = sign_in(surtida)
    to_the_message(page)
    page.get_by_label("Texto").fill("Hola")
    page.get_by_role("button", name="Revisar").last.click()
    page.get_by_label("Otro día u otra hora").check()
    sunday = timezone.localdate() + timedelta(days=13 - timezone.localdate().weekday())
    page.get_by_label("Día y hora").fill(f"{sunday:%Y-%m-%d}T20:00")
    expect(page.get_by_role("button", name="Programar para 41 clientes")).to_be_visible()
    expect(page.locator("#resumen")).to_contain_text("A esa hora está cerrado el horario de envío")
    page.get_by_role("button", name="Programarla para esa hora").click()
    expect(page.get_by_label("Día y hora")).to_have_value(re.compile(r"T08:00$"))
    is_presentable(page)


def test_back_and_forth_loses_nothing(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/campanas/nueva/")
    page.get_by_label("Algunos").check()
    page.get_by_label("VIP").first.check()
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Hola {nombre}")
    page.get_by_label("Nombre de la campaña").fill("Promo")
    page.keyboard.press("Enter")  # reviews
    expect(page.get_by_role("button", name="Enviar a 5 clientes · 5 segmentos")).to_be_visible()
    is_presentable(page)
    page.get_by_role("button", name="Cambiar la audiencia").click()
    expect(page.get_by_label("VIP").first).to_be_checked()
    page.get_by_role("button", name="Continuar al mensaje").click()
    expect(page.get_by_label("Texto")).to_have_value("Hola {nombre}")
    expect(page.get_by_label("Nombre de la campaña")).to_have_value("Promo")
    page.go_back()
    expect(page.get_by_label("VIP").first).to_be_checked()
    assert not CampanaSMS.objects.exists()


def test_the_last_days_are_drawn(owner: Usuario, sign_in: SignIn) -> None:
    tienda.surtida(owner)
    page = sign_in(owner)
    page.goto("/")
    expect(page.locator(".grafica canvas")).to_be_visible()
    page.get_by_text("Ver los números").click()
    assert page.locator("#tabla-por-dia tbody tr").count() == 14
    is_presentable(page)


@pytest.mark.parametrize(
    "path", ["/campanas/", "/clientes/etiquetas/", "/clientes/segmentos/", "/clientes/segmentos/nuevo/"]
)
def test_the_other_pages(path: str, surtida: Usuario, sign_in: SignIn) -> None:
    tienda.surtida(surtida)
    page = sign_in(surtida)
    page.goto(path)
    is_presentable(page)


def test_the_count_of_a_segment_moves(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/clientes/segmentos/nuevo/")
    count = page.locator("#cuenta .resumen-cifra")
    expect(count).to_have_text("41")
    page.get_by_label("Tienen un celular válido").uncheck()
    expect(count).to_have_text("42")
    page.get_by_label("Compraron en los últimos", exact=True).fill("30")
    expect(count).to_have_text("0")


def test_a_page_that_is_asked_too_often_says_so(surtida: Usuario, sign_in: SignIn, ears: Ears) -> None:
    """The count stays as it was, and the notice goes away with the next answer."""
    page = sign_in(surtida)
    page.goto("/clientes/segmentos/nuevo/")
    count, notice = page.locator("#cuenta .resumen-cifra"), page.locator("#muy-seguido")
    expect(count).to_have_text("41")
    page.route("**/segmentos/cuenta/", lambda route: route.fulfill(status=429, body="Espere 5 s."))
    page.get_by_label("Tienen un celular válido").uncheck()
    expect(notice).to_have_text("Espere 5 s.")
    expect(page.locator("#sin-conexion")).to_be_hidden()
    expect(count).to_have_text("41")
    page.unroute("**/segmentos/cuenta/")
    page.get_by_label("Tienen un celular válido").check()
    page.get_by_label("Tienen un celular válido").uncheck()
    expect(count).to_have_text("42")
    expect(notice).to_be_hidden()
    ears.forgive("429", "htmx:responseError")


def test_it_works_without_scripts(surtida: Usuario, chromium: Browser, live_server: LiveServer) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False, locale="es-CO")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/campanas/nueva/")
    page.get_by_label("Usuario").fill(surtida.username)
    page.get_by_label("Contraseña").fill("clave-de-prueba")
    page.get_by_role("button", name="Ingresar").click()
    page.get_by_label("Algunos").check()
    page.get_by_role("searchbox", name="Estos clientes").first.fill("maxi")
    page.get_by_role("button", name="Buscar clientes", exact=True).click()
    page.get_by_role("checkbox", name="Maximiliano").check()
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Promoción " + "x" * 90)
    page.get_by_role("button", name="Revisar").last.click()
    page.get_by_role("button", name="Usar el texto sin tildes").click()
    page.get_by_role("button", name="Revisar").last.click()
    page.get_by_role("button", name="Enviar a 1 cliente · 1 segmento").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Campaña")
    assert CampanaSMS.objects.get().mensaje == "Promocion " + "x" * 90
    context.close()


@pytest.fixture
def outside(chromium: Browser, system: System) -> Iterator[Page]:
    """Chromium before the product's own processes, at the width of a phone."""
    context = chromium.new_context(base_url=system.url, viewport=ANGOSTO, locale="es-CO", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.mark.e2e
def test_from_the_audience_to_the_end(outside: Page, system: System, shop: Shop) -> None:
    """It runs on a phone, with real workers: the bar moves by itself until the campaign is over."""
    phones = [f"+573007{n:06d}" for n in range(119)]
    shop.clients(*phones, "+15005550001")
    system.simulator.control.set_faults(latency_s=1.0)  # four rounds of 32 threads, against a bar that asks every 2 s
    page = outside
    page.goto("/campanas/nueva/")
    page.get_by_label("Usuario").fill(shop.username)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Ingresar").click()
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Hola {nombre}, llegamos")
    page.get_by_role("button", name="Revisar").last.click()
    assert overflow(page) == 0
    page.get_by_role("button", name="Enviar a 120 clientes · 120 segmentos").dblclick()

    page.wait_for_url(re.compile(r"/campanas/\d+/$"))
    bar = page.get_by_role("progressbar")
    seen: set[str] = set()
    page.evaluate("window.misma = true")
    while "100" not in seen:
        seen.add(bar.get_attribute("aria-valuenow") or "")
        page.wait_for_timeout(100)
        assert len(seen) < 102
    expect(page.locator("#estado")).to_have_text("Completada")
    expect(page.locator("[data-cuenta=exitosos]")).to_have_text("119")
    assert len(seen - {"0", "100"}) >= 1, "the bar jumped"
    assert page.evaluate("window.misma === true")
    assert grave(page) == []
    assert len(system.messages(*phones)) == 119
    assert system.sql("SELECT count(*) FROM campaigns_campanasms c JOIN core_usuario u ON u.id = c.usuario_id"
                      " WHERE u.username = %s", shop.username) == [(1,)]  # fmt: skip
    page.set_viewport_size(ANCHO)
    assert overflow(page) == 0
