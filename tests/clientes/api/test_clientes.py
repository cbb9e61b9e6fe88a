"""/api/v1/clientes/: CRUD, filters, pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from clientes.models import Cliente
from clientes.services import ANONIMO, CLIENTE_CON_HISTORIA, anonimizar_cliente
from core.api.pagination import NO_ES_TAMANO
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of, errors_of
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log

URL = "/api/v1/clientes/"


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["nombre"] for row in response.json()["results"]]


class TestCreate:
    def test_it_works(self, api: APIClient, owner: Usuario) -> None:
        body = {"nombre": "Maria Gonzalez", "telefono": "300 123 4567", "documento": "987654321"}
        response = api.post(URL, body)
        assert response.status_code == 201
        cliente = Cliente.objects.get()
        assert cliente.usuario == owner
        assert response.json() == {
            **body,
            "id": cliente.pk,
            "telefono_e164": "+573001234567",
            "activo": True,
            "etiquetas": [],
            "consentimiento_fuente": "",
            "consentimiento_en": None,
            "consentimiento_hora": None,
            "consentimiento_medio": "",
            "consentimiento_texto": "",
            "consentimiento_lugar": "",
            "consentimiento_revocado_en": None,
            "origen": "",
            "creado": timezone.localtime(cliente.creado).isoformat(),
        }

    def test_it_needs_only_a_name(self, api: APIClient) -> None:
        row = api.post(URL, {"nombre": "  Ana  "}).json()
        assert (row["nombre"], row["telefono"], row["telefono_e164"], row["documento"]) == ("Ana", "", "", "")

    def test_it_keeps_a_phone_it_cannot_read(self, api: APIClient) -> None:
        """The phone is the shop's data; the campaign tells why this client was not written to."""
        row = api.post(URL, {"nombre": "Ana", "telefono": "no tiene"}).json()
        assert (row["telefono"], row["telefono_e164"]) == ("no tiene", "")

    def test_it_reads_what_programs_wrote(self, api: APIClient) -> None:
        body = {"nombre": "Jose\u200b &amp; Paz", "telefono": "3001234567.0", "documento": "79123456.0"}
        row = api.post(URL, body).json()
        assert (row["nombre"], row["telefono"], row["documento"]) == ("Jose & Paz", "3001234567", "79123456")
        link = api.post(URL, {"nombre": "Ana", "telefono": "https://wa.me/5215512345678"}).json()
        assert link["telefono"] == link["telefono_e164"] == "+525512345678"

    @pytest.mark.parametrize(
        ("body", "attr", "reason"),
        [
            ({"nombre": "NULL"}, "nombre", "no es un nombre"),
            ({"nombre": "#N/A"}, "nombre", "error de la planilla"),
            ({"nombre": "Ana", "documento": "79123456.5"}, "documento", "otra persona"),
            ({"nombre": "Ana", "documento": "1.02E+09"}, "documento", "otra persona"),
            ({"nombre": "Ana", "telefono": "#¡REF!"}, "telefono", "error de la planilla"),
        ],
    )
    def test_it_refuses_what_programs_spoilt(self, body: Any, attr: str, reason: str, api: APIClient) -> None:
        found = error_of(api.post(URL, body), 400)
        assert (found["attr"], found["code"]) == (attr, "unreadable")
        assert reason in found["detail"]
        assert not Cliente.objects.exists()

    def test_a_document_that_is_there_already_stays(self, api: APIClient, owner: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner, documento="1,5")
        assert api.patch(f"{URL}{cliente.pk}/", {"documento": "1,5", "nombre": "Eva"}).status_code == 200

    @pytest.mark.parametrize("telefono", ["+49211123456789012", "+4921112345678901"])
    def test_it_handles_a_number_longer_than_e164(self, api: APIClient, telefono: str) -> None:
        response = api.post(URL, {"nombre": "Ana", "telefono": telefono})
        assert (response.status_code, response.json()["telefono_e164"]) == (201, "")

    @pytest.mark.parametrize(
        ("body", "attr", "code"),
        [
            ({}, "nombre", "required"),
            ({"nombre": ""}, "nombre", "blank"),
            ({"nombre": "   "}, "nombre", "blank"),
            ({"nombre": None}, "nombre", "null"),
            ({"nombre": ["x"]}, "nombre", "invalid"),
            ({"nombre": True}, "nombre", "invalid"),
            ({"nombre": "x" * 151}, "nombre", "max_length"),
            ({"nombre": "x", "telefono": "3" * 21}, "telefono", "max_length"),
            ({"nombre": "x", "telefono": None}, "telefono", "null"),
            ({"nombre": "x", "telefono": {}}, "telefono", "invalid"),
            ({"nombre": "x", "documento": "3" * 21}, "documento", "max_length"),
            ({"nombre": "x", "documento": "222222222222"}, "documento", "filler"),
            ({"nombre": "x", "documento": "3" + " " * 64}, "documento", "max_length"),
            ({"nombre": "x", "telefono": "3001234567" + " " * 91}, "telefono", "max_length"),
            ({"nombre": "x", "activo": "quizás"}, "activo", "invalid"),
            ({"nombre": "x", "activo": None}, "activo", "null"),
        ],
    )
    def test_it_rejects_bad_input(self, api: APIClient, body: dict[str, Any], attr: str, code: str) -> None:
        error = error_of(api.post(URL, body), 400)
        assert (error["attr"], error["code"]) == (attr, code)
        assert not Cliente.objects.exists()

    def test_it_names_every_bad_field_at_once(self, api: APIClient) -> None:
        errors = errors_of(api.post(URL, {"telefono": "3" * 21, "documento": "3" * 21}), 400)
        assert {error["attr"] for error in errors} == {"nombre", "telefono", "documento"}

    def test_it_takes_the_longest(self, api: APIClient) -> None:
        body = {"nombre": "ñ" * 150, "telefono": "3" * 20, "documento": "d" * 20}
        assert api.post(URL, body).status_code == 201
        spaced = {
            "nombre": "Ana &amp; Luis" + " " * 280,
            "telefono": "https://api.whatsapp.com/send?phone=573001234567",
        }
        assert api.post(URL, spaced).json()["telefono_e164"] == "+573001234567"


