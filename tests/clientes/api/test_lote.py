"""POST /api/v1/clientes/lote/: many clients in one call."""

import threading
from datetime import date, time, timedelta
from difflib import get_close_matches
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.bajas.services import registrar
from clientes.importacion import fusion, lote
from clientes.models import Baja, Cliente, Etiqueta, LoteClientes, RegistroConsentimiento
from core.idempotency import CLAVE_REUTILIZADA
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import errors_of, row_counts
from tests.factories import ClienteFactory, EtiquetaFactory

URL = "/api/v1/clientes/lote/"
ANA = {"nombre": "Ana Díaz", "telefono": "300 123 4567", "documento": "1020304050"}
LUIS = {"nombre": "Luis", "telefono": "3109876543", "documento": "52123456"}


def post(api: APIClient, clientes: list[Any], clave: str = "documento", **more: Any) -> dict[str, Any]:
    answer = api.post(URL, {"clave": clave, "clientes": clientes, **more})
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    assert [fila["indice"] for fila in body["filas"]] == list(range(len(clientes)))
    for resultado, cuenta in (("creado", "creados"), ("actualizado", "actualizados"), ("rechazado", "rechazados")):
        assert body[cuenta] == sum(fila["resultado"] == resultado for fila in body["filas"])
    return body


def verdicts(body: dict[str, Any]) -> list[str]:
    return [fila["resultado"] for fila in body["filas"]]


def reasons(fila: dict[str, Any]) -> set[tuple[str, str]]:
    return {(error["attr"], error["code"]) for error in fila["errores"]}


def test_it_creates_changes_and_leaves(api: APIClient, owner: Usuario) -> None:
    known = ClienteFactory.create(usuario=owner, nombre="Luis", documento="52.123.456", telefono="3000000000")
    same = ClienteFactory.create(usuario=owner, nombre="Eva", documento="77", telefono="3011111111")
    body = post(api, [ANA, LUIS, {"documento": "77", "nombre": "Eva", "telefono": "+57 301 111 1111"}])
    assert verdicts(body) == ["creado", "actualizado", "sin_cambios"]
    assert (body["creados"], body["actualizados"], body["sin_cambios"], body["rechazados"]) == (1, 1, 1, 0)
    created = Cliente.objects.get(documento="1020304050")
    assert [fila["id"] for fila in body["filas"]] == [created.pk, known.pk, same.pk]
    assert (created.nombre, created.telefono_e164, created.usuario) == ("Ana Díaz", "+573001234567", owner)
    known.refresh_from_db()
    assert known.telefono_e164 == "+573109876543"


@pytest.mark.parametrize("clave", ["documento", "telefono"])
def test_the_same_call_again_writes_nothing(api: APIClient, clave: str) -> None:
    first = post(api, [ANA, LUIS], clave)
    before = row_counts()
    again = post(api, [ANA, LUIS], clave)
    assert verdicts(first) == ["creado", "creado"]
    assert verdicts(again) == ["sin_cambios", "sin_cambios"]
    assert [fila["id"] for fila in again["filas"]] == [fila["id"] for fila in first["filas"]]
    assert row_counts() == before


