"""Keys: making, listing and ending them through the API, and what each is good for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from core import llaves
from core.models import LlaveApi, Registro, Usuario
from tests import pages
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import VendedorFactory, llave_de

LLAVES, CLIENTES, TOKEN = "/api/v1/llaves/", "/api/v1/clientes/", "/api/v1/auth/token/"
CAJA = {"nombre": "Caja", "alcances": ["clientes"]}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
OLD = {"origen": "clave", "creada_en": LONG_AGO}  # the password was given longer ago


def with_key(key: str, word: str = "Bearer") -> APIClient:
    return APIClient(headers={"Authorization": f"{word} {key}"})


def negadas() -> list[str]:
    return list(Registro.objects.filter(tipo="llave_negada").values_list("detalle", flat=True))


class TestMaking:
    def test_it_is_shown_once_and_kept_nowhere(self, api: APIClient, owner: Usuario) -> None:
        answer = api.post(LLAVES, {**CAJA, "redes": ["203.0.113.7", "2001:db8::/32"], "vence_en": None})
        assert answer.status_code == 201, answer.content
        made = answer.json()
        key = made.pop("llave")
        assert llaves.LLAVE.fullmatch(key)
        assert key.startswith(made["prefijo"])
        assert made == api.get(LLAVES).json()["results"][0]
        creada = made.pop("creada_en")
        assert datetime.fromisoformat(creada)
        assert made == {
            "id": LlaveApi.objects.get().pk,
            "nombre": "Caja",
            "prefijo": key[:13],
            "alcances": ["clientes"],
            "redes": ["203.0.113.7/32", "2001:db8::/32"],
            "vence_en": None,
            "prueba": False,
            "origen": "persona",
            "usuario": "duena",
            "ultimo_uso_en": None,
            "ultima_red": "",
        }
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(k)::text FROM core_llaveapi k")
            assert key[13:] not in cursor.fetchone()[0]

    def test_it_lasts_a_year_unless_said(self, api: APIClient) -> None:
        vence = datetime.fromisoformat(api.post(LLAVES, CAJA).json()["vence_en"])
        assert abs(vence - timezone.now() - timedelta(days=365)) < timedelta(minutes=1)

    def test_a_shop_has_several(self, api: APIClient) -> None:
        keys = [api.post(LLAVES, CAJA).json()["llave"] for _ in range(3)]
        assert [with_key(key).get(CLIENTES).status_code for key in keys] == [200] * 3

    @pytest.mark.parametrize(
        ("change", "attr", "code"),
        [
            ({"alcances": []}, "alcances", "empty"),
            ({"alcances": ["clientes", "nada"]}, "alcances.1", "invalid_choice"),
            ({"alcances": "todo"}, "alcances", "not_a_list"),
            ({"nombre": " "}, "nombre", "blank"),
            ({"nombre": "x" * 81}, "nombre", "max_length"),
            ({"vence_en": "2020-01-01T00:00:00Z"}, "vence_en", "past"),
            ({"vence_en": "mañana"}, "vence_en", "invalid"),
            ({"redes": ["203.0.113.0/24", "203.0.113.7/24"]}, "redes.1", "invalid"),
            ({"redes": ["192.0.2.1"] * 21}, "redes", "max_length"),
            ({"alcance": "todo"}, "alcance", "unknown_field"),
        ],
    )
    def test_it_refuses_what_is_none(self, api: APIClient, change: dict[str, Any], attr: str, code: str) -> None:
        error = error_of(api.post(LLAVES, {**CAJA, **change}), 400)
        assert (error["attr"], error["code"]) == (attr, code)
        assert not LlaveApi.objects.exists()

    @pytest.mark.parametrize("scopes", [["todo"], ["leer", "clientes"], ["campanas"]])
    def test_a_vendedors_reads_and_no_more(self, teammate: Usuario, scopes: list[str]) -> None:
        client = signed_in(teammate)
        error_of(client.post(LLAVES, {"nombre": "x", "alcances": scopes}), 403)
        key = client.post(LLAVES, {"nombre": "x", "alcances": ["leer"]}).json()["llave"]
        assert with_key(key).get(CLIENTES).status_code == 200

    def test_there_are_not_too_many(self, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(llaves, "MAXIMO", 2)
        codes = [api.post(LLAVES, CAJA).status_code for _ in range(3)]
        assert codes == [201, 201, 409]


class TestByAKey:
    """A program's key makes none that is better than itself, or a stolen one would outlive its end."""

    @pytest.mark.parametrize(
        ("own", "asked", "status"),
        [
            ({}, {"vence_en": None}, 201),
            ({"vence_en": "2100-01-01T00:00:00Z"}, {"vence_en": None}, 403),
            ({"vence_en": "2100-01-01T00:00:00Z"}, {"vence_en": "2100-01-01T00:00:01Z"}, 403),
            ({"vence_en": "2100-01-01T00:00:00Z"}, {"vence_en": "2099-01-01T00:00:00Z"}, 201),
            ({"vence_en": "2100-01-01T00:00:00Z"}, {}, 201),
            ({"redes": ["127.0.0.0/8"]}, {}, 403),
            ({"redes": ["127.0.0.0/8"]}, {"redes": ["127.0.0.0/16", "10.0.0.1"]}, 403),
            ({"redes": ["127.0.0.0/8"]}, {"redes": ["127.0.0.0/16"]}, 201),
            ({"redes": ["127.0.0.0/8"]}, {"redes": ["::1"]}, 403),
            ({"origen": "clave", "vence_en": "2100-01-01T00:00:00Z"}, {"vence_en": None}, 201),
            ({**OLD, "vence_en": "2100-01-01T00:00:00Z"}, {"vence_en": None}, 403),
            ({**OLD, "vence_en": "2100-01-01T00:00:00Z"}, {}, 201),
            ({**OLD, "vence_en": "2100-01-01T00:00:00Z"}, {"vence_en": "2099-01-01T00:00:00Z"}, 201),
        ],
    )
    def test_it_is_no_better(self, owner: Usuario, own: dict[str, Any], asked: dict[str, Any], status: int) -> None:
        answer = with_key(llave_de(owner, **own)).post(LLAVES, {**CAJA, **asked})
        assert answer.status_code == status, answer.content
        if status == 403:
            assert LlaveApi.objects.count() == 1

    def test_one_by_an_old_password_ends_with_it(self, owner: Usuario) -> None:
        soon = timezone.now() + timedelta(hours=2)
        answer = with_key(llave_de(owner, **OLD, vence_en=soon)).post(LLAVES, CAJA)
        assert datetime.fromisoformat(answer.json()["vence_en"]) == soon

    @pytest.mark.parametrize("scope", ["leer", "clientes", "campanas"])
    def test_it_takes_one_that_may_do_everything(self, owner: Usuario, scope: str) -> None:
        assert with_key(llave_de(owner, scope)).post(LLAVES, CAJA).status_code == 403


