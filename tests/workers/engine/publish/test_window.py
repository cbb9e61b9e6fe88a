"""The window: how much may be in the queues at a time, and how it is shared."""

import math
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat, Now
from django.test import override_settings

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Pulso, Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.plans import Planner
from tests.workers.engine.conftest import Running
from workers.engine.campaign import campana
from workers.engine.lote import closing, flight, publishing
from workers.engine.publish import chords, window
from workers.engine.publish.window import LEAST_ROWS, Window

LONG_AGO = Now() - timedelta(hours=1)

Publication = tuple[int, list[int], str]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Publication]:
    """Record what is published, instead of a broker that no worker reads: (Lote, rows, queue)."""
    found: list[Publication] = []

    def publish(*, lote_id: int, log_ids: Sequence[int], queue: str, closes: bool = True) -> None:
        found.append((lote_id, list(log_ids), queue))

    monkeypatch.setattr(chords, "publish", publish)
    monkeypatch.setattr(chords, "close_later", lambda lote_id: None)
    return found


def sending(usuario: Usuario, *, lotes: int = 1, estado: str = "procesando") -> CampanaSMS:
    """A campaign with Lotes to open."""
    made = CampanaFactory.create(usuario=usuario, estado=estado)
    for numero in range(lotes):
        Lote.objects.create(campana=made, numero=numero + 1, cliente_ids=[10**12], total=1)
    return made


def queue_of(usuario: Usuario) -> str:
    return f"envios.{usuario.pk % settings.ENVIOS_QUEUES}"


def with_rows(usuario: Usuario, count: int) -> tuple[CampanaSMS, list[int]]:
    """A campaign with one open Lote that is due, and its rows."""
    clientes = ClienteFactory.create_batch(count, usuario=usuario)
    made = CampanaFactory.create(usuario=usuario, total_clientes=count, estado="procesando")
    lote = open_lote(made, clientes)
    rows = [sms_log(made, lote, cliente).pk for cliente in clientes]
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    return made, rows


@override_settings(LOTES_EN_VUELO=4, LOTE_SIZE=100)
def test_it_is_shared_by_shops_and_then_by_campaigns(owner: Usuario, stranger: Usuario) -> None:
    first = sending(owner)
    assert window.of(first.pk) == Window(rows=100, lotes=4)
    second = sending(owner)
    assert window.of(first.pk) == window.of(second.pk) == Window(rows=100, lotes=2)
    # Another shop's only campaign gets as much as both of the first shop's.
    other = sending(stranger)
    assert window.of(other.pk) == Window(rows=100, lotes=2)
    assert window.of(first.pk) == Window(rows=100, lotes=1)
    third = sending(owner)
    assert window.of(third.pk) == Window(rows=66, lotes=1)