@pytest.mark.parametrize(
    ("fila", "expected"),
    [
        ({"documento": "1", "nombre": "Ana", "telefono": "12"}, {("telefono", "invalid")}),
        ({"documento": "1", "nombre": "Ana", "telefono": 3001234567}, {("telefono", "invalid")}),
        ({"nombre": "Ana"}, {("documento", "required")}),
        ({"documento": " ", "nombre": "Ana"}, {("documento", "required")}),
        ({"documento": None, "nombre": "Ana"}, {("documento", "required")}),
        ({"documento": "1"}, {("nombre", "required")}),
        ({"documento": "1", "nombre": "NULL"}, {("nombre", "unreadable")}),
        ({"documento": "1", "nombre": "#N/A"}, {("nombre", "unreadable")}),
        ({"documento": "1.5", "nombre": "Ana"}, {("documento", "unreadable")}),
        ({"documento": "1.02E+09", "nombre": "Ana"}, {("documento", "unreadable")}),
        ({"documento": "1", "nombre": "x" * 151}, {("nombre", "max_length")}),
        ({"documento": "1", "nombre": "A\0na"}, {("nombre", "null_characters_not_allowed")}),
        ({"documento": "1", "nombre": "Ana", "activo": "si"}, {("activo", "invalid")}),
        ({"documento": "1", "nombre": "Ana", "activo": 1}, {("activo", "invalid")}),
        ({"documento": "1", "nombre": "Ana", "etiquetas": ["vip"]}, {("etiquetas", "invalid")}),
        ({"documento": "1", "nombre": "Ana", "etiquetas": [True]}, {("etiquetas", "invalid")}),
        ({"documento": "1", "nombre": "Ana", "etiquetas": [2**70]}, {("etiquetas", "does_not_exist")}),
        ({"documento": "1", "nombre": "Ana", "nombres": "x"}, {("nombres", "unknown_field")}),
        (
            {"documento": "1", "nombre": "Ana", "consentimiento_en": "2026-03-01"},
            {("consentimiento_fuente", "required")},
        ),
        ({"documento": "1", "nombre": "Ana", "consentimiento_fuente": "Caja"}, {("consentimiento_en", "required")}),
        (
            {"documento": "1", "nombre": "Ana", "consentimiento_en": "9999-12-31", "consentimiento_fuente": "Caja"},
            {("consentimiento_en", "invalid")},
        ),
        (
            {"documento": "1", "nombre": "Ana", "consentimiento_en": "01/03/2026", "consentimiento_fuente": "Caja"},
            {("consentimiento_en", "invalid")},
        ),
        (
            {"documento": "1", "nombre": "Ana", "consentimiento_en": [], "consentimiento_fuente": "Caja"},
            {("consentimiento_en", "invalid")},
        ),
        ({"telefono": "x", "activo": 3}, {("telefono", "invalid"), ("activo", "invalid"), ("documento", "required")}),
        ({}, {("documento", "required")}),
    ],
)
def test_a_bad_row_is_refused_with_its_reasons_and_the_others_are_written(
    api: APIClient, fila: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    body = post(api, [ANA, fila, LUIS])
    assert verdicts(body) == ["creado", "rechazado", "creado"]
    assert body["filas"][1]["id"] is None
    assert reasons(body["filas"][1]) == expected
    assert Cliente.objects.count() == 2


def test_a_misspelt_field_is_told_its_name(api: APIClient) -> None:
    fila = post(api, [{**ANA, "telefomo": "3"}])["filas"][0]
    assert "«telefono»" in fila["errores"][0]["detail"]


def test_a_repeated_key_is_taken_once(api: APIClient) -> None:
    body = post(api, [ANA, {**ANA, "nombre": "Otra", "documento": "1.020.304.050"}])
    assert verdicts(body) == ["creado", "rechazado"]
    assert reasons(body["filas"][1]) == {("documento", "repeated")}
    assert Cliente.objects.get().nombre == "Ana Díaz"


def test_a_row_that_could_be_two_clients_is_nobodys(api: APIClient, owner: Usuario) -> None:
    for name in ("Ana", "Anita"):
        ClienteFactory.create(usuario=owner, nombre=name, telefono="3001234567")
    body = post(api, [{"telefono": "3001234567", "nombre": "Quién"}], "telefono")
    assert reasons(body["filas"][0]) == {("telefono", "ambiguous")}
    assert not Cliente.objects.filter(nombre="Quién").exists()


def test_another_shops_client_is_not_known(api: APIClient, stranger: Usuario) -> None:
    theirs = ClienteFactory.create(usuario=stranger, nombre="Ajena", documento="1020304050")
    tag = EtiquetaFactory.create(usuario=stranger)
    body = post(api, [ANA, {**LUIS, "etiquetas": [tag.pk]}])
    assert verdicts(body) == ["creado", "rechazado"]
    assert reasons(body["filas"][1]) == {("etiquetas", "does_not_exist")}
    theirs.refresh_from_db()
    assert theirs.nombre == "Ajena"


CONSENT = {"consentimiento_fuente": "Formulario", "consentimiento_en": "2026-03-01"}
PROOF = {
    "consentimiento_hora": "16:20", "consentimiento_medio": "web", "consentimiento_texto": "Acepto recibir ofertas",
    "consentimiento_lugar": "190.24.8.15",
}  # fmt: skip


def test_a_consent_comes_with_its_proof_and_into_its_history(api: APIClient) -> None:
    post(api, [{**ANA, **CONSENT, **PROOF}])
    cliente = Cliente.objects.get()
    assert (cliente.consentimiento_hora, cliente.consentimiento_medio) == (time(16, 20), "web")
    assert (cliente.consentimiento_texto, cliente.consentimiento_lugar) == ("Acepto recibir ofertas", "190.24.8.15")
    assert RegistroConsentimiento.objects.get().cliente == cliente
    assert verdicts(post(api, [{**ANA, **CONSENT, **PROOF}, {**LUIS, **PROOF}])) == ["sin_cambios", "rechazado"]
    assert RegistroConsentimiento.objects.count() == 1


@pytest.mark.parametrize(
    ("campo", "valor"),
    [
        ("consentimiento_hora", "4 pm"),
        ("consentimiento_hora", "25:00"),
        ("consentimiento_hora", 16),
        ("consentimiento_medio", "fax"),
        ("consentimiento_medio", ["web"]),
        ("consentimiento_lugar", {}),
    ],
)
def test_a_proof_that_is_none_is_refused(api: APIClient, campo: str, valor: object) -> None:
    body = post(api, [{**ANA, **CONSENT, campo: valor}])
    assert reasons(body["filas"][0]) == {(campo, "invalid")}


def test_what_is_missing_or_empty_stays(api: APIClient, owner: Usuario) -> None:
    tag, new = EtiquetaFactory.create(usuario=owner), Etiqueta.objects.create(usuario=owner, nombre="Nueva")
    known = ClienteFactory.create(
        usuario=owner, nombre="Ana", documento="1", telefono="3001234567", activo=False,
        consentimiento_fuente="Caja", consentimiento_en=date(2026, 1, 2),
    )  # fmt: skip
    known.etiquetas.add(tag)
    registrar(usuario=owner, telefono="3001234567", motivo="Lo pidió en la tienda")
    row = {"documento": "1", "nombre": "", "telefono": None, "consentimiento_fuente": "", "etiquetas": [new.pk]}
    assert verdicts(post(api, [row])) == ["actualizado"]
    known.refresh_from_db()
    assert (known.nombre, known.telefono, known.activo) == ("Ana", "3001234567", False)
    assert (known.consentimiento_fuente, known.consentimiento_en) == ("Caja", date(2026, 1, 2))
    assert set(known.etiquetas.all()) == {tag, new}
    assert Baja.objects.count() == 1


class TestAllOrNothing:
    def test_one_bad_row_refuses_the_call(self, api: APIClient) -> None:
        before = row_counts()
        rows = [ANA, {"documento": "1", "telefono": "x"}, {**ANA, "nombre": "Dos veces"}]
        answer = api.post(URL, {"clave": "documento", "clientes": rows, "todo_o_nada": True})
        found = {(error["attr"], error["code"]) for error in errors_of(answer, 400)}
        assert found == {("clientes.1.telefono", "invalid"), ("clientes.2.documento", "repeated")}
        assert row_counts() == before

    def test_good_rows_are_written(self, api: APIClient) -> None:
        assert verdicts(post(api, [ANA, LUIS], todo_o_nada=True)) == ["creado", "creado"]


class TestTheKey:
    KEY = {"Idempotency-Key": "carga-1"}

    def body(self, *clientes: Any) -> dict[str, Any]:
        return {"clave": "documento", "clientes": list(clientes)}

    def test_the_same_call_gets_the_same_answer(self, api: APIClient) -> None:
        first = api.post(URL, self.body(ANA, {"documento": "2"}), headers=self.KEY)
        Cliente.objects.update(nombre="Cambiada después")
        again = api.post(URL, self.body(ANA, {"documento": "2"}), headers=self.KEY)
        assert (again.status_code, again.json()) == (200, first.json())
        assert Cliente.objects.get().nombre == "Cambiada después"

    def test_another_call_with_it_is_refused(self, api: APIClient) -> None:
        api.post(URL, self.body(ANA), headers=self.KEY)
        (error,) = errors_of(api.post(URL, self.body(LUIS), headers=self.KEY), 409)
        assert (error["code"], error["detail"]) == ("idempotency_key_reused", CLAVE_REUTILIZADA)
        assert Cliente.objects.count() == 1

    def test_a_refused_call_may_be_mended(self, api: APIClient) -> None:
        bad = {**self.body({"documento": "1"}), "todo_o_nada": True}
        assert api.post(URL, bad, headers=self.KEY).status_code == 400
        assert api.post(URL, self.body(ANA), headers=self.KEY).status_code == 200

    def test_it_is_a_shops_own(self, api: APIClient, stranger: Usuario) -> None:
        api.post(URL, self.body(ANA), headers=self.KEY)
        assert signed_in(stranger).post(URL, self.body(LUIS), headers=self.KEY).json()["creados"] == 1

    def test_it_is_forgotten_after_a_day(self, api: APIClient) -> None:
        api.post(URL, self.body(ANA), headers=self.KEY)
        LoteClientes.objects.update(creado=timezone.now() - lote.GUARDAR - timedelta(minutes=1))
        assert api.post(URL, self.body(LUIS), headers=self.KEY).json()["creados"] == 1
        LoteClientes.objects.update(creado=timezone.now() - lote.GUARDAR - timedelta(minutes=1))
        assert lote.limpiar() == 1


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"clientes": [ANA]}, "clave"),
        ({"clave": "nombre", "clientes": [ANA]}, "clave"),
        ({"clave": "ninguna", "clientes": [ANA]}, "clave"),
        ({"clave": "documento"}, "clientes"),
        ({"clave": "documento", "clientes": []}, "clientes"),
        ({"clave": "documento", "clientes": {"0": ANA}}, "clientes"),
        ({"clave": "documento", "clientes": [ANA, "Luis"]}, "clientes.1"),
        ({"clave": "documento", "clientes": [ANA] * 10_001}, "clientes"),
        ({"clave": "documento", "clientes": [ANA], "todo_o_nada": "si"}, "todo_o_nada"),
        ({"clave": "documento", "clientes": [ANA], "todo": True}, "todo"),
    ],
)
def test_a_call_that_is_none_is_refused(api: APIClient, body: dict[str, Any], attr: str) -> None:
    assert attr in {error["attr"] for error in errors_of(api.post(URL, body), 400)}
    assert Cliente.objects.count() == 0


