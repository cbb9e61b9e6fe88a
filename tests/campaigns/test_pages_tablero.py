"""The dashboard, for each kind of person."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import views
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log


def running(usuario: Usuario, nombre: str = "Promo") -> Any:
    campana = CampanaFactory.create(usuario=usuario, nombre=nombre, estado="procesando")
    cliente = ClienteFactory.create(usuario=usuario)
    sms_log(campana, open_lote(campana, [cliente]), cliente)
    return campana


def ended(usuario: Usuario, nombre: str = "Promo", **fields: Any) -> Any:
    values = {"estado": "completado", "enviados_exitosos": 1, "completado_en": timezone.now()}
    return CampanaFactory.create(usuario=usuario, nombre=nombre, **{**values, **fields})


def get(usuario: Usuario, path: str = "/") -> str:
    client = Client()
    client.force_login(usuario)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_the_shops_campaigns(owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    running(owner, "Aniversario")
    for usuario in (owner, teammate):
        assert "Aniversario" in get(usuario)
        assert "Aniversario" in get(usuario, "/vivo/")
    assert "Aniversario" not in get(stranger)
    assert "Aniversario" not in get(stranger, "/vivo/")


@pytest.mark.django_db
def test_it_requires_a_session() -> None:
    answer = Client().get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/cuentas/ingresar/?next=/"


@pytest.mark.django_db
def test_a_fragment_without_session_reloads_the_page() -> None:
    answer = Client().get("/vivo/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Refresh"] == "true"


def test_it_says_what_to_do_first(owner: Usuario, teammate: Usuario) -> None:
    assert "/api/docs/" in get(owner)
    assert "scripts/demo" in get(owner)
    # Someone who may not start a campaign is not told to.
    assert "scripts/demo" not in get(teammate)


def test_it_polls_only_while_something_is_alive(owner: Usuario) -> None:
    ended(owner)
    assert "hx-get" not in get(owner)
    campana = running(owner)
    assert 'hx-trigger="every 2s, visible"' in get(owner)
    campana.estado = "pausado"
    campana.save(update_fields=["estado"])
    assert 'hx-trigger="every 10s, visible"' in get(owner)


def test_it_pages_by_cursor(owner: Usuario) -> None:
    campanas = [ended(owner, f"Número {i:03}") for i in range(views.CAMPANAS + 1)]
    first = get(owner)
    assert "Número 000" not in first
    assert f"?antes={campanas[1].pk}" in first
    second = get(owner, f"/?antes={campanas[1].pk}")
    assert "Número 000" in second
    assert "Número 001" not in second
    assert "No hay campañas anteriores" in get(owner, "/?antes=1")


def test_it_ignores_a_cursor_that_makes_no_sense(owner: Usuario) -> None:
    ended(owner, "Aniversario")
    for antes in ("x", "-1", "٣", "9" * 30):
        assert "Aniversario" in get(owner, f"/?antes={antes}")


def test_it_sums_today(owner: Usuario) -> None:
    ended(owner, total_clientes=1_500, enviados_exitosos=1_234, enviados_fallidos=266)
    body = get(owner)
    assert "<dt>Enviados hoy</dt><dd>1.234</dd>" in body
    assert "<dt>Fallidos hoy</dt><dd>266</dd>" in body


def test_its_queries_do_not_grow(owner: Usuario, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = Client()
    client.force_login(owner)
    for _ in range(5):
        running(owner)
    with django_assert_num_queries(6):  # session, user, campaigns, alive ones, their progress, today's sums
        client.get("/vivo/")


def test_a_name_is_text_and_not_markup(owner: Usuario) -> None:
    running(owner, "<script>alert(1)</script>")
    assert "<script>alert" not in get(owner)
