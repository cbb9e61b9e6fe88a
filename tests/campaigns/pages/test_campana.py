"""A campaign's page, its fragments and its buttons, for each kind of person."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.campana import selectors
from campaigns.models import CampanaSMS, SMSLog
from campaigns.pages import campana as views
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.pages import signed_in

PATHS = ("", "vivo/", "destinatarios/")
ACTIONS = tuple(views.ACCIONES)


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    """Running, with three recipients: one sent, one failed, one waiting."""
    clientes = [ClienteFactory.create(usuario=owner, nombre=nombre) for nombre in ("Ana", "Luis", "Marta")]
    campana = CampanaFactory.create(usuario=owner, nombre="Aniversario", estado="procesando", total_clientes=3)
    lote = open_lote(campana, clientes)
    sms_log(campana, lote, clientes[0], estado="enviado", twilio_sid="SM1", intentos=1)
    sms_log(campana, lote, clientes[1], estado="fallido", codigo="21610", error="No quiere mensajes", intentos=1)
    sms_log(campana, lote, clientes[2])
    return campana


def url(campana: CampanaSMS, rest: str = "") -> str:
    return f"/campanas/{campana.pk}/{rest}"


def get(usuario: Usuario, path: str) -> str:
    answer = signed_in(usuario).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", PATHS)
def test_it_is_the_shops_alone(
    path: str, campana: CampanaSMS, owner: Usuario, teammate: Usuario, stranger: Usuario
) -> None:
    assert signed_in(owner).get(url(campana, path)).status_code == 200
    assert signed_in(teammate).get(url(campana, path)).status_code == 200
    assert signed_in(stranger).get(url(campana, path)).status_code == 404
    assert Client().get(url(campana, path)).status_code == 302


def test_it_shows_where_the_campaign_stands(campana: CampanaSMS, owner: Usuario) -> None:
    body = get(owner, url(campana))
    assert 'aria-valuetext="66,6 %: 2 de 3"' in body
    assert '<dd data-cuenta="exitosos">1</dd>' in body
    assert "No quiere mensajes" in body
    assert "Hola Ana!" in body  # the text as the first recipient gets it


def test_it_marks_the_name_while_no_text_is_rendered(owner: Usuario) -> None:
    campana = CampanaFactory.create(usuario=owner, mensaje="<b>Hola</b> {nombre}")
    campana.lotes.create(numero=1, cliente_ids=[1], total=1)
    body = get(owner, url(campana))
    assert '&lt;b&gt;Hola&lt;/b&gt; <mark class="marcador">{nombre}</mark>' in body


def test_its_queries_do_not_grow(
    campana: CampanaSMS, owner: Usuario, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(owner)
    CampanaSMS.objects.update(iniciado_en=campana.creado)
    # session, user, campaign, progress, reasons, deliveries and segments, the price, what happened
    with django_assert_num_queries(9):
        client.get(url(campana, "vivo/?visto=procesando"))
    with django_assert_num_queries(2):  # within the same second: session, user
        client.get(url(campana, "vivo/?visto=procesando"))
    with django_assert_num_queries(4):
        client.get(url(campana, "destinatarios/"))


def test_the_fragment_brings_the_buttons_only_when_the_estado_changed(campana: CampanaSMS, owner: Usuario) -> None:
    assert 'id="acciones"' not in get(owner, url(campana, "vivo/?visto=procesando"))
    assert 'id="acciones"' in get(owner, url(campana, "vivo/?visto=pendiente"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Ana", "Luis", "Marta"}),
        ("estado=fallido", {"Luis"}),
        ("estado=enviado", {"Ana"}),
        ("estado=pendiente", {"Marta"}),
        ("estado=incierto", set()),
        ("estado=no-existe", {"Ana", "Luis", "Marta"}),
    ],
)
def test_it_filters_the_recipients(query: str, shown: set[str], campana: CampanaSMS, owner: Usuario) -> None:
    body = get(owner, url(campana, f"destinatarios/?{query}"))
    assert {nombre for nombre in ("Ana", "Luis", "Marta") if f">{nombre}<" in body} == shown


def test_it_pages_the_recipients(campana: CampanaSMS, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "DESTINATARIOS", 2)
    second = SMSLog.objects.get(nombre="Luis").pk
    assert f"despues={second}" in get(owner, url(campana, "destinatarios/"))
    body = get(owner, url(campana, f"destinatarios/?despues={second}"))
    assert ">Marta<" in body
    assert ">Luis<" not in body


def test_reasons_come_most_frequent_first(campana: CampanaSMS, owner: Usuario) -> None:
    lote = campana.lotes.get()
    for _ in range(2):
        sms_log(
            campana, lote, ClienteFactory.create(usuario=owner), estado="fallido", codigo="21614", error="No es celular"
        )
    found = [(m.codigo, m.n) for m in selectors.motivos_de(campana)]
    assert found == [("21614", 2), ("21610", 1)]


@pytest.mark.parametrize(
    ("estado", "actions"),
    [
        ("pendiente", {"cancelar"}),
        ("procesando", {"pausar", "cancelar"}),
        ("pausado", {"reanudar", "cancelar"}),
        ("cancelado", set()),
    ],
)
def test_it_offers_only_the_moves_that_are_possible(
    estado: str, actions: set[str], campana: CampanaSMS, owner: Usuario, teammate: Usuario
) -> None:
    CampanaSMS.objects.update(estado=estado)
    body = get(owner, url(campana))
    assert {a for a in ACTIONS if url(campana, f"{a}/") in body} == actions
    body = get(teammate, url(campana))
    assert not [a for a in ACTIONS if url(campana, f"{a}/") in body]


@pytest.mark.parametrize(
    ("before", "action", "after", "motivo"),
    [
        ("procesando", "pausar", "pausado", "La pausó duena."),
        ("pausado", "reanudar", "procesando", ""),
        ("pausado", "cancelar", "cancelado", "La canceló duena."),
    ],
)
def test_a_button_moves_the_campaign(
    before: str, action: str, after: str, motivo: str, campana: CampanaSMS, owner: Usuario
) -> None:
    CampanaSMS.objects.update(estado=before)
    answer = signed_in(owner).post(url(campana, f"{action}/"))
    assert answer.status_code == 302
    assert answer["Location"] == url(campana)
    campana.refresh_from_db()
    assert (campana.estado, campana.motivo) == (after, motivo)


def test_a_refused_move_says_why(campana: CampanaSMS, owner: Usuario) -> None:
    answer: Any = signed_in(owner).post(url(campana, "reanudar/"), follow=True)
    assert "No se puede reanudar: la campaña está en curso." in answer.content.decode()


@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_shops_admin_moves_it(
    action: str, campana: CampanaSMS, teammate: Usuario, stranger: Usuario, owner: Usuario
) -> None:
    path = url(campana, f"{action}/")
    refused = signed_in(teammate).post(path)
    assert refused.status_code == 403
    assert views.SOLO_ADMIN in refused.content.decode()
    assert signed_in(stranger).post(path).status_code == 404
    assert Client().post(path).status_code == 302
    assert signed_in(owner).get(path).status_code == 405
    campana.refresh_from_db()
    assert campana.estado == CampanaSMS.Estado.PROCESANDO


def test_a_button_needs_the_csrf_token(campana: CampanaSMS, owner: Usuario) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(url(campana, "pausar/"))
    assert answer.status_code == 403
    assert "La página venció" in answer.content.decode()
