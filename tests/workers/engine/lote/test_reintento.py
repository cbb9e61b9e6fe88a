"""Retrying the failed recipients of an ended campaign: they are judged again, and nobody gets it twice."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.campana import reintentos
from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, Descarte, Lote, SMSLog
from campaigns.values.twilio import DROPPED
from clientes.models import Cliente
from core.clock import elapsed
from core.errors import ConflictError
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, sms_log
from workers.engine.campaign import campana, final
from workers.engine.lote import closing
from workers.engine.message import doubts, receipts
from workers.engine.message.doubts import Look
from workers.engine.message.memory import Posted, write_again
from workers.engine.message.proof import Doubt
from workers.engine.message.receipts import Receipt
from workers.engine.publish import chords
from workers.gateway.lookup import Message


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The rows of each chord, instead of a broker that no worker reads."""
    seen: list[list[int]] = []
    monkeypatch.setattr(chords, "publish", lambda *, log_ids, **options: seen.append(list(log_ids)))
    monkeypatch.setattr(chords, "close_later", lambda lote_id: None)
    return seen


@pytest.fixture
def ended(owner: Usuario) -> CampanaSMS:
    """One sent, and four failed: refused, without a phone, unknown, opted out."""
    clientes = ClienteFactory.create_batch(5, usuario=owner)
    found = CampanaFactory.create(usuario=owner, total_clientes=5, estado="procesando")
    lote = Lote.objects.create(campana=found, numero=1, cliente_ids=[c.pk for c in clientes], total=5, estado="abierto")
    fields: list[dict[str, Any]] = [
        {"estado": "enviado", "twilio_sid": "SM1"},
        {"estado": "fallido", "codigo": "21408", "intentos": 1},
        {"estado": "fallido", "codigo": "sin_telefono", "telefono": "", "mensaje": ""},
        {"estado": "fallido", "codigo": "desconocido"},
        {"estado": "fallido", "codigo": "21610"},
    ]
    for cliente, values in zip(clientes, fields, strict=True):
        sms_log(found, lote, cliente, **values)
    closing.close(lote.pk)
    assert final.finish(found.pk)
    found.refresh_from_db()
    return found


def again(ended: CampanaSMS) -> list[SMSLog]:
    mover_campana(campana=ended, action="reintentar")
    campana.advance(ended.pk)
    return list(ended.logs.order_by("pk"))


def test_one_whose_words_for_each_were_erased_is_not_tried_again(ended: CampanaSMS, published: list[list[int]]) -> None:
    """One text for all stays, and so does what was erased before the last end."""
    assert ended.completado_en is not None
    day = timedelta(days=1)
    for own_words, forgotten, again in ((False, day, True), (True, -day, True), (True, day, False)):
        ended.con_destinatarios, ended.olvidada_en = own_words, ended.completado_en + forgotten
        ended.save()
        assert reintentos.reintentables(ended) is again
    with pytest.raises(ConflictError, match="se borraron los textos"):
        mover_campana(campana=ended, action="reintentar")
    ended.refresh_from_db()
    assert (ended.estado, published) == ("completado", [])


def test_it_publishes_only_those_who_certainly_got_nothing(ended: CampanaSMS, published: list[list[int]]) -> None:
    rows = again(ended)
    assert [row.estado for row in rows] == ["enviado", "pendiente", "pendiente", "fallido", "fallido"]
    assert published == [[rows[1].pk, rows[2].pk]]
    assert (rows[1].codigo, rows[1].error, rows[1].intentos) == ("", "", 0)


def test_it_judges_by_the_clients_present_data(ended: CampanaSMS, published: list[list[int]]) -> None:
    _, refused, *_ = ended.logs.order_by("pk")
    assert refused.cliente is not None
    type(refused.cliente).objects.filter(pk=refused.cliente.pk).update(
        telefono="3009998877", telefono_e164="+573009998877", nombre="Nueva"
    )
    sent, row, *_ = again(ended)
    assert (row.telefono, row.mensaje) == ("+573009998877", "Hola Nueva!")
    assert sent.mensaje != row.mensaje