class TestList:
    def test_it_works(self, api: APIClient, owner: Usuario) -> None:
        for nombre in ("uno", "dos", "tres"):
            ClienteFactory.create(usuario=owner, nombre=nombre)
        ClienteFactory.create(nombre="de otra tienda")
        assert names(api.get(URL)) == ["tres", "dos", "uno"]

    def test_it_costs_the_same_for_one_and_for_fifty(
        self, api: APIClient, owner: Usuario, django_assert_num_queries: Any
    ) -> None:
        for wanted in (1, 50):
            ClienteFactory.create_batch(wanted - Cliente.objects.count(), usuario=owner)
            with django_assert_num_queries(2):  # clients and their tags
                assert len(names(api.get(URL))) == wanted

    def test_it_pages_without_loss_or_repetition_while_rows_come_and_go(self, api: APIClient, owner: Usuario) -> None:
        old = [cliente.pk for cliente in ClienteFactory.create_batch(7, usuario=owner)]
        page = api.get(URL, {"page_size": 3}).json()
        seen = [row["id"] for row in page["results"]]
        ClienteFactory.create(usuario=owner)
        Cliente.objects.filter(pk=seen[0]).delete()
        while page["next"]:
            page = api.get(page["next"]).json()
            seen += [row["id"] for row in page["results"]]
        assert seen == old[::-1]

    def test_it_goes_back(self, api: APIClient, owner: Usuario) -> None:
        ClienteFactory.create_batch(5, usuario=owner)
        first = api.get(URL, {"page_size": 2}).json()
        second = api.get(first["next"]).json()
        assert api.get(second["previous"]).json()["results"] == first["results"]
        assert first["previous"] is None

    @pytest.mark.parametrize(("asked", "given"), [("1", 1), ("200", 200), ("201", 200)])
    def test_it_bounds_the_page(self, api: APIClient, owner: Usuario, asked: str, given: int) -> None:
        Cliente.objects.bulk_create([Cliente(nombre="x", usuario=owner) for _ in range(201)])
        assert len(names(api.get(URL, {"page_size": asked}))) == given

    @pytest.mark.parametrize(
        "asked", ["0", "-1", "x", "null", "", "1.0", "1e2", " 5", "٥", "1_0", "9" * 10, "9" * 5_000, "\0"]
    )
    def test_it_rejects_a_page_of_no_size(self, api: APIClient, owner: Usuario, asked: str) -> None:
        error = error_of(api.get(URL, {"page_size": asked}), 400)
        assert (error["attr"], error["detail"]) == ("page_size", NO_ES_TAMANO)

    @pytest.fixture
    def three(self, owner: Usuario) -> None:
        ClienteFactory.create(usuario=owner, nombre="Ana María", telefono="300 123 4567", documento="ABC-1")
        ClienteFactory.create(usuario=owner, nombre="Beto 100%", telefono="310 987 6543", documento="2", activo=False)
        ClienteFactory.create(usuario=owner, nombre="Caro_x", telefono="", documento="")

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"activo": "true"}, {"Ana María", "Caro_x"}),
            ({"activo": "True"}, {"Ana María", "Caro_x"}),
            ({"activo": "false"}, {"Beto 100%"}),
            ({"activo": "0"}, {"Beto 100%"}),
            ({"activo": ""}, {"Ana María", "Beto 100%", "Caro_x"}),
            ({"documento": "2"}, {"Beto 100%"}),
            ({"q": "MARÍA"}, {"Ana María"}),
            ({"q": "3001234567"}, {"Ana María"}),
            ({"q": "300 123"}, {"Ana María"}),
            ({"q": "+5731"}, {"Beto 100%"}),
            ({"q": "abc"}, {"Ana María"}),
            ({"q": "%"}, {"Beto 100%"}),
            ({"q": "_"}, {"Caro_x"}),
            ({"q": "\\"}, set()),
            ({"q": "' OR 1=1 --"}, set()),
            ({"q": "a", "activo": "false"}, set()),
        ],
    )
    def test_it_filters(self, api: APIClient, three: None, query: dict[str, str], expected: set[str]) -> None:
        assert set(names(api.get(URL, query))) == expected

    def test_it_filters_by_creation(self, api: APIClient, owner: Usuario) -> None:
        now = timezone.now()
        for days in (1, 2, 3):
            pk = ClienteFactory.create(usuario=owner, nombre=f"hace {days}").pk
            Cliente.objects.filter(pk=pk).update(creado=now - timedelta(days=days))
        desde, hasta = now - timedelta(days=2), now - timedelta(days=1)
        query = {"creado_desde": desde.isoformat(), "creado_hasta": hasta.isoformat()}
        assert names(api.get(URL, query)) == ["hace 2"]  # from the first moment, up to and without the last


