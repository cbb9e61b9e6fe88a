"""The limits of a shop, kept by the engine: messages to one phone on one day, and money by day and month."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.audiencia.juicio import TEXTOS
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import services
from campaigns.campana.embudo import embudo_de
from campaigns.campana.reporte import reporte_de
from campaigns.campana.selectors import progreso_de
from campaigns.ley import services as ajustes_services
from campaigns.ley.contactos import olvidar_contactos
from campaigns.ley.gasto import SIN_PRECIO, gastado
from campaigns.ley.limites import cambiar_limites
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS, Contacto, Gasto, Lote, SMSLog, Suceso
from campaigns.values import codigos
from campaigns.values.horario import fin_del_dia
from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Usuario
from core.text.formato import dinero
from tests.factories import AdminFactory, CampanaFactory, ClienteFactory
from workers.engine.base import database
from workers.engine.campaign import campana as campanas
from workers.engine.campaign import jornadas, pausas
from workers.engine.lote import closing, cupos, entregas, publishing
from workers.engine.message import ledger
from workers.gateway.outcomes import Accepted, Permanent

BOGOTA = ZoneInfo("America/Bogota")
PAST = Now() - timedelta(minutes=1)
ANA, LUIS = "+573001112233", "+573004445566"


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lotes that were published, instead of a broker that no worker reads."""
    found: list[int] = []
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: found.append(due.lote_id))
    return found


@pytest.fixture
def tienda(owner: Usuario) -> Usuario:
    """A shop with a cap on contacts and a price."""
    Ajustes.objects.filter(usuario=owner).update(frecuencia_activa=True, precio_segmento=Decimal("0.5"))
    return owner