@pytest.mark.parametrize("codigo", reintentos.DEL_NUMERO)
def test_a_number_that_twilio_refused_is_tried_again_once_it_is_another(
    ended: CampanaSMS, published: list[list[int]], codigo: str
) -> None:
    rows = list(ended.logs.order_by("pk"))
    SMSLog.objects.filter(pk=rows[1].pk).update(codigo=codigo)
    again(ended)
    assert published == [[rows[2].pk]]
    rows[1].refresh_from_db()
    assert (rows[1].estado, rows[1].codigo) == ("fallido", codigo)

    SMSLog.objects.filter(pk=rows[2].pk).update(estado="enviado", twilio_sid="SM2")
    closing.close(rows[2].lote_id)
    campana.advance(ended.pk)
    assert rows[1].cliente is not None
    with_phone(rows[1].cliente, "+573009998877")
    ended.refresh_from_db()
    again(ended)
    assert published[1:] == [[rows[1].pk]]


def with_phone(cliente: Cliente, telefono: str) -> None:
    Cliente.objects.filter(pk=cliente.pk).update(telefono=telefono, telefono_e164=telefono)


def left(ended: CampanaSMS) -> list[Cliente]:
    """The clients of the two rows that could be tried again."""
    return [row.cliente for row in ended.logs.order_by("pk")[1:3] if row.cliente]


def nobody_active(ended: CampanaSMS) -> None:
    Cliente.objects.filter(pk__in=[cliente.pk for cliente in left(ended)]).update(activo=False)


def nobody_has_a_phone(ended: CampanaSMS) -> None:
    for cliente in left(ended):
        with_phone(cliente, "")


def all_have_the_sent_ones(ended: CampanaSMS) -> None:
    sent = ended.logs.get(estado="enviado")
    for cliente in left(ended):
        with_phone(cliente, sent.telefono)


def refused_for_their_numbers(ended: CampanaSMS) -> None:
    ended.logs.filter(codigo="21408").update(codigo="21211")
    nobody_active(ended)


@pytest.mark.parametrize(
    "nobody", [nobody_active, nobody_has_a_phone, all_have_the_sent_ones, refused_for_their_numbers]
)
def test_a_move_that_could_send_nothing_is_refused(
    ended: CampanaSMS, nobody: Callable[[CampanaSMS], None], published: list[list[int]]
) -> None:
    """A refusal leaves everything as it was: the campaign has ended, and so it stays."""
    nobody(ended)
    with pytest.raises(ConflictError, match="ningún destinatario") as refused:
        mover_campana(campana=ended, action="reintentar")
    assert refused.value.code == "move_refused"
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 1, 4)
    assert ended.completado_en is not None
    assert list(ended.lotes.values_list("estado", flat=True)) == ["cerrado"]


