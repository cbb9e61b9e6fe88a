"""A campaign for another day: its date, its frozen audience and text, and what may be done with it meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.api.fields import SIN_HORA
from campaigns.campana import selectors, services
from campaigns.models import CampanaSMS
from campaigns.values import estados
from campaigns.vista_previa import borrador
from clientes.models import Cliente
from clientes.services import anonimizar_cliente
from core.errors import ConflictError
from core.models import Usuario
from tests.campaigns.pages.support import URL as NUEVA
from tests.campaigns.pages.support import hidden, post
from tests.core.api.support import error_of, row_counts
from tests.factories import CampanaFactory, ClienteFactory, EtiquetaFactory
from tests.pages import flashes, get, signed_in

URL = "/api/v1/campanas/"
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # 10:00 in Bogotá
TOMORROW = "2026-11-25T09:00:00-05:00"
KEY = {"Idempotency-Key": "manana"}


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The campaigns that workers were told of."""
    told: list[int] = []
    monkeypatch.setattr(services, "nudge", told.append)
    return told


def create(api: APIClient, ana: Cliente, **fields: Any) -> Any:
    return api.post(URL, {"mensaje": "Hola", "cliente_ids": [ana.pk], **fields})


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (TOMORROW, datetime(2026, 11, 25, 14, 0, tzinfo=UTC)),
        ("2026-11-25T09:00:00+01:00", datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        ("2026-11-25T14:00:00Z", datetime(2026, 11, 25, 14, 0, tzinfo=UTC)),
        ("2026-11-25T09:00", datetime(2026, 11, 25, 14, 0, tzinfo=UTC)),  # as in TIME_ZONE
        ("2026-11-24T10:00:01-05:00", datetime(2026, 11, 24, 15, 0, 1, tzinfo=UTC)),
    ],
)
def test_it_keeps_the_moment_whatever_its_zone(
    api: APIClient, ana: Cliente, sent: list[int], given: str, kept: datetime
) -> None:
    body = create(api, ana, programada_para=given).json()
    assert datetime.fromisoformat(body["programada_para"]) == kept
    assert body["programada_para"].endswith("-05:00")
    assert body["estado"] == "pendiente"
    assert CampanaSMS.objects.get().programada_para == kept
    assert sent == []


@pytest.mark.parametrize("fields", [{}, {"programada_para": None}])
def test_without_a_date_it_is_for_now(api: APIClient, ana: Cliente, sent: list[int], fields: dict[str, Any]) -> None:
    body = create(api, ana, **fields).json()
    assert body["programada_para"] is None
    assert sent == [body["id"]]


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("given", "code", "detail"),
    [
        ("2026-11-24T10:00:00-05:00", "past", services.FECHA_PASADA.format(ahora="10:00")),
        ("2026-11-24T10:30:00+00:00", "past", services.FECHA_PASADA.format(ahora="10:00")),
        ("2020-01-01T00:00:00Z", "past", services.FECHA_PASADA.format(ahora="10:00")),
        ("0001-01-01T00:00:00Z", "overflow", None),
        ("2062-11-24T10:00:00Z", "too_far", services.FECHA_LEJANA),
        ("2026-11-25", "invalid", SIN_HORA),
        ("mañana", "invalid", SIN_HORA),
        ("2026-02-30T10:00:00Z", "invalid", None),
        ("9:00", "invalid", None),
        ("", "invalid", SIN_HORA),
        (1_800_000_000, "invalid", None),
        (["2026-11-25T09:00"], "invalid", None),
    ],
)
def test_it_refuses_a_date_that_cannot_be(
    api: APIClient, ana: Cliente, given: object, code: str, detail: str | None
) -> None:
    before = row_counts()
    error = error_of(create(api, ana, programada_para=given), 400)
    assert (error["attr"], error["code"]) == ("programada_para", code)
    assert detail in (None, error["detail"])
    assert row_counts() == before


def test_its_audience_and_its_text_are_frozen_when_it_is_created(api: APIClient, owner: Usuario, ana: Cliente) -> None:
    vip = EtiquetaFactory.create(usuario=owner)
    ana.etiquetas.add(vip)
    fields = {"mensaje": "Hola", "audiencia": {"etiquetas": [vip.pk]}}
    when = (timezone.now() + timedelta(days=7)).isoformat()
    campana = api.post(URL, {**fields, "programada_para": when}).json()
    ana.etiquetas.clear()
    ClienteFactory.create(usuario=owner).etiquetas.add(vip)
    lote = CampanaSMS.objects.get(pk=campana["id"]).lotes.get()
    assert lote.cliente_ids == [ana.pk]


def test_a_repeat_is_answered_also_after_its_date(api: APIClient, ana: Cliente) -> None:
    with time_machine.travel(NOW, tick=False):
        body = {"mensaje": "Hola", "cliente_ids": [ana.pk], "programada_para": TOMORROW}
        first = api.post(URL, body, headers=KEY)
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        again = api.post(URL, body, headers=KEY)
        assert again["Idempotent-Replayed"] == "true"
        assert again.json()["id"] == first.json()["id"]
        other = error_of(api.post(URL, {**body, "programada_para": None}, headers=KEY), 409)
        assert other["code"] == "idempotency_key_reused"


