"""The people of a shop: its admins, what each role may, who can be put out, and what stays out when they come back."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from campaigns.models import CampanaSMS, PlantillaSMS, SMSLog
from clientes.models import Cliente, Etiqueta, Venta
from core import llaves, services
from core.api.alcances import TABLA as RUTAS
from core.errors import ConflictError, ForbiddenError
from core.models import LlaveApi, Registro, Usuario
from core.permisos import DE_TIENDA, EN_PALABRAS, FALTA, TABLA, Accion, Rol
from core.registro import Tipo
from tests.factories import (
    AdminFactory,
    CampanaFactory,
    ClienteFactory,
    VendedorFactory,
    llave_de,
    open_lote,
    sms_log,
)
from tests.pages import flashes, get, signed_in

CLAVE = "una-clave-larga-9"


@pytest.fixture
def socia(owner: Usuario) -> Usuario:
    """Another admin of the owner's shop."""
    return VendedorFactory.create(username="socia", rol=Rol.ADMIN, creado_por=owner)


def fresh(usuario: Usuario) -> Usuario:
    return Usuario.objects.get(pk=usuario.pk)


def with_key(key: str) -> int:
    return int(APIClient(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/campanas/").status_code)


def test_every_role_and_action_has_its_words() -> None:
    assert TABLA.keys() == set(Rol)
    assert set(DE_TIENDA) == set(Rol) - {Rol.PLATAFORMA} == EN_PALABRAS.keys()
    assert FALTA.keys() == set(Accion)


def test_an_unknown_role_may_nothing() -> None:
    assert Usuario(rol="otro").permisos == frozenset()


class TestTwoAdmins:
    def test_what_either_writes_is_the_shops(self, owner: Usuario, socia: Usuario) -> None:
        page, api = signed_in(socia), APIClient()
        api.force_authenticate(socia)
        page.post("/clientes/nuevo/", {"nombre": "Ana"})
        page.post("/clientes/plantillas/crear/", {"nombre": "Saludo", "mensaje": "Hola {nombre}"})
        api.post("/api/v1/clientes/", {"nombre": "Beto"})
        made = api.post("/api/v1/campanas/", {"mensaje": "Hola", "audiencia": {"todos": True}})
        assert made.status_code == 201
        assert set(Cliente.objects.values_list("nombre", "usuario")) == {("Ana", owner.pk), ("Beto", owner.pk)}
        assert PlantillaSMS.objects.get().usuario == owner
        campana = CampanaSMS.objects.get()
        assert (campana.usuario, campana.creada_por) == (owner, socia)
        assert "Ana" in get(owner, "/clientes/")

    def test_the_shops_name_is_one(self, owner: Usuario, socia: Usuario) -> None:
        signed_in(socia).post("/cuenta/", {"first_name": "Sol", "tienda": "La Esquina"})
        assert (fresh(owner).tienda, fresh(socia).tienda, fresh(socia).first_name) == ("La Esquina", "", "Sol")
        signed_in(socia).post("/cuenta/", {"first_name": "Sol"})  # a form that does not send it
        assert fresh(owner).tienda == "La Esquina"

    def test_each_sees_the_others_keys(self, owner: Usuario, socia: Usuario) -> None:
        llave_de(owner, "todo", nombre="de la dueña")
        llave_de(socia, "todo", nombre="de la socia")
        for who in (owner, socia):
            assert {"de la dueña", "de la socia"} == set(llaves.llaves_de(who).values_list("nombre", flat=True))

    def test_no_shop_is_found_in_a_person_who_is_no_founder(self, socia: Usuario) -> None:
        with pytest.raises(CommandError):
            call_command("limites", "socia")

    @pytest.mark.parametrize("change", [{"rol": "vendedor"}, {"rol": "plataforma", "creado_por": "otra"}])
    def test_the_database_takes_nobody_of_no_shop_or_two(self, owner: Usuario, change: dict[str, Any]) -> None:
        change = {**change, "creado_por": owner if change.get("creado_por") else None}
        with pytest.raises(IntegrityError), transaction.atomic():
            Usuario.objects.create(username="x", **change)

    def test_nobody_moves_to_another_shop(self, socia: Usuario, stranger: Usuario, owner: Usuario) -> None:
        for person, shop in ((socia, stranger), (owner, stranger), (socia, None)):
            person.creado_por = shop
            with pytest.raises(ValidationError) as refused:
                person.full_clean()
            assert "creado_por" in refused.value.message_dict


class TestThePage:
    def test_a_person_comes_with_a_role_and_it_is_written_down(self, owner: Usuario) -> None:
        form = {"first_name": "Marta", "username": "marta", "password1": CLAVE, "password2": CLAVE, "rol": "operador"}
        assert signed_in(owner).post("/usuarios/nuevo/", form).status_code == 302
        marta = Usuario.objects.get(username="marta")
        assert (marta.rol, marta.tenant_id, marta.clave_ajena) == ("operador", owner.pk, True)
        row = Registro.objects.filter(tipo=Tipo.USUARIO).get()
        assert (row.detalle, row.tienda_id, row.quien) == ("marta, operador", owner.pk, "duena")
        page = get(owner, "/usuarios/")
        assert "Operador" in page
        assert "fundó la tienda" in page

    def test_a_role_changes_at_once_and_it_is_written_down(self, owner: Usuario, teammate: Usuario) -> None:
        inside = signed_in(teammate)
        assert inside.get("/clientes/").status_code == 200
        signed_in(owner).post(f"/usuarios/{teammate.pk}/rol/", {"rol": "operador"})
        assert (inside.get("/clientes/").status_code, inside.get("/campanas/").status_code) == (403, 200)
        row = Registro.objects.filter(tipo=Tipo.ROL).get()
        assert (row.detalle, row.tienda_id) == ("de vendedor: vendedor → operador", owner.pk)

    def test_it_asks_for_the_password_again(self, owner: Usuario, teammate: Usuario) -> None:
        client = signed_in(owner)
        session = client.session
        session["confirmado"] = 0
        session.save()
        for path in ("nuevo/", f"{teammate.pk}/rol/", f"{teammate.pk}/desactivar/"):
            assert client.post(f"/usuarios/{path}", {"rol": "admin"})["Location"].startswith("/cuentas/confirmar/")
        assert fresh(teammate).rol == "vendedor"

    def test_the_last_admin_stays(self, owner: Usuario, socia: Usuario) -> None:
        """Nobody changes themselves, so that one is left; and of two who put each other out at once, one is."""
        for path in ("rol/", "desactivar/"):
            assert signed_in(owner).post(f"/usuarios/{owner.pk}/{path}", {"rol": "vendedor"}).status_code == 404
        services.cambiar_rol(persona=socia, rol="vendedor", por=owner)
        for act in (
            lambda: services.activar_persona(persona=owner, activo=False, por=socia),
            lambda: services.cambiar_rol(persona=owner, rol="vendedor", por=socia),
            lambda: services.activar_persona(persona=owner, activo=False, por=owner),
        ):
            with pytest.raises(ConflictError):
                act()
        assert fresh(owner).puede_ingresar

    def test_the_founders_role_is_for_good(self, owner: Usuario, socia: Usuario) -> None:
        said = flashes(socia, f"/usuarios/{owner.pk}/rol/", {"rol": "vendedor"})
        assert said == [services.FUNDO]
        assert fresh(owner).rol == "admin"

    def test_the_shop_goes_on_without_its_founder(self, owner: Usuario, socia: Usuario) -> None:
        inside, key = signed_in(owner), llave_de(owner)
        CampanaFactory.create(usuario=owner, estado="procesando")
        signed_in(socia).post(f"/usuarios/{owner.pk}/desactivar/")
        assert (inside.get("/clientes/").status_code, with_key(key)) == (302, 401)
        entered = Client().post("/cuentas/ingresar/", {"username": "duena", "password": "clave-de-prueba"})
        assert entered.status_code == 200
        assert signed_in(socia).get("/clientes/").status_code == 200
        assert CampanaSMS.objects.get().estado == "procesando"
        assert "Desactivado" in get(socia, "/usuarios/")

        signed_in(socia).post(f"/usuarios/{owner.pk}/activar/")
        assert (inside.get("/clientes/").status_code, with_key(key)) == (302, 401)
        assert signed_in(fresh(owner)).get("/clientes/").status_code == 200

    def test_the_founder_may_go_only_when_another_admin_is_there(self, owner: Usuario, socia: Usuario) -> None:
        Usuario.objects.filter(pk=socia.pk).update(is_active=False)
        with pytest.raises(ConflictError, match="único administrador"):
            services.activar_persona(persona=owner, activo=False, por=socia)


def test_a_shop_that_opens_again_gives_nobody_old_sessions_and_keys(owner: Usuario, teammate: Usuario) -> None:
    inside, key, other = signed_in(teammate), llave_de(teammate), llave_de(owner)
    for active in (False, True):
        person = fresh(owner)
        person.is_active = active
        person.save(update_fields=["is_active"])
    assert (inside.get("/").status_code, with_key(key), with_key(other)) == (302, 401, 401)
    assert signed_in(fresh(teammate)).get("/").status_code == 200


class TestKeys:
    def test_a_role_has_the_scopes_that_it_can_use(self) -> None:
        """The scopes of a key are those whose routes the role may write to."""
        for rol in DE_TIENDA:
            usuario = Usuario(rol=rol)
            useful = {str(fila.escribe) for fila in RUTAS.values() if fila.hace and usuario.puede(fila.hace)}
            assert {str(one) for one in llaves.alcances_de(usuario)} == {"leer", *useful}

    @pytest.mark.parametrize("rol", ["operador", "aprobador", "vendedor"])
    def test_a_key_by_password_does_what_the_person_may(self, owner: Usuario, rol: str) -> None:
        person = VendedorFactory.create(rol=rol, creado_por=owner)
        campana = CampanaFactory.create(usuario=owner, estado="procesando")
        client = APIClient(headers={"Authorization": f"Bearer {llaves.llave_por_clave(usuario=person).llave}"})
        paused = client.post(f"/api/v1/campanas/{campana.pk}/pausar/").status_code
        assert paused == (200 if rol == "operador" else 403)
        assert client.post("/api/v1/clientes/", {"nombre": "Ana"}).status_code == 403

    def test_a_key_does_no_more_than_its_person_does_now(self, owner: Usuario, socia: Usuario) -> None:
        client = APIClient(headers={"Authorization": f"Bearer {llave_de(socia, 'todo')}"})
        assert client.post("/api/v1/clientes/", {"nombre": "Ana"}).status_code == 201
        Usuario.objects.filter(pk=socia.pk).update(rol="vendedor")
        assert client.post("/api/v1/clientes/", {"nombre": "Beto"}).status_code == 403
        assert client.get("/api/v1/ajustes/").status_code == 403

    def test_a_lesser_role_ends_the_keys_it_could_not_make(self, owner: Usuario, socia: Usuario) -> None:
        llave_de(socia, "todo", nombre="todo")
        llave_de(socia, "leer", nombre="leer")
        services.cambiar_rol(persona=socia, rol="vendedor", por=owner)
        assert set(LlaveApi.objects.filter(revocada_en=None).values_list("nombre", flat=True)) == {"leer"}

    def test_who_was_just_demoted_makes_none(self, owner: Usuario, socia: Usuario) -> None:
        services.cambiar_rol(persona=fresh(socia), rol="vendedor", por=owner)
        with pytest.raises(ForbiddenError):
            llaves.crear_llave(usuario=socia, nombre="x", alcances=["todo"], vence_en=None)


class TestTheInstallation:
    def test_the_command_makes_an_operator_of_no_shop_and_says_what_it_may(self, db: None) -> None:
        out = StringIO()
        call_command("operador", "vigia", stdout=out)
        vigia = Usuario.objects.get()
        assert (vigia.rol, vigia.is_superuser, vigia.es_tienda, vigia.permisos) == (
            "plataforma",
            True,
            False,
            frozenset(),
        )
        assert vigia.clave_ajena
        assert vigia.check_password(out.getvalue().split("Clave: ")[1].split()[0])
        assert "el motivo queda en el registro" in out.getvalue()
        with pytest.raises(CommandError, match="Ya hay un usuario"):
            call_command("operador", "VIGIA", stdout=out)

    def test_so_does_djangos_own_command(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", CLAVE)
        call_command("createsuperuser", "--no-input", "--username=vigia", "--email=", stdout=StringIO())
        vigia = Usuario.objects.get()
        assert (vigia.rol, vigia.is_superuser, vigia.es_tienda) == ("plataforma", True, False)

    def test_it_ends_one_and_leaves_an_admin_of_before_the_shop(self, owner: Usuario) -> None:
        Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
        inside = signed_in(fresh(owner))
        with pytest.raises(CommandError, match="único operador"):
            call_command("operador", "duena", "--quitar")
        call_command("operador", "vigia", stdout=StringIO())
        out = StringIO()
        call_command("operador", "duena", "--quitar", stdout=out)
        now = fresh(owner)
        assert (now.is_superuser, now.is_staff, now.puede_ingresar, now.es_tienda) == (False, False, True, True)
        assert "Sigue siendo administrador" in out.getvalue()
        assert inside.get("/").status_code == 302

    def test_an_operator_opens_a_shops_clients_with_a_reason_that_the_shop_reads(
        self, owner: Usuario, stranger: Usuario, admin_user: Usuario
    ) -> None:
        client, other = ClienteFactory.create(usuario=owner), ClienteFactory.create(usuario=stranger, nombre="Ajena")
        log = sms_log(campana := CampanaFactory.create(usuario=owner), open_lote(campana, [client]), client)
        inside = signed_in(admin_user)
        paths = (
            "/admin/clientes/cliente/", f"/admin/clientes/cliente/{client.pk}/change/", "/admin/clientes/cliente/add/",
            f"/admin/clientes/cliente/{client.pk}/delete/", f"/admin/clientes/cliente/{client.pk}/history/",
            "/admin/clientes/venta/", "/admin/clientes/importacion/", "/admin/clientes/baja/",
            "/admin/clientes/registrobaja/", "/admin/campaigns/smslog/", f"/admin/campaigns/smslog/{log.pk}/change/",
            "/admin/campaigns/entrante/",
        )  # fmt: skip
        for path in paths:
            assert inside.get(path)["Location"].startswith("/admin/motivo/?next=%2Fadmin%2F"), path
        found = inside.get("/admin/autocomplete/?app_label=clientes&model_name=venta&field_name=cliente&term=")
        assert found.json()["results"] == []

        asked = "/admin/motivo/?next=/admin/clientes/cliente/"
        assert inside.post(asked, {"tienda": owner.pk, "motivo": "corto"}).status_code == 200
        said = "La tienda pidió ayuda con una ficha"
        assert inside.post(asked, {"tienda": owner.pk, "motivo": said})["Location"] == "/admin/clientes/cliente/"
        page = inside.get("/admin/clientes/cliente/").content.decode()
        assert client.nombre in page
        assert "Ajena" not in page
        assert inside.get(f"/admin/clientes/cliente/{other.pk}/change/").status_code == 302
        assert inside.get("/admin/campaigns/smslog/").status_code == 200
        row = Registro.objects.get(tipo=Tipo.ACCESO)
        assert (row.tienda_id, row.quien, row.detalle) == (owner.pk, admin_user.username, said)
        assert said in get(owner, "/seguridad/")

        session = inside.session
        session["acceso"] = [owner.pk, 0]
        session.save()
        assert inside.get("/admin/clientes/cliente/").status_code == 302

    def test_an_operator_ties_no_row_of_one_shop_to_another(
        self, owner: Usuario, teammate: Usuario, stranger: Usuario, admin_user: Usuario
    ) -> None:
        mine, other = (ClienteFactory.create(usuario=shop) for shop in (owner, stranger))
        inside = signed_in(admin_user)
        said = {"tienda": owner.pk, "motivo": "La tienda pidió ayuda con una venta"}
        assert inside.post("/admin/motivo/", said).status_code == 302
        day = {"fecha_0": "2026-01-31", "fecha_1": "10:00:00"}
        sale = {"referencia": "F1", "total": "100", "cliente": mine.pk, "usuario": owner.pk, **day}
        add = "/admin/clientes/venta/add/"
        for wrong in ({"cliente": other.pk}, {"usuario": stranger.pk}, {"usuario": teammate.pk}):
            assert inside.post(add, sale | wrong).status_code == 200, wrong
        assert inside.post(add, sale).status_code == 302
        assert Venta.objects.get().cliente == mine
        tags = [Etiqueta.objects.create(nombre="vip", usuario=shop) for shop in (owner, stranger)]
        form = {"nombre": "Ana", "activo": "true", "usuario": stranger.pk, "etiquetas": [tag.pk for tag in tags]}
        change = f"/admin/clientes/cliente/{mine.pk}/change/"
        assert inside.post(change, form).status_code == 200
        assert inside.post(change, form | {"etiquetas": [tags[0].pk]}).status_code == 302
        mine.refresh_from_db()
        assert (mine.usuario, [*mine.etiquetas.all()]) == (owner, [tags[0]])  # it stays where it was
        # Nor is a row of somebody who founded no shop; their people see none of it.
        rows: tuple[tuple[str, dict[str, Any]], ...] = (
            ("clientes/etiqueta", {"nombre": "otra"}), ("clientes/segmento", {"nombre": "otro", "condiciones": "{}"}),
            ("campaigns/plantillasms", {"nombre": "otra", "mensaje": "Hola", "activo": "on"}),
            ("campaigns/remitente", {"nombre": "otro", "valor": "+15005550001", "activo": "on"}),
        )  # fmt: skip
        for path, fields in rows:
            for nobody in (teammate, admin_user):
                assert inside.post(f"/admin/{path}/add/", fields | {"usuario": nobody.pk}).status_code == 200, path
        person = {"username": "nueva", "password1": CLAVE, "password2": CLAVE, "usable_password": "true"}
        page = inside.post("/admin/core/usuario/add/", person | {"rol": "vendedor", "creado_por": teammate.pk})
        assert "creado_por" in page.context["adminform"].form.errors

    def test_the_reason_leads_nowhere_else_and_is_the_operators(self, admin_user: Usuario, owner: Usuario) -> None:
        form = {"tienda": owner.pk, "motivo": "La tienda pidió ayuda"}
        answer = signed_in(admin_user).post("/admin/motivo/?next=https://otra.example/", form)
        assert answer["Location"] == "/admin/"
        assert signed_in(owner).post("/admin/motivo/", form).status_code == 403

    def test_deleting_a_person_names_no_client(self, admin_user: Usuario, owner: Usuario) -> None:
        ClienteFactory.create(usuario=owner, nombre="Zafiro")
        page = signed_in(admin_user).get(f"/admin/core/usuario/{owner.pk}/delete/").content.decode()
        assert "Zafiro" not in page

    def test_what_an_operator_changes_of_people_is_written_down(self, admin_user: Usuario, teammate: Usuario) -> None:
        form = {
            "username": "vendedor", "rol": "operador", "creado_por": teammate.creado_por_id,
            "date_joined_0": "2026-01-01", "date_joined_1": "10:00:00",
        }  # fmt: skip
        assert signed_in(admin_user).post(f"/admin/core/usuario/{teammate.pk}/change/", form).status_code == 302
        said = dict(Registro.objects.filter(tienda_id=teammate.tenant_id).values_list("tipo", "detalle"))
        assert said == {"rol": "de vendedor: rol: operador", "usuario_fuera": "vendedor"}

    def test_they_have_no_page_of_a_shop(self, admin_user: Usuario) -> None:
        inside = signed_in(admin_user)
        assert inside.get("/")["Location"] == "/admin/"
        assert "/clientes/" not in get(admin_user, "/cuenta/")


def test_an_upgrade_keeps_every_account(db: None) -> None:
    """The migration takes rows as the version before left them, with their keys."""
    executor = MigrationExecutor(connection)
    before = executor.loader.project_state(("core", "0009_segundo_factor_y_sesiones"))
    migration = executor.loader.get_migration("core", "0010_personas")
    duena = AdminFactory.create(username="duena", is_staff=True, is_superuser=True, ajustes=None)
    VendedorFactory.create(username="vendedor", creado_por=duena)
    VendedorFactory.create(username="fuera", creado_por=duena, is_active=False)
    key = llave_de(duena)
    rows = Usuario.objects.order_by("pk").values(
        "username", "password", "rol", "creado_por", "is_active", "is_superuser"
    )
    kept = list(rows)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_usuario")
        assert cursor.fetchone() == (3,)
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)
    assert list(rows) == kept
    assert with_key(key) == 200
    assert SMSLog.objects.count() == 0


class TestWhoLedTheInstallation:
    """Before shops had several admins, the first one was the installation's operator too, and stays so."""

    @pytest.fixture
    def root(self, owner: Usuario) -> Usuario:
        Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
        return fresh(owner)

    @pytest.mark.parametrize("name", ["usuario-clave", "usuario-desactivar", "usuario-activar", "usuario-rol"])
    def test_nobody_else_of_the_shop_touches_their_account(self, root: Usuario, socia: Usuario, name: str) -> None:
        form = {"new_password1": CLAVE, "new_password2": CLAVE, "rol": "vendedor"}
        assert signed_in(socia).post(reverse(name, args=[root.pk]), form).status_code == 403
        now = fresh(root)
        assert (now.password, now.rol, now.dentro) == (root.password, root.rol, True)

    def test_nor_does_a_service(self, root: Usuario, socia: Usuario) -> None:
        with pytest.raises(ForbiddenError):
            services.activar_persona(persona=root, activo=False, por=socia)

    def test_another_of_them_does(self, root: Usuario, socia: Usuario) -> None:
        Usuario.objects.filter(pk=socia.pk).update(is_staff=True, is_superuser=True)
        services.activar_persona(persona=root, activo=False, por=fresh(socia))
        assert not fresh(root).dentro
