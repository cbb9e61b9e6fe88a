"""A campaign for another day is counted for that day, and every page says when it really leaves."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from campaigns.ley.gasto import gastado
from campaigns.models import Ajustes, CampanaSMS, Contacto
from clientes.models import Cliente
from core.models import Usuario
from tests.campaigns.pages.support import URL as NUEVA
from tests.campaigns.pages.support import hidden, post
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, una_programacion
from tests.pages import flashes, get, signed_in

URL = "/api/v1/campanas/vista-previa/"
NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in Bogotá
SUNDAY = "2026-11-29T20:00"  # nothing leaves then
MONDAY = "2026-11-30T09:00"


@pytest.fixture(autouse=True)
def _friday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clientes(owner: Usuario) -> list[Cliente]:
    """Four clients of a shop that keeps to the law; three have had today's message."""
    Ajustes.objects.filter(usuario=owner).update(
        ventanas_activas=True, frecuencia_activa=True, precio_segmento=Decimal("0.5")
    )
    found = ClienteFactory.create_batch(4, usuario=owner)
    other = CampanaFactory.create(usuario=owner, estado="cancelado", completado_en=NOW)
    for cliente in found[:3]:
        Contacto.objects.create(usuario=owner, dia=NOW.date(), telefono=cliente.telefono_e164, n=1, campana=other)
    return found


def preview(api: APIClient, **fields: Any) -> Any:
    answer = api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}, **fields})
    assert answer.status_code == 200, answer.content
    return answer.json()


def plain(html: str) -> str:
    return html.replace("\N{NO-BREAK SPACE}", " ")


