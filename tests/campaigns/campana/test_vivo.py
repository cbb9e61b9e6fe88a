"""Pages that ask again and again: what they get, what they cost, and whose it is."""

import heapq
import re
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from campaigns.campana import sondeo
from campaigns.campana.sondeo import Aforo, Fragmento
from campaigns.models import CampanaSMS, SMSLog
from core.models import Usuario
from tests.campaigns.support import running_campana
from tests.factories import ClienteFactory, sms_log
from tests.pages import signed_in


@pytest.fixture(autouse=True)
def _few_are_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sondeo, "aforo", Aforo())


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    return running_campana(owner)


def address(html: str, name: str) -> str:
    """Where the fragment with this id asks again."""
    [found] = re.findall(rf'id="{name}"[^>]*hx-get="([^"]+)"', html)
    return str(found).replace("&amp;", "&")


PAGES = [
    ("/campanas/{pk}/", "vivo"),
    ("/campanas/{pk}/", "filas"),
    ("/campanas/{pk}/", "serie"),
    ("/campanas/", "campanas"),
    ("/", "tablero"),
    ("/muro/", "muro"),
]


@pytest.mark.parametrize(("page", "name"), PAGES, ids=[name for _, name in PAGES])
def test_who_has_seen_it_gets_nothing_until_it_changes(
    page: str, name: str, campana: CampanaSMS, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    CampanaSMS.objects.update(iniciado_en=campana.creado)
    client = signed_in(owner)
    html = client.get(page.format(pk=campana.pk)).content.decode()
    first = client.get(address(html, name))
    assert first.status_code == 200
    again = address(first.content.decode(), name)
    assert client.get(again).status_code == 204
    monkeypatch.setattr(sondeo, "FRESCO_S", 0.0)
    monkeypatch.setattr(sondeo, "FRESCO_DE_PAUSA", 0.0)
    SMSLog.objects.filter(estado="pendiente").update(estado="fallido", codigo="21211", intentos=1)
    assert client.get(again).status_code == 200


def test_the_whole_shop_costs_one_reading(
    campana: CampanaSMS, owner: Usuario, teammate: Usuario, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tabs = [signed_in(owner) for _ in range(4)]
    assert tabs[0].get("/vivo/").status_code == 200
    for tab in tabs[1:]:
        with django_assert_num_queries(2):  # who asks
            assert tab.get("/vivo/").status_code == 200
    # A vendedor's page has no buttons: it is another one.
    assert signed_in(teammate).get("/vivo/").status_code == 200


@pytest.mark.parametrize("path", ["/vivo/", "/muro/vivo/", "/campanas/vivas/"])
def test_another_shop_never_sees_it(path: str, campana: CampanaSMS, owner: Usuario, stranger: Usuario) -> None:
    CampanaSMS.objects.update(nombre="ZAFIRO")
    assert "ZAFIRO" in signed_in(owner).get(path).content.decode()
    assert "ZAFIRO" not in signed_in(stranger).get(path).content.decode()


@pytest.mark.parametrize("path", ["vivo/", "serie/", "destinatarios/?v="])
def test_a_kept_answer_is_not_for_a_stranger(path: str, campana: CampanaSMS, owner: Usuario, stranger: Usuario) -> None:
    url = f"/campanas/{campana.pk}/{path}"
    assert signed_in(owner).get(url).status_code == 200
    assert signed_in(stranger).get(url).status_code == 404
    assert signed_in(owner).get(url).status_code == 200


def test_a_button_shows_at_once_what_it_did(campana: CampanaSMS, owner: Usuario) -> None:
    client = signed_in(owner)
    path = f"/campanas/{campana.pk}/vivo/?visto=procesando"
    assert 'id="acciones"' not in client.get(path).content.decode()
    client.post(f"/campanas/{campana.pk}/pausar/")
    body = client.get(path).content.decode()
    assert 'id="acciones"' in body
    assert "La pausó duena." in body


def test_the_buttons_carry_the_form_token_of_who_asks(campana: CampanaSMS, owner: Usuario) -> None:
    one, other = signed_in(owner), signed_in(owner)
    path = f"/campanas/{campana.pk}/vivo/?visto=pendiente"
    tokens = [re.findall('csrfmiddlewaretoken" value="([^"]+)"', c.get(path).content.decode()) for c in (one, other)]
    assert tokens[0]
    assert tokens[0] != tokens[1]
    # Nobody's token is in what is kept for all.
    assert "csrfmiddlewaretoken" not in one.get(f"/campanas/{campana.pk}/vivo/?visto=procesando").content.decode()


@pytest.mark.parametrize(
    ("tabs", "base", "pausa"),
    [(1, 2, 2), (7, 2, 2), (12, 2, 3), (32, 2, 8), (80, 2, 20), (1000, 2, 30), (20, 10, 10)],
)
def test_the_more_watch_the_more_seldom_each_asks(
    tabs: int, base: int, pausa: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the tabs asks as often as it was told to; after a minute the pause has settled."""
    clock = [0.0]
    monkeypatch.setattr("campaigns.campana.sondeo.time.monotonic", lambda: clock[0])
    aforo = Aforo()
    told = [base] * tabs
    due = [(n * base / tabs, n) for n in range(tabs)]
    answers = 0
    while clock[0] < 180:
        clock[0], tab = heapq.heappop(due)
        told[tab] = aforo.pausa(base, told[tab])
        heapq.heappush(due, (clock[0] + told[tab], tab))
        answers += clock[0] > 120
    assert sum(told) / tabs == pytest.approx(pausa, rel=0.2)
    assert answers / 60 <= max(sondeo.POR_SEGUNDO * 1.35, tabs / 30 * 1.1)
    # … and the older what it gets may be.
    assert aforo.frescura() == pytest.approx(max(1, pausa / 4 if pausa > base else 1), rel=0.25)


def test_what_moves_most_is_asked_for_most_however_many_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.campana.sondeo.time.monotonic", lambda: 0.0)
    aforo = Aforo()
    for _ in range(150):
        aforo.pausa(2, 2)
        aforo.pausa(4, 4)
    assert aforo.pausa(4, 4) == pytest.approx(2 * aforo.pausa(2, 2), abs=1)


@pytest.mark.parametrize("asked", ["", "0", "999999999999999999999", "-3", "x"])
def test_a_pause_that_makes_no_sense_is_bounded(asked: str, owner: Usuario) -> None:
    request = RequestFactory().get("/", {"s": asked})
    answer = sondeo.responder(request, Fragmento(f"<i data-s='{sondeo.PAUSA}'>", 2))
    assert answer.content.decode() == "<i data-s='2'>"


def test_it_says_who_failed_why_and_what_to_do(campana: CampanaSMS, owner: Usuario) -> None:
    lote = campana.lotes.get(numero=1)
    for nombre in ("Ana", "Luis", "Marta", "Iván"):
        sms_log(
            campana,
            lote,
            ClienteFactory.create(usuario=owner, nombre=nombre),
            estado="fallido",
            codigo="21610",
            error="El destinatario pidió no recibir mensajes",
        )
    body = signed_in(owner).get(f"/campanas/{campana.pk}/vivo/").content.decode()
    assert "Ana, Luis, Marta y 1 más</a>" in body
    assert "No le vuelva a escribir" in body
    rows: Any = signed_in(owner).get(f"/campanas/{campana.pk}/destinatarios/?estado=fallido&codigo=21610")
    assert ">Iván<" in rows.content.decode()
    assert "21211" not in rows.content.decode()
