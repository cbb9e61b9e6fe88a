"""What moves by itself, and the buttons."""

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import CampanaSMS, SMSLog
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn

pytestmark = pytest.mark.browser


def send_everything(campana: CampanaSMS) -> None:
    """What the engine does to the rows, without the engine."""
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
    expect(page.locator("[hx-trigger]")).to_have_count(0)


def test_a_campaign_moves_and_its_buttons_go_when_it_ends(owner: Usuario, sign_in: SignIn) -> None:
    campana = tienda.en_curso(owner, tienda.clientes(owner, 30))
    page = sign_in(owner)
    page.goto(f"/campanas/{campana.pk}/")
    expect(page.locator("[data-cuenta=pendientes]")).to_have_text("0")
    expect(page.locator("[data-cuenta=inciertos]")).to_have_text("1")
    expect(page.get_by_role("row", name="El destinatario pidió no recibir mensajes 21610 2")).to_be_visible()
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
    page.route("**/vivo/", lambda route: route.abort())
    expect(page.get_by_text("Sin conexión con el servidor")).to_be_visible()
    page.unroute("**/vivo/")
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
