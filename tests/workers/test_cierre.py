"""The daily close: what Twilio lists of a day beside the ledger, each difference by its name and nothing else."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.cierre import services
from campaigns.cierre.services import Listado, Turno
from campaigns.models import CierreDiario, Descarte, Diferencia, Gasto, Lote, MensajeListado, Remitente, SMSLog
from core.errors import InvalidInputError
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.local.fixtures import MakeGateway
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator
from workers import cierre
from workers.engine.lote import cupos
from workers.gateway.lookup import LookupFailedError
from workers.gateway.sent import Page, PageGoneError, SentReader
from workers.gateway.twilio import TwilioGateway

DIA = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 15, tzinfo=UTC)
NOW = datetime(2026, 3, 5, 6, tzinfo=UTC)
SENDER = "+15005550006"
PRICE = Decimal("0.0525")
Tipo = Diferencia.Tipo


def sid(n: int) -> str:
    return f"SM{n:032x}"


class Twilio:
    """Holds messages; those of the day by pages, the others one by one."""

    def __init__(self, size: int = 3) -> None:
        self.of_the_day: list[Listado] = []
        self.others: list[Listado] = []
        self.size = size
        self.asked: list[str] = []

    def page(self, day: date, address: str = "") -> Page:
        assert day == DIA
        self.asked.append(address)
        first = int(address or 0)
        after = first + self.size
        return Page(self.of_the_day[first:after], str(after) if after < len(self.of_the_day) else "")

    def message(self, sid: str) -> Listado | None:
        self.asked.append(sid)
        return next((one for one in self.others if one.sid == sid), None)

    def change(self, sid: str, **changes: Any) -> None:
        self.of_the_day = [replace(one, **changes) if one.sid == sid else one for one in self.of_the_day]

    def take(self, sid: str) -> Listado:
        [one] = [one for one in self.of_the_day if one.sid == sid]
        self.of_the_day.remove(one)
        return one


def listed(n: int, telefono: str, **changes: Any) -> Listado:
    whole = Listado(sid(n), telefono, (SENDER,), False, "delivered", "", 1, PRICE, "USD")
    return replace(whole, **changes)


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.TWILIO_FROM = settings.TWILIO_SENDER = SENDER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    settings.SMS_PRICE_CURRENCY = "USD"


@pytest.fixture
def rows(owner: Usuario) -> list[SMSLog]:
    """Ten messages that were sent on the day and delivered, of a closed Lote that counts in the shop's money."""
    clientes = ClienteFactory.create_batch(10, usuario=owner)
    campana = CampanaFactory.create(usuario=owner, total_clientes=10, estado="procesando", iniciado_en=AT)
    lote = open_lote(campana, clientes)
    made = [
        sms_log(campana, lote, cliente, estado="enviado", twilio_sid=sid(n), entrega="delivered", segmentos=1,
                costo=PRICE, reclamado_en=AT)
        for n, cliente in enumerate(clientes, 1)
    ]  # fmt: skip
    Lote.objects.filter(pk=lote.pk).update(
        estado="cerrado", exitosos=10, cerrado_en=AT, cupo_dia=DIA, cupo_monto=10 * PRICE, contado_en=AT, asentado=True
    )
    Gasto.objects.create(usuario=owner, dia=DIA, monto=20 * PRICE)
    return made


@pytest.fixture
def twilio(rows: list[SMSLog]) -> Twilio:
    """Twilio, which has those ten, as they are."""
    stand_in = Twilio()
    stand_in.of_the_day = [listed(n, row.telefono) for n, row in enumerate(rows, 1)]
    return stand_in


def close(twilio: Any, *, until: float = float("inf")) -> CierreDiario:
    services.pedir_cierre(dia=DIA, ahora=NOW)
    turno = services.tomar(DIA)
    assert turno
    cierre.trabajar(turno, twilio, until=until, pause_s=0.0)
    return CierreDiario.objects.get(dia=DIA)


def found(done: CierreDiario) -> list[tuple[str, str, str, str]]:
    return [(one.tipo, one.sid, one.nuestro, one.de_twilio) for one in done.detalle.order_by("tipo")]


