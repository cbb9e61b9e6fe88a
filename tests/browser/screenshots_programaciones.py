"""Screenshots of the recurring campaigns' pages; scripts/screenshots runs this with the others."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from campaigns.audiencia.seleccion import Audiencia, Seleccion
from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.programaciones import services
from clientes.models import Cliente, Etiqueta, Segmento
from core.models import Usuario
from tests.browser.conftest import SignIn
from tests.browser.screenshots import shoot
from tests.browser.screenshots_campanas import MENSAJE, _simulado, clientes  # noqa: F401 - fixtures
from tests.campaigns.support import finished_campana, running_campana
from tests.factories import PlantillaFactory, una_programacion


@pytest.fixture
def programaciones(owner: Usuario, clientes: list[Cliente], settings: Settings) -> Programacion:  # noqa: F811
    """Some of each kind, and one with a history."""
    vip, no_molestar = (Etiqueta.objects.get(nombre=nombre) for nombre in ("VIP", "No molestar"))
    segmento = Segmento.objects.first()
    assert segmento is not None
    semanal = una_programacion(
        owner,
        nombre="Recordatorio de la cita",
        plantilla=PlantillaFactory.create(usuario=owner, nombre="Cita", mensaje=MENSAJE),
        audiencia=Audiencia(
            Seleccion(etiquetas=(vip.pk,), segmento=segmento.pk), Seleccion(etiquetas=(no_molestar.pk,))
        ),
        frecuencia="semanal",
        dias=(1, 3, 5),
    )
    una_programacion(owner, nombre="Cierre de mes", frecuencia="mensual", dia_mes=31)
    pausada = una_programacion(
        owner, nombre="Saludo diario a los clientes de la sede de Chapinero", zona="Europe/Madrid"
    )
    services.pausar_programacion(programacion=pausada)
    una_programacion(owner, nombre="Promoción de media semana", frecuencia="cron", cron="30 10,16 * * WED")
    terminada = una_programacion(owner, nombre="Navidad 2025")
    Programacion.objects.filter(pk=terminada.pk).update(proxima=None)
    start = datetime(2026, 11, 2, 14, tzinfo=UTC)
    rows: list[tuple[str, str, CampanaSMS | None]] = [
        ("creada", "", finished_campana(owner, 212, 3, nombre="Recordatorio de la cita · 2026-11-02 09:00")),
        ("omitida", "No se creó a tiempo: pasó el periodo de gracia de 1 h.", None),
        ("omitida", "A esa hora la audiencia no tenía a nadie.", None),
        ("fallida", "La plantilla «Cita» está inactiva.", None),
        ("creada", "", finished_campana(owner, 230, 0, nombre="Recordatorio de la cita · 2026-11-11 09:00")),
        ("creada", "", running_campana(owner, nombre="Recordatorio de la cita · 2026-11-13 09:00")),
    ]
    for n, (estado, motivo, campana) in enumerate(rows):
        moment = start + timedelta(days=2 * n)
        tipo = "manual" if n == 4 else "programada"
        Ocurrencia.objects.create(
            programacion=semanal, ocurrencia_utc=moment, estado=estado, motivo=motivo, campana=campana, tipo=tipo
        )
    return semanal


def test_programaciones(owner: Usuario, programaciones: Programacion, sign_in: SignIn, page: Page) -> None:
    sign_in(owner)
    shoot(page, "programaciones", "/programaciones/")
    shoot(page, "programacion", f"/programaciones/{programaciones.pk}/")
    page.get_by_role("button", name="Ejecutar ahora").click()
    page.get_by_text("La recibirían").wait_for()
    shoot(page, "programacion-ejecutar")
    page.get_by_role("button", name="No, volver").click()
    page.get_by_role("button", name="Eliminar").click()
    shoot(page, "programacion-eliminar")
    shoot(page, "programacion-editar", f"/programaciones/{programaciones.pk}/editar/")
    pausada = Programacion.objects.get(activa=False)
    shoot(page, "programacion-pausada", f"/programaciones/{pausada.pk}/")


def test_nueva(owner: Usuario, clientes: list[Cliente], sign_in: SignIn, page: Page) -> None:  # noqa: F811
    sign_in(owner)
    shoot(page, "programaciones-vacia", "/programaciones/")
    shoot(page, "programacion-nueva", "/programaciones/nueva/")
    page.get_by_label("Nombre", exact=True).fill("Cierre de mes")
    page.get_by_label("Una vez al mes").check()
    page.get_by_label("Día del mes").select_option("31")
    page.get_by_label("Un texto propio").check()
    page.get_by_label("Texto", exact=True).fill("Hola {nombre}, hoy es el último día de la promoción.")
    page.locator("summary", has_text="Zona horaria").click()
    page.get_by_label("Zona horaria").select_option("Europe/Madrid")
    page.wait_for_timeout(900)
    shoot(page, "programacion-nueva-mensual")
    page.get_by_label("Expresión cron").first.check()
    page.locator("input[name=cron]").fill("* * * * *")
    page.wait_for_timeout(900)
    shoot(page, "programacion-nueva-cron")
    page.get_by_role("button", name="Crear programación").click()
    shoot(page, "programacion-nueva-error")


def test_una_vez(owner: Usuario, clientes: list[Cliente], sign_in: SignIn, page: Page) -> None:  # noqa: F811
    sign_in(owner)
    page.goto("/campanas/nueva/")
    page.get_by_role("button", name="Continuar al mensaje").click()
    page.get_by_label("Texto").fill(MENSAJE)
    page.get_by_role("button", name="Revisar").last.click()
    page.get_by_label("Otro día u otra hora").check()
    page.get_by_label("Día y hora").fill(f"{datetime.now(UTC) + timedelta(days=5):%Y-%m-%d}T09:00")
    shoot(page, "nueva-3-programada")
    page.get_by_role("button", name="Programar para").click()
    shoot(page, "campana-programada")
    shoot(page, "campanas-programada", "/campanas/")
