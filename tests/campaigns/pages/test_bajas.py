"""The shop's list of opt-outs: its pages, its API, its file, and what only an admin with evidence may undo."""

from dataclasses import replace
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.bajas import services
from clientes import services as clientes
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.bajas.sql import huella
from clientes.models import Baja, Fuente, RegistroBaja
from core.models import Usuario
from tests.factories import ClienteFactory
from tests.pages import flashes, get, lines_of, signed_in

ANA, EVA, NUMERO = "+573001234567", "+573009876543", "+15005550006"
SMS = Prueba(Fuente.SMS, texto="¡Baja ya!", sid="SM" + "1" * 32, remitente=NUMERO, campana_id=7, campana_nombre="Promo")
ALTA = {"motivo": "Firmó en la tienda", "evidencia": "Carpeta 3"}


@pytest.fixture(autouse=True)
def _sender(settings: Any) -> None:
    settings.TWILIO_FROM = settings.TWILIO_SENDER = NUMERO


def leaves(tienda: Usuario, telefono: str = ANA, *, sender: bool = False) -> Baja:
    prueba = SMS if telefono == ANA else replace(SMS, sid="SM" + "2" * 32)
    dar_de_baja(telefono=telefono, tienda_id=tienda.pk, prueba=prueba, remitentes=[NUMERO] if sender else [])
    return Baja.objects.get(usuario=tienda, huella=huella(telefono))


class TestPages:
    def test_the_list_shows_who_left(self, owner: Usuario) -> None:
        ClienteFactory.create(usuario=owner, nombre="Ana Gómez", telefono=ANA)
        leaves(owner)
        leaves(owner, EVA)
        body = get(owner, "/bajas/")
        for said in ("+57 300 1234567", "Ana Gómez", "+57 300 9876543", "No está entre sus clientes"):
            assert said in body, said
        assert "+57 300 9876543" not in get(owner, "/bajas/?q=300123")
        assert "Ninguna baja coincide" in get(owner, "/bajas/?fuente=enlace")
        assert "Ninguna baja coincide" in get(owner, "/bajas/?vigente=no")

    def test_what_was_said_is_shown_with_its_proof(self, owner: Usuario) -> None:
        baja = leaves(owner)
        body = get(owner, f"/bajas/{baja.pk}/")
        for said in ("«¡Baja ya!»", "Promo", SMS.sid, "Respuesta por SMS", "no se le envía nada"):
            assert said in body, said

    def test_an_admin_writes_one_down(self, owner: Usuario) -> None:
        form = {"telefono": "300 123 4567", "motivo": "Llamó y lo pidió", "evidencia": "Grabación 8841"}
        assert flashes(owner, "/bajas/nueva/", form) == ["La baja quedó registrada: nada más se le envía a ese número."]
        registro = RegistroBaja.objects.get()
        assert (registro.telefono, registro.fuente, registro.quien) == (ANA, "manual", owner)
        assert (registro.motivo, registro.evidencia) == (form["motivo"], form["evidencia"])
        assert Baja.objects.get().vigente

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"telefono": "12", "motivo": "x"}, services.TELEFONO_INVALIDO),
            ({"telefono": "3001234567", "motivo": "  "}, "id_motivo_error"),
            ({"telefono": "3001234567", "motivo": "x" * 301}, "id_motivo_error"),
        ],
    )
    def test_it_says_what_is_missing(self, owner: Usuario, form: dict[str, str], said: str) -> None:
        answer = signed_in(owner).post("/bajas/nueva/", form)
        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert not Baja.objects.exists()

    def test_an_admin_lifts_one_with_evidence(self, owner: Usuario) -> None:
        baja = leaves(owner, sender=True)
        for missing in ALTA:
            answer = signed_in(owner).post(f"/bajas/{baja.pk}/levantar/", {**ALTA, missing: ""})
            assert f"id_{missing}_error" in answer.content.decode()
        assert Baja.objects.get(pk=baja.pk).vigente
        flashes(owner, f"/bajas/{baja.pk}/levantar/", ALTA)
        baja.refresh_from_db()
        assert (baja.vigente, baja.fuente) == (False, "manual")
        alta = RegistroBaja.objects.get(tipo="alta")
        assert (alta.quien, alta.motivo, alta.evidencia) == (owner, *ALTA.values())
        assert flashes(owner, f"/bajas/{baja.pk}/levantar/", ALTA) == [services.YA_LEVANTADA]
        assert "se le puede escribir de nuevo" in get(owner, f"/bajas/{baja.pk}/")

    def test_a_vendedor_sees_no_form(self, owner: Usuario, teammate: Usuario) -> None:
        baja = leaves(owner)
        body = get(teammate, f"/bajas/{baja.pk}/") + get(teammate, "/bajas/")
        assert "¡Baja ya!" in body
        assert "Levantar la baja" not in body
        assert "Registrar baja" not in body


