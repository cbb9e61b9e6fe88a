"""The parts that move by themselves, and the buttons."""

from urllib.parse import urlparse

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.bitacora.services import anotar
from campaigns.models import CampanaSMS, SMSLog, Suceso
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn

pytestmark = pytest.mark.browser


def send_everything(campana: CampanaSMS) -> None:
    """Do to the rows what the engine does, without the engine."""
    for log in campana.logs.exclude(estado__in=["enviado", "fallido"]):
        tienda.finish(log, SMSLog.Estado.ENVIADO)


def close(campana: CampanaSMS) -> None:
    exitosos = campana.logs.filter(estado="enviado").count()
    fallidos = campana.total_clientes - exitosos
    campana.lotes.update(estado="cerrado", exitosos=exitosos, fallidos=fallidos, cerrado_en=campana.creado)
    CampanaSMS.objects.filter(pk=campana.pk).update(
        estado="completado", enviados_exitosos=exitosos, enviados_fallidos=fallidos, completado_en=campana.creado
    )


def unmoved(page: Page) -> None:
    """Leave a mark that a reload would wipe."""
    page.evaluate("window.misma = true")


def still_unmoved(page: Page) -> bool:
    return page.evaluate("window.misma === true") is True


def test_the_dashboard_moves_and_then_rests(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    page = sign_in(owner)
    page.goto("/")
    bar = page.get_by_role("progressbar", name=f"Avance de {campana.nombre}")
    expect(bar).to_have_attribute("aria-valuetext", "70 %: 28 de 40")
    unmoved(page)

    send_everything(campana)
    expect(bar).to_have_attribute("aria-valuenow", "100")
    expect(page.get_by_text("36 enviados")).to_be_visible()

    close(campana)
    expect(page.get_by_text("Completada")).to_be_visible()
    assert still_unmoved(page)
    expect(page.locator("main [hx-trigger]")).to_have_count(0)


def test_a_campaign_moves_and_its_buttons_go_when_it_ends(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 30))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    expect(page.locator("[data-cuenta=pendientes]")).to_have_text("0")
    expect(page.locator("[data-cuenta=inciertos]")).to_have_text("1")
    reason = page.get_by_role("row").filter(has_text="21610")
    expect(reason).to_contain_text("El destinatario pidió no recibir mensajes")
    expect(reason).to_contain_text("Iván Díaz")
    expect(reason).to_contain_text("No le vuelva a escribir")
    expect(page.get_by_role("button", name="Pausar")).to_be_visible()
    unmoved(page)

    send_everything(campana)
    expect(page.locator("[data-cuenta=exitosos]")).to_have_text("26")
    close(campana)
    expect(page.locator("#estado")).to_have_text("Completada")
    expect(page.get_by_role("button", name="Pausar")).to_have_count(0)
    expect(page.locator("#anuncio")).to_have_text("Estado de la campaña: Completada.")
    expect(page.locator("[data-vivo]")).to_have_count(0)
    assert still_unmoved(page)


def test_pause_resume_and_cancel(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 30))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")

    page.get_by_role("button", name="Pausar").click()
    expect(page.locator("#estado")).to_have_text("Pausada")
    expect(page.get_by_text("La pausó duena.")).to_be_visible()
    page.get_by_role("button", name="Reanudar").click()
    expect(page.locator("#estado")).to_have_text("Procesando")

    page.get_by_role("button", name="Cancelar campaña").click()
    dialog = page.get_by_role("dialog", name="¿Cancelar esta campaña?")
    expect(dialog.get_by_role("button", name="No, volver")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    campana.refresh_from_db()
    assert campana.estado == CampanaSMS.Estado.PROCESANDO

    page.get_by_role("button", name="Cancelar campaña").click()
    dialog.get_by_role("button", name="Sí, cancelar").click()
    expect(page.locator("#estado")).to_have_text("Cancelada")
    expect(page.get_by_text("La canceló duena.")).to_be_visible()
    campana.refresh_from_db()
    assert campana.estado == CampanaSMS.Estado.CANCELADO


def test_a_refused_move_says_why(owner: Usuario, sign_in: SignIn, ears: Ears) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 30))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    # The poll would take the button away.
    page.route("**/vivo/*", lambda route: route.abort())
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado")
    page.get_by_role("button", name="Pausar").click()
    expect(page.get_by_role("alert")).to_have_text("No se puede pausar: la campaña está pausada.")
    ears.forgive("ERR_FAILED", "htmx:sendError", "htmx:afterRequest")