class TestPreview:
    def test_today_and_another_day_are_counted_each_by_its_own_messages(
        self, api: APIClient, clientes: list[Cliente]
    ) -> None:
        today, monday = preview(api), preview(api, programada_para=f"{MONDAY}:00-05:00")
        assert (today["costo"]["mensajes"], today["excluidos"][0]["codigo"]) == (1, "frecuencia")
        assert (monday["costo"]["mensajes"], monday["costo"]["precio"], monday["excluidos"]) == (4, "2.0000", [])
        assert [each["saldra_en"] for each in (today, monday)] == [
            "2026-11-27T10:00:00-05:00",
            "2026-11-30T09:00:00-05:00",
        ]

    def test_a_closed_hour_is_told_as_the_next_open_one(self, api: APIClient, clientes: list[Cliente]) -> None:
        body = preview(api, programada_para=f"{SUNDAY}:00-05:00")
        assert (body["saldra_en"], body["costo"]["mensajes"]) == ("2026-11-30T08:00:00-05:00", 4)
        assert (body["ventana"]["abierta"], body["programada_para"]) == (False, "2026-11-29T20:00:00-05:00")
        assert "8:00 a. m." in body["ventana"]["texto"]

    def test_what_waits_for_a_window_is_counted_on_the_day_it_leaves(
        self, api: APIClient, clientes: list[Cliente]
    ) -> None:
        """At 8 p. m. "now" is tomorrow."""
        with time_machine.travel(datetime(2026, 11, 28, 1, 0, tzinfo=UTC), tick=False):
            assert preview(api)["costo"]["mensajes"] == 4

    @pytest.mark.parametrize(
        ("momento", "codigo"), [("2020-01-01T09:00:00Z", "past"), ("2062-01-01T09:00:00Z", "too_far")]
    )
    def test_it_refuses_a_date_that_creating_would_refuse(
        self, api: APIClient, clientes: list[Cliente], momento: str, codigo: str
    ) -> None:
        answer = api.post(URL, {"mensaje": "Hola", "audiencia": {"todos": True}, "programada_para": momento})
        error = error_of(answer, 400)
        assert (error["attr"], error["code"]) == ("programada_para", codigo)

    def test_a_cap_says_how_many_leave_when(self, api: APIClient, owner: Usuario) -> None:
        Ajustes.objects.filter(usuario=owner).update(precio_segmento=Decimal(1), tope_diario=Decimal(2))
        ClienteFactory.create_batch(5, usuario=owner)
        body = preview(api)
        assert [(day["dia"], day["cantidad"]) for day in body["salidas"]] == [
            ("2026-11-27", 2),
            ("2026-11-28", 2),
            ("2026-11-29", 1),
        ]
        [said] = [aviso["texto"] for aviso in body["avisos"] if aviso["codigo"] == "salidas"]
        assert said.startswith("Hoy alcanza para 2; 2 salen mañana, 12:00 a. m.; 1 sale el domingo")
        assert (body["costo"]["mensajes"], body["no_enviados"]) == (5, 0)

    def test_what_the_deadline_cuts_off_is_told(self, api: APIClient, owner: Usuario) -> None:
        Ajustes.objects.filter(usuario=owner).update(precio_segmento=Decimal(1), tope_diario=Decimal(2), plazo_h=24)
        ClienteFactory.create_batch(5, usuario=owner)
        body = preview(api)
        assert (body["costo"]["mensajes"], body["no_enviados"], body["costo"]["precio"]) == (4, 1, "4.0000")

    def test_a_large_campaign_is_told_by_its_average(
        self, api: APIClient, owner: Usuario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("campaigns.vista_previa.reparto.EXACTO_HASTA", 1)
        Ajustes.objects.filter(usuario=owner).update(precio_segmento=Decimal(1), tope_diario=Decimal(2))
        ClienteFactory.create_batch(5, usuario=owner)
        body = preview(api)
        assert [day["cantidad"] for day in body["salidas"]] == [2, 2, 1]
        assert body["salidas_aproximadas"] is True

    def test_a_landline_is_told(self, api: APIClient, owner: Usuario) -> None:
        ClienteFactory.create(usuario=owner, telefono="6012345678")
        ClienteFactory.create(usuario=owner)
        codes = {aviso["codigo"]: aviso["texto"] for aviso in preview(api)["avisos"]}
        assert codes["no_celular"].startswith("El número de uno de los que lo recibirán no es de celular")


class TestReview:
    def test_it_is_reviewed_for_the_day_that_is_chosen(self, owner: Usuario, clientes: list[Cliente]) -> None:
        now = post(owner, "revisar", mensaje="Hola")
        monday = post(owner, "revisar", mensaje="Hola", cuando="despues", fecha=MONDAY)
        assert "Enviar a 1 cliente ·" in now
        assert "Programar para 4 clientes ·" in monday

    def test_what_was_promised_for_today_is_not_done_another_day(self, owner: Usuario, clientes: list[Cliente]) -> None:
        form = {**hidden(post(owner, "revisar", mensaje="Hola")), "accion": "enviar"}
        chosen = {"cuando": "despues", "fecha": MONDAY}
        again = signed_in(owner).post(NUEVA, {**form, **chosen}).content.decode()
        assert "Para ese día y esa hora el envío no es el que usted vio" in again
        assert "Programar para 4 clientes ·" in again
        assert not CampanaSMS.objects.filter(programada_para__isnull=False).exists()
        [said] = flashes(owner, NUEVA, {**hidden(again), **chosen, "accion": "enviar"})
        assert "programada" in said

    def test_a_tag_that_was_written_to_today_can_be_planned(self, owner: Usuario, clientes: list[Cliente]) -> None:
        chosen = {"quienes": "algunos", "clientes": [str(cliente.pk) for cliente in clientes[:3]]}
        today = post(owner, "revisar", mensaje="Hola", **chosen)
        assert "Elija «Otro día u otra hora»: otro día sí pueden." in today
        assert "El más largo" not in today
        monday = post(owner, "revisar", mensaje="Hola", **chosen, cuando="despues", fecha=MONDAY)
        assert "Programar para 3 clientes ·" in monday
        audience = post(owner, "audiencia", **chosen)
        assert "Para otro día, que se elige al revisar, 3 de ellos sí pueden recibirlo." in audience

    def test_a_closed_hour_is_told_and_moved(self, owner: Usuario, clientes: list[Cliente]) -> None:
        chosen = {"cuando": "despues", "fecha": SUNDAY}
        body = post(owner, "revisar", mensaje="Hola", **chosen)
        assert "A esa hora está cerrado el horario de envío: se enviará el lunes 30 nov, 8:00 a. m." in plain(body)
        moved = post(owner, "mover_hora", mensaje="Hola", **chosen)
        assert 'value="2026-11-30T08:00"' in moved
        assert "cerrado el horario" not in moved
        [said] = flashes(owner, NUEVA, {**hidden(body), **chosen, "accion": "enviar"})
        assert "se enviará el lunes 30 nov, 8:00 a. m." in plain(said)
        campana = CampanaSMS.objects.get(programada_para__isnull=False)
        for path in ("/", "/campanas/", f"/campanas/{campana.pk}/", f"/campanas/{campana.pk}/vivo/"):
            page = plain(get(owner, path))
            assert "aldrá" in page, path
            assert "el lunes 30 nov, 8:00 a. m." in page, path


class TestProgramacion:
    def test_each_date_says_when_it_leaves_to_how_many_and_for_how_much(
        self, api: APIClient, owner: Usuario, clientes: list[Cliente]
    ) -> None:
        row = una_programacion(owner, frecuencia="semanal", hora=time(20), dias=(7,))
        body = plain(get(owner, f"/programaciones/{row.pk}/"))
        assert "saldrá el" in body
        assert "lunes 30 nov 2026, 8:00 a. m." in body
        assert "4 clientes · USD 2,00" in body
        assert "mover la hora" in body
        found = api.get(f"/api/v1/programaciones/{row.pk}/").json()
        assert (found["proximas"][0], found["saldran_en"][0]) == (
            "2026-11-29T20:00:00-05:00",
            "2026-11-30T08:00:00-05:00",
        )

    def test_two_dates_that_leave_on_one_day_are_told(self, owner: Usuario, clientes: list[Cliente]) -> None:
        row = una_programacion(owner, frecuencia="semanal", hora=time(20), dias=(6, 7))
        assert "Sale el mismo día que otra fecha" in get(owner, f"/programaciones/{row.pk}/")

    def test_nothing_is_taken_by_looking(self, owner: Usuario, clientes: list[Cliente]) -> None:
        una_programacion(owner)
        assert gastado(owner.pk, NOW.date()).mensajes_dia == 0