class TestSharedSender:
    """A client of one shop wrote to a number that several shops send from."""

    def test_another_shop_sees_it_of_its_own_client_and_not_the_words(self, owner: Usuario, stranger: Usuario) -> None:
        leaves(owner, sender=True)
        leaves(owner, EVA, sender=True)
        ClienteFactory.create(usuario=stranger, nombre="Ana de otra", telefono=ANA)
        body = get(stranger, "/bajas/")
        assert "Ana de otra" in body
        assert f"· {NUMERO}" in body
        assert "9876543" not in body  # no client of theirs
        sender = Baja.objects.get(usuario=None, huella=huella(ANA))
        detail = get(stranger, f"/bajas/{sender.pk}/")
        assert "No se lo dijo a su tienda" in detail
        assert "¡Baja ya!" not in detail
        other = Baja.objects.get(usuario=None, huella=huella(EVA))
        assert signed_in(stranger).get(f"/bajas/{other.pk}/").status_code == 404

    def test_the_shop_that_was_told_sees_it_once(self, owner: Usuario) -> None:
        ClienteFactory.create(usuario=owner, telefono=ANA)
        leaves(owner, sender=True)
        assert get(owner, "/bajas/").count("+57 300 1234567") == 1

    def test_an_admin_lifts_it_for_their_own_shop_alone(self, owner: Usuario, stranger: Usuario) -> None:
        baja = leaves(owner, sender=True)
        ClienteFactory.create(usuario=stranger, telefono=ANA)
        sender = Baja.objects.get(usuario=None)
        flashes(stranger, f"/bajas/{sender.pk}/levantar/", ALTA)
        assert Baja.objects.filter(pk=sender.pk).exists()
        assert Baja.objects.get(usuario=stranger).vigente is False
        baja.refresh_from_db()
        assert baja.vigente
        assert "Ninguna baja coincide" not in get(stranger, "/bajas/?vigente=no")


def test_an_erased_phone_is_for_its_owner_to_bring_back(owner: Usuario) -> None:
    baja = leaves(owner)
    clientes.anonimizar_cliente(cliente=ClienteFactory.create(usuario=owner, telefono=ANA))
    assert flashes(owner, f"/bajas/{baja.pk}/levantar/", ALTA) == [services.BORRADO]
    assert "Teléfono borrado" in get(owner, "/bajas/")


def test_the_file_is_the_proof(owner: Usuario, stranger: Usuario) -> None:
    leaves(owner)
    leaves(stranger, EVA)
    services.levantar(usuario=owner, baja=Baja.objects.get(usuario=owner), **ALTA)
    answer: Any = signed_in(owner).get("/bajas/exportar/")
    lines = lines_of(answer)
    assert len(lines) == 3
    assert f";'{ANA};Baja;Respuesta por SMS;¡Baja ya!;Promo;{SMS.sid};'{NUMERO};;;" in lines[1]
    assert ";Alta;Registrada por la tienda;;;;;duena;Firmó en la tienda;Carpeta 3" in lines[2]


class TestAPI:
    def test_it_creates_reads_and_lists(self, api: APIClient, owner: Usuario) -> None:
        body = {"telefono": "300 123 4567", "motivo": "Escribió al correo", "fuente": "pagina"}
        made = api.post("/api/v1/bajas/", body)
        assert made.status_code == 201, made.json()
        found = made.json()
        assert (found["telefono"], found["fuente"], found["vigente"], found["de_remitente"]) == (
            ANA, "pagina", True, False,
        )  # fmt: skip
        [row] = api.get("/api/v1/bajas/").json()["results"]
        assert row == found
        detail = api.get(f"/api/v1/bajas/{found['id']}/").json()
        assert detail["historia"][0]["quien"] == "duena"
        assert detail["historia"][0]["motivo"] == "Escribió al correo"
        again = api.post("/api/v1/bajas/", body)
        assert (again.status_code, again.json()["id"]) == (201, found["id"])
        assert RegistroBaja.objects.count() == 2

    @pytest.mark.parametrize(
        ("body", "attr"),
        [
            ({"motivo": "x"}, "telefono"),
            ({"telefono": "12", "motivo": "x"}, "telefono"),
            ({"telefono": "3001234567"}, "motivo"),
            ({"telefono": "3001234567", "motivo": " "}, "motivo"),
            ({"telefono": "3001234567", "motivo": "x", "fuente": "sms"}, "fuente"),
            ({"telefono": "3001234567", "motivo": "x", "otro": 1}, "otro"),
        ],
    )
    def test_it_refuses_by_name(self, api: APIClient, body: dict[str, Any], attr: str) -> None:
        answer = api.post("/api/v1/bajas/", body)
        assert answer.status_code == 400
        assert [error["attr"] for error in answer.json()["errors"]] == [attr]
        assert not Baja.objects.exists()

    @pytest.mark.parametrize("where", ["body", "query"])
    def test_it_lifts_with_evidence(self, api: APIClient, owner: Usuario, where: str) -> None:
        path = f"/api/v1/bajas/{leaves(owner).pk}/"
        assert api.delete(path).status_code == 400
        assert api.delete(path, {"motivo": "x"}).json()["errors"][0]["attr"] == "evidencia"
        query = "?motivo=Firm%C3%B3&evidencia=Carpeta"
        answer = api.delete(path, ALTA) if where == "body" else api.delete(path + query)
        assert answer.status_code == 204
        assert api.get("/api/v1/bajas/").json()["results"] == []
        assert [row["vigente"] for row in api.get("/api/v1/bajas/?vigente=false").json()["results"]] == [False]
        assert [word["tipo"] for word in api.get(path).json()["historia"]] == ["alta", "baja"]
        again = api.delete(path, ALTA)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "not_in_force")

    def test_it_filters(self, api: APIClient, owner: Usuario) -> None:
        leaves(owner)
        assert len(api.get("/api/v1/bajas/?fuente=sms&telefono=%2B573001234567").json()["results"]) == 1
        assert api.get("/api/v1/bajas/?fuente=enlace").json()["results"] == []
        assert api.get("/api/v1/bajas/?vigente=quizas").status_code == 400
