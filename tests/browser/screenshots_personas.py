"""Screenshots of people, keys, the security log, the register and consent; scripts/screenshots runs this."""

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from clientes.models import Cliente
from clientes.rne import services as rne
from clientes.services import anonimizar_cliente
from core.models import Registro, Usuario
from tests.browser.conftest import SignIn
from tests.browser.screenshots import shoot
from tests.factories import ClienteFactory, VendedorFactory, llave_de


def test_people(owner: Usuario, sign_in: SignIn) -> None:
    for rol in ("admin", "operador", "vendedor", "aprobador"):
        VendedorFactory.create(
            username=f"{rol}.con.un.nombre.bastante.largo" if rol == "vendedor" else rol,
            first_name="María Fernanda", last_name="Rodríguez Castellanos", rol=rol, creado_por=owner,
        )  # fmt: skip
    VendedorFactory.create(username="se.fue", creado_por=owner, is_active=False)
    page = sign_in(owner)
    shoot(page, "personas", "/usuarios/")
    shoot(page, "persona-nueva", "/usuarios/nuevo/")
    page.get_by_role("button", name="Agregar").or_(page.locator("main form button[type=submit]")).first.click()
    shoot(page, "persona-nueva-error")
    someone = Usuario.objects.get(username="operador")
    shoot(page, "persona-rol", f"/usuarios/{someone.pk}/rol/")
    shoot(page, "persona-clave", f"/usuarios/{someone.pk}/clave/")
    llave_de(owner, nombre="Caja de la tienda del centro")
    shoot(page, "llaves", "/cuenta/llaves/")
    for n, tipo in enumerate(Registro.Tipo.values):
        Registro.objects.create(
            tipo=tipo, tienda_id=owner.pk, usuario_id=owner.pk, quien="duena", ip=f"2001:db8::{n:x}",
            detalle="vendedor.con.un.nombre.bastante.largo, de la tienda del centro" if n % 3 == 0 else "",
        )  # fmt: skip
    shoot(page, "seguridad", "/seguridad/")
    shoot(page, "cuenta", "/cuenta/")
    shoot(page, "sesiones", "/cuenta/sesiones/")
    shoot(page, "factor", "/cuenta/factor/")


def test_the_operators_reason(owner: Usuario, sign_in: SignIn) -> None:
    owner.tienda = "Zapatería El Buen Paso"
    owner.save()
    operador = Usuario.objects.create_superuser("vigia", password="clave-segura-1")
    page = sign_in(operador)
    shoot(page, "motivo", "/admin/motivo/?next=/admin/clientes/cliente/")
    page.get_by_label("Motivo").fill("corto")
    page.locator("form [type=submit]").last.click()
    shoot(page, "motivo-error")
    shoot(page, "admin", "/admin/")


def test_register_and_consent(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    shoot(page, "rne-vacio", "/clientes/rne/")
    ClienteFactory.create(usuario=owner, nombre="Ana Gómez", telefono="3001234567")
    consent = {
        "consentimiento_en": date(2026, 1, 31), "consentimiento_fuente": "Formulario del sitio web",
        "consentimiento_texto": "Acepto recibir promociones por SMS y puedo retirarme cuando quiera.",
    }  # fmt: skip
    luis = ClienteFactory.create(usuario=owner, nombre="Luis Pérez", telefono="3009876543", **consent)
    listed = SimpleUploadedFile("excluidos.csv", b"telefono\n3001234567\n")
    rne.importar_archivo(usuario=owner, subido=listed, consultado_en=date(2026, 1, 31), reemplaza=False)
    shoot(page, "rne", "/clientes/rne/")
    shoot(page, "consentimiento-cliente", f"/clientes/{luis.pk}/")
    shoot(page, "consentimiento-form", f"/clientes/editar/{luis.pk}/")
    shoot(page, "consentimiento-nuevo", "/clientes/nuevo/")
    gone: Cliente = ClienteFactory.create(usuario=owner, nombre="Se Va")
    anonimizar_cliente(cliente=gone)
    shoot(page, "cliente-anonimo", f"/clientes/{gone.pk}/")
