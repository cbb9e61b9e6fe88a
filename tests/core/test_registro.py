"""The security log: what is written into it, that it only grows, and who reads it."""

import hashlib
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import InternalError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from clientes.models import Importacion
from core.llaves import MARCA, huella
from core.models import LlaveApi, Registro, Usuario
from core.registro import DETALLE_MAX, Tipo, anotar
from tests import pages
from tests.conftest import signed_in
from tests.factories import CampanaFactory, ClienteFactory, llave_de

RIGHT, WRONG = {"username": "duena", "password": "clave-de-prueba"}, {"username": "duena", "password": "no"}
NEW = {"new_password1": "clave-nueva-77", "new_password2": "clave-nueva-77"}
PERSON = {"first_name": "Ana", "username": "ana", "password1": "clave-nueva-77", "password2": "clave-nueva-77"}

pytestmark = pytest.mark.django_db


def written() -> list[tuple[str, str, str]]:
    """Each row's kind, person and subject, the oldest first."""
    return list(Registro.objects.order_by("pk").values_list("tipo", "quien", "detalle"))


def test_coming_in_and_going_out(owner: Usuario) -> None:
    client = Client()
    client.post("/cuentas/ingresar/", WRONG, REMOTE_ADDR="203.0.113.7")
    client.post("/cuentas/ingresar/", RIGHT, REMOTE_ADDR="203.0.113.7")
    client.post("/cuentas/salir/", REMOTE_ADDR="203.0.113.7")

    assert written() == [("ingreso_fallido", "duena", ""), ("ingreso", "duena", ""), ("salida", "duena", "")]
    rows = Registro.objects.values_list("tienda_id", "usuario_id", "ip", "via").distinct()
    assert list(rows.order_by()) == [(owner.tenant_id, owner.pk, "203.0.113.7", "pagina")]


def test_an_unknown_name_is_not_kept(owner: Usuario) -> None:
    """People type their password where the name goes."""
    Client().post("/cuentas/ingresar/", {"username": "mi-clave-secreta", "password": "x"})

    [row] = Registro.objects.all()
    assert (row.tipo, row.quien, row.detalle, row.tienda_id) == ("ingreso_fallido", "", "", None)


def test_the_api_says_by_which_way(owner: Usuario) -> None:
    APIClient().post("/api/v1/auth/token/", WRONG)
    APIClient().post("/api/v1/auth/token/", RIGHT)

    assert written() == [("ingreso_fallido", "duena", ""), ("token_pedido", "duena", "")]
    assert set(Registro.objects.values_list("via", flat=True)) == {"api"}


def test_guesses_beyond_the_limit_are_said_once(owner: Usuario) -> None:
    for _ in range(15):
        Client().post("/cuentas/ingresar/", WRONG)

    assert [tipo for tipo, *_ in written()] == ["ingreso_fallido"] * 10 + ["limite"]


def shop(path: str, **form: Any) -> Callable[[Usuario, Usuario], Any]:
    def act(owner: Usuario, teammate: Usuario) -> Any:
        return pages.signed_in(owner).post(path.format(teammate.pk), form)

    return act


def export(path: str) -> Callable[[Usuario, Usuario], Any]:
    def act(owner: Usuario, teammate: Usuario) -> Any:
        campana = CampanaFactory.create(usuario=owner)
        return pages.signed_in(owner).get(path.format(campana.pk))

    return act


def lend(owner: Usuario, teammate: Usuario) -> Any:
    owner.is_superuser = True
    owner.save()
    return signed_in(owner).post("/api/v1/remitentes/", {"nombre": "x", "valor": "85432"})


def make_key(owner: Usuario, teammate: Usuario) -> Any:
    with mock.patch("core.llaves.secrets.choice", return_value="0"):
        return signed_in(owner).post("/api/v1/llaves/", {"nombre": "Caja", "alcances": ["leer"]})


def end_key(owner: Usuario, teammate: Usuario) -> Any:
    with mock.patch("core.llaves.secrets.choice", return_value="1"):
        key = llave_de(owner)
    return signed_in(owner).delete(f"/api/v1/llaves/{LlaveApi.objects.get(huella=huella(key)).pk}/")


ACTS = [
    (shop("/cuenta/clave/", old_password="clave-de-prueba", **NEW), ("clave", "duena", "de duena")),
    (shop("/usuarios/{}/clave/", **NEW), ("clave", "duena", "de vendedor")),
    (shop("/usuarios/nuevo/", **PERSON), ("usuario", "duena", "ana, vendedor")),
    (shop("/usuarios/{}/desactivar/"), ("usuario_fuera", "duena", "vendedor")),
    (shop("/usuarios/{}/activar/"), ("usuario_dentro", "duena", "vendedor")),
    (make_key, ("llave_nueva", "duena", "Caja (sms_live_0000…): leer")),
    (end_key, ("llave_revocada", "duena", "Prueba (sms_live_1111…)")),
    (export("/clientes/exportar/"), ("exportacion", "duena", "clientes")),
    (export("/bajas/exportar/"), ("exportacion", "duena", "bajas")),
    (export("/respuestas/exportar/"), ("exportacion", "duena", "respuestas")),
    (lambda owner, teammate: signed_in(owner).post("/api/v1/alertas/secreto/"), ("alertas", "duena", "secreto")),
    (lend, ("remitente", "duena", "85432, prestado a la tienda")),
]