class TestEnding:
    def test_it_is_refused_at_once(self, api: APIClient, owner: Usuario) -> None:
        key, other = llave_de(owner), llave_de(owner)
        row = LlaveApi.objects.get(huella=llaves.huella(key))
        assert with_key(key).get(CLIENTES).status_code == 200
        assert api.delete(f"{LLAVES}{row.pk}/").status_code == 204
        assert error_of(with_key(key).get(CLIENTES), 401)["code"] == "authentication_failed"
        assert with_key(other).get(CLIENTES).status_code == 200
        assert api.delete(f"{LLAVES}{row.pk}/").status_code == 404
        assert len(api.get(LLAVES).json()["results"]) == 1
        assert negadas() == [f"{row}: GET {CLIENTES}: Esa llave no existe o se revocó."]

    def test_an_admin_sees_and_ends_the_shops_a_vendedor_their_own(self, owner: Usuario, teammate: Usuario) -> None:
        llave_de(owner, nombre="de la dueña")
        llave_de(teammate, "leer", nombre="del vendedor")
        llave_de(VendedorFactory.create(), nombre="ajena")
        names = {
            who: {row["nombre"] for row in signed_in(who).get(LLAVES).json()["results"]} for who in (owner, teammate)
        }
        assert names == {owner: {"de la dueña", "del vendedor"}, teammate: {"del vendedor"}}
        theirs, hers = (LlaveApi.objects.get(usuario=who).pk for who in (teammate, owner))
        assert signed_in(teammate).delete(f"{LLAVES}{hers}/").status_code == 404
        assert signed_in(owner).delete(f"{LLAVES}{theirs}/").status_code == 204

    def test_the_operator_ends_any_in_the_admin(self, owner: Usuario, stranger: Usuario) -> None:
        Usuario.objects.filter(pk=stranger.pk).update(is_staff=True, is_superuser=True)
        keys = [llave_de(owner) for _ in range(2)]
        one, other = LlaveApi.objects.order_by("pk")
        admin = pages.signed_in(Usuario.objects.get(pk=stranger.pk))
        assert one.huella not in pages.get(stranger, f"/admin/core/llaveapi/{one.pk}/change/")
        admin.post(f"/admin/core/llaveapi/{one.pk}/delete/", {"post": "yes"})
        form = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
        admin.post("/admin/core/llaveapi/", form)
        assert [with_key(key).get(CLIENTES).status_code for key in keys] == [401, 401]
        log = Registro.objects.filter(tipo="llave_revocada")
        assert list(log.values_list("tienda_id", "quien")) == [(owner.pk, "ajeno")] * 2

    def test_its_end_comes(self, owner: Usuario) -> None:
        key = llave_de(owner, vence_en=LONG_AGO)
        for _ in range(2):
            assert "venció" in error_of(with_key(key).get(CLIENTES), 401)["detail"]
        assert len(negadas()) == 1

    def test_rows_go_when_they_have_been_over_for_long(self, owner: Usuario) -> None:
        now = timezone.now()
        for fields in ({"vence_en": LONG_AGO}, {"revocada_en": LONG_AGO}, {"vence_en": now}, {"revocada_en": now}, {}):
            llave_de(owner, **fields)
        assert llaves.limpiar() == 2