def test_it_says_when_the_server_is_away_and_when_it_is_back(owner: Usuario, sign_in: SignIn, ears: Ears) -> None:
    tienda.detenida(owner, "Promo", 10)
    page = sign_in(owner)
    page.goto("/")
    page.route("**/vivo/*", lambda route: route.abort())
    expect(page.get_by_text("Sin conexión con el servidor")).to_be_visible()
    page.unroute("**/vivo/*")
    expect(page.get_by_text("Sin conexión con el servidor")).to_be_hidden()
    ears.forgive("ERR_FAILED", "htmx:sendError", "htmx:afterRequest")


def test_the_recipients_are_filtered_and_paged_in_place(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    unmoved(page)
    rows = page.locator("#filas tbody tr")
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Más").click()
    expect(rows).to_have_count(15)
    page.get_by_role("link", name="Al inicio").click()
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Fallidos").click()
    expect(rows).to_have_count(4)
    expect(page.get_by_role("link", name="Fallidos")).to_have_attribute("aria-current", "true")
    # The refresh keeps the filter.
    with page.expect_response("**/destinatarios/?estado=fallido*"):
        pass
    expect(rows).to_have_count(4)
    assert still_unmoved(page)


def test_a_vendedor_watches_without_buttons(owner: Usuario, teammate: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 30))
    page = sign_in(teammate)
    page.goto(f"/campanas/{campana.pk}/")
    expect(page.locator("[data-cuenta=exitosos]")).to_be_visible()
    expect(page.locator("#acciones button")).to_have_count(0)


def test_the_wall_moves_and_sees_the_next_campaign_begin(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/muro/")
    expect(page.get_by_text("No hay campañas en curso")).to_be_visible()
    unmoved(page)
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    with page.expect_response("**/muro/vivo/*"):
        page.evaluate("htmx.trigger('#muro', 'visible')")
    bar = page.get_by_role("progressbar", name=f"Avance de {campana.nombre}")
    expect(bar).to_have_attribute("aria-valuetext", "70 %: 28 de 40")
    send_everything(campana)
    expect(bar).to_have_attribute("aria-valuenow", "100")
    close(campana)
    expect(page.get_by_text("No hay campañas en curso")).to_be_visible()
    assert still_unmoved(page)


def test_delivery_and_what_happened_come_by_themselves(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    delivered = page.locator("[data-embudo=entregados]")
    before = campana.logs.filter(entrega="delivered").count()
    expect(delivered).to_have_text(str(before))
    unmoved(page)
    campana.logs.filter(entrega="sent").update(entrega="delivered")
    expect(delivered).to_have_text("24")
    lost = campana.logs.filter(entrega="delivered").first()
    assert lost
    SMSLog.objects.filter(pk=lost.pk).update(entrega="undelivered", entrega_codigo="30003")
    # Its recipient's own row says 30003 too, when it is among those shown.
    reason = page.get_by_role("row").filter(has_text="30003").filter(has_text="vuelva a intentarlo otro día")
    expect(reason).to_be_visible()
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.AVANCE_50)
    expect(page.locator("#historia")).to_contain_text("Llegó al 50 %")
    assert still_unmoved(page)


def test_a_reason_leads_to_those_who_failed_for_it(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    page.locator("#motivo-21408").click()
    expect(page.get_by_role("link", name="Código 21408")).to_have_attribute("aria-current", "true")
    expect(page.locator("#filas tbody tr")).to_have_count(1)


def test_the_drawing_follows_and_the_numbers_stay_for_who_wants_them(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    expect(page.locator("#serie canvas")).to_have_count(2)
    page.get_by_text("Ver los números").click()
    last = page.locator("#tabla-serie tbody tr").last.locator("td").last
    expect(last).to_have_text("28")
    send_everything(campana)
    page.evaluate("htmx.trigger('#serie', 'visible')")
    expect(last).to_have_text("40")
    expect(last).to_be_visible()  # the table that was opened stays so
    expect(page.locator("#serie canvas")).to_have_count(2)


def test_without_javascript_it_says_the_same(owner: Usuario, chromium: Browser, live_server: LiveServer) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 40))
    client = Client()
    client.force_login(owner)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    host = urlparse(live_server.url).hostname or ""
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "domain": host, "path": "/"}])
    page = context.new_page()
    page.goto(f"/campanas/{campana.pk}/")
    expect(page.locator("[data-cuenta=exitosos]")).to_have_text("24")
    expect(page.locator("#tabla-serie tbody tr").last).to_be_visible()
    page.get_by_role("button", name="Pausar").click()
    expect(page.locator("#estado")).to_have_text("Pausada")
    for path in ("/muro/", "/reportes/", "/alertas/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    context.close()