def test_many_unknown_fields_cost_no_more_than_some(api: APIClient) -> None:
    looked: list[str] = []

    def look(name: str, *args: Any, **kwargs: Any) -> list[str]:
        looked.append(name)
        return get_close_matches(name, *args, **kwargs)

    rows = [{f"consentimi{row}x{n}": 1 for n in range(20)} for row in range(50)]
    with mock.patch.object(lote, "get_close_matches", look):
        body = post(api, rows)
    assert len(looked) == lote.PARECIDOS_MAX
    assert all(len(fila["errores"]) <= lote.DESCONOCIDOS_MAX + 1 for fila in body["filas"])


def test_a_name_that_postgresql_cannot_keep_is_told_of_all_the_same(api: APIClient) -> None:
    call = {"clave": "documento", "clientes": [{"a\0": 1}]}
    first = api.post(URL, call, headers={"Idempotency-Key": "k"})
    assert first.status_code == 200
    assert api.post(URL, call, headers={"Idempotency-Key": "k"}).json() == first.json()


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_another_call_and_for_no_import(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"importacion:{owner.pk}"])
        with monkeypatch.context() as soon:
            soon.setattr(fusion, "PACIENCIA_MS", 20)
            answer = signed_in(owner).post(URL, {"clave": "documento", "clientes": [ANA]})
        assert [error["code"] for error in errors_of(answer, 409)] == ["busy"]
        assert Cliente.objects.count() == 0
        done = threading.Timer(0.2, other.connection.rollback)
        done.start()
        assert signed_in(owner).post(URL, {"clave": "documento", "clientes": [ANA]}).json()["creados"] == 1
        done.join()
    finally:
        other.close()


