"""The operator's pages about the daily closes."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from campaigns.models import CierreDiario, Diferencia
from core.models import Usuario
from tests.factories import AdminFactory
from tests.pages import signed_in

DIA = date(2026, 3, 4)


@pytest.fixture
def operator(db: None) -> Client:
    return signed_in(AdminFactory.create(username="operador", is_staff=True))


@pytest.fixture
def cierre(db: None) -> CierreDiario:
    made = CierreDiario.objects.create(
        dia=DIA, estado="listo", mensajes=1_234_567, costo="1234.5", moneda="USD", sin_precio=3,
        diferencias={"estado_distinto": 2, "mensaje_sin_fila": 150},
    )  # fmt: skip
    Diferencia.objects.create(cierre=made, tipo="mensaje_sin_fila", sid="SM<b>", de_twilio="+573001112233")
    Diferencia.objects.create(
        cierre=made, tipo="estado_distinto", sid="SM2", log_id=7, campana_id=8, nuestro="fallido", de_twilio="delivered"
    )
    return made


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_it_lists_the_days(operator: Client, cierre: CierreDiario) -> None:
    page = text(operator.get("/cierres/"))
    assert "4 mar 2026" in page
    assert "1.234.567" in page
    assert "152 diferencias" in page
    assert f'href="/cierres/{cierre.pk}/"' in page


def test_it_asks_for_a_day(operator: Client) -> None:
    page = text(operator.get("/cierres/"))
    assert "Día (UTC)" in page
    assert 'type="date"' in page
    assert 'name="dia"' in page


def test_it_says_so_before_the_first(operator: Client) -> None:
    assert "Aún no hay ningún cierre" in text(operator.get("/cierres/"))


def test_it_shows_each_kind_with_its_rows(operator: Client, cierre: CierreDiario) -> None:
    page = text(operator.get(f"/cierres/{cierre.pk}/"))
    assert "Mensaje de Twilio sin destinatario nuestro" in page
    assert "150; se muestran las primeras 1" in page
    assert "SM&lt;b&gt;" in page
    assert "/admin/campaigns/smslog/7/change/" in page
    assert "Otro teléfono" not in page  # a kind of which there is none


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"diferencias": {}}, "Cuadra"),
        ({"estado": "leyendo"}, "Leyendo"),
        ({"estado": "leyendo", "error": "read_timeout"}, "Twilio no respondió: read_timeout"),
        ({"sin_consultar": 5}, "demasiados para preguntar"),
    ],
)
def test_it_says_how_it_goes(operator: Client, cierre: CierreDiario, fields: dict[str, Any], said: str) -> None:
    CierreDiario.objects.update(**fields)
    assert said in text(operator.get(f"/cierres/{cierre.pk}/"))


def test_a_day_is_closed_once_more(operator: Client, cierre: CierreDiario) -> None:
    response = operator.post("/cierres/pedir/", {"dia": DIA.isoformat()})
    assert response["Location"] == f"/cierres/{cierre.pk}/"
    cierre.refresh_from_db()
    assert (cierre.estado, cierre.veces, cierre.diferencias, cierre.mensajes) == ("leyendo", 2, {}, 0)
    assert not Diferencia.objects.exists()


@pytest.mark.parametrize("dia", ["2999-01-01", "", "ayer"])
def test_what_is_no_day_that_has_ended_is_refused(operator: Client, dia: str) -> None:
    assert operator.post("/cierres/pedir/", {"dia": dia})["Location"] == "/cierres/"
    assert not CierreDiario.objects.exists()


def test_nobody_of_a_shop_sees_them(owner: Usuario, cierre: CierreDiario) -> None:
    client = signed_in(owner)
    assert client.get("/cierres/").status_code == 403
    assert client.get(f"/cierres/{cierre.pk}/").status_code == 404
    assert client.post("/cierres/pedir/", {"dia": DIA.isoformat()}).status_code == 403
    assert "Cierre diario" not in text(client.get("/"))


def test_the_menu_leads_an_operator_to_them(operator: Client) -> None:
    assert 'href="/cierres/"' in text(operator.get("/"))
