"""/api/v1/remitentes/: the senders that the operator lends to a shop, and campaigns that go out from one."""

from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns import remitentes
from campaigns.api.remitentes import RITMO_DEL_OPERADOR, SOLO_OPERADOR
from campaigns.models import CampanaSMS, Remitente
from campaigns.models.remitente import DE_LA_INSTALACION
from core.models import Usuario
from core.senders import INVALIDO
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory

URL = "/api/v1/remitentes/"
CAMPANAS = "/api/v1/campanas/"

BAD = [
    ({"nombre": ""}, "nombre", "blank"),
    ({"nombre": "x" * 101}, "nombre", "max_length"),
    ({"valor": ""}, "valor", "blank"),
    ({"valor": None}, "valor", "null"),
    ({"valor": "3001112233"}, "valor", "invalid"),
    ({"valor": "+57 300 1112233"}, "valor", "invalid"),
    ({"valor": "Tienda de Ana"}, "valor", "invalid"),
    ({"valor": "MG" + "0" * 31}, "valor", "invalid"),
    ({"segmentos_por_segundo": "0"}, "segmentos_por_segundo", "min_value"),
    ({"segmentos_por_segundo": -1}, "segmentos_por_segundo", "min_value"),
    ({"segmentos_por_segundo": "0.001"}, "segmentos_por_segundo", "max_decimal_places"),
    ({"segmentos_por_segundo": "10000"}, "segmentos_por_segundo", "max_whole_digits"),
    ({"segmentos_por_segundo": "NaN"}, "segmentos_por_segundo", "invalid"),
    ({"segmentos_por_segundo": "muchos"}, "segmentos_por_segundo", "invalid"),
    ({"activo": "quizás"}, "activo", "invalid"),
]


@pytest.fixture
def operator(api: APIClient, owner: Usuario) -> APIClient:
    """The API's client of the owner, who is an operator too."""
    owner.is_superuser = True
    owner.save()
    return api


def test_it_works(operator: APIClient, owner: Usuario) -> None:
    body = {"nombre": "Línea de ventas", "valor": "+573001112233", "segmentos_por_segundo": "2.50"}
    response = operator.post(URL, body)
    assert response.status_code == 201
    remitente = Remitente.objects.get()
    creado = timezone.localtime(remitente.creado).isoformat()
    assert response.json() == {**body, "id": remitente.pk, "activo": True, "creado": creado}
    assert (remitente.usuario, remitente.segmentos_por_segundo) == (owner, Decimal("2.50"))
    assert operator.get(URL).json()["results"] == [response.json()]


@pytest.mark.parametrize("valor", ["+573001112233", "85432", "MiTienda", "MG" + "0a" * 16])
def test_it_takes_every_kind_of_sender(operator: APIClient, valor: str) -> None:
    answer = operator.post(URL, {"nombre": "x", "valor": valor})
    assert (answer.status_code, answer.json()["segmentos_por_segundo"]) == (201, None)


@pytest.mark.parametrize(("change", "attr", "code"), BAD)
def test_it_rejects_bad_input(operator: APIClient, change: dict[str, Any], attr: str, code: str) -> None:
    error = error_of(operator.post(URL, {"nombre": "x", "valor": "85432", **change}), 400)
    assert (error["attr"], error["code"]) == (attr, code)
    assert not Remitente.objects.exists()


def test_a_wrong_sender_is_told_what_one_is(operator: APIClient) -> None:
    assert error_of(operator.post(URL, {"nombre": "x", "valor": "7"}), 400)["detail"] == INVALIDO


def test_a_shop_has_each_once(operator: APIClient, owner: Usuario) -> None:
    RemitenteFactory.create(usuario=owner, valor="85432")
    error = error_of(operator.post(URL, {"nombre": "x", "valor": "85432"}), 400)
    assert (error["attr"], error["code"], error["detail"]) == ("valor", "unique", remitentes.VALOR_REPETIDO)