@pytest.mark.parametrize(("act", "row"), ACTS, ids=[row[0] + row[2] for _, row in ACTS])
def test_what_is_done_is_written(
    act: Callable[[Usuario, Usuario], Any], row: tuple[str, str, str], owner: Usuario, teammate: Usuario
) -> None:
    assert act(owner, teammate).status_code < 400

    found = written()
    assert row in found
    assert found.count(row) == 1
    assert Registro.objects.filter(tipo=row[0], tienda_id=owner.pk).exists()


def test_an_export_of_a_campaign_names_it(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner)

    pages.signed_in(owner).get(f"/campanas/{campana.pk}/exportar/")

    assert written()[-1] == ("exportacion", "duena", f"destinatarios de la campaña {campana.pk}")


def test_a_file_that_left_is_known_again_by_its_hash(owner: Usuario, stranger: Usuario) -> None:
    """The rows of an import are such a file too, and one that was broken off has no hash."""
    made = {"archivo": "lista.csv", "estado": "rechazada", "muestra": [["nombre"]]}
    importacion = Importacion.objects.create(usuario=owner, tipo="clientes", **made)
    ClienteFactory.create(usuario=owner, nombre="Zoé")
    client = pages.signed_in(owner)
    named = {"errores": "filas con errores", "telefonos": "filas con teléfonos repetidos"}
    taken = {f"/clientes/importar/{importacion.pk}/{what}/": f"{said} de la importación {importacion.pk}"
             for what, said in named.items()}  # fmt: skip
    for path, que in {"/clientes/exportar/": "clientes", **taken}.items():
        answer = client.get(path)
        assert written()[-1] == ("exportacion", "duena", que)
        file = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        [row] = Registro.objects.filter(detalle__startswith=f"{que}: completo")
        assert row.detalle == f"{que}: completo, SHA-256 {hashlib.sha256(file).hexdigest()}"
        assert (row.tienda_id, row.usuario_id, row.ip, row.via) == (owner.pk, owner.pk, "127.0.0.1", "pagina")


def test_a_command_that_sets_a_password_is_written_too(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt="": "clave-nueva-77")

    call_command("changepassword", "duena")

    [row] = Registro.objects.all()
    assert (row.tipo, row.detalle, row.ip, row.via) == ("clave", "de duena", None, "")


def test_a_first_password_is_no_change_of_one(db: None) -> None:
    Usuario.objects.create_user("nueva", password="clave-nueva-77")

    assert written() == []


def test_who_wants_what_they_may_not_is_written_once_a_minute(teammate: Usuario) -> None:
    client = pages.signed_in(teammate)
    for _ in range(3):
        assert client.get("/ajustes/").status_code == 403

    assert [row for row in written() if row[0] == "negado"] == [("negado", "vendedor", "GET /ajustes/")]


def test_it_holds_no_secret(owner: Usuario, teammate: Usuario) -> None:
    for act, _ in ACTS:
        act(owner, teammate)
    keys = [APIClient().post("/api/v1/auth/token/", RIGHT).json()["token"][len(MARCA) + 4 :], "0" * 5, "1" * 5]
    Client().post("/cuentas/ingresar/", {"username": "clave-de-prueba", "password": "clave-nueva-77"})

    text = str(list(Registro.objects.values()))
    assert not [secret for secret in ("clave-de-prueba", "clave-nueva-77", "whsec_", *keys) if secret in text]


@pytest.mark.parametrize("statement", ["UPDATE core_registro SET quien = 'otro'", "DELETE FROM core_registro"])
def test_it_only_grows(owner: Usuario, statement: str) -> None:
    anotar(Tipo.EXPORTACION, usuario=owner, detalle="x" * 1000)
    with pytest.raises(InternalError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert len(Registro.objects.get().detalle) == DETALLE_MAX


class TestReading:
    @pytest.fixture(autouse=True)
    def _rows(self, owner: Usuario, stranger: Usuario) -> None:
        anotar(Tipo.EXPORTACION, usuario=owner, detalle="clientes propios")
        anotar(Tipo.LIMITE, usuario=owner)
        anotar(Tipo.EXPORTACION, usuario=stranger, detalle="clientes ajenos")

    def test_an_admin_sees_the_shops(self, owner: Usuario) -> None:
        text = pages.signed_in(owner).get("/seguridad/").content.decode()

        assert "clientes propios" in text
        assert "Demasiados intentos" in text
        assert "ajenos" not in text

    def test_by_kind(self, owner: Usuario) -> None:
        text = pages.signed_in(owner).get("/seguridad/?tipo=exportacion").content.decode()
        assert text.count('<th scope="row">') == 1
        found = signed_in(owner).get("/api/v1/registro/?tipo=limite").json()["results"]
        assert [row["texto"] for row in found] == ["Demasiados intentos"]

    def test_the_api_gives_the_same(self, owner: Usuario) -> None:
        rows = signed_in(owner).get("/api/v1/registro/").json()["results"]
        assert [(row["tipo"], row["quien"]) for row in rows] == [("limite", "duena"), ("exportacion", "duena")]

    def test_nobody_else_sees_it(self, teammate: Usuario) -> None:
        assert pages.signed_in(teammate).get("/seguridad/").status_code == 403
        assert signed_in(teammate).get("/api/v1/registro/").status_code == 403

    def test_it_goes_on_page_by_page(self, owner: Usuario) -> None:
        for n in range(60):
            anotar(Tipo.EXPORTACION, usuario=owner, detalle=f"número {n}.")
        client = pages.signed_in(owner)
        first = client.get("/seguridad/")
        assert "número 59." in first.content.decode()
        assert "número 0." not in first.content.decode()
        second = client.get(f"/seguridad/?antes={first.context['siguiente']}").content.decode()
        assert "número 0." in second