def test_of_a_large_campaign_only_the_first_are_judged_before_the_move(
    ended: CampanaSMS, published: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its request must not take as long as a million judgements. If there was nobody, it ends again as it was."""
    nobody_active(ended)
    monkeypatch.setattr(reintentos, "JUZGADOS_MAX", 2)
    again(ended)
    ended.refresh_from_db()
    assert published == []
    assert (ended.estado, ended.vence_en is not None) == ("procesando", True)
    closing.close(ended.lotes.get().pk)
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 1, 4)


def test_only_the_lotes_with_somebody_to_try_are_opened(ended: CampanaSMS, published: list[list[int]]) -> None:
    sms_log(
        ended,
        hopeless := Lote.objects.create(
            campana=ended, numero=2, cliente_ids=[10**12], total=1, estado="cerrado", fallidos=1, cerrado_en=Now()
        ),
        ClienteFactory.create(usuario=ended.usuario),
        estado="fallido",
        codigo="21610",
    )
    CampanaSMS.objects.filter(pk=ended.pk).update(total_clientes=6, enviados_fallidos=5)
    ended.refresh_from_db()
    mover_campana(campana=ended, action="reintentar")
    hopeless.refresh_from_db()
    assert hopeless.estado == "cerrado"


def test_one_who_now_has_another_recipients_phone_gets_nothing(ended: CampanaSMS, published: list[list[int]]) -> None:
    sent, refused, *_ = ended.logs.order_by("pk")
    assert refused.cliente is not None
    type(refused.cliente).objects.filter(pk=refused.cliente.pk).update(telefono="x", telefono_e164=sent.telefono)
    row = again(ended)[1]
    assert (row.estado, row.codigo) == ("fallido", "telefono_duplicado")


def test_it_ends_again_with_the_new_sums(ended: CampanaSMS, published: list[list[int]]) -> None:
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 1, 4)
    rows = again(ended)
    for number, row in enumerate(rows[1:3]):
        SMSLog.objects.filter(pk=row.pk).update(estado="enviado", twilio_sid=f"SM2{number}")
    closing.close(ended.lotes.get().pk)
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 3, 2)
    assert ended.completado_en is not None


def test_cancelling_it_meanwhile_leaves_the_rows_as_they_were(ended: CampanaSMS, published: list[list[int]]) -> None:
    mover_campana(campana=ended, action="reintentar")
    ended.refresh_from_db()
    mover_campana(campana=ended, action="cancelar")
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("cancelado", 1, 4)
    assert list(ended.logs.order_by("pk").values_list("codigo", flat=True))[1] == "21408"
    assert published == []


def test_a_second_click_changes_nothing(ended: CampanaSMS, published: list[list[int]]) -> None:
    with transaction.atomic():
        mover_campana(campana=ended, action="reintentar")
    campana.advance(ended.pk)
    campana.advance(ended.pk)
    assert len(published) == 1


def test_pausing_it_at_once_leaves_it_a_deadline(ended: CampanaSMS, published: list[list[int]]) -> None:
    """Before any worker has looked at it: or nothing would ever end it."""
    for action in ("reintentar", "pausar"):
        mover_campana(campana=ended, action=action)
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert ended.estado == "pausado"
    assert ended.iniciado_en is not None
    assert ended.vence_en is not None
    assert ended.vence_en > ended.iniciado_en


# --- what Twilio accepted and dropped ----------------------------------------------------------------


def drop(ended: CampanaSMS, codigo: str = "30036", entrega: str = "failed") -> SMSLog:
    """Let Twilio say of the message that was sent how it ended."""
    row = ended.logs.get(estado="enviado")
    SMSLog.objects.filter(pk=row.pk).update(entrega=entrega, entrega_codigo=codigo, token=uuid.uuid4(), intentos=1)
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("codigo", DROPPED)
def test_what_twilio_dropped_unsent_is_tried_again(ended: CampanaSMS, published: list[list[int]], codigo: str) -> None:
    dropped = drop(ended, codigo)
    rows = again(ended)
    assert published == [[row.pk for row in rows[:3]]]
    row = rows[0]
    assert (row.estado, row.twilio_sid, row.entrega, row.entrega_codigo, row.token) == ("pendiente", "", "", "", None)
    assert (row.codigo, row.error, row.intentos) == ("", "", 0)
    # The message stays known by its SID: it is nobody else's.
    [kept] = Descarte.objects.values_list("sid", "log_id", "codigo")
    assert kept == (dropped.twilio_sid, dropped.pk, codigo)
    ended.refresh_from_db()
    assert (ended.enviados_exitosos, ended.enviados_fallidos) == (0, 0)


@pytest.mark.parametrize(
    ("entrega", "codigo"),
    [
        ("failed", "30003"),  # unreachable
        ("failed", "30007"),  # filtered
        ("failed", ""),
        ("undelivered", "30036"),  # it had left
        ("delivered", ""),
        ("sent", "30001"),
    ],
)
def test_nothing_else_that_was_sent_is(
    ended: CampanaSMS, published: list[list[int]], entrega: str, codigo: str
) -> None:
    sent = drop(ended, codigo, entrega)
    rows = again(ended)
    assert published == [[row.pk for row in rows[1:3]]]
    assert (rows[0].estado, rows[0].twilio_sid, rows[0].entrega) == ("enviado", sent.twilio_sid, entrega)
    assert not Descarte.objects.exists()


def test_a_campaign_of_which_only_some_were_dropped_may_be_tried_again(
    ended: CampanaSMS, published: list[list[int]]
) -> None:
    ended.logs.filter(estado="fallido").update(codigo="21610")
    assert not reintentos.reintentables(ended)
    dropped = drop(ended)
    assert reintentos.reintentables(ended)
    again(ended)
    assert published == [[dropped.pk]]


def test_whoever_opted_out_since_is_not_sent_to_and_counts_as_failed(
    ended: CampanaSMS, published: list[list[int]]
) -> None:
    dropped = drop(ended)
    assert dropped.cliente is not None
    Cliente.objects.filter(pk=dropped.cliente.pk).update(activo=False)
    row = again(ended)[0]
    assert (row.estado, row.codigo, row.twilio_sid) == ("fallido", "cliente_inactivo", "")


def test_its_callback_that_comes_once_more_does_not_bring_it_back(
    ended: CampanaSMS, published: list[list[int]]
) -> None:
    dropped = drop(ended)
    assert dropped.token is not None
    again(ended)
    late = Receipt(dropped.pk, dropped.token, dropped.twilio_sid, "failed", "30036", to=dropped.telefono)
    assert receipts.apply_receipts([late]) == [False]
    dropped.refresh_from_db()
    assert (dropped.estado, dropped.twilio_sid) == ("pendiente", "")


def test_nor_does_what_its_worker_remembers(ended: CampanaSMS, published: list[list[int]]) -> None:
    dropped = drop(ended)
    assert dropped.token is not None
    again(ended)
    posted = Posted(ended.pk, dropped.telefono, dropped.mensaje, dropped.token, elapsed(), dropped.twilio_sid, "queued")
    assert write_again([posted], lost=True) == 0
    dropped.refresh_from_db()
    assert dropped.estado == "pendiente"


def test_the_dropped_message_is_never_taken_for_the_next_one(ended: CampanaSMS, published: list[list[int]]) -> None:
    """It is listed to the same phone with the same words, from moments before."""
    dropped = drop(ended)
    row = again(ended)[0]
    now = timezone.now()
    SMSLog.objects.filter(pk=row.pk).update(estado="incierto", token=uuid.uuid4(), reclamado_en=now, twilio_desde=now)
    row.refresh_from_db()
    assert row.token is not None
    doubt = Doubt(row.pk, row.telefono, row.mensaje, row.token, now, 0, 0.0, ended.pk, "+573009998877", now)
    listed = Message(dropped.twilio_sid, row.mensaje, "failed", "30036", now, sender="+573009998877")
    doubts.settle([Look(doubt, [listed])])
    row.refresh_from_db()
    assert (row.estado, row.twilio_sid) == ("incierto", "")
    # Nor by whoever looked before it was given up by its row.
    assert doubts._take(doubt, [listed], doubts._known([Look(doubt, [])])) is None


def test_the_sums_and_the_money_are_of_what_was_sent(ended: CampanaSMS, published: list[list[int]]) -> None:
    drop(ended)
    rows = again(ended)
    SMSLog.objects.filter(pk=rows[0].pk).update(estado="enviado", twilio_sid="SM9", entrega="delivered")
    SMSLog.objects.filter(pk__in=[rows[1].pk, rows[2].pk]).update(estado="fallido", codigo="21211")
    closing.close(ended.lotes.get().pk)
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 1, 4)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("entrega", ["sent", "delivered", "undelivered"])
def test_a_message_that_left_after_all_is_not_sent_again(ended: CampanaSMS, entrega: str, first: bool) -> None:
    """Callbacks come in any order: in one group, or one after the other."""
    dropped = drop(ended, entrega="queued", codigo="")
    assert dropped.token is not None
    told = [
        Receipt(dropped.pk, dropped.token, dropped.twilio_sid, "failed", "30001", to=dropped.telefono),
        Receipt(dropped.pk, dropped.token, dropped.twilio_sid, entrega, to=dropped.telefono),
    ]
    if first:
        assert [receipts.apply_receipts([receipt]) for receipt in told] == [[True], [True]]
    else:
        assert receipts.apply_receipts(told) == [True, True]
    dropped.refresh_from_db()
    assert dropped.entrega == entrega


def test_what_has_left_is_lost_and_not_dropped(ended: CampanaSMS) -> None:
    sent = drop(ended, entrega="sent", codigo="")
    assert sent.token is not None
    late = Receipt(sent.pk, sent.token, sent.twilio_sid, "failed", "30036", to=sent.telefono)
    assert receipts.apply_receipts([late]) == [True]
    sent.refresh_from_db()
    assert (sent.entrega, sent.entrega_codigo) == ("undelivered", "30036")


def test_the_quota_of_days_before_shrinks_with_what_was_dropped(ended: CampanaSMS, published: list[list[int]]) -> None:
    """All of its Lote was sent on the day before; some of it was dropped, is tried again, and then cancelled."""
    dropped = drop(ended)
    Lote.objects.filter(campana=ended).update(
        cupo_dia=timezone.localdate() - timedelta(days=1), cupo_mensajes_previos=2, cupo_mensajes=0
    )
    mover_campana(campana=ended, action="reintentar")
    campana.advance(ended.pk)
    mover_campana(campana=ended, action="cancelar")
    campana.advance(ended.pk)
    closing.close(dropped.lote_id)
    campana.advance(ended.pk)
    ended.refresh_from_db()
    dropped.refresh_from_db()
    assert (dropped.estado, dropped.codigo) == ("fallido", "campana_cancelada")
    assert ended.completado_en is not None
