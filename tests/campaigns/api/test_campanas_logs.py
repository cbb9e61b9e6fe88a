"""GET /api/v1/campanas/{id}/logs/: one row per recipient, in the order of sending."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import CampanaSMS, SMSLog
from core.models import Usuario
from tests.campaigns.support import add_rows, running_campana
from tests.factories import CampanaFactory, open_lote


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    return running_campana(owner)


def url(campana: CampanaSMS) -> str:
    return f"/api/v1/campanas/{campana.pk}/logs/"


def rows(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def test_it_works(api: APIClient, campana: CampanaSMS, owner: Usuario) -> None:
    running_campana(owner)  # a neighbour
    found = rows(api.get(url(campana)))
    assert [row["id"] for row in found] == list(SMSLog.objects.filter(campana=campana).values_list("id", flat=True))
    log = SMSLog.objects.filter(campana=campana, estado="enviado").select_related("cliente")[0]
    assert log.cliente is not None
    assert next(row for row in found if row["id"] == log.pk) == {
        "id": log.pk,
        "cliente_id": log.cliente_id,
        "nombre": log.cliente.nombre,
        "telefono": log.cliente.telefono_e164,
        "mensaje": f"Hola {log.cliente.nombre}!",
        "estado": "enviado",
        "resultado": "enviado",
        "twilio_sid": log.twilio_sid,
        "codigo": "",
        "error": "",
        "entrega": "delivered",
        "entrega_codigo": "",
        "intentos": 1,
        "actualizado": timezone.localtime(log.actualizado).isoformat(),
        "prueba": False,
    }


def test_it_never_shows_a_claims_token(api: APIClient, campana: CampanaSMS) -> None:
    """A reader of the token could answer in Twilio's place."""
    tokens = [str(token) for token in SMSLog.objects.exclude(token=None).values_list("token", flat=True)]
    body = api.get(url(campana)).content.decode()
    assert tokens
    assert not any(token in body or token.replace("-", "") in body for token in tokens)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"estado": "pendiente"}, {"pendiente": 3}),
        ({"estado": ["enviado", "incierto"]}, {"enviado": 9, "incierto": 3}),
        ({"estado": "fallido", "codigo": "21211"}, {"fallido": 1}),
        ({"codigo": "read_timeout"}, {"incierto": 3}),
        ({"codigo": "nada"}, {}),
        ({"entrega": "delivered"}, {"enviado": 9}),
        ({"estado": "pendiente", "codigo": "21211"}, {}),
    ],
)
def test_it_filters(api: APIClient, campana: CampanaSMS, query: dict[str, Any], expected: dict[str, int]) -> None:
    found = [row["estado"] for row in rows(api.get(url(campana), query))]
    assert {estado: found.count(estado) for estado in found} == expected


def test_it_filters_by_phone(api: APIClient, campana: CampanaSMS) -> None:
    telefono = SMSLog.objects.filter(campana=campana)[3].telefono
    assert [row["telefono"] for row in rows(api.get(url(campana), {"telefono": telefono}))] == [telefono]


@pytest.mark.parametrize(("query", "attr"), [({"estado": "x"}, "estado"), ({"entrega": "x"}, "entrega")])
def test_it_rejects_a_filter_it_does_not_know(
    api: APIClient, campana: CampanaSMS, query: dict[str, str], attr: str
) -> None:
    response = api.get(url(campana), query)
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, attr)


def test_it_pages_stably_while_rows_are_added_and_change(api: APIClient, campana: CampanaSMS) -> None:
    before = list(SMSLog.objects.filter(campana=campana).values_list("id", flat=True))
    page = api.get(url(campana), {"page_size": 5}).json()
    seen = [row["id"] for row in page["results"]]
    SMSLog.objects.filter(estado="pendiente").update(estado="fallido", codigo="x")
    extra = add_rows(open_lote(campana, [], 9), "pendiente", 3)
    while page["next"]:
        page = api.get(page["next"]).json()
        assert len(page["results"]) <= 5
        seen += [row["id"] for row in page["results"]]
    assert seen == before + [row.pk for row in extra]
    assert api.get(page["previous"]).json()["results"][-1]["id"] < page["results"][0]["id"]


@pytest.mark.parametrize(("asked", "given"), [(None, 50), ("1", 1), ("1000", 1_000), ("1001", 1_000)])
def test_it_bounds_the_page(api: APIClient, owner: Usuario, asked: str | None, given: int) -> None:
    campana = CampanaFactory.create(usuario=owner)
    lote = open_lote(campana, [])
    SMSLog.objects.bulk_create(SMSLog(campana=campana, lote=lote) for _ in range(1_001))
    assert len(rows(api.get(url(campana), {"page_size": asked} if asked else {}))) == given


def test_it_costs_the_same_for_ten_and_for_a_thousand(
    api: APIClient, owner: Usuario, django_assert_num_queries: Any
) -> None:
    campana = CampanaFactory.create(usuario=owner)
    lote = open_lote(campana, [])
    for count in (10, 990):
        SMSLog.objects.bulk_create(SMSLog(campana=campana, lote=lote) for _ in range(count))
        with django_assert_num_queries(2):
            rows(api.get(url(campana), {"page_size": 1_000}))


def test_it_shows_a_recipient_whose_client_was_deleted(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner)
    SMSLog.objects.create(
        campana=campana, lote=open_lote(campana, []), estado="fallido", codigo="cliente_eliminado", error="…"
    )
    (row,) = rows(api.get(url(campana)))
    assert (row["cliente_id"], row["codigo"], row["entrega"]) == (None, "cliente_eliminado", "")
