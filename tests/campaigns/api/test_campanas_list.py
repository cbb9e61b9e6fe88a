"""GET /api/v1/campanas/ and /api/v1/campanas/{id}/."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import CampanaSMS
from core.models import Usuario
from tests.campaigns.support import finished_campana, lote_with, running_campana
from tests.factories import CampanaFactory

URL = "/api/v1/campanas/"


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["nombre"] for row in response.json()["results"]]


def test_it_works(api: APIClient, owner: Usuario) -> None:
    for nombre in ("uno", "dos"):
        CampanaFactory.create(usuario=owner, nombre=nombre)
    CampanaFactory.create(nombre="de otra tienda")
    response = api.get(URL)
    assert names(response) == ["dos", "uno"]
    first = response.json()["results"][0]
    assert api.get(f"{URL}{first['id']}/").json() == first


def test_it_counts_live(api: APIClient, owner: Usuario) -> None:
    campana = running_campana(owner)
    row = api.get(f"{URL}{campana.pk}/").json()
    assert (row["enviados_exitosos"], row["enviados_fallidos"], row["total_clientes"]) == (49, 11, 138)
    finished = finished_campana(owner, 9, 1)
    row = api.get(f"{URL}{finished.pk}/").json()
    assert (row["enviados_exitosos"], row["enviados_fallidos"], row["total_clientes"]) == (9, 1, 10)


def test_it_tells_no_secret_of_the_idempotency_key(api: APIClient, owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, idempotency_key="secreta", idempotency_hash="h")
    assert b"secreta" not in api.get(f"{URL}{campana.pk}/").content


def test_it_costs_the_same_for_one_and_for_fifty(
    api: APIClient, owner: Usuario, django_assert_num_queries: Any
) -> None:
    for wanted in (1, 50):
        for _ in range(wanted - CampanaSMS.objects.count()):
            lote_with(CampanaFactory.create(usuario=owner, estado="procesando"), 1, enviado=1)
        with django_assert_num_queries(2):
            rows = api.get(URL).json()["results"]
        assert [row["enviados_exitosos"] for row in rows] == [1] * wanted
        with django_assert_num_queries(2):
            api.get(f"{URL}{rows[0]['id']}/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"estado": "pendiente"}, {"pendiente"}),
        ({"estado": ["pendiente", "pausado"]}, {"pendiente", "pausado"}),
        ({"estado": []}, {"pendiente", "procesando", "pausado", "cancelado"}),
        ({"q": "PAUSA"}, {"pausado"}),
        ({"q": "%"}, set()),
        ({"q": "pausa", "estado": "pendiente"}, set()),
    ],
)
def test_it_filters(api: APIClient, owner: Usuario, query: dict[str, Any], expected: set[str]) -> None:
    for estado in ("pendiente", "procesando", "pausado", "cancelado"):
        CampanaFactory.create(usuario=owner, nombre=estado, estado=estado)
    assert set(names(api.get(URL, query))) == expected


def test_it_filters_by_creation(api: APIClient, owner: Usuario) -> None:
    now = timezone.now()
    for days in (1, 2, 3):
        pk = CampanaFactory.create(usuario=owner, nombre=f"hace {days}").pk
        CampanaSMS.objects.filter(pk=pk).update(creado=now - timedelta(days=days))
    query = {"creado_desde": str(now - timedelta(days=2)), "creado_hasta": str(now - timedelta(days=1))}
    assert names(api.get(URL, query)) == ["hace 2"]


def test_it_pages_without_loss_while_campaigns_are_made(api: APIClient, owner: Usuario) -> None:
    old = [campana.pk for campana in CampanaFactory.create_batch(5, usuario=owner)]
    page = api.get(URL, {"page_size": 2}).json()
    seen = [row["id"] for row in page["results"]]
    CampanaFactory.create(usuario=owner)
    while page["next"]:
        page = api.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert seen == old[::-1]