class TestRetrieve:
    def test_it_works(self, api: APIClient, owner: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner)
        assert api.get(f"{URL}{cliente.pk}/").json() == api.get(URL).json()["results"][0]


class TestUpdate:
    def test_it_works(self, api: APIClient, owner: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner, documento="1")
        row = api.put(f"{URL}{cliente.pk}/", {"nombre": "Otra", "telefono": "3109876543", "activo": False}).json()
        assert (row["nombre"], row["telefono_e164"], row["activo"]) == ("Otra", "+573109876543", False)
        cliente.refresh_from_db()
        assert (cliente.nombre, cliente.telefono_e164, cliente.activo) == ("Otra", "+573109876543", False)

    def test_it_needs_a_name(self, api: APIClient, owner: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner)
        assert error_of(api.put(f"{URL}{cliente.pk}/", {"telefono": "1"}), 400)["attr"] == "nombre"


class TestPartialUpdate:
    @pytest.mark.parametrize(
        ("body", "field", "value"),
        [
            ({"telefono": "3109876543"}, "telefono_e164", "+573109876543"),
            ({"telefono": ""}, "telefono_e164", ""),
            ({"nombre": "Otra"}, "telefono_e164", "+573001234567"),
            ({"activo": False}, "activo", False),
        ],
    )
    def test_it_works(self, api: APIClient, owner: Usuario, body: dict[str, Any], field: str, value: object) -> None:
        cliente = ClienteFactory.create(usuario=owner, telefono="3001234567")
        assert api.patch(f"{URL}{cliente.pk}/", body).json()[field] == value
        assert Cliente.objects.values_list(field, flat=True).get() == value

    def test_it_does_not_move_a_client_to_another_shop(self, api: APIClient, owner: Usuario, stranger: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner)
        assert error_of(api.patch(f"{URL}{cliente.pk}/", {"usuario": stranger.pk}), 400)["code"] == "unknown_field"
        cliente.refresh_from_db()
        assert cliente.usuario == owner


class TestAnonymous:
    @pytest.mark.parametrize("method", ["put", "patch"])
    def test_it_rejects_new_data_for_an_anonymised_client(self, api: APIClient, owner: Usuario, method: str) -> None:
        cliente = ClienteFactory.create(usuario=owner)
        anonimizar_cliente(cliente=cliente)
        response = getattr(api, method)(f"{URL}{cliente.pk}/", {"nombre": "Ana", "telefono": "3001234567"})
        assert error_of(response, 409)["code"] == "anonymous"
        cliente.refresh_from_db()
        assert (cliente.nombre, cliente.telefono_e164) == (ANONIMO, "")


class TestDestroy:
    def test_it_works(self, api: APIClient, owner: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner)
        response = api.delete(f"{URL}{cliente.pk}/")
        assert (response.status_code, response.content) == (204, b"")
        error_of(api.delete(f"{URL}{cliente.pk}/"), 404)

    def test_it_rejects_a_client_with_sms_history(self, api: APIClient, owner: Usuario) -> None:
        cliente = ClienteFactory.create(usuario=owner)
        campana = CampanaFactory.create(usuario=owner)
        sms_log(campana, open_lote(campana, [cliente]), cliente)
        error = error_of(api.delete(f"{URL}{cliente.pk}/"), 409)
        assert (error["code"], error["detail"]) == ("protected", CLIENTE_CON_HISTORIA)
        assert Cliente.objects.filter(pk=cliente.pk).exists()


def test_a_teammate_sees_the_same_list(api: APIClient, owner: Usuario, teammate: Usuario) -> None:
    ClienteFactory.create_batch(3, usuario=owner)
    assert signed_in(teammate).get(URL).json() == api.get(URL).json()
