"""PostgreSQL comes back without its last commits: what was sent in them is looked up, and never sent again."""

import time
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.utils import timezone
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, Descarte, SMSLog
from campaigns.values import codigos
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running, take
from workers.engine.base import epoch
from workers.engine.campaign import campana, final
from workers.engine.lote import closing, opening, publishing, quarantine
from workers.engine.message import comeback, outbox, receipts, sending
from workers.engine.message.comeback import Watch
from workers.engine.message.memory import Memory, Posted
from workers.engine.message.receipts import Receipt
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Permanent
from workers.models import Epoca, Turno
from workers.webhooks import reports

SID = "SM" + "a" * 32
# What the standby has of a row that was claimed and posted in the lost commits.
LOST_SQL = """
UPDATE campaigns_smslog SET estado = 'pendiente', token = NULL, reclamado_en = NULL, lease_hasta = NULL,
    twilio_sid = '', entrega = '', intentos = 0 WHERE id = ANY(%s)
"""


class Twilio:
    """Answers as told, and keeps what it was given."""

    def __init__(self) -> None:
        self.answers: list[Outcome] = []
        self.sent: list[str] = []

    def send(self, *, to: str, **more: Any) -> Outcome:
        self.sent.append(to)
        return self.answers.pop(0) if self.answers else Accepted(f"SM{len(self.sent):032x}", "queued", 1)


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Twilio:
    stand_in = Twilio()
    monkeypatch.setattr(sending, "get_gateway", lambda: stand_in)
    return stand_in