def test_a_day_that_agrees(twilio: Twilio, rows: list[SMSLog]) -> None:
    done = close(twilio)
    assert done.estado == CierreDiario.Estado.LISTO
    assert (done.diferencias, found(done)) == ({}, [])
    assert (done.mensajes, done.filas, done.segmentos, done.costo) == (10, 10, 10, 10 * PRICE)
    assert (done.ajenos, done.sin_precio, done.corregidos, done.al_dia) == (0, 0, 0, 0)
    assert (done.terminado_en is not None, done.moneda) == (True, "USD")
    assert not MensajeListado.objects.exists()  # its rows are kept while they are needed


def test_it_finds_the_six_that_were_planted_and_no_other(twilio: Twilio, rows: list[SMSLog]) -> None:
    phones = [row.telefono for row in rows]
    twilio.of_the_day.append(listed(99, "+573009998877"))
    twilio.take(sid(2))
    twilio.change(sid(3), telefono="+573009990000")
    twilio.change(sid(4), estado="undelivered", codigo="30003")
    twilio.change(sid(5), segmentos=2, precio=2 * PRICE)
    twilio.change(sid(6), precio=Decimal("0.08"))
    done = close(twilio)
    assert found(done) == [
        (Tipo.DESTINATARIO, sid(3), phones[2], "+573009990000"),
        (Tipo.ESTADO, sid(4), "enviado delivered", "undelivered"),
        (Tipo.FILA_SIN_MENSAJE, sid(2), phones[1], ""),
        (Tipo.MENSAJE_SIN_FILA, sid(99), "", "+573009998877"),
        (Tipo.PRECIO, sid(6), "0.052500", "0.080000"),
        (Tipo.SEGMENTOS, sid(5), "1", "2"),
    ]
    assert done.diferencias == {tipo: 1 for tipo, *_ in found(done)}
    assert done.total_diferencias == 6
    assert {one.log_id for one in done.detalle.all()} == {None, *(row.pk for row in rows[1:6])}


def test_what_was_dropped_and_sent_once_more_is_two_messages_of_one_row(twilio: Twilio, rows: list[SMSLog]) -> None:
    """Twilio dropped the first, and it costs nothing; the row is the second's."""
    twilio.of_the_day.append(listed(98, rows[0].telefono, estado="failed", codigo="30036", precio=None))
    assert close(twilio).diferencias == {Tipo.MENSAJE_SIN_FILA: 1}
    Descarte.objects.create(sid=sid(98), log=rows[0], codigo="30036")
    done = close(twilio)
    assert (done.diferencias, done.mensajes, done.filas, done.rechazados) == ({}, 10, 10, 1)
    assert (done.costo, done.sin_precio) == (10 * PRICE, 0)


def test_costs_and_caps_take_what_was_billed(twilio: Twilio, rows: list[SMSLog], owner: Usuario) -> None:
    twilio.change(sid(5), segmentos=2, precio=2 * PRICE)
    twilio.change(sid(6), precio=Decimal("0.05"))
    done = close(twilio)
    more = 2 * PRICE + Decimal("0.05") - 2 * PRICE
    row = SMSLog.objects.get(twilio_sid=sid(5))
    assert (row.segmentos, row.costo) == (2, 2 * PRICE)
    assert SMSLog.objects.get(twilio_sid=sid(6)).costo == Decimal("0.05")
    lote = Lote.objects.get()
    assert lote.cupo_monto == 10 * PRICE + more
    assert (lote.contado_en, lote.asentado) == (None, False)  # its sums are made anew
    assert Gasto.objects.get(usuario=owner, dia=DIA).monto == 20 * PRICE + more
    assert (done.corregidos, done.costo) == (2, 10 * PRICE + more)
    # Once more changes nothing.
    again = close(twilio)
    assert (again.corregidos, again.diferencias, again.veces) == (0, {}, 2)
    assert Gasto.objects.get(usuario=owner, dia=DIA).monto == 20 * PRICE + more


