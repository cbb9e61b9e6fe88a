"""Screenshots of the pages about clients, templates and people; scripts/screenshots runs this with the others."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from clientes import services
from clientes.models import Cliente
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import Ears, SignIn
from tests.browser.screenshots import shoot
from tests.factories import ClienteFactory, EtiquetaFactory, PlantillaFactory, VendedorFactory, VentaFactory

PLANTILLAS = {
    "Bienvenida": "¡Hola {nombre}! Gracias por venir. Con este SMS tienes 10 % en tu próxima compra.",
    "Promoción del mes": "Hola {nombre}, aprovecha 20% de descuento este mes. Responde NO para salir.",
    "Recordatorio": "Hola {nombre}, te esperamos en nuestra tienda!",
}


@pytest.fixture(autouse=True)
def _simulado(settings: Settings) -> None:
    settings.TWILIO_SIMULATED = True


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    """The first of a shop's clients, with tags, sales and messages; of the others some have no phone to send to."""
    found = tienda.clientes(owner, 30)
    for nombre, step in (("VIP", 3), ("Mayoristas", 7), ("Chapinero", 2)):
        EtiquetaFactory.create(usuario=owner, nombre=nombre).clientes.set(found[::step])
    ClienteFactory.create(usuario=owner, nombre="Pedro Páramo", telefono="", documento="79555111")
    ClienteFactory.create(usuario=owner, nombre="Rosa Salas", telefono="12", documento="52000333")
    ClienteFactory.create(usuario=owner, nombre="Ferretería El Tornillo SAS", telefono="6012345678")
    ClienteFactory.create(usuario=owner, nombre="Luis Inactivo", activo=False)
    services.anonimizar_cliente(cliente=ClienteFactory.create(usuario=owner))
    for days, total in ((1, "85000"), (40, "1250000.50"), (200, "32000")):
        VentaFactory.create(
            cliente=found[0], total=total, fecha=timezone.now() - timedelta(days=days), referencia=f"F-{days}"
        )
    tienda.en_curso(owner, found)
    found[0].documento = "1020304050"
    found[0].save()
    return found[0]


def test_clientes(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears, request: pytest.FixtureRequest) -> None:
    sign_in(owner)
    shoot(page, "clientes-vacio", "/clientes/")
    shoot(page, "plantillas-vacio", "/clientes/plantillas/")
    ana: Cliente = request.getfixturevalue("ana")
    shoot(page, "clientes", "/clientes/")
    shoot(page, "clientes-todos", "/clientes/?activo=todos&orden=recientes")
    shoot(page, "clientes-nadie", "/clientes/?q=zzz")
    page.goto(f"/clientes/{ana.pk}/")
    page.get_by_role("link", name="Aniversario de la tienda").first.wait_for()
    shoot(page, "cliente")
    page.get_by_role("button", name="Anonimizar").click()
    shoot(page, "cliente-anonimizar")
    shoot(page, "cliente-nuevo", "/clientes/nuevo/")
    page.get_by_role("button", name="Crear cliente").click()
    shoot(page, "cliente-nuevo-error")
    shoot(page, "cliente-editar", f"/clientes/editar/{ana.pk}/")
    shoot(page, "cliente-eliminar-no", f"/clientes/eliminar/{ana.pk}/")
    pedro = Cliente.objects.get(nombre="Pedro Páramo")
    shoot(page, "cliente-eliminar", f"/clientes/eliminar/{pedro.pk}/")
    page.goto(f"/clientes/editar/{pedro.pk}/")
    page.get_by_label("Teléfono").fill("601 2345678")
    page.get_by_role("button", name="Guardar cambios").click()
    shoot(page, "clientes-avisos")

    for n, (nombre, mensaje) in enumerate(PLANTILLAS.items()):
        PlantillaFactory.create(usuario=owner, nombre=nombre, mensaje=mensaje, activo=n > 0)
    shoot(page, "plantillas", "/clientes/plantillas/")
    page.get_by_role("link", name="Editar Promoción").click()
    shoot(page, "plantilla-editar")
    page.get_by_label("Mensaje").fill("Hola {apellido}, ¿cómo está?")
    page.get_by_role("button", name="Guardar cambios").click()
    shoot(page, "plantilla-error")
    page.goto("/clientes/plantillas/")
    page.get_by_role("link", name="Eliminar Bienvenida").click()
    shoot(page, "plantilla-eliminar")


def test_usuarios(owner: Usuario, sign_in: SignIn, page: Page, ears: Ears) -> None:
    sign_in(owner)
    shoot(page, "usuarios-vacio", "/usuarios/")
    shoot(page, "usuario-nuevo", "/usuarios/nuevo/")
    page.get_by_label("Usuario").fill("duena")
    page.get_by_role("button", name="Agregar persona").click()
    shoot(page, "usuario-nuevo-error")
    marta = VendedorFactory.create(creado_por=owner, username="marta", first_name="Marta", last_name="Peña")
    VendedorFactory.create(
        creado_por=owner, username="jose", first_name="José", last_name="Ortiz", last_login=timezone.now()
    )
    VendedorFactory.create(creado_por=owner, username="luz", first_name="Luz", last_name="Díaz", is_active=False)
    shoot(page, "usuarios", "/usuarios/")
    page.get_by_role("button", name="Desactivar a marta").click()
    shoot(page, "usuario-desactivar")
    shoot(page, "seguridad", "/seguridad/")
    shoot(page, "usuario-clave", f"/usuarios/{marta.pk}/clave/")
    shoot(page, "cuenta", "/cuenta/")
    page.goto("/cuenta/llaves/")
    page.get_by_label("Nombre").fill("Sistema de ventas")
    page.get_by_label("Leer todo").check()
    page.get_by_role("button", name="Crear la llave").click()
    shoot(page, "llaves")
    shoot(page, "factor-poner", "/cuenta/factor/")
    shoot(page, "sesiones", "/cuenta/sesiones/")
    shoot(page, "confirmar", "/cuentas/confirmar/")
    page.context.clear_cookies()
    for _ in range(11):
        page.goto("/cuentas/ingresar/")
        page.get_by_label("Usuario").fill("duena")
        page.get_by_label("Contraseña").fill("otra")
        page.get_by_role("button", name="Ingresar").click()
    shoot(page, "ingresar-demasiados")
    ears.forgive("429")