@pytest.fixture(autouse=True)
def process(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that begins here: it has seen this server, and remembers nothing."""
    begin(monkeypatch)
    comeback.watch.look()


def begin(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """Let another process take over, which has seen and sent nothing; return its memory."""
    monkeypatch.setattr(comeback, "watch", Watch())
    memory = Memory()
    for module in (comeback, outbox, sending):
        monkeypatch.setattr(module, "memory", memory)
    return memory


def lose(*logs: SMSLog) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOST_SQL, [[log.pk for log in logs]])


def promote() -> None:
    """Let the restored row name the timeline before, as it does after a promotion."""
    Epoca.objects.update(linea="00000000")


def restart() -> None:
    Epoca.objects.update(arranque=timezone.now() - timedelta(days=1))


def estados(running: Running) -> list[str]:
    running.reload()
    return [log.estado for log in running.logs]


def estados_de(ids: list[int]) -> list[str]:
    return list(SMSLog.objects.filter(pk__in=ids).order_by("pk").values_list("estado", flat=True))


def test_what_the_lost_commits_had_sent_is_not_sent_again(running: Running, twilio: Twilio) -> None:
    log = running.logs[0]
    sending.send_one(log.pk)
    lose(log)
    promote()
    sending.send_one(log.pk)  # its Lote is published again
    assert twilio.sent == [log.telefono]
    log.refresh_from_db()
    assert (log.estado, log.twilio_sid) == ("enviado", f"SM{1:032x}")


def test_a_process_that_knows_nothing_looks_up_what_was_published(
    running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.send_one(running.logs[0].pk)
    lose(running.logs[0])
    promote()
    begin(monkeypatch)
    for log in running.logs:
        sending.send_one(log.pk)
    assert len(twilio.sent) == 1
    assert estados(running) == ["incierto"] * 3
    log = running.logs[0]
    assert log.codigo == codigos.CUARENTENA
    assert log.token is not None
    assert log.reclamado_en is not None
    assert log.reclamado_en <= timezone.now() - timedelta(minutes=15)
    assert (log.ausencias, log.revisar_desde, log.lease_hasta) == (0, None, None)


def test_a_message_without_an_answer_keeps_the_token_that_its_callback_names(running: Running, twilio: Twilio) -> None:
    log = running.logs[0]
    twilio.answers = [Ambiguous("read_timeout", "")]
    sending.send_one(log.pk)
    log.refresh_from_db()
    token = log.token
    lose(log)
    promote()
    comeback.watch.look()
    log.refresh_from_db()
    assert (log.estado, log.token) == ("incierto", token)


def test_a_plain_restart_puts_nothing_in_doubt(running: Running, twilio: Twilio) -> None:
    restart()
    for log in running.logs:
        sending.send_one(log.pk)
    assert len(twilio.sent) == 3
    assert estados(running) == ["enviado"] * 3


def test_a_second_look_after_a_comeback_changes_nothing(running: Running) -> None:
    promote()
    assert comeback.watch.look()
    SMSLog.objects.update(estado="pendiente")
    assert not comeback.watch.look()
    assert estados(running) == ["pendiente"] * 3


def test_another_process_does_not_repeat_the_quarantine(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = comeback.watch
    promote()
    slow._last = replace(epoch.look(), linea="00000000", posicion=0)
    begin(monkeypatch)
    comeback.watch.look()
    SMSLog.objects.update(estado="pendiente")  # seen to be absent, and freed
    slow.look()
    assert estados(running) == ["pendiente"] * 3


def test_a_server_that_is_behind_what_was_seen_has_lost_something(running: Running) -> None:
    comeback.watch._last = replace(epoch.look(), posicion=2**62)
    restart()
    comeback.watch.look()
    assert estados(running) == ["incierto"] * 3


def test_it_is_behind_though_another_process_has_let_messages_be_claimed(running: Running) -> None:
    comeback.watch._last = replace(epoch.look(), posicion=2**62)
    comeback.watch.look()
    assert estados(running) == ["incierto"] * 3


@pytest.mark.parametrize("field", ["sistema", "tabla"])
def test_a_restored_logical_backup_is_noticed(running: Running, field: str) -> None:
    Epoca.objects.update(**{field: 1, "arranque": timezone.now()})
    assert take(running.logs[0].pk) is None
    assert estados(running) == ["incierto"] * 3


def test_nothing_is_claimed_before_the_quarantine(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    promote()
    monkeypatch.setattr(comeback.watch, "look", lambda: False)
    assert take(running.logs[0].pk) is None
    assert estados(running) == ["pendiente"] * 3


def test_rows_that_were_never_published_and_ended_ones_need_no_look(running: Running) -> None:
    owner = running.campana.usuario
    other = CampanaFactory.create(usuario=owner, total_clientes=1, estado="procesando")
    cliente = ClienteFactory.create(usuario=owner)
    lote = open_lote(other, [cliente])
    waiting = sms_log(other, lote, cliente)
    lote.estado = "pendiente"  # to be tried again
    lote.save()
    SMSLog.objects.filter(pk=running.logs[0].pk).update(estado="fallido", codigo="baja")
    promote()
    comeback.watch.look()
    waiting.refresh_from_db()
    assert waiting.estado == "pendiente"
    assert estados(running) == ["fallido", "incierto", "incierto"]


def test_a_lote_that_may_have_been_opened_begins_in_quarantine(running: Running) -> None:
    owner = running.campana.usuario
    clientes = ClienteFactory.create_batch(2, usuario=owner)
    campaign = CampanaFactory.create(usuario=owner, total_clientes=2)
    lote = campaign.lotes.create(numero=1, cliente_ids=[one.pk for one in clientes], total=2)
    promote()
    comeback.watch.look()
    lote.refresh_from_db()
    desde = lote.dudoso_desde
    assert desde is not None
    campana.advance(campaign.pk, publish=False)
    rows = list(SMSLog.objects.filter(campana=campaign))
    assert [(row.estado, row.codigo, row.reclamado_en) for row in rows] == [("incierto", codigos.CUARENTENA, desde)] * 2
    assert campaign.lotes.filter(estado="abierto", dudoso_desde=None).exists()


def test_a_lote_that_is_cut_is_in_doubt_on_both_sides(running: Running) -> None:
    running.campana.lotes.create(numero=2, cliente_ids=[1, 2], total=2, dudoso_desde=timezone.now())
    assert opening.cut_next(running.campana.pk, 1)
    assert running.campana.lotes.exclude(dudoso_desde=None).count() == 2


def test_what_is_in_doubt_at_the_deadline_is_never_sent_again(running: Running) -> None:
    cliente = ClienteFactory.create(usuario=running.campana.usuario)
    lote = running.campana.lotes.create(numero=2, cliente_ids=[cliente.pk], total=1, dudoso_desde=timezone.now())
    CampanaSMS.objects.update(vence_en=timezone.now() - timedelta(seconds=1), total_clientes=4)
    campana.advance(running.campana.pk, publish=False)
    assert [row.codigo for row in lote.logs.all()] == [codigos.DESCONOCIDO]
    assert {row.codigo for row in running.lote.logs.all()} == {codigos.PLAZO_VENCIDO}


def test_a_deadline_waits_for_the_quarantine(running: Running) -> None:
    CampanaSMS.objects.update(vence_en=timezone.now() - timedelta(seconds=1))
    promote()
    campana.advance(running.campana.pk, publish=False)
    assert estados(running) == ["pendiente"] * 3
    comeback.watch.look()
    campana.advance(running.campana.pk, publish=False)
    running.reload()
    assert {log.codigo for log in running.logs} <= {codigos.DESCONOCIDO, codigos.CUARENTENA}


def test_only_as_many_lotes_as_could_have_been_opened(running: Running, settings: Any) -> None:
    settings.LOTES_EN_VUELO, settings.LOTE_SIZE = 4, 500
    now = timezone.now()
    covers = quarantine.since()
    assert covers.lotes == 4 + 15 * 60 * quarantine.FASTEST / 500
    Turno.objects.create(tarea="barrido", tomado_en=now - timedelta(hours=2))
    covers = quarantine.since()
    assert abs(covers.desde - (now - timedelta(hours=2, minutes=5))) < timedelta(minutes=1)
    assert quarantine.since(all_lotes=True).lotes is None
    for numero in range(2, 5):
        running.campana.lotes.create(numero=numero, cliente_ids=[10**12], total=1)
    assert quarantine.doubt_lotes(replace(covers, lotes=2)) == 2
    marked = running.campana.lotes.exclude(dudoso_desde=None).values_list("numero", flat=True)
    assert sorted(marked) == [2, 3]


@pytest.mark.parametrize(
    ("closed", "doubted"),
    [
        ({"fallidos": 1, "entregas": {"delivered": 1}, "asentado": True}, True),
        ({"fallidos": 1, "desconocidos": 1, "entregas": {"delivered": 1}, "asentado": True}, False),
        ({"entregas": {"delivered": 1, "undelivered/30003": 1}, "asentado": True}, False),
        ({"entregas": {"delivered": 2}, "asentado": False}, True),  # a callback may have come and been lost
        ({"entregas": {"delivered": 1, "failed/30001": 1}, "asentado": True}, True),
        ({"entregas": {"delivered": 1, "sent": 1}, "asentado": True}, True),
        ({"entregas": {"": 2}, "asentado": True}, True),
    ],
)
def test_what_nobody_can_have_tried_again_is_left_alone(
    running: Running, closed: dict[str, Any], doubted: bool
) -> None:
    fallidos = closed.get("fallidos", 0)
    closed |= {"estado": "cerrado", "total": 2, "exitosos": 2 - fallidos, "cerrado_en": timezone.now()}
    lote = running.campana.lotes.create(numero=2, cliente_ids=[1, 2], **closed)
    quarantine.doubt_retries(quarantine.since())
    lote.refresh_from_db()
    assert (lote.dudoso_desde is not None) == doubted


def test_an_answer_that_comes_after_the_comeback_is_kept(
    running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = running.logs[0]
    claim = take(log.pk)
    assert claim
    lose(log)
    promote()
    begin(monkeypatch)
    comeback.watch.look()  # another process: the row has a token of its own
    outbox.put_outcome(claim, Accepted(SID, "queued", 1))
    log.refresh_from_db()
    assert (log.estado, log.twilio_sid, log.token) == ("enviado", SID, claim.token)


def test_a_refusal_is_not_remembered(running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = begin(monkeypatch)
    twilio.answers = [Permanent("21211", "no")]
    sending.send_one(running.logs[0].pk)
    sending.send_one(running.logs[1].pk)
    assert [one.telefono for one in memory.all()] == [running.logs[1].telefono]


def test_ids_that_were_given_away_again_are_not_taken_for_the_old_rows(running: Running, twilio: Twilio) -> None:
    first = running.logs[0]
    sending.send_one(first.pk)
    lose(first)
    SMSLog.objects.filter(pk=first.pk).update(telefono="+573009999999")
    promote()
    comeback.watch.look()
    assert estados(running) == ["incierto"] * 3


class TestRetryThatWasLost:
    """A person says *reintentar*, what had failed is sent, and PostgreSQL comes back as it was before that."""

    @pytest.fixture
    def failed(self, running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> SMSLog:
        """One row of three failed; the retry sends it, and is forgotten. The process knows of nothing."""
        monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)
        first, *others = running.logs
        for log in others:
            sending.send_one(log.pk)
        self.let(first, estado="fallido", codigo="plazo_vencido")
        return first

    @staticmethod
    def let(log: SMSLog, **fields: Any) -> None:
        SMSLog.objects.filter(pk=log.pk).update(**fields)

    @staticmethod
    def end(running: Running) -> None:
        closing.close(running.lote.pk)
        assert final.finish(running.campana.pk)
        running.reload()

    @staticmethod
    def retry(running: Running, log: SMSLog) -> None:
        running.reload()
        mover_campana(campana=running.campana, action="reintentar")
        campana.advance(running.campana.pk)
        sending.send_one(log.pk)

    @staticmethod
    def before(running: Running) -> dict[type[Model], dict[str, Any]]:
        """All that a retry changes, as it is now."""
        running.reload()
        rows: tuple[Model, ...] = (running.campana, running.lote, running.logs[0])
        return {
            type(row): {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
            for row in rows
        }

    @staticmethod
    def forget(running: Running, before: dict[type[Model], dict[str, Any]]) -> None:
        for row in (running.campana, running.lote, running.logs[0]):
            type(row)._base_manager.filter(pk=row.pk).update(**before[type(row)])
        Descarte.objects.all().delete()

    def test_the_next_retry_asks_twilio_first(
        self, running: Running, failed: SMSLog, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.end(running)
        before = self.before(running)
        self.retry(running, failed)
        assert twilio.sent[2:] == [failed.telefono]
        begin(monkeypatch)  # another process, which has sent nothing
        self.forget(running, before)
        promote()
        comeback.watch.look()
        self.retry(running, failed)
        failed.refresh_from_db()
        assert (len(twilio.sent), failed.estado, failed.codigo) == (3, "incierto", codigos.CUARENTENA)
        running.lote.refresh_from_db()
        assert running.lote.dudoso_desde is None

    def test_so_it_does_when_a_first_retry_was_kept(
        self, running: Running, failed: SMSLog, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The move was kept, the opening was not, and the campaign is cancelled before it opens once more."""
        self.end(running)
        mover_campana(campana=running.campana, action="reintentar")
        before = self.before(running)
        campana.advance(running.campana.pk)
        sending.send_one(failed.pk)
        assert len(twilio.sent) == 3
        begin(monkeypatch)
        self.forget(running, before)
        promote()
        comeback.watch.look()
        CampanaSMS.objects.update(vence_en=timezone.now() - timedelta(minutes=1))
        campana.advance(running.campana.pk)
        running.reload()
        assert running.campana.completado_en
        self.retry(running, failed)
        failed.refresh_from_db()
        assert (len(twilio.sent), failed.estado) == (3, "incierto")

    def test_what_was_dropped_before_is_asked_for_too(
        self, running: Running, failed: SMSLog, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.let(failed, estado="enviado", codigo="", twilio_sid=SID, entrega="failed", entrega_codigo="30036")
        self.end(running)
        before = self.before(running)
        self.retry(running, failed)
        assert len(twilio.sent) == 3
        begin(monkeypatch)
        self.forget(running, before)
        promote()
        comeback.watch.look()
        self.retry(running, failed)
        failed.refresh_from_db()
        assert (len(twilio.sent), failed.estado) == (3, "incierto")

    def test_a_row_of_an_open_lote_that_had_failed(
        self, running: Running, failed: SMSLog, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was freed, because all were refused alike, and sent; and that is forgotten."""
        self.let(failed, codigo="21408")
        before = self.before(running)
        self.let(failed, estado="pendiente", codigo="")
        sending.send_one(failed.pk)
        begin(monkeypatch)
        self.forget(running, before)
        promote()
        comeback.watch.look()
        self.end(running)
        self.retry(running, failed)
        failed.refresh_from_db()
        assert (len(twilio.sent), failed.estado) == (3, "incierto")

    def test_who_sent_it_writes_it_again(self, running: Running, failed: SMSLog, twilio: Twilio) -> None:
        self.end(running)
        before = self.before(running)
        self.retry(running, failed)
        self.forget(running, before)
        promote()
        comeback.watch.look()
        failed.refresh_from_db()
        assert (failed.estado, failed.twilio_sid) == ("enviado", f"SM{3:032x}")
        running.reload()
        assert (running.campana.enviados_exitosos, running.campana.enviados_fallidos) == (3, 0)
        assert (running.lote.exitosos, running.lote.fallidos) == (3, 0)


def test_memory_is_bounded() -> None:
    memory = Memory(kept_s=100.0, most=3)
    claims = [uuid.uuid4() for _ in range(5)]
    for n, token in enumerate(claims):
        memory.post(Posted(1, f"+57300{n:07d}", "", token, at=1e12 + n))
    assert [one.token for one in memory.all()] == claims[2:]
    memory = Memory(kept_s=100.0)
    memory.post(Posted(1, "+573000000000", "", claims[0], at=time.monotonic() - 101))
    assert len(memory) == 0


class TestTheCallbackOfALostClaim:
    @pytest.fixture
    def lost(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> Receipt:
        log = running.logs[0]
        claim = take(log.pk)
        assert claim
        lose(log)
        promote()
        begin(monkeypatch)
        comeback.watch.look()
        return Receipt(log.pk, claim.token, SID, "delivered", to=log.telefono)

    def test_it_proves_that_the_row_was_sent(self, running: Running, lost: Receipt) -> None:
        assert receipts.apply_receipt(lost)
        log = running.logs[0]
        log.refresh_from_db()
        assert (log.estado, log.twilio_sid, log.entrega, log.token) == ("enviado", SID, "delivered", lost.token)
        assert receipts.apply_receipt(replace(lost, status="sent"))  # the next one finds its token

    def test_it_may_come_before_the_quarantine(self, running: Running, lost: Receipt) -> None:
        log = running.logs[1]
        promote()
        SMSLog.objects.filter(pk=log.pk).update(estado="pendiente", codigo="")
        early = replace(lost, log_id=log.pk, to=log.telefono)
        assert receipts.apply_receipt(early)
        assert estados(running)[:2] == ["incierto", "enviado"]
        comeback.watch.look()
        SMSLog.objects.filter(pk=running.logs[2].pk).update(estado="pendiente", codigo="")
        assert not receipts.apply_receipt(replace(early, log_id=running.logs[2].pk, to=running.logs[2].telefono))

    def test_it_comes_by_http(self, running: Running, lost: Receipt, settings: Any) -> None:
        settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = "t", "https://sms.tienda.co"
        path = f"/webhooks/twilio/estado/{lost.log_id}-{lost.token.hex}/"
        form = {"MessageSid": SID, "MessageStatus": "sent", "To": running.logs[0].telefono}
        given = RequestValidator("t").compute_signature(settings.PUBLIC_URL + path, form)
        token = f"{lost.log_id}-{lost.token.hex}"
        assert reports.receive(path=path, token=token, form={**form, "To": "+57"}, given=given) == reports.BAD_SIGNATURE
        assert reports.receive(path=path, token=token, form=form, given=given) == reports.WRITTEN
        assert estados(running)[0] == "enviado"

    @pytest.mark.parametrize("change", [{"to": "+573009999999"}, {"to": ""}])
    def test_it_must_be_of_the_rows_phone(self, running: Running, lost: Receipt, change: dict[str, str]) -> None:
        assert not receipts.apply_receipt(replace(lost, **change))  # type: ignore[arg-type]
        assert estados(running)[0] == "incierto"

    def test_another_token_is_no_proof_outside_of_a_quarantine(self, running: Running, lost: Receipt) -> None:
        SMSLog.objects.filter(pk=lost.log_id).update(codigo="read_timeout")
        assert not receipts.apply_receipt(lost)
        assert estados(running)[0] == "incierto"


class TestAServerThatDoesNotTell:
    """A managed one, which keeps some functions from the product's role."""

    @pytest.fixture(
        params=[
            ("pg_current_wal_lsn()", "pg_lsn", "55000"),  # Aurora: wal_level must be set to 'logical'
            ("pg_current_wal_lsn()", "pg_lsn", "42501"),  # permission denied for function
            ("pg_current_wal_flush_lsn()", "pg_lsn", "0A000"),  # currently not supported for Aurora
            ("pg_control_system()", "bigint", "42501"),
        ],
        ids=lambda param: f"{param[0]}-{param[2]}",
    )
    def silent(self, request: pytest.FixtureRequest, running: Running, monkeypatch: pytest.MonkeyPatch) -> str:
        """Its answer stands before PostgreSQL's own, whose rights the product's role cannot change."""
        function, kind, code = request.param
        out = "OUT system_identifier bigint" if kind == "bigint" else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE FUNCTION {function[:-2]}({out}) RETURNS {kind} LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"
            )
            cursor.execute("SET LOCAL search_path = public, pg_catalog")
            with pytest.raises(DatabaseError, match="no"), transaction.atomic():
                cursor.execute(f"SELECT * FROM {function}")
        Epoca.objects.all().delete()
        begin(monkeypatch)
        return str(function)

    def test_it_sends_and_says_once_what_that_costs(
        self, silent: str, running: Running, twilio: Twilio, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(3):
            comeback.watch.look()
        for log in running.logs:
            sending.send_one(log.pk)
        assert len(twilio.sent) == 3
        assert estados(running) == ["enviado"] * 3
        [said] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert silent in said
        assert "each of its restarts" in said

    def test_after_each_restart_what_was_published_is_looked_up_first(
        self, silent: str, running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        comeback.watch.look()
        sending.send_one(running.logs[0].pk)
        lose(running.logs[0])  # or not: nobody can tell
        restart()
        begin(monkeypatch)
        for log in running.logs:
            sending.send_one(log.pk)
        assert len(twilio.sent) == 1
        assert estados(running) == ["incierto"] * 3


def test_a_standby_is_no_server_that_does_not_tell(db: None) -> None:
    """Its refusals are errors, as of a server that is away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname IN ('workers_linea', 'workers_posicion')")
        assert all("IF pg_is_in_recovery() THEN RAISE; END IF;" in source for (source,) in cursor.fetchall())
