"""The dashboard, for each kind of person."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from campaigns.campana import selectors
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, AjustesCambio
from campaigns.pages import tablero
from clientes.rne.services import importar_lista
from core.models import Usuario
from tests.factories import (
    AdminFactory,
    CampanaFactory,
    ClienteFactory,
    PlantillaFactory,
    VendedorFactory,
    open_lote,
    sms_log,
)
from tests.pages import signed_in


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
    assert 'href="/campanas/nueva/"' in get(owner)
    assert "scripts/demo" not in get(owner)  # an owner of a shop runs no scripts
    # Someone who may not start a campaign is not told to.
    assert "/campanas/nueva/" not in get(teammate)


def test_it_polls_only_while_something_is_alive(owner: Usuario) -> None:
    ended(owner)
    assert "data-vivo" not in get(owner)
    campana = running(owner)
    assert 'hx-trigger="every 2s, visible"' in get(owner)
    campana.estado = "pausado"
    campana.save(update_fields=["estado"])
    assert 'hx-trigger="every 10s, visible"' in get(owner)


def test_it_shows_the_latest_and_leads_to_the_rest(owner: Usuario) -> None:
    campanas = [ended(owner, f"Número {i:03}") for i in range(tablero.CAMPANAS)]
    assert "Ver todas las campañas" not in get(owner)
    campanas.append(ended(owner, "La última"))
    body = get(owner)
    assert "La última" in body
    assert campanas[0].nombre not in body
    assert "Ver todas las campañas" in body


def test_it_draws_the_last_days(owner: Usuario, stranger: Usuario) -> None:
    now = timezone.now()
    ended(owner, total_clientes=10, enviados_exitosos=7, enviados_fallidos=3)
    ended(owner, total_clientes=5, enviados_exitosos=5, completado_en=now - timedelta(days=13))
    ended(owner, total_clientes=9, enviados_exitosos=9, completado_en=now - timedelta(days=15))
    ended(stranger, total_clientes=99, enviados_exitosos=99)
    days = selectors.por_dia(owner, dias=14)
    assert len(days) == 14
    assert [(day.exitosos, day.fallidos) for day in days if day.total] == [(5, 0), (7, 3)]
    assert days[-1].fecha == timezone.localdate()
    assert 'data-n="7"' in get(owner)
    assert "por-dia" not in get(AdminFactory.create())


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


QUESTION = "¿Solo se escribe a quien tenga registrado su consentimiento?"


@pytest.mark.parametrize("answer", [True, False])
def test_it_asks_about_consents_until_it_is_answered(owner: Usuario, answer: bool) -> None:
    vendedor = VendedorFactory.create(creado_por=owner)
    assert QUESTION not in get(vendedor)
    browser = signed_in(owner)
    assert QUESTION in get(owner)
    browser.post("/ajustes/consentimiento/", {"exigir": "quizá"})
    assert QUESTION in get(owner)  # that is no answer
    browser.post("/ajustes/consentimiento/", {"exigir": str(answer).lower()})
    assert QUESTION not in get(owner)
    assert ajustes_de(owner.pk).exigir_consentimiento is answer
    assert "Exigir el consentimiento" in get(owner, "/ajustes/")  # in the history, with who said it
    # A second click, or an old page, changes nothing that was decided.
    browser.post("/ajustes/consentimiento/", {"exigir": "false"})
    assert (ajustes_de(owner.pk).exigir_consentimiento, AjustesCambio.objects.count()) == (answer, 1)


@pytest.mark.parametrize("answer", [True, False])
def test_a_program_answers_it_too(api: APIClient, owner: Usuario, answer: bool) -> None:
    assert api.patch("/api/v1/ajustes/", {"plazo_h": 48}).status_code == 200
    assert QUESTION in get(owner)
    assert api.patch("/api/v1/ajustes/", {"exigir_consentimiento": answer}).status_code == 200
    assert QUESTION not in get(owner)


def test_the_first_days_steps_move_by_themselves_and_can_be_put_away(owner: Usuario, teammate: Usuario) -> None:
    def steps() -> tuple[int, str]:
        body = get(owner)
        now = body.partition('aria-current="step"')[2].partition("<h3>")[2].partition("<")[0].strip()
        return body.count("guia-hecho"), now

    assert steps() == (0, "Traiga a sus clientes")
    ClienteFactory.create(usuario=owner)
    assert steps() == (1, "Diga cuánto le cuesta un SMS")
    Ajustes.objects.filter(usuario=owner).update(precio_segmento="0.05")
    assert steps() == (2, "Consulte el registro de excluidos")
    importar_lista(usuario=owner, telefonos=["3009999999"], consultado_en=timezone.localdate(), reemplaza=True)
    assert steps() == (3, "Guarde un mensaje que se repita")
    assert "primeros-pasos" not in get(teammate)
    client = signed_in(owner)
    assert client.post("/primeros-pasos/").status_code == 302
    assert "guia-paso" not in get(owner)
    client.post("/primeros-pasos/", {"ver": "si"})
    PlantillaFactory.create(usuario=owner)
    assert steps() == (4, "Envíe su primera campaña")
    ended(owner)
    assert "guia-paso" not in get(owner)