class TestLending:
    """One account sends for all shops, so nobody but the product can refuse a shop that names another's sender."""

    @pytest.mark.parametrize("valor", ["+573001112233", "Bancolombia", "85432", "MG" + "0a" * 16])
    def test_a_shop_takes_none(self, api: APIClient, valor: str) -> None:
        error = error_of(api.post(URL, {"nombre": "x", "valor": valor, "segmentos_por_segundo": "0.01"}), 403)

        assert error["detail"] == SOLO_OPERADOR
        assert not Remitente.objects.exists()

    def test_it_is_one_shops_at_a_time(self, operator: APIClient, owner: Usuario) -> None:
        theirs = RemitenteFactory.create(valor="85432")
        error = error_of(operator.post(URL, {"nombre": "x", "valor": "85432"}), 400)
        assert (error["attr"], error["code"], error["detail"]) == ("valor", "unique", remitentes.VALOR_DE_OTRA)

        theirs.activo = False
        theirs.save()

        assert operator.post(URL, {"nombre": "x", "valor": "85432"}).status_code == 201
        error = error_of(signed_in(theirs.usuario).patch(f"{URL}{theirs.pk}/", {"activo": True}), 400)
        assert (error["attr"], error["detail"]) == ("activo", remitentes.VALOR_DE_OTRA)

    @pytest.mark.parametrize("valor", ["+15005550006", "MG" + "0b" * 16])
    def test_the_installations_is_nobodys(self, operator: APIClient, settings: Any, valor: str) -> None:
        settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID = "+15005550006", "MG" + "0b" * 16
        error = error_of(operator.post(URL, {"nombre": "x", "valor": valor}), 400)
        assert (error["attr"], error["detail"]) == ("valor", DE_LA_INSTALACION)

    def test_its_rate_is_the_operators(self, api: APIClient, owner: Usuario) -> None:
        remitente = RemitenteFactory.create(usuario=owner, segmentos_por_segundo=1)
        path, same = f"{URL}{remitente.pk}/", {"nombre": "x", "valor": remitente.valor, "segmentos_por_segundo": "1.00"}
        assert api.put(path, same).status_code == 200
        for rate in (None, "100", "0.01"):
            error = error_of(api.patch(path, {"segmentos_por_segundo": rate}), 403)
            assert error["detail"] == RITMO_DEL_OPERADOR
        assert Remitente.objects.get().segmentos_por_segundo == 1

    def test_the_admin_refuses_what_the_api_does(self, owner: Usuario, settings: Any) -> None:
        settings.TWILIO_FROM = "+15005550006"
        RemitenteFactory.create(valor="85432")
        for valor in ("85432", "+15005550006", "Tienda de Ana"):
            with pytest.raises(ValidationError):
                Remitente(usuario=owner, nombre="x", valor=valor).full_clean()

    @pytest.mark.parametrize("sent", [None, 0, 1])
    @pytest.mark.django_db
    def test_several_claims_of_before_become_one(self, settings: Any, sent: int | None) -> None:
        """The first, or the one from which Twilio has taken messages."""
        settings.TWILIO_FROM = "+15005550006"
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX remitente_de_una_tienda")
        claims = RemitenteFactory.create_batch(3, valor="85432")
        other, own = RemitenteFactory.create(valor="85433"), RemitenteFactory.create(valor="+15005550006")
        if sent is not None:
            CampanaFactory.create(usuario=claims[2].usuario, remitente=claims[2], enviados_exitosos=sent)

        import_module("campaigns.migrations.0019_remitente_de_una_tienda").dejar_en_una(apps, None)

        kept = claims[2] if sent else claims[0]
        assert set(Remitente.objects.filter(activo=True)) == {kept, other}
        assert own in Remitente.objects.filter(activo=False)


def test_its_rate_and_name_change_but_not_its_value(operator: APIClient, owner: Usuario) -> None:
    remitente = RemitenteFactory.create(usuario=owner, valor="85432", segmentos_por_segundo=100)
    path = f"{URL}{remitente.pk}/"
    changed = operator.patch(path, {"nombre": "Otro", "segmentos_por_segundo": None, "activo": False}).json()
    assert (changed["nombre"], changed["segmentos_por_segundo"], changed["activo"]) == ("Otro", None, False)
    assert operator.put(path, {**changed, "nombre": "Mismo"}).json()["nombre"] == "Mismo"
    error = error_of(operator.patch(path, {"valor": "85433"}), 400)
    assert (error["attr"], error["code"], error["detail"]) == ("valor", "immutable", remitentes.VALOR_FIJO)


def test_one_that_was_used_stays(api: APIClient, owner: Usuario) -> None:
    used, unused = RemitenteFactory.create_batch(2, usuario=owner)
    CampanaFactory.create(usuario=owner, remitente=used)
    error = error_of(api.delete(f"{URL}{used.pk}/"), 409)
    assert (error["code"], error["detail"]) == ("in_use", remitentes.EN_USO)
    assert api.delete(f"{URL}{unused.pk}/").status_code == 204
    assert list(Remitente.objects.all()) == [used]


@pytest.mark.parametrize(("activo", "expected"), [("true", ["sí"]), ("false", ["no"]), ("", ["no", "sí"])])
def test_it_filters(api: APIClient, owner: Usuario, activo: str, expected: list[str]) -> None:
    RemitenteFactory.create(usuario=owner, nombre="sí")
    RemitenteFactory.create(usuario=owner, nombre="no", activo=False)
    RemitenteFactory.create(nombre="de otra tienda")
    assert [row["nombre"] for row in api.get(URL, {"activo": activo}).json()["results"]] == expected


# --- campaigns ---------------------------------------------------------------------------------------


def test_a_campaign_goes_out_from_it(api: APIClient, owner: Usuario) -> None:
    remitente = RemitenteFactory.create(usuario=owner)
    body = {"mensaje": "Hola", "cliente_ids": [ClienteFactory.create(usuario=owner).pk]}
    assert api.post(CAMPANAS, {**body, "remitente": remitente.pk}).json()["remitente"] == remitente.pk
    assert CampanaSMS.objects.get().remitente == remitente
    for none in ({}, {"remitente": None}):
        assert api.post(CAMPANAS, {**body, **none}).json()["remitente"] is None


@pytest.mark.parametrize(
    ("remitente", "code"),
    [("ajeno", "does_not_exist"), ("inactivo", "does_not_exist"), (2**62, "does_not_exist"), ("7", "incorrect_type")],
)
def test_a_campaign_goes_out_from_no_other(
    api: APIClient, owner: Usuario, stranger: Usuario, remitente: Any, code: str
) -> None:
    known = {
        "ajeno": RemitenteFactory.create(usuario=stranger).pk,
        "inactivo": RemitenteFactory.create(usuario=owner, activo=False).pk,
    }
    body = {"mensaje": "Hola", "cliente_ids": [ClienteFactory.create(usuario=owner).pk]}
    error = error_of(api.post(CAMPANAS, {**body, "remitente": known.get(remitente, remitente)}), 400)
    assert (error["attr"], error["code"]) == ("remitente", code)
    assert not CampanaSMS.objects.exists()