def scheduled(owner: Usuario, **fields: Any) -> CampanaSMS:
    return CampanaFactory.create(usuario=owner, **{"programada_para": timezone.now() + timedelta(days=1), **fields})


@pytest.mark.parametrize("action", ["pausar", "reanudar"])
def test_it_can_neither_be_paused_nor_resumed_before(api: APIClient, owner: Usuario, action: str) -> None:
    campana = scheduled(owner)
    detail = error_of(api.post(f"{URL}{campana.pk}/{action}/"), 409)["detail"]
    assert detail == estados.refusal(action, "pendiente")


def test_it_can_be_cancelled_before(api: APIClient, owner: Usuario) -> None:
    campana = scheduled(owner)
    assert api.post(f"{URL}{campana.pk}/cancelar/").json()["estado"] == "cancelado"


def test_it_is_not_in_course_yet(owner: Usuario) -> None:
    scheduled(owner, nombre="Mañana")
    CampanaFactory.create(usuario=owner, nombre="Ahora")
    assert [c.nombre for c in selectors.en_curso_de(owner)] == ["Ahora"]


def test_a_client_may_be_erased_before_it_starts(owner: Usuario, ana: Cliente) -> None:
    campana = scheduled(owner)
    campana.lotes.create(numero=1, cliente_ids=[ana.pk], total=1)
    anonimizar_cliente(cliente=ana)
    soon = scheduled(owner, programada_para=timezone.now() + timedelta(minutes=1))
    luis = ClienteFactory.create(usuario=owner)
    soon.lotes.create(numero=1, cliente_ids=[luis.pk], total=1)
    with pytest.raises(ConflictError):
        anonimizar_cliente(cliente=luis)


class TestPages:
    @pytest.fixture
    def form(self, owner: Usuario, ana: Cliente) -> dict[str, Any]:
        page = post(owner, "revisar", mensaje="Hola")
        assert "Programar para 1 cliente ·" in page
        return {**hidden(page), "accion": "enviar"}

    def test_it_asks_when(self, owner: Usuario, form: dict[str, Any]) -> None:
        with time_machine.travel(NOW, tick=False):
            [said] = flashes(owner, NUEVA, {**form, "cuando": "despues", "fecha": "2026-11-25T09:00"})
            campana = CampanaSMS.objects.get()
            assert said.replace("\N{NO-BREAK SPACE}", " ").startswith(
                "La campaña quedó programada para mañana, 9:00 a. m."
            )
            assert campana.programada_para == datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
            for path in ("/", "/campanas/", f"/campanas/{campana.pk}/", f"/campanas/{campana.pk}/vivo/"):
                body = get(owner, path)
                assert "mañana,\N{NO-BREAK SPACE}9:00" in body
                assert path.endswith("vivo/") or "Programada" in body
                assert "every 10s" in body or path == "/"

    def test_now_minds_no_date(self, owner: Usuario, form: dict[str, Any]) -> None:
        signed_in(owner).post(NUEVA, {**form, "cuando": "ahora", "fecha": "2020-01-01T09:00"})
        assert CampanaSMS.objects.get().programada_para is None

    @pytest.mark.parametrize(
        ("fecha", "said"),
        [
            ("", borrador.FALTA_FECHA),
            ("2026-11-25", borrador.FALTA_FECHA),
            ("2026-13-45T09:00", borrador.FALTA_FECHA),
            ("x" * 5_000, borrador.FALTA_FECHA),
            ("0001-01-01T00:00", "Esa fecha ya pasó"),
            ("9999-12-31T23:59", borrador.FALTA_FECHA),  # no moment of UTC
            ("2020-01-01T09:00", "Esa fecha ya pasó"),
            ("2062-01-01T09:00", services.FECHA_LEJANA),
        ],
    )
    def test_it_asks_again_beside_the_date(self, owner: Usuario, form: dict[str, Any], fecha: str, said: str) -> None:
        body = signed_in(owner).post(NUEVA, {**form, "cuando": "despues", "fecha": fecha}).content.decode()
        assert said in body
        assert 'id="fecha-error"' in body
        assert 'id="cuando-despues" checked' in body
        assert not CampanaSMS.objects.exists()

    def test_an_hour_that_clocks_skip_does_not_exist(self, owner: Usuario, form: dict[str, Any]) -> None:
        madrid = {**form, "cuando": "despues", "fecha": "2027-03-28T02:30"}
        with timezone.override("Europe/Madrid"), pytest.raises(Exception, match="relojes se adelantan"):
            borrador.Borrador(cuando=borrador.DESPUES, fecha=madrid["fecha"]).programada_para()

    def test_the_date_travels_back_and_forth(self, owner: Usuario, form: dict[str, Any]) -> None:
        chosen = {"cuando": "despues", "fecha": "2027-01-04T08:15"}
        there = hidden(signed_in(owner).post(NUEVA, {**form, **chosen, "accion": "mensaje"}).content.decode())
        assert (there["cuando"], there["fecha"]) == (["despues"], ["2027-01-04T08:15"])
        back = signed_in(owner).post(NUEVA, {**there, "mensaje": "Hola", "accion": "revisar"}).content.decode()
        assert 'value="2027-01-04T08:15"' in back
        assert 'id="cuando-despues" checked' in back