def test_the_operators_ceilings_take_what_was_billed(
    twilio: Twilio, rows: list[SMSLog], owner: Usuario, settings: Any
) -> None:
    """They count no less than the installation's price: what was billed beyond it, and segments more than reckoned."""
    settings.SMS_SEGMENT_PRICE = least = Decimal("0.06")
    Lote.objects.update(cupo_operador=10 * least, cupo_mensajes=10)
    Gasto.objects.update(operador=20 * least, mensajes=20)
    twilio.change(sid(5), segmentos=3, precio=3 * PRICE)
    twilio.change(sid(6), precio=Decimal("0.08"))
    twilio.change(sid(7), precio=Decimal("0.01"))
    close(twilio)
    more = 2 * least + Decimal("0.02")
    [lote], [gasto] = Lote.objects.all(), Gasto.objects.filter(usuario=owner)
    assert (lote.cupo_operador, lote.cupo_mensajes) == (10 * least + more, 10)
    assert (gasto.operador, gasto.mensajes) == (20 * least + more, 20)
    # A Lote that is closed once more finds it has what it needs.
    cupos.settle(lote.pk)
    assert Gasto.objects.get(usuario=owner).operador == gasto.operador
    close(twilio)
    assert Gasto.objects.get(usuario=owner).operador == gasto.operador


def test_segments_count_for_the_operator_where_the_shop_pays_nothing(
    twilio: Twilio, rows: list[SMSLog], owner: Usuario, settings: Any
) -> None:
    """Twilio has billed in another currency, or not yet: the shop's sums stay, the operator's do not."""
    settings.SMS_SEGMENT_PRICE = least = Decimal("0.06")
    SMSLog.objects.update(costo=None)
    twilio.of_the_day = [replace(one, precio=None) for one in twilio.of_the_day]
    twilio.change(sid(5), segmentos=2)
    close(twilio)
    [gasto] = Gasto.objects.filter(usuario=owner)
    assert (gasto.monto, gasto.operador) == (20 * PRICE, least)


def test_an_open_lote_adds_up_by_itself(twilio: Twilio, rows: list[SMSLog], owner: Usuario) -> None:
    Lote.objects.update(estado="por_conciliar", cerrado_en=None)
    twilio.change(sid(6), precio=Decimal("0.06"))
    close(twilio)
    assert Lote.objects.get().cupo_monto == 10 * PRICE
    assert Gasto.objects.get(usuario=owner, dia=DIA).monto == 20 * PRICE
    assert SMSLog.objects.get(twilio_sid=sid(6)).costo == Decimal("0.06")


def test_another_currency_changes_no_cost_but_by_its_segments(twilio: Twilio, rows: list[SMSLog]) -> None:
    for n in range(1, 11):
        twilio.change(sid(n), precio=Decimal(200), moneda="COP", segmentos=3 if n == 1 else 1)
    done = close(twilio)
    assert done.diferencias == {Tipo.SEGMENTOS: 1}
    assert SMSLog.objects.get(twilio_sid=sid(1)).costo == 3 * PRICE
    assert SMSLog.objects.get(twilio_sid=sid(2)).costo == PRICE


def test_messages_of_other_programs_are_counted_apart(twilio: Twilio) -> None:
    twilio.of_the_day += [
        listed(90, "+573001", remitentes=("+15005550001",)),
        listed(91, "+573002", remitentes=("+15005550001", "MG" + "0" * 32)),
        listed(92, SENDER, remitentes=("+573001234567",), entrante=True),
    ]
    done = close(twilio)
    assert (done.diferencias, done.mensajes, done.ajenos, done.recibidos) == ({}, 10, 2, 1)


def test_a_shops_own_sender_is_ours(twilio: Twilio, owner: Usuario) -> None:
    Remitente.objects.create(usuario=owner, nombre="Propio", valor="MG" + "1" * 32)
    twilio.of_the_day.append(listed(90, "+573001", remitentes=("+15005550001", "MG" + "1" * 32)))
    assert close(twilio).diferencias == {Tipo.MENSAJE_SIN_FILA: 1}


def test_what_twilio_refused_at_once_is_no_message(twilio: Twilio) -> None:
    twilio.of_the_day += [
        listed(90, "+573001", estado="failed", codigo="21610", precio=None),
        listed(91, "+573002", estado="failed", codigo="30003", precio=None),  # it was accepted, and failed later
    ]
    done = close(twilio)
    assert done.diferencias == {Tipo.MENSAJE_SIN_FILA: 1}
    assert (done.rechazados, done.mensajes, done.sin_precio) == (1, 11, 0)