@override_settings(LOTES_EN_VUELO=4, LOTE_SIZE=100)
def test_it_grows_with_the_processes_that_live(owner: Usuario, stranger: Usuario) -> None:
    first = sending(owner)
    for n, ago in enumerate([0, 10, 60]):  # the last one is gone
        seen = Now() - timedelta(seconds=ago)
        Pulso.objects.create(nombre=f"w{n}", tipo="worker", pid=n, mensajes=256, desde=seen, visto=seen)
    Pulso.objects.create(nombre="beat", tipo="beat", pid=9, desde=Now(), visto=Now())
    assert window.of(first.pk) == Window(rows=100, lotes=2 * 4 * 256 // 100)
    sending(stranger)
    assert window.of(first.pk).lotes == 4 * 256 // 100
    # What lost commits may have opened is covered by all that lived lately.
    assert window.most_lotes() == math.ceil(3 * 4 * 256 / 100)
    Pulso.objects.all().delete()
    assert window.of(first.pk).lotes == 2
    assert window.most_lotes() == 4


@override_settings(LOTES_EN_VUELO=4, LOTE_SIZE=100)
def test_it_never_is_too_small_for_a_chord(owner: Usuario) -> None:
    campanas = [sending(owner) for _ in range(40)]
    assert window.of(campanas[0].pk) == Window(rows=LEAST_ROWS, lotes=1)


@override_settings(LOTES_EN_VUELO=4, LOTE_SIZE=100)
def test_it_counts_only_what_has_something_to_send(owner: Usuario) -> None:
    first = sending(owner)
    for estado in ("pendiente", "pausado", "cancelado"):
        sending(owner, estado=estado)
    reconciling = sending(owner)
    reconciling.lotes.update(estado="por_conciliar")
    assert window.of(first.pk).lotes == 4


@override_settings(LOTES_EN_VUELO=2, LOTE_SIZE=30)
def test_it_opens_as_many_lotes_as_fit(owner: Usuario, stranger: Usuario, published: list[Publication]) -> None:
    made = sending(owner, lotes=5)
    campana.advance(made.pk)
    assert made.lotes.filter(estado="abierto").count() == 2
    sending(stranger)
    made.lotes.filter(estado="abierto").update(estado="cerrado", cerrado_en=Now(), exitosos=1)
    campana.advance(made.pk)
    assert made.lotes.filter(estado="abierto").count() == 1


def test_a_shop_has_its_queue(owner: Usuario, stranger: Usuario, published: list[Publication]) -> None:
    for usuario in (owner, stranger):
        made, _ = with_rows(usuario, 1)
        publishing.publish_due(made.pk, most=10)
    assert [queue for _, _, queue in published] == [queue_of(usuario) for usuario in (owner, stranger)]


def test_a_lote_beyond_the_window_goes_out_in_slices(owner: Usuario, published: list[Publication]) -> None:
    made, rows = with_rows(owner, 7)
    lote = made.lotes.get()
    for expected in (rows[:3], rows[3:6], rows[6:]):
        assert len(publishing.publish_due(made.pk, most=3)) == 1
        assert published.pop() == (lote.pk, expected, queue_of(owner))
        assert publishing.publish_due(made.pk, most=3) == []  # not before this slice has ended
        SMSLog.objects.filter(pk__in=expected).update(
            estado="enviado", twilio_sid=Concat(Value("SM"), Cast("pk", CharField()))
        )
        closing.close(lote.pk)
    lote.refresh_from_db()
    assert (lote.estado, lote.exitosos) == ("cerrado", 7)


def test_what_was_refused_for_now_waits_for_the_end_of_the_pass(owner: Usuario, published: list[Publication]) -> None:
    made, rows = with_rows(owner, 3)
    lote = made.lotes.get()
    publishing.publish_due(made.pk, most=2)
    SMSLog.objects.filter(pk=rows[0]).update(estado="enviado", twilio_sid=Concat(Value("SM"), Cast("pk", CharField())))
    SMSLog.objects.filter(pk=rows[1]).update(intentos=1)
    closing.close(lote.pk)
    publishing.publish_due(made.pk, most=2)
    assert [ids for _, ids, _ in published] == [rows[:2], rows[2:]]

    SMSLog.objects.filter(pk=rows[2]).update(estado="enviado", twilio_sid="SM2")
    closing.close(lote.pk)
    assert publishing.publish_due(made.pk, most=2) == []  # its backoff
    Lote.objects.filter(pk=lote.pk).update(publicar_desde=LONG_AGO)
    publishing.publish_due(made.pk, most=2)
    assert published[-1][1] == [rows[1]]


def test_the_retries_of_a_few_keep_no_place_from_the_others(owner: Usuario, published: list[Publication]) -> None:
    """A Lote that waits for its next try leaves the window, unless a whole window waits."""
    made, rows = with_rows(owner, 2)
    waiting = made.lotes.get()
    publishing.publish_due(made.pk, most=10)
    SMSLog.objects.filter(pk=rows[0]).update(estado="enviado", twilio_sid=Concat(Value("SM"), Cast("pk", CharField())))
    closing.close(waiting.pk)
    Lote.objects.create(campana=made, numero=2, cliente_ids=[10**12], total=1)
    assert (flight.in_flight(made.pk), flight.unsettled(made.pk, limit=10)) == (0, 1)
    with override_settings(LOTES_EN_VUELO=1, LOTE_SIZE=20):
        campana.advance(made.pk)
    assert made.lotes.get(numero=2).estado == "abierto"


@override_settings(LOTES_EN_VUELO=1, LOTE_SIZE=1)
def test_it_opens_nothing_while_much_waits_to_be_tried_again(owner: Usuario, published: list[Publication]) -> None:
    """Twilio is out of reach: what was opened is tried first."""
    made, _ = with_rows(owner, 2)
    publishing.publish_due(made.pk, most=10)
    closing.close(made.lotes.get().pk)
    Lote.objects.create(campana=made, numero=2, cliente_ids=[10**12], total=1)
    campana.advance(made.pk)
    assert made.lotes.get(numero=2).estado == "pendiente"


def test_it_reads_no_more_than_the_lotes_of_live_campaigns(planner: Planner, running: Running) -> None:
    old = sending(running.campana.usuario, estado="procesando")
    old.lotes.update(estado="cerrado", cerrado_en=Now(), exitosos=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_lote"
            " (campana_id, numero, cliente_ids, total, estado, exitosos, fallidos, cerrado_en)"
            " SELECT %s, n, '{}', 1, 'cerrado', 1, 0, now() FROM generate_series(10, 20000) n",
            [old.pk],
        )
    planner.learn(CampanaSMS, Lote)
    plan = planner.explain(f"WITH {window.VENTANAS} SELECT filas FROM ventanas", window.params())
    assert "lote_por_abrir" in plan
    assert "lote_en_curso" in plan
    assert "Seq Scan on campaigns_lote" not in plan
