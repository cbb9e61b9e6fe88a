"""The list of campaigns: filters, search and pages."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampanaSMS
from campaigns.pages import campanas
from core.models import Usuario
from tests.factories import CampanaFactory


def ended(usuario: Usuario, nombre: str, **fields: object) -> CampanaSMS:
    values = {"estado": "completado", "enviados_exitosos": 1, "completado_en": timezone.now()}
    campana: CampanaSMS = CampanaFactory.create(usuario=usuario, nombre=nombre, **{**values, **fields})
    return campana


def get(usuario: Usuario, query: str = "", path: str = "/campanas/") -> str:
    client = Client()
    client.force_login(usuario)
    answer = client.get(path + query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", ["/campanas/", "/campanas/vivas/"])
def test_it_is_the_shops(path: str, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    ended(owner, "Aniversario")
    assert "Aniversario" in get(owner, path=path)
    assert "Aniversario" in get(teammate, path=path)
    assert "Aniversario" not in get(stranger, path=path)
    assert Client().get(path).status_code == 302


def test_it_filters_by_estado_and_name(owner: Usuario) -> None:
    ended(owner, "Día de la madre")
    ended(owner, "Día del padre", estado="error", enviados_exitosos=0, enviados_fallidos=1)
    assert "madre" not in get(owner, "?estado=error")
    assert "padre" in get(owner, "?estado=error")
    assert "padre" not in get(owner, "?q=MADRE")
    assert "madre" in get(owner, "?q=MADRE&estado=completado")
    assert "Ninguna campaña coincide" in get(owner, "?q=madre&estado=error")
    assert "madre" in get(owner, "?estado=nonsense")


def test_it_pages_by_cursor_and_keeps_the_search(owner: Usuario) -> None:
    made = [ended(owner, f"Número {i:03}") for i in range(campanas.CAMPANAS + 1)]
    first = get(owner, "?q=número")
    assert "Número 000" not in first
    assert f"?estado=&amp;q=n%C3%BAmero&amp;antes={made[1].pk}" in first
    second = get(owner, f"?q=número&antes={made[1].pk}")
    assert "Número 000" in second
    assert "Número 001" not in second
    assert "No hay campañas anteriores" in get(owner, "?antes=1")


@pytest.mark.parametrize(
    "query", ["?antes=x", "?antes=-1", "?antes=٣", "?antes=" + "9" * 30, "?q=%00", "?q=" + "x" * 999]
)
def test_it_survives_nonsense(query: str, owner: Usuario) -> None:
    ended(owner, "Aniversario")
    get(owner, query)


def test_it_polls_while_something_shown_is_alive(owner: Usuario) -> None:
    ended(owner, "Quieta")
    assert "hx-get" not in get(owner).partition("<main")[2]  # the menu counts replies on every page
    CampanaFactory.create(usuario=owner, estado="procesando").lotes.create(numero=1, cliente_ids=[1], total=1)
    assert 'hx-trigger="every 2s, visible"' in get(owner)


def test_it_says_what_to_do_first(owner: Usuario, teammate: Usuario) -> None:
    assert 'href="/campanas/nueva/"' in get(owner)
    assert "/campanas/nueva/" not in get(teammate)


def test_its_queries_do_not_grow(owner: Usuario, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = Client()
    client.force_login(owner)
    for i in range(5):
        CampanaFactory.create(usuario=owner).lotes.create(numero=1, cliente_ids=[i], total=1)
    with django_assert_num_queries(4):  # session, user, campaigns, their progress
        client.get("/campanas/vivas/")