def test_a_row_that_says_something_else_than_sent(twilio: Twilio, rows: list[SMSLog]) -> None:
    SMSLog.objects.filter(pk=rows[0].pk).update(estado="fallido", codigo="plazo_vencido", entrega="")
    assert found(close(twilio)) == [(Tipo.ESTADO, sid(1), "fallido", "delivered")]


def test_deliveries_that_no_callback_told_are_no_difference(twilio: Twilio, rows: list[SMSLog]) -> None:
    SMSLog.objects.filter(pk__in=[rows[0].pk, rows[1].pk]).update(entrega="sent")
    twilio.change(sid(2), estado="undelivered", codigo="30003")
    done = close(twilio)
    assert (done.diferencias, done.al_dia, done.corregidos) == ({}, 2, 0)
    assert SMSLog.objects.get(pk=rows[0].pk).entrega == "delivered"
    row = SMSLog.objects.get(pk=rows[1].pk)
    assert (row.entrega, row.entrega_codigo) == ("undelivered", "30003")


def test_the_edge_of_the_day(twilio: Twilio, rows: list[SMSLog]) -> None:
    # Queued at Twilio over midnight: on no page of this day, and there all the same.
    twilio.others.append(replace(twilio.take(sid(1)), estado="queued", precio=None))
    # Claimed the day before, sent on this one.
    SMSLog.objects.filter(pk=rows[1].pk).update(reclamado_en=AT - timedelta(days=1))
    # Claimed on the next day.
    SMSLog.objects.filter(pk=rows[2].pk).update(reclamado_en=AT + timedelta(days=1))
    twilio.take(sid(3))
    done = close(twilio)
    assert (done.diferencias, done.sin_precio, done.mensajes, done.consultados) == ({}, 1, 9, 1)
    assert [one for one in twilio.asked if one.startswith("SM")] == [sid(1)]


def test_numbers_that_twilio_hides_are_no_other_recipients(twilio: Twilio) -> None:
    twilio.change(sid(1), telefono="+57300XXXXXXX")
    twilio.change(sid(2), telefono="")
    assert close(twilio).diferencias == {}


def test_rows_that_are_too_many_to_ask_for(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cierre, "MOST_ASKED", 2)
    twilio.of_the_day = []
    done = close(twilio)
    assert (done.diferencias, done.consultados, done.sin_consultar) == ({Tipo.FILA_SIN_MENSAJE: 2}, 2, 8)


def test_of_each_kind_the_first_are_kept_and_all_are_counted(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "GUARDADAS", 3)
    monkeypatch.setattr(services, "PARTE", 2)
    for n in range(1, 11):
        twilio.change(sid(n), precio=Decimal(1))
    done = close(twilio)
    assert done.diferencias == {Tipo.PRECIO: 10}
    assert done.detalle.count() == 3