@pytest.fixture
def next_day(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Turns the engine's calendar by a day, as far as it begins jornadas and takes quotas."""

    def turn() -> None:
        tomorrow = timezone.now() + timedelta(days=1)
        monkeypatch.setattr(database, "now", lambda: tomorrow)
        CampanaSMS.objects.filter(completado_en=None).update(cierra_en=Now())

    return turn


def today() -> Any:
    return timezone.now().astimezone(BOGOTA).date()


def client(usuario: Usuario, telefono: str, **fields: Any) -> Cliente:
    return ClienteFactory.create(usuario=usuario, telefono=telefono, **fields)


def created(usuario: Usuario, *clientes: Cliente, mensaje: str = "Hola") -> CampanaSMS:
    ids = [cliente.pk for cliente in clientes]
    found, _ = services.crear_campana(
        usuario=usuario, nueva=services.NuevaCampana(mensaje=mensaje, audiencia=Audiencia.de_ids(ids))
    )
    return found


def opened(usuario: Usuario, *clientes: Cliente, mensaje: str = "Hola") -> CampanaSMS:
    found = created(usuario, *clientes, mensaje=mensaje)
    campanas.advance(found.pk)
    found.refresh_from_db()
    return found


def codes(campana: CampanaSMS) -> list[str]:
    return list(SMSLog.objects.filter(campana=campana).order_by("id").values_list("codigo", flat=True))


def send(campana: CampanaSMS, *, ok: bool = True) -> None:
    """Let every waiting row of the campaign be sent, or refused by Twilio, and its Lotes close."""
    ids = SMSLog.objects.filter(campana=campana, estado="pendiente").values_list("pk", flat=True)
    for claim in ledger.claim_many(dict.fromkeys(ids)).values():
        outcome = Accepted(f"SM{claim.log_id}", "queued", 1) if ok else Permanent("21211", "Número inválido")
        ledger.record_many([(claim, outcome)])
    close(campana)


def close(campana: CampanaSMS) -> None:
    for lote_id in Lote.objects.filter(campana=campana, estado="abierto").values_list("pk", flat=True):
        closing.close(lote_id)


def ends_on_another_day(campana: CampanaSMS, *, exitosos: int, pausado: bool = False) -> None:
    """Let another day pass; so many are sent then, and the campaign is `completado`, or `pausado` until yet another."""
    another_day(campana)
    assert SMSLog.objects.filter(campana=campana, estado="enviado").count() == exitosos
    assert (campana.estado, campana.reanuda_en is not None) == ("pausado" if pausado else "completado", pausado)


def another_day(campana: CampanaSMS) -> None:
    """Let the day of the cap be over, and what there is money for be sent."""
    for row in [*Gasto.objects.order_by("dia"), *Lote.objects.exclude(cupo_dia=None)]:
        name = "dia" if isinstance(row, Gasto) else "cupo_dia"
        type(row)._base_manager.filter(pk=row.pk).update(**{name: getattr(row, name) - timedelta(days=1)})
    CampanaSMS.objects.filter(reanuda_en__isnull=False).update(reanuda_en=PAST)
    CampanaSMS.objects.update(cierra_en=PAST)
    campanas.advance(campana.pk)
    for _ in range(3):
        send(campana)
        campanas.advance(campana.pk)
    campana.refresh_from_db()


def spent(usuario: Usuario, days: int = 0) -> Decimal:
    rows = Gasto.objects.filter(usuario=usuario, dia=today() + timedelta(days=days))
    return rows.aggregate(monto=Sum("monto"))["monto"] or Decimal(0)


class TestFrequency:
    def test_a_phone_gets_one_message_a_day_over_all_campaigns(self, tienda: Usuario) -> None:
        ana, luis = client(tienda, ANA), client(tienda, LUIS)
        first = opened(tienda, ana)
        send(first)
        second = opened(tienda, ana, luis)
        assert codes(second) == [codigos.FRECUENCIA, ""]
        row = SMSLog.objects.get(campana=second, cliente=ana)
        assert (row.estado, row.error) == ("fallido", TEXTOS[codigos.FRECUENCIA])

    def test_another_client_with_the_phone_is_the_same_phone(self, tienda: Usuario) -> None:
        send(opened(tienda, client(tienda, ANA)))
        assert codes(opened(tienda, client(tienda, "300 111 2233"))) == [codigos.FRECUENCIA]

    def test_a_phone_twice_in_one_campaign_is_a_duplicate(self, tienda: Usuario) -> None:
        both = client(tienda, ANA), client(tienda, ANA)
        assert codes(opened(tienda, *both)) == ["", codigos.TELEFONO_DUPLICADO]

    def test_it_counts_what_is_about_to_be_sent(self, tienda: Usuario) -> None:
        """Two campaigns at the same hour: the second does not wait to see whether the first succeeds."""
        ana = client(tienda, ANA)
        opened(tienda, ana)
        assert codes(opened(tienda, ana)) == [codigos.FRECUENCIA]

    def test_what_was_not_sent_does_not_count(self, tienda: Usuario) -> None:
        ana = client(tienda, ANA)
        send(opened(tienda, ana), ok=False)
        assert not Contacto.objects.exists()
        assert codes(opened(tienda, ana)) == [""]

    def test_what_may_have_been_sent_counts(self, tienda: Usuario) -> None:
        ana = client(tienda, ANA)
        first = opened(tienda, ana)
        SMSLog.objects.update(estado="fallido", codigo=codigos.DESCONOCIDO)
        close(first)
        assert codes(opened(tienda, ana)) == [codigos.FRECUENCIA]

    def test_it_is_a_setting(self, tienda: Usuario) -> None:
        ana = client(tienda, ANA)
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_maxima": 2}, motivo="Prueba")
        found = [codes(opened(tienda, ana)) for _ in range(3)]
        assert found == [[""], [""], [codigos.FRECUENCIA]]
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_activa": False}, motivo="Prueba")
        assert codes(opened(tienda, ana)) == [""]

    def test_a_lower_cap_counts_what_was_sent_under_the_higher(self, tienda: Usuario) -> None:
        ana = client(tienda, ANA)
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_maxima": 3}, motivo="Prueba")
        first = opened(tienda, ana)
        send(opened(tienda, ana))
        send(opened(tienda, ana))
        send(first, ok=False)  # the first contact of the day is given back: two are left, the second and the third
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_maxima": 2})
        assert codes(opened(tienda, ana)) == [codigos.FRECUENCIA]
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_maxima": 3}, motivo="Prueba")
        assert codes(opened(tienda, ana)) == [""]

    def test_switched_on_at_noon_it_knows_the_morning(self, owner: Usuario) -> None:
        ana = client(owner, ANA)
        send(opened(owner, ana))
        cambiar_ajustes(usuario=owner, cambios={"frecuencia_activa": True})
        assert codes(opened(owner, ana)) == [codigos.FRECUENCIA]

    @pytest.mark.parametrize(
        ("now", "sent", "counted"),
        [
            ("2026-10-25T23:30+01:00", "2026-10-25T11:00+01:00", 1),  # the last hour of a day of 25
            ("2026-10-25T23:30+01:00", "2026-10-24T11:00+02:00", 0),
            ("2026-03-30T00:30+02:00", "2026-03-29T11:00+02:00", 0),  # the first one after a day of 23
            ("2026-03-30T00:30+02:00", "2026-03-30T00:10+02:00", 1),
        ],
    )
    def test_switched_on_when_the_clock_was_changed_it_knows_the_day(
        self, owner: Usuario, now: str, sent: str, counted: int
    ) -> None:
        send(opened(owner, client(owner, ANA)))
        SMSLog.objects.update(reclamado_en=datetime.fromisoformat(sent))
        Ajustes.objects.filter(usuario=owner).update(zona_horaria="Europe/Madrid")
        with time_machine.travel(datetime.fromisoformat(now), tick=False):
            cambiar_ajustes(usuario=owner, cambios={"frecuencia_activa": True})
        assert Contacto.objects.count() == counted

    def test_switched_on_while_a_campaign_is_sent_no_phone_gets_two(
        self, owner: Usuario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The campaign is stopped, however often the engine lets it go on, before what it sent is counted; in
        slices."""
        monkeypatch.setattr("campaigns.ley.contactos.TRAMO", 2)
        clientes = [client(owner, f"300111000{n}") for n in range(5)]
        running = opened(owner, *clientes)
        ids = list(SMSLog.objects.order_by("pk").values_list("pk", flat=True))
        assert len(ledger.claim_many(dict.fromkeys(ids[:3]))) == 3
        later = fin_del_dia(BOGOTA, timezone.now())
        busy = [2]
        bloquear = ajustes_services.bloquear

        def goes_on(tenant_id: int) -> Ajustes:
            busy[0] -= 1
            if busy[0] >= 0:
                CampanaSMS.objects.filter(pk=running.pk).update(cierra_en=later)
            return bloquear(tenant_id)

        monkeypatch.setattr(ajustes_services, "bloquear", goes_on)
        cambiar_ajustes(usuario=owner, cambios={"frecuencia_activa": True})
        monkeypatch.undo()
        assert Contacto.objects.count() == 3
        running.refresh_from_db()
        assert running.cierra_en is not None
        assert running.cierra_en <= timezone.now()
        assert codes(opened(owner, *clientes))[:3] == [codigos.FRECUENCIA] * 3

    def test_it_is_not_switched_on_over_a_campaign_that_does_not_stop(
        self, owner: Usuario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = opened(owner, client(owner, ANA))
        bloquear = ajustes_services.bloquear

        def goes_on(tenant_id: int) -> Ajustes:
            CampanaSMS.objects.filter(pk=running.pk).update(cierra_en=timezone.now() + timedelta(hours=1))
            return bloquear(tenant_id)

        monkeypatch.setattr(ajustes_services, "bloquear", goes_on)
        with pytest.raises(ConflictError):
            cambiar_ajustes(usuario=owner, cambios={"frecuencia_activa": True})
        assert not Ajustes.objects.get(usuario=owner).frecuencia_activa

    def test_switched_off_and_on_again_it_counts_nothing_twice(self, tienda: Usuario) -> None:
        ana = client(tienda, ANA)
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_maxima": 2}, motivo="Prueba")
        send(opened(tienda, ana))
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_activa": False}, motivo="Prueba")
        cambiar_ajustes(usuario=tienda, cambios={"frecuencia_activa": True})
        assert Contacto.objects.count() == 1
        assert codes(opened(tienda, ana)) == [""]

    def test_it_counts_what_was_sent_before_a_lote_of_the_same_day_is_published_again(self, tienda: Usuario) -> None:
        """Refused for now, published again: the row keeps the contact that it has."""
        ana = client(tienda, ANA)
        found = opened(tienda, ana)
        Lote.objects.update(publicar_desde=PAST, publicado_en=PAST)
        publishing.publish_due(found.pk, most=500)
        assert (codes(found), Contacto.objects.count()) == ([""], 1)

    def test_a_row_that_is_tried_again_takes_a_contact_anew(self, tienda: Usuario) -> None:
        """The row failed, its contact went to another campaign, and a person lets it be tried again."""
        ana = client(tienda, ANA)
        first = opened(tienda, ana)
        send(first, ok=False)
        send(opened(tienda, ana))
        SMSLog.objects.filter(campana=first).update(estado="pendiente", codigo="", error="")
        Lote.objects.filter(campana=first).update(estado="abierto", publicar_desde=PAST, publicado_en=PAST)
        publishing.publish_due(first.pk, most=500)
        assert codes(first) == [codigos.FRECUENCIA]

    def test_another_day_is_another_count(self, tienda: Usuario, next_day: Callable[[], None]) -> None:
        ana = client(tienda, ANA)
        send(opened(tienda, ana))
        next_day()
        assert codes(opened(tienda, ana)) == [""]

    def test_what_waited_over_night_is_counted_on_the_day_it_leaves(
        self, tienda: Usuario, next_day: Callable[[], None]
    ) -> None:
        ana, luis = client(tienda, ANA), client(tienda, LUIS)
        waited = opened(tienda, ana, luis)
        next_day()
        send(opened(tienda, luis))  # this morning's
        assert jornadas.begin(waited.pk)
        assert codes(waited) == ["", codigos.FRECUENCIA]
        assert set(Contacto.objects.filter(campana=waited, dia__gt=today()).values_list("telefono", flat=True)) == {ANA}

    def test_shops_do_not_count_for_one_another(self, tienda: Usuario, stranger: Usuario) -> None:
        Ajustes.objects.filter(usuario=stranger).update(frecuencia_activa=True)
        send(opened(stranger, client(stranger, ANA)))
        assert codes(opened(tienda, client(tienda, ANA))) == [""]

    def test_past_days_are_forgotten(self, tienda: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        found = CampanaFactory.create(usuario=tienda)
        for days in (0, 3, 4, 30):
            day = timezone.now().date() - timedelta(days=days)
            Contacto.objects.create(usuario=tienda, dia=day, telefono=ANA, n=1, campana=found)
        monkeypatch.setattr("campaigns.ley.contactos.TRAMO", 1)
        assert (olvidar_contactos(), Contacto.objects.count()) == (2, 2)


class TestMoney:
    def test_it_counts_segments_by_country(self, tienda: Usuario) -> None:
        cambiar_limites(tienda=tienda, cambios={"paises": ["CO", "ES", "US"]})
        Ajustes.objects.update(precios={"ES": "0.2", "US": "0.01"})
        found = opened(
            tienda,
            client(tienda, ANA, nombre="Ana"),
            client(tienda, "+34612345678", nombre="Íñigo"),
            client(tienda, "+14155552671", nombre="Bob \U0001f600"),  # an odd name is counted by itself
            client(tienda, "12"),
            mensaje="Hola {nombre} " + "x" * 60,
        )
        rows = SMSLog.objects.filter(campana=found).order_by("id").values_list("segmentos", "costo")
        assert list(rows) == [
            (1, Decimal("0.5")),
            (2, Decimal("0.4")),
            (2, Decimal("0.02")),
            (0, None),
        ]
        assert spent(tienda) == Decimal("0.92")

    def test_a_campaign_cost_what_its_countries_cost_then(self, tienda: Usuario) -> None:
        """The page and the reports agree, before and after its Lotes are counted; a new price is for what comes."""
        cambiar_limites(tienda=tienda, cambios={"paises": ["*"]})
        Ajustes.objects.update(precios={"US": "0.01"})
        found = opened(tienda, client(tienda, ANA), client(tienda, "+14155552671"))
        send(found)
        campanas.advance(found.pk)
        Ajustes.objects.update(precio_segmento=Decimal(9), precios={})
        assert embudo_de(found).costo == Decimal("0.51")
        entregas.contar()
        assert Lote.objects.get().segmentos == 2
        assert embudo_de(found).costo == Decimal("0.51")
        assert [dia.costo for dia in reporte_de(tienda, dias=2).dias] == [0, Decimal("0.51")]
        assert reporte_de(tienda, dias=2).total.costo == Decimal("0.51")

    def test_without_a_price_nothing_is_counted(self, owner: Usuario) -> None:
        found = opened(owner, client(owner, ANA))
        send(found)
        assert SMSLog.objects.get().costo is None
        assert not Gasto.objects.exclude(monto=0).exists()
        assert (embudo_de(found).costo, reporte_de(owner, dias=1).total.costo) == (None, None)

    def test_what_was_not_sent_is_given_back(self, tienda: Usuario) -> None:
        send(opened(tienda, client(tienda, ANA)))
        refused = opened(tienda, client(tienda, LUIS))
        assert spent(tienda) == 1
        send(refused, ok=False)
        assert spent(tienda) == Decimal("0.5")

    def test_closing_twice_gives_back_once(self, tienda: Usuario) -> None:
        refused = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        send(refused, ok=False)
        for lote in Lote.objects.filter(campana=refused):
            cupos.settle(lote.pk)
        assert spent(tienda) == 0

    @pytest.mark.parametrize(
        ("field", "text"), [("tope_diario", cupos.TOPE_DEL_DIA), ("tope_mensual", cupos.TOPE_DEL_MES)]
    )
    def test_the_engine_pauses_before_the_cap_and_never_above_it(
        self, tienda: Usuario, settings: Any, field: str, text: str
    ) -> None:
        settings.LOTE_SIZE = 2
        cambiar_ajustes(usuario=tienda, cambios={field: Decimal("2.4")})
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(6)))
        assert found.estado == "procesando"  # two Lotes of 1.00 each are open; the third waits to see what they use
        assert spent(tienda) == 2
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        shown = {"tope": "2.4", "gastado": "2", "costo": "1"}
        expected = text.format(**{name: dinero(Decimal(value)) for name, value in shown.items()})
        assert (found.estado, found.motivo) == ("pausado", expected)
        assert SMSLog.objects.filter(estado="enviado").count() == 4
        assert spent(tienda) == 2

    def test_of_a_lote_that_is_too_dear_the_part_goes_out_that_is_not(self, tienda: Usuario) -> None:
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("2.4")})
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(5)), client(tienda, "12"))
        assert (found.estado, spent(tienda)) == ("procesando", Decimal(2))
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.reanuda_en) == ("pausado", fin_del_dia(BOGOTA, timezone.now()))
        assert SMSLog.objects.filter(estado="enviado").count() == 4

        CampanaSMS.objects.update(reanuda_en=PAST)
        Gasto.objects.update(dia=today() - timedelta(days=1))
        campanas.advance(found.pk)
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_exitosos, found.enviados_fallidos) == ("completado", 5, 1)
        assert sum(Lote.objects.values_list("total", flat=True)) == found.total_clientes == 6

    def test_nothing_goes_out_of_what_no_money_is_left_for(self, tienda: Usuario) -> None:
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.9")})
        send(opened(tienda, client(tienda, ANA)))
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(3)))
        assert (found.estado, Lote.objects.filter(campana=found).count()) == ("pausado", 1)
        # Dearer than the whole cap, but not each of its messages.
        assert found.reanuda_en == fin_del_dia(BOGOTA, timezone.now())
        assert not SMSLog.objects.filter(campana=found).exists()

    def test_resuming_under_a_higher_cap_sends_the_rest(self, tienda: Usuario, settings: Any) -> None:
        settings.LOTE_SIZE = 1
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert found.estado == "pausado"
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal(1)}, motivo="Otra compra")
        services.mover_campana(campana=found, action="reanudar")
        assert found.reanuda_en is None
        campanas.advance(found.pk)
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_exitosos) == ("completado", 2)

    def test_it_goes_on_by_itself_when_the_next_day_opens(self, tienda: Usuario, settings: Any) -> None:
        settings.LOTE_SIZE = 1
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        send(found)
        campanas.advance(found.pk)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.reanuda_en) == ("pausado", fin_del_dia(BOGOTA, timezone.now()))

        CampanaSMS.objects.update(reanuda_en=PAST)  # the day has turned,
        Gasto.objects.update(dia=today() - timedelta(days=1))  # and that was yesterday's money
        campanas.advance(found.pk)
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_exitosos, found.reanuda_en) == ("completado", 2, None)
        told = Suceso.objects.filter(campana=found, tipo__in=["pausada_sola", "reanudada"]).order_by("pk")
        assert [suceso.tipo for suceso in told] == ["pausada_sola", "reanudada"]
        assert "Sigue sola el " in told[0].detalle

    @pytest.mark.parametrize(
        ("hasta", "clase", "opens"),
        [
            (date(2026, 2, 26), "promocional", "2026-02-27 08:00"),
            (date(2026, 2, 28), "promocional", "2026-03-02 08:00"),  # of a month; the first of March is a Sunday
            (date(2026, 2, 28), "transaccional", "2026-03-01 00:00"),
            (None, "promocional", None),
        ],
    )
    def test_it_goes_on_in_the_first_window_that_has_money(
        self, db: None, hasta: date | None, clase: str, opens: str | None
    ) -> None:
        tienda = AdminFactory.create(ajustes=None)
        found = CampanaFactory.create(usuario=tienda, estado="procesando", clase=clase, clase_motivo="Prueba")
        assert pausas.pause_for_cap(found.pk, cupos.ExhaustedError("Tope", hasta))
        found.refresh_from_db()
        assert found.reanuda_en == (opens and datetime.fromisoformat(opens).replace(tzinfo=BOGOTA))

    def test_one_whose_deadline_comes_first_does_not_go_on(self, tienda: Usuario) -> None:
        found = CampanaFactory.create(usuario=tienda, estado="procesando", vence_en=timezone.now() + timedelta(hours=1))
        pausas.pause_for_cap(found.pk, cupos.ExhaustedError("Tope", today()))
        found.refresh_from_db()
        assert (found.estado, found.reanuda_en) == ("pausado", None)

    def test_what_is_dearer_than_the_whole_cap_waits_for_a_person(self, tienda: Usuario) -> None:
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.4")})
        found = opened(tienda, client(tienda, ANA))
        assert (found.estado, found.reanuda_en) == ("pausado", None)

    @pytest.mark.parametrize("size", [500, 2])
    @pytest.mark.parametrize("places", [[0], [1, 3], [0, 1, 2, 5]])
    def test_nobody_waits_behind_who_is_dearer_than_the_whole_cap(
        self, tienda: Usuario, settings: Any, places: list[int], size: int
    ) -> None:
        settings.LOTE_SIZE = size
        cambiar_limites(tienda=tienda, cambios={"paises": ["*"]})
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("1.1"), "precios": {"US": Decimal(2)}})
        dear = [client(tienda, f"+1415555267{n}") for n in range(len(places))]
        clients = [client(tienda, f"300111000{n}") for n in range(5)]
        for place, one in zip(places, dear, strict=True):
            clients.insert(place, one)
        found = opened(tienda, *clients)
        for _ in range(3):
            send(found)
            campanas.advance(found.pk)
        ends_on_another_day(found, exitosos=4, pausado=True)
        another_day(found)
        assert (found.estado, found.reanuda_en) == ("pausado", None)  # whoever is left waits for a person
        assert SMSLog.objects.filter(estado="enviado", telefono__startswith="+57").count() == 5

        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal(100)}, motivo="También a ellos")
        services.mover_campana(campana=found, action="reanudar")
        ends_on_another_day(found, exitosos=len(clients))
        assert sum(Lote.objects.values_list("total", flat=True)) == len(clients)

    def test_nor_where_a_lote_is_opened_again(self, tienda: Usuario) -> None:
        cambiar_limites(tienda=tienda, cambios={"paises": ["*"]})
        found = opened(tienda, client(tienda, "+14155552671"), *(client(tienda, f"300111000{n}") for n in range(3)))
        services.mover_campana(campana=found, action="pausar")
        CampanaSMS.objects.update(vence_en=PAST)
        campanas.advance(found.pk)
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("1.1"), "precios": {"US": Decimal(2)}})
        services.mover_campana(campana=found, action="reintentar")
        campanas.advance(found.pk)
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (codes(found)[0], found.estado, found.reanuda_en is None) == (codigos.TOPE, "pausado", False)
        another_day(found)
        assert (codes(found), found.estado, found.reanuda_en) == ([codigos.TOPE, "", "", ""], "pausado", None)

    @pytest.mark.parametrize("field", ["tope_diario", "tope_mensual"])
    def test_a_cap_lowered_at_noon_stops_what_it_has_no_money_for(self, tienda: Usuario, field: str) -> None:
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(6)))
        assert spent(tienda) == 3
        cambiar_ajustes(usuario=tienda, cambios={field: Decimal("2.6")})
        before = list(SMSLog.objects.order_by("pk").values_list("pk", flat=True))
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, spent(tienda)) == ("procesando", Decimal("2.5"))
        assert codes(found) == [*[""] * 5, codigos.TOPE]
        assert progreso_de([found])[found.pk].pendientes == 6
        assert list(ledger.claim_many({before[-1]: None})) == []  # its task is in the queues already
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, spent(tienda)) == ("pausado", Decimal("2.5"))
        shown = {"tope": "2.6", "gastado": "2.5", "costo": "0.5"}
        text = cupos.TOPE_DEL_DIA if field == "tope_diario" else cupos.TOPE_DEL_MES
        assert found.motivo == text.format(**{name: dinero(Decimal(value)) for name, value in shown.items()})
        if field == "tope_diario":
            ends_on_another_day(found, exitosos=6)

    def test_a_cap_lowered_below_what_was_spent_waits_for_the_next_day(self, tienda: Usuario) -> None:
        send(opened(tienda, *(client(tienda, f"300222000{n}") for n in range(2))))
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(3)))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal(1)})
        campanas.advance(found.pk)
        found.refresh_from_db()
        # Three cost more than the whole cap, but each of them can be sent on some day.
        assert (found.estado, found.reanuda_en) == ("pausado", fin_del_dia(BOGOTA, timezone.now()))
        ends_on_another_day(found, exitosos=2, pausado=True)
        ends_on_another_day(found, exitosos=3)

    def test_of_open_lotes_those_go_out_that_the_new_day_has_money_for(self, tienda: Usuario, settings: Any) -> None:
        settings.LOTE_SIZE = 2
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(8)))
        assert Lote.objects.filter(estado="abierto").count() == settings.LOTES_EN_VUELO == 4
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("1.6")})
        campanas.advance(found.pk)
        for sent in (3, 6):
            ends_on_another_day(found, exitosos=sent, pausado=True)
        ends_on_another_day(found, exitosos=8)
        assert sum(Lote.objects.values_list("total", flat=True)) == 8

    def test_of_a_lote_that_is_opened_again_the_part_goes_out_that_is_not_too_dear(self, tienda: Usuario) -> None:
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(5)))
        services.mover_campana(campana=found, action="pausar")
        CampanaSMS.objects.update(vence_en=PAST)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_fallidos) == ("error", 5)
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("1.1")})
        services.mover_campana(campana=found, action="reintentar")
        campanas.advance(found.pk)
        assert SMSLog.objects.filter(estado="pendiente").count() == 2
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.reanuda_en) == ("pausado", fin_del_dia(BOGOTA, timezone.now()))
        ends_on_another_day(found, exitosos=4, pausado=True)
        ends_on_another_day(found, exitosos=5)

    @pytest.mark.parametrize(("end", "codigo"), [("cancelar", codigos.CAMPANA_CANCELADA), ("", codigos.PLAZO_VENCIDO)])
    def test_who_waits_for_a_cap_ends_with_the_campaign(self, tienda: Usuario, end: str, codigo: str) -> None:
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        campanas.advance(found.pk)
        send(found)
        if end:
            services.mover_campana(campana=found, action=end)
        else:
            CampanaSMS.objects.update(vence_en=PAST)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_exitosos, found.enviados_fallidos) == (
            "cancelado" if end else "error",
            1,
            1,
        )
        assert codes(found) == ["", codigo]
        assert SMSLog.objects.get(codigo=codigo).error == codigos.TEXTOS[codigo]

    def test_who_is_deleted_while_waiting_for_a_cap_is_told_so(self, tienda: Usuario) -> None:
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        campanas.advance(found.pk)
        SMSLog.objects.filter(codigo=codigos.TOPE).update(cliente=None)
        send(found)
        ends_on_another_day(found, exitosos=1)
        assert codes(found) == ["", codigos.CLIENTE_ELIMINADO]

    def test_who_waits_for_a_cap_leaves_the_phone_to_others(self, tienda: Usuario) -> None:
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        campanas.advance(found.pk)
        assert list(Contacto.objects.values_list("telefono", flat=True)) == [ANA]

    def test_nor_on_the_day_after(self, tienda: Usuario, next_day: Callable[[], None]) -> None:
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        next_day()
        assert jornadas.begin(found.pk)
        assert codes(found) == ["", codigos.TOPE]
        assert list(Contacto.objects.values_list("telefono", flat=True).filter(dia__gt=today())) == [ANA]
        assert not Contacto.objects.filter(telefono=LUIS).exists()

    def test_what_postgresql_may_have_forgotten_of_them_is_looked_up_first_later_too(self, tienda: Usuario) -> None:
        found = opened(tienda, *(client(tienda, f"300111000{n}") for n in range(4)))
        services.mover_campana(campana=found, action="pausar")
        CampanaSMS.objects.update(vence_en=PAST)
        campanas.advance(found.pk)
        found.refresh_from_db()
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("1.1")})
        services.mover_campana(campana=found, action="reintentar")
        # A retry before this one was lost, with what it sent.
        Lote.objects.update(dudoso_desde=Now())
        campanas.advance(found.pk)
        doubted = [(lote.total, lote.dudoso_desde is not None) for lote in Lote.objects.order_by("numero")]
        assert doubted == [(2, False), (2, True)]
        assert SMSLog.objects.filter(estado="incierto").count() == 2

    def test_a_cap_that_still_holds_what_is_open_stops_nothing(self, tienda: Usuario) -> None:
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal(1)})
        campanas.advance(found.pk)
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_exitosos, spent(tienda)) == ("completado", 2, Decimal(1))

    def test_a_price_and_a_cap_set_while_it_runs_count_what_is_open(self, owner: Usuario, settings: Any) -> None:
        settings.SMS_SEGMENT_PRICE = None
        found = opened(owner, client(owner, ANA), client(owner, LUIS))
        assert SMSLog.objects.filter(costo=None).count() == 2
        cambiar_ajustes(usuario=owner, cambios={"precio_segmento": Decimal("0.5"), "tope_diario": Decimal(1)})
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.motivo, spent(owner)) == ("procesando", "", Decimal(1))
        send(found)

    def test_what_the_open_ones_do_not_use_lets_the_next_open(self, tienda: Usuario, settings: Any) -> None:
        settings.LOTE_SIZE = 1
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        found = opened(tienda, client(tienda, ANA), client(tienda, LUIS))
        send(found, ok=False)
        campanas.advance(found.pk)
        send(found)
        campanas.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.enviados_exitosos, found.enviados_fallidos) == ("completado", 1, 1)

    def test_a_cap_without_a_price_pauses(self, tienda: Usuario) -> None:
        Ajustes.objects.filter(usuario=tienda).update(tope_diario=Decimal(10), precio_segmento=None)
        found = opened(tienda, client(tienda, ANA))
        assert (found.estado, found.motivo) == ("pausado", SIN_PRECIO)
        assert not SMSLog.objects.exists()

    def test_what_waited_over_night_is_paid_on_the_day_it_leaves(
        self, tienda: Usuario, next_day: Callable[[], None]
    ) -> None:
        ana, luis, eva = client(tienda, ANA), client(tienda, LUIS), client(tienda, "+573007778899")
        found = opened(tienda, ana, luis, eva)
        first, second = SMSLog.objects.filter(campana=found).order_by("id")[:2]
        for row, outcome in ((first, Accepted("SM1", "queued", 1)), (second, Permanent("21211", "Número inválido"))):
            ledger.record_many([(ledger.claim_many({row.pk: None})[row.pk], outcome)])
        next_day()
        assert jornadas.begin(found.pk)
        assert (spent(tienda), spent(tienda, days=1)) == (Decimal("0.5"), Decimal("0.5"))
        CampanaSMS.objects.update(cierra_en=timezone.now() + timedelta(hours=1))
        send(found)
        assert (spent(tienda), spent(tienda, days=1)) == (Decimal("0.5"), Decimal("0.5"))

    def test_a_new_days_cap_stops_what_waited(self, tienda: Usuario, next_day: Callable[[], None]) -> None:
        waited = opened(tienda, client(tienda, ANA))
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal("0.5")})
        next_day()
        opened(tienda, client(tienda, LUIS))  # this morning's takes it all
        assert not jornadas.begin(waited.pk)
        waited.refresh_from_db()
        assert waited.estado == "pausado"
        assert waited.motivo.startswith("Tope de gasto del día")

    def test_the_month_is_that_of_the_calendar(self, tienda: Usuario) -> None:
        for day, monto in (("2026-01-31", "1"), ("2026-02-01", "2"), ("2026-02-28", "4"), ("2026-03-01", "8")):
            Gasto.objects.create(usuario=tienda, dia=day, monto=Decimal(monto))
        found = gastado(tienda.pk, date(2026, 2, 28))
        assert (found.dia, found.mes) == (Decimal(4), Decimal(6))
        assert gastado(tienda.pk, date(2026, 12, 31)).mes == 0


@pytest.mark.django_db(transaction=True)
class TestTwoAtTheSameMoment:
    """Real threads, each with its connection, begin at once. Without the shop's lock both see an empty day."""

    def both(self, *steps: Callable[[], None]) -> None:
        start = Barrier(len(steps))

        def run(step: Callable[[], None]) -> None:
            try:
                start.wait()
                step()
            finally:
                connection.close()

        threads = [Thread(target=run, args=[step]) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_two_campaigns_do_not_both_pass_for_one_phone(self, tienda: Usuario) -> None:
        clientes = [client(tienda, f"30011100{n:02}") for n in range(40)]
        first, second = created(tienda, *clientes), created(tienda, *reversed(clientes))
        self.both(*(lambda pk=c.pk: campanas.advance(pk) for c in (first, second)))
        pending = SMSLog.objects.filter(estado="pendiente").values_list("telefono", flat=True)
        assert len(pending) == len(set(pending)) == 40
        assert SMSLog.objects.filter(codigo=codigos.FRECUENCIA).count() == 40

    def test_two_campaigns_do_not_spend_the_same_money(self, tienda: Usuario) -> None:
        cambiar_ajustes(usuario=tienda, cambios={"tope_diario": Decimal(10)})
        halves = [[client(tienda, f"3001{half}100{n:02}") for n in range(15)] for half in (1, 2)]
        first, second = (created(tienda, *half) for half in halves)
        self.both(*(lambda pk=c.pk: campanas.advance(pk) for c in (first, second)))
        assert spent(tienda) == Decimal(10)
        assert SMSLog.objects.filter(estado="pendiente").count() == 20  # all of one's, and what is left for the other
