"""Each command of the reference about clients and templates, by real curl against a running server."""

import re
import shutil
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from campaigns.models import PlantillaSMS
from clientes.models import Cliente
from core.models import Usuario
from tests.factories import ClienteFactory, PlantillaFactory, VendedorFactory, VentaFactory
from tests.reference.curl import COMMANDS, Answer, Curl, sign_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl"),
]
CLAVE = "clave-de-prueba"


@pytest.fixture
def curl(owner: Usuario, live_server: LiveServer, tmp_path: Path) -> Curl:
    return sign_in(live_server.url, tmp_path, owner.username, CLAVE)


@pytest.fixture
def maria(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Maria Gonzalez", telefono="3001234567", documento="987654321")


def goes_to(answer: Answer, path: str, curl: Curl, said: str) -> None:
    """A redirect to a page that says this."""
    assert (answer.status, answer.path) == (302, path), answer
    page = curl.shell(f"curl {curl.host}{path}", f"sessionid={curl.session}; {answer.headers.get('set-cookie', '')}")
    assert said in page.body


def test_list_clients(curl: Curl, maria: Cliente, stranger: Usuario) -> None:
    ClienteFactory.create(usuario=stranger, nombre="Carlos Ajeno")
    ClienteFactory.create(usuario=maria.usuario, nombre="Berta Inactiva", activo=False)
    answer = curl.run("List Clients")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Maria Gonzalez" in answer.body
    assert "Carlos Ajeno" not in answer.body
    assert "Berta Inactiva" not in answer.body


def test_create_client(curl: Curl, owner: Usuario) -> None:
    answer = curl.run("Create Client")
    goes_to(answer, "/clientes/", curl, "quedó entre sus clientes")
    cliente = Cliente.objects.get()
    assert (cliente.nombre, cliente.telefono, cliente.documento) == ("Maria Gonzalez", "3001234567", "987654321")
    assert (cliente.activo, cliente.usuario) == (True, owner)


def test_create_client_with_errors_renders_the_form_again(curl: Curl, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "Create Client"
    monkeypatch.setitem(COMMANDS, name, COMMANDS[name].replace("Maria Gonzalez", ""))
    answer = curl.run(name)
    assert answer.status == 200
    assert 'id="id_nombre_error"' in answer.body
    assert not Cliente.objects.exists()


def test_create_client_ajax(curl: Curl) -> None:
    body = curl.run("Create Client (AJAX)").json
    cliente = Cliente.objects.get()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-05:00", body["cliente"].pop("creado"))
    assert body == {
        "success": True,
        "cliente": {
            "id": cliente.pk,
            "nombre": "Carlos Ruiz",
            "telefono": "3009876543",
            "documento": "123456789",
            "activo": True,
        },
    }


def test_create_client_ajax_with_errors(curl: Curl, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "Create Client (AJAX)"
    monkeypatch.setitem(COMMANDS, name, COMMANDS[name].replace('"nombre": "Carlos Ruiz",\n', ""))
    assert curl.run(name).json == {"success": False, "errors": {"nombre": ["This field is required."]}}


def test_update_client(curl: Curl, maria: Cliente) -> None:
    goes_to(curl.run("Update Client", pk=maria.pk), "/clientes/", curl, "quedaron guardados")
    maria.refresh_from_db()
    assert (maria.nombre, maria.telefono) == ("Maria Gonzalez (Updated)", "3001112222")
    assert (maria.documento, maria.activo) == ("987654321", True)


@pytest.mark.parametrize("name", ["Update Client", "Delete Client"])
def test_another_users_client_is_not_found(name: str, curl: Curl, stranger: Usuario) -> None:
    ajeno = ClienteFactory.create(usuario=stranger, nombre="Carlos Ajeno")
    assert curl.run(name, pk=ajeno.pk).status == 404
    assert curl.run(name, pk=ajeno.pk + 1000).status == 404
    assert Cliente.objects.get().nombre == "Carlos Ajeno"


def test_delete_client(curl: Curl, maria: Cliente) -> None:
    goes_to(curl.run("Delete Client", pk=maria.pk), "/clientes/", curl, "ya no está entre sus clientes")
    assert not Cliente.objects.exists()


def test_delete_client_with_sales_is_refused(curl: Curl, maria: Cliente) -> None:
    VentaFactory.create(cliente=maria)
    goes_to(curl.run("Delete Client", pk=maria.pk), "/clientes/", curl, "No se puede eliminar a Maria Gonzalez")
    assert Cliente.objects.exists()


def test_list_templates(curl: Curl, owner: Usuario) -> None:
    PlantillaFactory.create(usuario=owner, nombre="Recordatorio")
    answer = curl.run("List SMS Templates")
    assert answer.status == 200
    assert "Recordatorio" in answer.body


def test_get_templates_ajax(curl: Curl, owner: Usuario, stranger: Usuario) -> None:
    texts = {
        "Promoción Mensual": "Hola {nombre}, aprovecha 20% de descuento este mes!",
        "Recordatorio": "Hola {nombre}, te esperamos en nuestra tienda!",
    }
    made = [PlantillaFactory.create(usuario=owner, nombre=n, mensaje=m) for n, m in texts.items()]
    PlantillaFactory.create(usuario=owner, activo=False)
    PlantillaFactory.create(usuario=stranger)
    assert curl.run("Get Templates (AJAX)").json == {
        "success": True,
        "plantillas": [{"id": p.pk, "nombre": p.nombre, "mensaje": p.mensaje} for p in made],
    }


def test_a_template_from_creation_to_deletion(curl: Curl) -> None:
    path = "/clientes/plantillas/"
    goes_to(curl.run("Create SMS Template"), path, curl, "Welcome Message")
    plantilla = PlantillaSMS.objects.get()
    assert (plantilla.mensaje, plantilla.activo) == ("Hola {nombre}, bienvenido a nuestra tienda!", True)

    goes_to(curl.run("Update SMS Template", pk=plantilla.pk), path, curl, "Welcome Message (Updated)")
    plantilla.refresh_from_db()
    assert (plantilla.mensaje, plantilla.activo) == ("Hola {nombre}, bienvenido!", True)

    goes_to(curl.run("Delete SMS Template", pk=plantilla.pk), path, curl, "se eliminó")
    assert not PlantillaSMS.objects.exists()


def test_the_workflow(curl: Curl) -> None:
    """The test leaves out step 4, which sends: it needs the workers."""
    assert curl.run("Workflow 1. Create client").path == "/clientes/"
    laura = Cliente.objects.get()
    # curl -d does not encode the +, and in a form's body a + is a space; the number is understood all the same.
    assert (laura.nombre, laura.telefono_e164, laura.activo) == ("Laura Mendez", "+573001234567", True)

    assert curl.run("Workflow 2. Create SMS template").path == "/clientes/plantillas/"
    plantilla = PlantillaSMS.objects.get(activo=True)
    row = {"id": plantilla.pk, "nombre": "New Product Launch", "mensaje": plantilla.mensaje}
    assert curl.run("Workflow 3. Get available templates").json == {"success": True, "plantillas": [row]}

    assert curl.run("Workflow 5. Update client status", pk=laura.pk).status == 302
    laura.refresh_from_db()
    assert (laura.nombre, laura.telefono_e164, laura.documento) == ("Laura Mendez", "+573001234567", "456789123")
    assert laura.activo is False


def test_nobody_is_sent_to_the_login_or_told_so(live_server: LiveServer, tmp_path: Path, db: None) -> None:
    nobody = Curl(live_server.url, tmp_path, "x" * 32, "y" * 32)
    for name in COMMANDS:
        answer = nobody.run(name, pk=1)
        if "AJAX" in name or "available" in name:
            assert answer.status == 401
            assert answer.json["success"] is False
        else:
            assert (answer.status, answer.path) == (302, "/cuentas/ingresar/")


def test_a_vendedor_reads_and_does_not_write(
    owner: Usuario, maria: Cliente, live_server: LiveServer, tmp_path: Path
) -> None:
    plantilla = PlantillaFactory.create(usuario=owner)
    vendedor = VendedorFactory.create(creado_por=owner)
    curl = sign_in(live_server.url, tmp_path, vendedor.username, CLAVE)
    for name, text in COMMANDS.items():
        answer = curl.run(name, pk=plantilla.pk if "plantillas" in text else maria.pk)
        assert answer.status == (403 if "-X POST" in text else 200), name
    maria.refresh_from_db()
    assert (maria.nombre, maria.activo, PlantillaSMS.objects.count()) == ("Maria Gonzalez", True, 1)