class TestItGoesOn:
    """A close that was interrupted anywhere finds the same."""

    @pytest.fixture(autouse=True)
    def small_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "PARTE", 3)
        monkeypatch.setattr(services, "LOTES", 1)

    def plant(self, twilio: Twilio) -> None:
        twilio.take(sid(2))
        twilio.change(sid(6), precio=Decimal("0.08"))
        twilio.of_the_day.append(listed(99, "+573009998877"))

    def test_after_its_time_is_over(self, twilio: Twilio, owner: Usuario) -> None:
        self.plant(twilio)
        turns = 0
        done = close(twilio, until=0.0)
        while done.estado != CierreDiario.Estado.LISTO:
            turns += 1
            turno = services.tomar(DIA)
            assert turno
            cierre.trabajar(turno, twilio, until=0.0, pause_s=0.0)
            done = CierreDiario.objects.get(dia=DIA)
        assert turns > 6
        assert twilio.asked == ["", "3", "6", "9", sid(2)]  # each page once
        assert done.diferencias == {Tipo.FILA_SIN_MENSAJE: 1, Tipo.PRECIO: 1, Tipo.MENSAJE_SIN_FILA: 1}
        assert Gasto.objects.get().monto == 20 * PRICE + Decimal("0.08") - PRICE

    @pytest.mark.parametrize("stop", range(1, 9))
    def test_after_a_crash_at_any_step(
        self, twilio: Twilio, owner: Usuario, stop: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.plant(twilio)
        steps = 0
        save = CierreDiario.save

        def crash(self: CierreDiario, *args: Any, **kwargs: Any) -> None:
            nonlocal steps
            if self.turno and not kwargs:
                steps += 1
                if steps == stop:
                    raise ValueError("killed")
            save(self, *args, **kwargs)

        monkeypatch.setattr(CierreDiario, "save", crash)
        with pytest.raises(ValueError, match="killed"):
            close(twilio)
        turno = services.tomar(DIA)
        assert turno
        assert cierre.trabajar(turno, twilio, until=float("inf"), pause_s=0.0)
        done = CierreDiario.objects.get(dia=DIA)
        assert done.diferencias == {Tipo.FILA_SIN_MENSAJE: 1, Tipo.PRECIO: 1, Tipo.MENSAJE_SIN_FILA: 1}
        assert (done.mensajes, done.filas) == (10, 9)
        assert Gasto.objects.get().monto == 20 * PRICE + Decimal("0.08") - PRICE

    def test_when_twilio_is_away(self, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
        page = twilio.page

        def away(day: date, address: str = "") -> Page:
            if address == "6":
                raise LookupFailedError("read_timeout")
            return page(day, address)

        monkeypatch.setattr(twilio, "page", away)
        done = close(twilio)
        assert (done.estado, done.siguiente, done.error) == ("leyendo", "6", "read_timeout")
        assert done.turno is None
        monkeypatch.setattr(twilio, "page", page)
        turno = services.tomar(DIA)
        assert turno
        assert cierre.trabajar(turno, twilio, until=float("inf"), pause_s=0.0)
        done.refresh_from_db()
        assert (done.diferencias, done.error, done.mensajes) == ({}, "", 10)

    def test_when_the_address_of_the_next_page_is_too_old(
        self, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page, gone = twilio.page, iter([True])

        def once(day: date, address: str = "") -> Page:
            if address == "6" and next(gone, False):
                raise PageGoneError
            return page(day, address)

        monkeypatch.setattr(twilio, "page", once)
        done = close(twilio)
        assert twilio.asked[:3] == ["", "3", ""]
        assert (done.diferencias, done.mensajes) == ({}, 10)

    def test_a_process_that_was_silent_for_too_long_writes_nothing(self, twilio: Twilio) -> None:
        services.pedir_cierre(dia=DIA, ahora=NOW)
        slow = services.tomar(DIA)
        assert slow
        assert services.tomar(DIA) is None  # it is somebody's
        CierreDiario.objects.update(turno_hasta=datetime(2026, 1, 1, tzinfo=UTC))
        quick = services.tomar(DIA)
        assert quick
        assert not cierre.trabajar(slow, twilio, until=float("inf"), pause_s=0.0)
        assert CierreDiario.objects.get().paginas == 0
        assert cierre.trabajar(quick, twilio, until=float("inf"), pause_s=0.0)


class TestTheDaysThatAreDue:
    def days(self) -> list[date]:
        return sorted(CierreDiario.objects.values_list("dia", flat=True))

    def test_the_first_night_closes_the_day_before(self, db: None) -> None:
        services.preparar(NOW)
        assert self.days() == [DIA]

    def test_not_before_what_waited_has_left(self, db: None) -> None:
        services.preparar(NOW - timedelta(seconds=1))
        assert self.days() == [DIA - timedelta(days=1)]
        with pytest.raises(InvalidInputError):
            services.pedir_cierre(dia=DIA, ahora=NOW - timedelta(seconds=1))

    def test_days_that_were_missed(self, db: None) -> None:
        CierreDiario.objects.create(dia=DIA - timedelta(days=3))
        services.preparar(NOW)
        assert self.days() == [DIA - timedelta(days=n) for n in (3, 2, 1, 0)]
        CierreDiario.objects.all().delete()
        CierreDiario.objects.create(dia=DIA - timedelta(days=30))
        services.preparar(NOW)
        assert self.days()[1:] == [DIA - timedelta(days=n) for n in range(6, -1, -1)]

    def test_what_is_not_billed_is_asked_again_the_next_night(self, twilio: Twilio) -> None:
        twilio.change(sid(1), precio=None)
        done = close(twilio)
        assert (done.sin_precio, done.diferencias) == (1, {})
        CierreDiario.objects.update(terminado_en=NOW)
        services.preparar(NOW + timedelta(hours=1))
        assert CierreDiario.objects.get(dia=DIA).estado == "listo"
        services.preparar(NOW + timedelta(days=1))
        twilio.change(sid(1), precio=PRICE)
        turno = services.tomar(DIA)
        assert turno
        assert cierre.trabajar(turno, twilio, until=float("inf"), pause_s=0.0)
        done.refresh_from_db()
        assert (done.sin_precio, done.veces, done.costo) == (0, 2, 10 * PRICE)

    def test_not_for_ever(self, twilio: Twilio) -> None:
        twilio.change(sid(1), precio=None)
        close(twilio)
        CierreDiario.objects.update(terminado_en=NOW, veces=services.VECES)
        services.preparar(NOW + timedelta(days=1))
        assert CierreDiario.objects.get(dia=DIA).estado == "listo"


class TestWithTheSimulator:
    """Twilio's pages as they come over HTTP."""

    @pytest.fixture
    def reader(self, gateway: TwilioGateway) -> SentReader:
        return SentReader(gateway._config)

    def send(self, gateway: TwilioGateway, phones: Sequence[str]) -> list[str]:
        return [gateway.send(to=to, body="Hola", callback_token="x").sid for to in phones]  # type: ignore[union-attr]

    def test_it_reads_a_day_page_by_page(
        self, gateway: TwilioGateway, reader: SentReader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workers.gateway.sent.PAGE", 2)
        phones = [f"+5730011122{n:02d}" for n in range(5)]
        sids = self.send(gateway, phones)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (one := reader.message(sids[-1])) and one.estado != "delivered":
            time.sleep(0.05)
        today = datetime.now(UTC).date()
        read: list[Listado] = []
        pages, address = 0, ""
        while True:
            page = reader.page(today, address)
            read += page.messages
            pages += 1
            if not (address := page.next):
                break
        assert pages == 3
        assert {one.sid: one.telefono for one in read} == dict(zip(sids, phones, strict=True))
        [first] = [one for one in read if one.sid == sids[0]]
        assert first.remitentes == (SENDER,)
        assert (first.segmentos, first.precio, first.moneda) == (1, Decimal("0.0075"), "USD")
        assert (first.estado, first.codigo, first.entrante) == ("delivered", "", False)
        assert reader.page(today - timedelta(days=1)).messages == []

    def test_a_message_that_does_not_exist(self, reader: SentReader) -> None:
        assert reader.message("SM" + "0" * 32) is None

    def test_an_address_that_is_too_old(self, reader: SentReader) -> None:
        with pytest.raises(PageGoneError):
            reader.page(DIA, f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?PageToken=PAx")

    def test_twilio_is_away(self, make_gateway: MakeGateway) -> None:
        reader = SentReader(make_gateway("http://127.0.0.1:1")._config)
        with pytest.raises(LookupFailedError):
            reader.page(DIA)

    def test_the_command_says_what_it_found(
        self, simulator: RunningSimulator, gateway: TwilioGateway, rows: list[SMSLog], settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        settings.TWILIO_API_BASE_URL = simulator.url
        monkeypatch.setattr(cierre, "PAUSE_S", 0.0)
        out = StringIO()
        call_command("cierre_diario", "--dia", DIA.isoformat(), stdout=out)
        assert "Cierre del 2026-03-04: 0 mensajes" in out.getvalue()
        assert f"10  {Tipo.FILA_SIN_MENSAJE}" in out.getvalue()
        with pytest.raises(CommandError, match="no ha terminado"):
            call_command("cierre_diario", "--dia", "2999-01-01")

    def test_the_task_needs_an_account(self, db: None, settings: Any) -> None:
        settings.TWILIO_ACCOUNT_SID = ""
        assert cierre.atender()
        assert not CierreDiario.objects.exists()


def test_a_turn_that_is_left_is_free(rows: list[SMSLog]) -> None:
    services.pedir_cierre(dia=DIA, ahora=NOW)
    turno = services.tomar()
    assert isinstance(turno, Turno)
    turno.leave("x")
    assert services.tomar() is not None
