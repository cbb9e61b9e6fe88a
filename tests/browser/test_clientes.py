"""Clients, templates and people, as they are handled every day."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from clientes.models import Cliente
from core.models import Usuario
from tests.browser import tienda
from tests.browser.conftest import ANGOSTO, Ears, SignIn, grave, overflow
from tests.browser.test_presentacion import is_presentable
from tests.factories import ClienteFactory, EtiquetaFactory, PlantillaFactory, VendedorFactory, VentaFactory

pytestmark = pytest.mark.browser


def test_a_client_is_created_edited_and_deleted(owner: Usuario, sign_in: SignIn) -> None:
    EtiquetaFactory.create(usuario=owner, nombre="VIP")
    page = sign_in(owner)
    page.goto("/")
    page.get_by_role("link", name="Clientes", exact=True).click()
    page.get_by_role("link", name="Crear un cliente").click()
    page.get_by_role("button", name="Crear cliente").click()
    expect(page.get_by_role("alert")).to_contain_text("revise el campo marcado")
    expect(page.get_by_label("Nombre")).to_have_accessible_description("Este campo es requerido.")

    page.get_by_label("Nombre").fill("Laura Méndez")
    page.get_by_label("Teléfono").fill("300 123 4567")
    page.get_by_label("VIP").check()
    page.get_by_role("button", name="Crear cliente").click()
    expect(page.get_by_role("status")).to_have_text("Laura Méndez quedó entre sus clientes.")
    expect(page.get_by_role("row", name="Laura Méndez +57 300 1234567 — VIP")).to_be_visible()

    page.get_by_role("link", name="Editar a Laura Méndez").click()
    page.get_by_label("VIP").uncheck()
    page.get_by_label("Activo").uncheck()
    page.get_by_role("button", name="Guardar cambios").click()
    expect(page.get_by_role("heading", name="Todos sus clientes están inactivos")).to_be_visible()
    laura = Cliente.objects.get()
    assert (laura.activo, laura.etiquetas.count(), laura.telefono) == (False, 0, "300 123 4567")

    page.goto(f"/clientes/{laura.pk}/")
    page.get_by_role("link", name="Eliminar").click()
    page.get_by_role("button", name="Sí, eliminar").click()
    expect(page.get_by_role("status")).to_have_text("Laura Méndez ya no está entre sus clientes.")
    assert not Cliente.objects.exists()


def test_a_client_with_sales_is_not_deleted_but_forgotten(owner: Usuario, sign_in: SignIn) -> None:
    ana = ClienteFactory.create(usuario=owner, nombre="Ana Gómez")
    page = sign_in(owner)
    page.goto(f"/clientes/eliminar/{ana.pk}/")
    VentaFactory.create(cliente=ana, total="85000")  # the sale comes while the person decides
    page.get_by_role("button", name="Sí, eliminar").click()
    expect(page.get_by_role("alert")).to_contain_text("No se puede eliminar a Ana Gómez")

    page.get_by_role("link", name="desactivarlo o anonimizarlo").click()
    page.get_by_role("button", name="Anonimizar", exact=True).click()
    expect(page.get_by_role("button", name="No, volver")).to_be_focused()
    page.get_by_role("button", name="Sí, anonimizar").click()
    expect(page.get_by_role("heading", name="Cliente anonimizado")).to_be_visible()
    expect(page.get_by_role("row", name="$ 85.000")).to_be_visible()
    assert "Ana Gómez" not in page.content()


def test_search_and_filters_keep_their_place(owner: Usuario, sign_in: SignIn) -> None:
    tienda.clientes(owner, 30)
    page = sign_in(owner)
    page.goto("/clientes/?orden=nombre")
    page.get_by_role("link", name="Más", exact=True).click()
    expect(page.get_by_label("Orden")).to_have_value("nombre")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("searchbox").fill("cardenas")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr").first).to_contain_text("Luz Marina Cárdenas")
    page.get_by_role("searchbox").fill("nadie")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ningún cliente coincide")).to_be_visible()


def test_the_clients_messages_come_by_themselves(owner: Usuario, sign_in: SignIn) -> None:
    ana = tienda.clientes(owner, 8)[0]
    for _ in range(11):
        tienda.en_curso(owner, [ana])
    page = sign_in(owner)
    page.goto(f"/clientes/{ana.pk}/")
    expect(page.locator(".mensajes li")).to_have_count(10)
    page.get_by_role("button", name="Anteriores").click()
    expect(page.locator(".mensajes li")).to_have_count(1)


def test_a_template_is_created_while_it_is_counted(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/clientes/plantillas/")
    page.get_by_role("link", name="Crear la primera").click()
    page.get_by_label("Nombre", exact=True).fill("Saludo")
    page.get_by_label("Mensaje").fill("Hola {apellido}")
    page.get_by_role("button", name="Crear plantilla").click()
    expect(page.locator("#id_mensaje_error")).to_contain_text("Marcador desconocido: {apellido}")

    page.get_by_label("Mensaje").fill("Hola ")
    page.get_by_role("button", name="Nombre del cliente").click()
    expect(page.get_by_label("Mensaje")).to_have_value("Hola {nombre}")
    expect(page.locator("[data-cuenta-viva]")).to_contain_text("25 caracteres · GSM-7 · 1 segmento")
    expect(page.locator("[data-burbuja=primero]")).to_have_text("Hola Maria Fernanda Gomez")
    page.get_by_role("button", name="Crear plantilla").click()
    expect(page.get_by_role("status")).to_have_text("La plantilla «Saludo» quedó guardada.")


def test_a_vendedor_sees_and_changes_nothing(owner: Usuario, teammate: Usuario, sign_in: SignIn, ears: Ears) -> None:
    ana = ClienteFactory.create(usuario=owner, nombre="Ana Gómez")
    PlantillaFactory.create(usuario=owner, nombre="Saludo")
    page = sign_in(teammate)
    for path, seen in (
        ("/clientes/", "Ana Gómez"),
        (f"/clientes/{ana.pk}/", "Ana"),
        ("/clientes/plantillas/", "Saludo"),
    ):
        page.goto(path)
        expect(page.get_by_role("main")).to_contain_text(seen)
        buttons = page.get_by_role("main").get_by_role("button").all_text_contents()
        assert set(buttons) <= {"Buscar"}, path
        assert page.get_by_role("link", name="Personas").count() == 0
    page.goto(f"/clientes/editar/{ana.pk}/")
    expect(page.get_by_role("heading", name="No tiene permiso")).to_be_visible()
    ears.forgive("403")


def test_a_new_vendedor_comes_in_and_is_shut_out(owner: Usuario, sign_in: SignIn, page: Page) -> None:
    sign_in(owner)
    page.goto("/usuarios/")
    page.get_by_role("link", name="Nueva persona").click()
    for label, text in (("Nombre", "Marta"), ("Usuario", "marta"), ("Clave", "una-clave-larga-9")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("La misma clave otra vez").fill("una-clave-larga-9")
    page.get_by_role("button", name="Agregar persona").click()
    expect(page.get_by_role("status")).to_contain_text("Marta ya puede ingresar como «marta»")
    page.get_by_role("button", name="Desactivar a marta").click()
    page.get_by_role("button", name="Sí, desactivar").click()
    expect(page.get_by_text("Desactivado")).to_be_visible()
    assert not Usuario.objects.get(username="marta").is_active


def client_page(owner: Usuario) -> str:
    ana = ClienteFactory.create(usuario=owner, nombre="N" * 150, telefono="6012345678", documento="9" * 20)
    ana.etiquetas.add(*(EtiquetaFactory.create(usuario=owner, nombre=f"Etiqueta {'x' * 30}{n}") for n in range(4)))
    VentaFactory.create(cliente=ana, total="999999999999.99", referencia="F" * 64)
    tienda.en_curso(owner, [ana])
    return f"/clientes/{ana.pk}/"


def users_page(owner: Usuario) -> str:
    VendedorFactory.create(creado_por=owner, username="v" * 150, first_name="F" * 150)
    return "/usuarios/"


def templates_page(owner: Usuario) -> str:
    PlantillaFactory.create(usuario=owner, nombre="P" * 100, mensaje="https://" + "x" * 300, activo=False)
    return "/clientes/plantillas/"


@pytest.mark.parametrize(
    "make",
    [
        lambda owner: client_page(owner) and "/clientes/?activo=todos",
        client_page,
        lambda owner: client_page(owner).replace("/clientes/", "/clientes/editar/"),
        templates_page,
        lambda owner: "/clientes/plantillas/crear/",
        users_page,
        lambda owner: "/cuenta/",
    ],
    ids=["clients", "client", "form", "templates", "template form", "users", "account"],
)
def test_it_is_presentable(make: Callable[[Usuario], str], owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto(make(owner))
    page.wait_for_load_state("networkidle")
    is_presentable(page)


def test_the_errors_of_a_form_are_presentable_on_a_phone(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.set_viewport_size(ANGOSTO)
    page.goto("/usuarios/nuevo/")
    page.get_by_role("button", name="Menú", exact=True).click()
    for entry in page.locator(".menu-enlace").all():
        expect(entry).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Agregar persona").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert overflow(page) == 0
    assert grave(page) == []