def test_a_withdrawn_consent_does_not_come_back(api: APIClient, owner: Usuario) -> None:
    post(api, [{**ANA, **CONSENT}])
    cliente = Cliente.objects.get()
    assert RegistroConsentimiento.objects.get().quien == owner
    api.patch(f"/api/v1/clientes/{cliente.pk}/", {"consentimiento_fuente": "", "consentimiento_en": None})
    assert verdicts(post(api, [{**ANA, **CONSENT}])) == ["sin_cambios"]
    cliente.refresh_from_db()
    assert (cliente.consentimiento_en, RegistroConsentimiento.objects.count()) == (None, 2)


def test_an_older_consent_takes_the_place_of_none(api: APIClient) -> None:
    post(api, [{**ANA, **CONSENT}])
    assert verdicts(post(api, [{**ANA, **CONSENT, "consentimiento_en": "2025-01-01"}])) == ["sin_cambios"]
    assert Cliente.objects.get().consentimiento_en == date(2026, 3, 1)


def test_what_a_row_loses_is_said(api: APIClient, owner: Usuario) -> None:
    body = post(api, [{**ANA, "documento": "222222222222"}, {**LUIS, "documento": "0000"}], clave="telefono")
    assert verdicts(body) == ["creado", "creado"]
    assert [("es de relleno" in fila["aviso"]) for fila in body["filas"]] == [True, True]
    refused = post(api, [{**ANA, "documento": "222222222222"}])["filas"][0]
    assert [(error["attr"], error["code"]) for error in refused["errores"]] == [("documento", "filler")]
