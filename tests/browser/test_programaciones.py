"""Recurring and scheduled campaigns in chromium: dates that follow the form, dialogs, one click for one campaign."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.programaciones import ocurrencias
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import SignIn
from tests.browser.test_presentacion import is_presentable
from tests.factories import EtiquetaFactory, PlantillaFactory, SegmentoFactory, una_programacion

pytestmark = pytest.mark.browser


@pytest.fixture
def surtida(owner: Usuario) -> Usuario:
    clientes = tienda.clientes(owner, 12)
    EtiquetaFactory.create(usuario=owner, nombre="VIP").clientes.set(clientes[:5])
    SegmentoFactory.create(usuario=owner, nombre="Con celular", condiciones={"con_movil": True})
    PlantillaFactory.create(usuario=owner, nombre="Saludo", mensaje="Hola {nombre}, bienvenido")
    return owner


def test_the_dates_follow_the_form_until_it_is_saved(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/programaciones/nueva/")
    dates = page.locator("#vista .fechas li")
    expect(dates).to_have_count(5)
    expect(dates.first).to_contain_text("lunes")
    page.get_by_label("Nombre", exact=True).fill("Cierre")
    page.get_by_text("Una vez al mes").click()
    expect(page.get_by_label("Día del mes")).to_be_visible()
    expect(page.get_by_text("Elija un día del mes, de 1 a 31.")).to_be_visible()
    page.get_by_label("Día del mes").select_option("31")
    expect(dates).to_have_count(5)
    page.get_by_label("Hora", exact=True).fill("18:30")
    expect(dates.first).to_contain_text("6:30\N{NO-BREAK SPACE}p.")
    page.get_by_label("Plantilla", exact=True).select_option(label="Saludo")
    expect(page.locator("#vista .burbuja")).to_have_text("Hola {nombre}, bienvenido")
    page.get_by_text("Algunos", exact=True).click()
    page.get_by_label("VIP").first.check()
    expect(page.locator("#vista")).to_contain_text("5 clientes")
    is_presentable(page)
    page.get_by_role("button", name="Crear programación").click()
    expect(page.get_by_role("heading", name="Cierre")).to_be_visible()
    row = Programacion.objects.get()
    assert (row.frecuencia, row.dia_mes, row.audiencia.keys()) == ("mensual", 31, {"etiquetas"})


def test_running_now_twice_is_one_campaign(surtida: Usuario, sign_in: SignIn) -> None:
    row = una_programacion(surtida)
    page = sign_in(surtida)
    page.goto(f"/programaciones/{row.pk}/")
    page.get_by_role("button", name="Ejecutar ahora").click()
    expect(page.get_by_role("dialog")).to_contain_text("12 clientes")
    is_presentable(page)
    page.get_by_role("button", name="Sí, ejecutar").dblclick()
    expect(page.get_by_text("La campaña está en camino")).to_be_visible()
    assert CampanaSMS.objects.count() == Ocurrencia.objects.count() == 1


def test_its_history_moves_by_itself(surtida: Usuario, sign_in: SignIn) -> None:
    row = una_programacion(surtida, nombre="Con un nombre " + "muylargo" * 12)
    page = sign_in(surtida)
    page.goto(f"/programaciones/{row.pk}/")
    expect(page.get_by_text("Aún no ha ocurrido")).to_be_visible()
    is_presentable(page)
    Programacion.objects.update(proxima=timezone.now().replace(second=0, microsecond=0))
    assert ocurrencias.atender_vencidas() == 1
    page.evaluate("htmx.trigger('#historia', 'visible')")  # what the next poll asks
    expect(page.get_by_role("link", name=re.compile(r"^Campaña \d+$"))).to_have_count(1)
    is_presentable(page)


def test_the_list_is_presentable(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/programaciones/")
    is_presentable(page)
    una_programacion(surtida, nombre="Muy" * 40, zona="America/Argentina/ComodRivadavia")
    page.reload()
    is_presentable(page)


def test_a_campaign_for_another_day(surtida: Usuario, sign_in: SignIn) -> None:
    page = sign_in(surtida)
    page.goto("/campanas/nueva/")
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill("Hola")
    page.get_by_role("button", name="Revisar").last.click()
    expect(page.get_by_role("button", name="Enviar a 12 clientes")).to_be_visible()
    expect(page.get_by_label("Día y hora")).to_be_hidden()
    page.get_by_text("Otro día u otra hora").click()
    _programar(page).click()
    expect(page.get_by_text("Diga qué día y a qué hora.")).to_be_visible()
    is_presentable(page)
    day = timezone.localdate() + timedelta(days=3)
    page.get_by_label("Día y hora").fill(f"{day:%Y-%m-%d}T09:00")
    _programar(page).click()
    expect(page.locator("#estado")).to_have_text("Programada")
    is_presentable(page)
    campana = CampanaSMS.objects.get()
    assert timezone.localtime(campana.programada_para).date() == day
    page.get_by_role("button", name="Cancelar campaña").click()
    page.get_by_role("button", name="Sí, cancelar").click()
    expect(page.locator("#estado")).to_have_text("Cancelada")


def _programar(page: Page) -> Locator:
    return page.get_by_role("button", name="Programar para 12 clientes · 12 segmentos")