class TestNetworks:
    @pytest.mark.parametrize(
        ("redes", "address", "status"),
        [
            ([], "198.51.100.9", 200),
            (["203.0.113.7/32"], "203.0.113.7", 200),
            (["203.0.113.7/32"], "203.0.113.8", 403),
            (["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.255", 200),
            (["203.0.113.0/24"], "::ffff:203.0.113.7", 200),
            (["203.0.113.0/24"], "2001:db8::1", 403),
            (["2001:db8:1::/48"], "2001:db8:1:2::3", 200),
            (["2001:db8:1::/48"], "2001:db8:2::3", 403),
            (["0.0.0.0/0"], "no es una dirección", 403),
        ],
    )
    def test_it_serves_in_its_own(self, owner: Usuario, redes: list[str], address: str, status: int) -> None:
        answer = with_key(llave_de(owner, redes=redes)).get(CLIENTES, REMOTE_ADDR=address)
        assert answer.status_code == status
        assert len(negadas()) == (status == 403)

    def test_it_goes_by_the_address_that_our_proxy_wrote(self, owner: Usuario, settings: Any) -> None:
        settings.PROXIES = 1
        client = with_key(llave_de(owner, redes=["203.0.113.7/32"]))
        assert client.get(CLIENTES, HTTP_X_FORWARDED_FOR="203.0.113.7, 198.51.100.9").status_code == 403
        assert client.get(CLIENTES, HTTP_X_FORWARDED_FOR="198.51.100.9, 203.0.113.7").status_code == 200


class TestUse:
    def test_it_is_written_once_a_minute_at_most(self, owner: Usuario) -> None:
        client = with_key(llave_de(owner))
        written = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(CLIENTES, REMOTE_ADDR="2001:db8::7").status_code == 200
            written.append(sum(query["sql"].startswith("\nUPDATE core_llaveapi") for query in queries))
        assert written == [1, 0, 0]
        row = LlaveApi.objects.get()
        assert (row.ultimo_uso_en is not None, row.ultima_red) == (True, "2001:db8::/64")

    def test_a_refused_use_is_none(self, owner: Usuario) -> None:
        with_key(llave_de(owner, "leer")).post(CLIENTES, {"nombre": "Ana"})
        assert LlaveApi.objects.get().ultimo_uso_en is None

    def test_one_statement_finds_key_and_person(self, teammate: Usuario) -> None:
        client = with_key(llave_de(teammate, "leer", ultimo_uso_en=timezone.now()))
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/v1/plantillas/").status_code == 200
        assert sum("core_usuario" in query["sql"] for query in queries) == 1

    @pytest.mark.parametrize("word", ["Token", "Bearer", "token", "BEARER"])
    def test_both_words_are_good(self, owner: Usuario, word: str) -> None:
        assert with_key(llave_de(owner), word).get(CLIENTES).status_code == 200

    def test_what_cannot_be_a_key_asks_nobody(self, owner: Usuario) -> None:
        key = llaves.nueva()
        wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
        with CaptureQueriesContext(connection) as queries:
            error_of(with_key(wrong).get(CLIENTES), 401)
        assert [query for query in queries if "core_llaveapi" in query["sql"]] == []


class TestByPassword:
    def test_it_lasts_some_hours(self, owner: Usuario, settings: Any) -> None:
        settings.API_TOKEN_H = 2
        made = APIClient().post(TOKEN, {"username": "duena", "password": "clave-de-prueba"}).json()
        left = datetime.fromisoformat(made["vence_en"]) - timezone.now()
        assert timedelta(minutes=119) < left <= timedelta(hours=2)

    def test_a_vendedors_reads(self, teammate: Usuario) -> None:
        made = APIClient().post(TOKEN, {"username": "vendedor", "password": "clave-de-prueba"}).json()
        assert LlaveApi.objects.get().alcances == ["leer"]
        assert with_key(made["token"], "Token").get(CLIENTES).status_code == 200

    def test_only_the_newest_are_kept(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(llaves, "MAXIMO", 3)
        keys = [llaves.llave_por_clave(usuario=owner).llave for _ in range(5)]
        assert [with_key(key).get(CLIENTES).status_code for key in keys] == [401, 401, 200, 200, 200]

    def test_a_person_who_was_shut_out_meanwhile_gets_none(self, owner: Usuario, teammate: Usuario) -> None:
        stale = Usuario.objects.get(pk=teammate.pk)
        teammate.is_active = False
        teammate.save()
        teammate.is_active = True
        teammate.set_password("clave-nueva-77")
        teammate.save()
        error_of(signed_in(stale).post(LLAVES, {"nombre": "x", "alcances": ["leer"]}), 403)
