"""Four words with one meaning: sent, not sent, left out and refused; and a campaign at its cap, and at its end."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.audiencia.resultado import Resultado, Resultados, resultado_de
from campaigns.campana import selectors
from campaigns.campana.barra import tramos
from campaigns.campana.reporte import reporte_de
from campaigns.campana.selectors import Progreso
from campaigns.models import Ajustes, CampanaSMS, Gasto, SMSLog, Suceso
from campaigns.values import codigos
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.models import Cliente, Fuente
from core.models import Usuario
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.pages import flashes, get, lines_of, signed_in
from workers.engine.campaign import campana as campanas
from workers.engine.lote import closing


@pytest.mark.parametrize(
    ("estado", "codigo", "resultado"),
    [
        ("pendiente", "", ""),
        ("enviando", "", ""),
        ("incierto", "read_timeout", ""),
        ("enviado", "", Resultado.ENVIADO),
        ("fallido", codigos.CAMPANA_CANCELADA, Resultado.NO_ENVIADO),
        ("fallido", codigos.PLAZO_VENCIDO, Resultado.NO_ENVIADO),
        ("fallido", codigos.SIN_TELEFONO, Resultado.EXCLUIDO),
        ("fallido", codigos.FRECUENCIA, Resultado.EXCLUIDO),
        ("fallido", codigos.TELEFONO_DUPLICADO, Resultado.EXCLUIDO),
        ("fallido", codigos.BAJA, Resultado.EXCLUIDO),
        ("fallido", "21211", Resultado.FALLIDO),
        ("fallido", "21610", Resultado.FALLIDO),  # Twilio was asked, and refused
        ("fallido", codigos.DESCONOCIDO, Resultado.FALLIDO),
        ("fallido", codigos.NO_ACEPTADO, Resultado.FALLIDO),
    ],
)
def test_a_row_has_one_word(estado: str, codigo: str, resultado: str) -> None:
    assert resultado_de(estado, codigo) == resultado


def test_the_bar_shows_who_was_left_out_apart_from_the_refused() -> None:
    found = tramos(Progreso(10, 0, 0, 0, 4, 6, 0.0, no_enviados=3, excluidos=2))
    assert {tramo.clave: tramo.n for tramo in found if tramo.n} == {
        "exitosos": 4,
        "fallidos": 1,
        "excluidos": 2,
        "no-enviados": 3,
    }


@pytest.fixture
def mixed(owner: Usuario) -> CampanaSMS:
    """One sent, one refused, one without a phone in an open Lote; and three whose turn has not come."""
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=6, iniciado_en=timezone.now())
    clientes = ClienteFactory.create_batch(6, usuario=owner)
    lote = open_lote(campana, clientes[:3])
    sms_log(campana, lote, clientes[0], estado="enviado", twilio_sid="SM1", intentos=1)
    sms_log(campana, lote, clientes[1], estado="fallido", codigo="21211", error="Número inválido", intentos=1)
    without = {"codigo": codigos.SIN_TELEFONO, "error": "Sin teléfono", "telefono": ""}
    sms_log(campana, lote, clientes[2], estado="fallido", **without)
    campana.lotes.create(numero=2, cliente_ids=[cliente.pk for cliente in clientes[3:]], total=3)
    return campana


def test_a_cancelled_campaign_freezes_and_fails_nobody(api: APIClient, owner: Usuario, mixed: CampanaSMS) -> None:
    path = f"/api/v1/campanas/{mixed.pk}/"
    before = api.get(f"{path}progreso/").json()["porcentaje"]
    answer = api.post(f"{path}cancelar/").json()
    assert (answer["estado"], answer["enviados_exitosos"]) == ("cancelado", 1)
    selectors.recuentos.clear()
    campanas.advance(mixed.pk)
    words = {"enviados": 1, "no_enviados": 3, "excluidos": 1, "fallidos": 1}
    for url in (path, f"{path}progreso/"):
        body = api.get(url).json()
        assert body["resultado"] == words
    assert (body["porcentaje"], body["exitosos"], body["fallidos"]) == (before, 1, 5) == (50.0, 1, 5)
    mixed.refresh_from_db()
    assert (mixed.enviados_exitosos, mixed.enviados_fallidos, mixed.total_clientes) == (1, 5, 6)
    assert not Suceso.objects.filter(campana=mixed, tipo__startswith="avance").exists()
    assert (
        Suceso.objects.get(campana=mixed, tipo="cerrada").detalle == "1 enviado, 3 no enviados, 1 excluido, 1 fallido"
    )

    page = get(owner, f"/campanas/{mixed.pk}/")
    for slug, n in (("exitosos", 1), ("fallidos", 1), ("excluidos", 1), ("no-enviados", 3)):
        assert f'<dd data-cuenta="{slug}">{n}</dd>' in page
    assert "No se les podía enviar" in page
    assert "3 de 6 destinatarios" in page
    assert 'data-motivos="fallido"' in page
    home = get(owner, "/")
    assert "<dt>Fallidos hoy</dt><dd>1</dd>" in home
    total = reporte_de(owner, dias=1).total
    assert (total.enviados, total.no_enviados, total.excluidos, total.fallidos) == (1, 3, 1, 1)
    assert 'data-columna="no-enviados"' in get(owner, "/reportes/")


def test_lists_and_files_say_the_same_word(api: APIClient, owner: Usuario, mixed: CampanaSMS) -> None:
    rows = api.get(f"/api/v1/campanas/{mixed.pk}/logs/").json()["results"]
    assert [row["resultado"] for row in rows] == ["enviado", "fallido", "excluido"]
    body = get(owner, f"/campanas/{mixed.pk}/destinatarios/?estado=excluido")
    assert ("Excluido" in body, "Número inválido" in body) == (True, False)
    assert "Sin teléfono" not in get(owner, f"/campanas/{mixed.pk}/destinatarios/?estado=fallido")
    for query, words in (("", ["Enviado", "Fallido", "Excluido"]), ("?estado=fallido", ["Fallido"])):
        lines = lines_of(signed_in(owner).get(f"/campanas/{mixed.pk}/exportar/{query}"))[1:]
        assert [line.split(";")[4] for line in lines] == words


def test_one_that_has_nothing_left_to_send_is_not_cancelled(api: APIClient, mixed: CampanaSMS) -> None:
    mixed.lotes.filter(numero=2).delete()
    for action in ("cancelar", "pausar"):
        error = error_of(api.post(f"/api/v1/campanas/{mixed.pk}/{action}/"), 409)
        assert error["detail"].startswith(f"No se puede {action}: ya no queda nada por enviar")
    CampanaSMS.objects.filter(pk=mixed.pk).update(total_clientes=3)
    closing.close(mixed.lotes.get().pk)
    campanas.advance(mixed.pk)
    mixed.refresh_from_db()
    assert (mixed.estado, mixed.enviados_exitosos) == ("completado", 1)


class TestCap:
    @pytest.fixture
    def paused(self, owner: Usuario) -> CampanaSMS:
        """At its cap for today; it goes on by itself tomorrow."""
        Ajustes.objects.filter(usuario=owner).update(precio_segmento=Decimal(1), tope_diario=Decimal(1))
        tomorrow = timezone.now() + timedelta(days=1)
        campana = CampanaFactory.create(
            usuario=owner,
            estado="pausado",
            motivo="Tope de gasto del día",
            reanuda_en=tomorrow,
            iniciado_en=timezone.now(),
            vence_en=timezone.now() + timedelta(days=3),
        )
        campana.lotes.create(numero=1, cliente_ids=[ClienteFactory.create(usuario=owner).pk], total=1)
        today = timezone.localdate()
        Gasto.objects.create(usuario=owner, dia=today, monto=Decimal(1))
        return campana

    def test_resuming_at_the_cap_is_refused_with_the_way_out(
        self, api: APIClient, owner: Usuario, paused: CampanaSMS
    ) -> None:
        error = error_of(api.post(f"/api/v1/campanas/{paused.pk}/reanudar/"), 409)
        assert "tope de gasto del día" in error["detail"]
        assert "Sigue sola mañana" in error["detail"]
        assert error["detail"].endswith("suba el tope en Ajustes.")
        assert "/reanudar/" not in get(owner, f"/campanas/{paused.pk}/")
        Ajustes.objects.filter(usuario=owner).update(tope_diario=Decimal(2))
        assert "/reanudar/" in get(owner, f"/campanas/{paused.pk}/")
        assert api.post(f"/api/v1/campanas/{paused.pk}/reanudar/").json()["estado"] == "procesando"

    def test_what_is_left_but_too_little_for_the_next_message_is_no_money(
        self, api: APIClient, owner: Usuario, paused: CampanaSMS
    ) -> None:
        Ajustes.objects.filter(usuario=owner).update(tope_diario=Decimal("1.5"), precios={"US": "0.01"})
        error_of(api.post(f"/api/v1/campanas/{paused.pk}/reanudar/"), 409)

    def test_one_that_a_person_held_goes_back_to_waiting(self, owner: Usuario, paused: CampanaSMS) -> None:
        CampanaSMS.objects.filter(pk=paused.pk).update(reanuda_en=None)
        [said] = flashes(owner, f"/campanas/{paused.pk}/reanudar/", {})
        assert said.replace("\N{NO-BREAK SPACE}", " ").startswith("Hoy no queda tope: la campaña sigue sola mañana")


class TestRetry:
    @pytest.mark.parametrize(("codigo", "offered"), [("21408", True), (codigos.SIN_TELEFONO, False), ("21211", False)])
    def test_it_is_offered_where_somebody_can_be_retried(self, owner: Usuario, codigo: str, offered: bool) -> None:
        campana = CampanaFactory.create(
            usuario=owner, estado="error", enviados_fallidos=1, completado_en=timezone.now(), iniciado_en=timezone.now()
        )
        cliente = ClienteFactory.create(usuario=owner, **({"telefono": ""} if codigo == codigos.SIN_TELEFONO else {}))
        lote = open_lote(campana, [cliente])
        sms_log(campana, lote, cliente, estado="fallido", codigo=codigo, error="No se pudo.")
        lote.__class__.objects.filter(pk=lote.pk).update(estado="cerrado", fallidos=1, cerrado_en=Now())
        assert ("/reintentar/" in get(owner, f"/campanas/{campana.pk}/")) is offered


class TestCard:
    def test_nobody_writes_to_who_opted_out(self, owner: Usuario) -> None:
        ana: Cliente = ClienteFactory.create(usuario=owner)
        assert "Escribirle" in get(owner, f"/clientes/{ana.pk}/")
        dar_de_baja(telefono=ana.telefono_e164, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
        assert "Escribirle" not in get(owner, f"/clientes/{ana.pk}/")

    def test_a_number_that_twilio_refused_is_marked(self, owner: Usuario) -> None:
        ana: Cliente = ClienteFactory.create(usuario=owner)
        campana = CampanaFactory.create(usuario=owner, estado="procesando")
        log = sms_log(campana, open_lote(campana, [ana]), ana, estado="fallido", codigo="21211", error="Inválido")
        path = f"/clientes/{ana.pk}/mensajes/"
        assert 'data-no-sirve="21211"' in get(owner, path)
        SMSLog.objects.filter(pk=log.pk).update(codigo="30008")
        assert "data-no-sirve" not in get(owner, path)
        SMSLog.objects.filter(pk=log.pk).update(codigo="21211", telefono="+573009999999")
        assert "data-no-sirve" not in get(owner, path)


def test_the_four_add_up() -> None:
    found: Any = Resultados.de(4, 6, no_enviados=3, excluidos=2)
    assert found.as_json() == {"enviados": 4, "no_enviados": 3, "excluidos": 2, "fallidos": 1}
