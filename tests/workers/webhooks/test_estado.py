"""POST /webhooks/twilio/estado/{token}/: signed, written once, in whatever order it comes."""

import itertools
import uuid
from datetime import timedelta
from typing import Any, cast
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from campaigns.models import SMSLog
from campaigns.values.twilio import Entrega
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Baja, Fuente, RegistroBaja
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory, open_lote, sms_log
from workers.engine.message.receipts import RANK, Receipt, apply_receipts, parse_callback_token
from workers.engine.pace import throttle
from workers.engine.pace.rates import Sender

AUTH_TOKEN = "auth-token-of-the-test"
SID = "SM" + "0" * 32
OTHER_SID = "SM" + "1" * 32

FORM = {"MessageSid": SID, "To": "+573001234567"}
HEX = "0" * 32
MALFORMED = ["x", "1", "-", "1-", "-1", "1-x", f"x-{HEX}", f"-{HEX}", f"1.5-{HEX}", "1-" + "g" * 32, f"1-{HEX}0"]
MALFORMED += [f"1-{HEX[1:]}", f"{'9' * 19}-{HEX}", f"٣-{HEX}", f"1--{HEX[1:]}", f"1-{HEX}-1"]


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.PUBLIC_URL = "https://sms.tienda.co"
    settings.TWILIO_FROM = settings.TWILIO_SENDER = "+15005550006"
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture
def row(db: None) -> SMSLog:
    return make_row("enviado", twilio_sid=SID)


def make_row(estado: str, **fields: Any) -> SMSLog:
    campana = CampanaFactory.create()
    cliente = ClienteFactory.create(usuario=campana.usuario)
    if estado == "enviando":
        fields["lease_hasta"] = timezone.now() + timedelta(minutes=1)
    lote = open_lote(campana, [cliente])
    return sms_log(campana, lote, cliente, estado=estado, token=uuid.uuid4(), intentos=1, **fields)


def token_of(row: SMSLog) -> str:
    assert row.token is not None
    return f"{row.pk}-{row.token.hex}"


def path_of(token: str) -> str:
    return f"/webhooks/twilio/estado/{token}/"


def callback(token: str, status: str = "delivered", sid: str = SID, signature: str | None = "", **form: str) -> Any:
    """Twilio's call; `signature` replaces the right one, None leaves it out."""
    data = {**FORM, "MessageSid": sid, "MessageStatus": status, **form}
    if signature == "":
        url = django_settings.PUBLIC_URL + path_of(token)
        signature = RequestValidator(AUTH_TOKEN).compute_signature(url, data)
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    return Client(enforce_csrf_checks=True).post(path_of(token), data, headers=headers)


def state(row: SMSLog) -> tuple[str, str, str, str]:
    row.refresh_from_db()
    return row.estado, row.twilio_sid, row.entrega, row.entrega_codigo


def test_it_works(row: SMSLog) -> None:
    response = callback(token_of(row))
    assert (response.status_code, response.content) == (204, b"")
    assert state(row) == ("enviado", SID, "delivered", "")


def test_it_keeps_the_reason_of_a_failed_delivery(row: SMSLog) -> None:
    callback(token_of(row), "undelivered", ErrorCode="30003")
    assert state(row) == ("enviado", SID, "undelivered", "30003")


def test_it_answers_a_repeat_the_same(row: SMSLog) -> None:
    assert [callback(token_of(row)).status_code for _ in range(3)] == [204] * 3
    assert state(row) == ("enviado", SID, "delivered", "")


@pytest.mark.parametrize(("first", "late"), list(itertools.product(RANK, RANK)))
def test_a_late_status_never_overwrites(row: SMSLog, first: str, late: str) -> None:
    for status in (first, late):
        assert callback(token_of(row), status).status_code == 204
    kept = late if RANK[late] > RANK[first] else first
    assert state(row)[2] == kept


def test_its_ranks_know_every_status_that_a_row_can_have() -> None:
    assert set(RANK) == set(Entrega.values)
    order = ["queued", "sending", "sent", "delivered", "read"]
    assert sorted(order, key=RANK.__getitem__) == order
    assert len({RANK[status] for status in ("delivered", "undelivered", "failed", "canceled")}) == 1


def test_every_order_of_doubled_callbacks_ends_delivered(row: SMSLog) -> None:
    """All 2,520 distinct orders of two each would be the same again: two permutations, one after the other, hold every
    order in which a repeat can overtake. A message has each of them."""
    statuses = ("queued", "sending", "sent", "delivered")
    orders = [(*a, *b) for a, b in itertools.product(itertools.permutations(statuses), repeat=2)]
    campaign = {"campana_id": row.campana_id, "lote_id": row.lote_id, "mensaje": "Hola", "intentos": 1}
    logs = SMSLog.objects.bulk_create(
        SMSLog(**campaign, telefono=f"+57301{n:07d}", estado="enviado", twilio_sid=f"SM1{n:031x}", token=uuid.uuid4())
        for n in range(len(orders))
    )
    seen = dict.fromkeys((log.pk for log in logs), "")
    for step in range(len(orders[0])):
        told = [Receipt(log.pk, cast("uuid.UUID", log.token), log.twilio_sid, order[step])
                for log, order in zip(logs, orders, strict=True)]  # fmt: skip
        assert all(apply_receipts(told))
        now = dict(SMSLog.objects.filter(pk__in=seen).values_list("pk", "entrega"))
        assert all(RANK[now[pk]] >= RANK.get(seen[pk], -1) for pk in seen)
        seen = now
    assert set(seen.values()) == {"delivered"}


@pytest.mark.parametrize(("first", "second"), list(itertools.product(("", *RANK, "volando"), (*RANK, "volando"))))
def test_a_group_ends_as_one_by_one(row: SMSLog, first: str, second: str) -> None:
    """Two callbacks of one message in one statement, whatever the row says already."""
    assert row.token is not None
    ends = []
    told = [Receipt(row.pk, row.token, SID, status, code) for status, code in ((first, "30003"), (second, "30005"))]
    for groups in ([told], [told[:1], told[1:]]):
        SMSLog.objects.filter(pk=row.pk).update(entrega="sending", entrega_codigo="")
        assert [known for group in groups for known in apply_receipts(group)] == [True, True]
        ends.append(state(row))
    assert ends[0] == ends[1]


def test_a_group_tells_whose_row_there_is(row: SMSLog) -> None:
    other = make_row("incierto")
    assert row.token is not None
    assert other.token is not None
    told = [
        Receipt(row.pk, row.token, SID, "sent"),
        Receipt(row.pk, uuid.uuid4(), SID, "read"),
        Receipt(other.pk, other.token, OTHER_SID, "queued"),
        Receipt(other.pk, other.token, SID, "read"),  # another message under the same token: the first one holds
        Receipt(10**9, row.token, SID, "read"),
        Receipt(row.pk, row.token, SID, "delivered"),
        Receipt(other.pk, other.token, OTHER_SID, "sent"),
    ]
    assert apply_receipts(told) == [True, False, True, False, False, True, True]
    assert (state(row), state(other)) == (("enviado", SID, "delivered", ""), ("enviado", OTHER_SID, "sent", ""))
    assert apply_receipts([]) == []


def test_a_late_repeat_does_not_wipe_the_reason(row: SMSLog) -> None:
    callback(token_of(row), "failed", ErrorCode="30003")
    callback(token_of(row), "failed")
    callback(token_of(row), "sent")
    assert state(row) == ("enviado", SID, "failed", "30003")


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("reasons", [("", "30003"), ("30003", ""), ("30003", "30005")])
def test_a_reason_that_comes_later_is_kept_and_never_another(
    row: SMSLog, reasons: tuple[str, str], together: bool
) -> None:
    told = [Receipt(row.pk, cast("uuid.UUID", row.token), SID, "failed", code) for code in reasons]
    for group in [told] if together else [told[:1], told[1:]]:
        apply_receipts(group)
    assert state(row)[2:] == ("failed", "30003")


def test_it_keeps_an_unknown_status_out(row: SMSLog) -> None:
    callback(token_of(row), "sent")
    for status in ("volando", "", "DELIVERED", "x" * 500):
        assert callback(token_of(row), status).status_code == 204
    assert state(row)[2] == "sent"


class TestSettling:
    """An accepted message has a status: so the callback is the proof that the call never brought back."""

    # pendiente: it was looked for, not found yet, and is about to be sent again
    @pytest.mark.parametrize("estado", ["incierto", "enviando", "pendiente"])
    @pytest.mark.parametrize("status", ["accepted", "queued", "sent", "delivered", "undelivered", "failed", "volando"])
    def test_it_settles_a_row_whose_call_never_came_back(self, db: None, estado: str, status: str) -> None:
        row = make_row(estado, codigo="read_timeout", error="No se sabe")
        assert callback(token_of(row), status).status_code == 204
        assert state(row) == ("enviado", SID, status if status in RANK else "", "")
        assert (row.codigo, row.error, row.lease_hasta) == ("", "", None)

    def test_it_tells_the_moment(self, db: None) -> None:
        row = make_row("incierto")
        SMSLog.objects.filter(pk=row.pk).update(actualizado=timezone.now() - timedelta(hours=1))
        callback(token_of(row))
        row.refresh_from_db()
        assert timezone.now() - row.actualizado < timedelta(minutes=1)

    def test_it_takes_the_sid_that_comes_first(self, db: None) -> None:
        row = make_row("incierto")
        callback(token_of(row), "queued", SID)
        assert callback(token_of(row), "delivered", OTHER_SID).status_code == 404
        assert state(row) == ("enviado", SID, "queued", "")

    @pytest.mark.parametrize("estado", ["incierto", "enviando", "pendiente"])
    def test_one_message_accounts_for_one_row(self, row: SMSLog, estado: str) -> None:
        """Two campaigns said the same words to one phone, both calls were cut, one was accepted; it was found in
        Twilio's list and credited to the other's row. Settled by it too, this row would never be sent."""
        other = make_row(estado)
        assert callback(token_of(other), sid=SID).status_code == 404
        assert state(other) == (estado, "", "", "")
        assert state(row) == ("enviado", SID, "", "")

    def test_it_moves_no_other_estado(self, db: None) -> None:
        row = make_row("fallido", codigo="21211")
        callback(token_of(row))
        assert state(row)[0] == "fallido"


class TestWhatTwilioDropped:
    """It accepted more than could leave: the sender slows down as after a 429."""

    @pytest.fixture
    def slowed(self, monkeypatch: pytest.MonkeyPatch) -> list[Sender]:
        seen: list[Sender] = []
        monkeypatch.setattr(throttle, "slow_down", lambda sender, retry_after_s: seen.append(sender))
        return seen

    @pytest.mark.parametrize("code", ["30001", "30036", "21611"])
    def test_it_brakes_the_sender(self, row: SMSLog, slowed: list[Sender], code: str) -> None:
        remitente = RemitenteFactory.create(usuario=row.campana.usuario, segmentos_por_segundo="5.00")
        type(row.campana).objects.filter(pk=row.campana_id).update(remitente=remitente)
        callback(token_of(row), "failed", ErrorCode=code)
        assert slowed == [Sender(remitente.valor, 5.0)]
        assert state(row) == ("enviado", SID, "failed", code)

    @pytest.mark.parametrize("code", ["30003", "30007", "30012", ""])
    def test_another_reason_does_not(self, row: SMSLog, slowed: list[Sender], code: str) -> None:
        """30012: the time until the close was too short, however little was sent."""
        callback(token_of(row), "failed", ErrorCode=code)
        assert slowed == []

    @pytest.mark.parametrize(
        "over",
        [{"cierra_en": Now()}, {"estado": "pausado"}, {"estado": "cancelado"}, {"cierra_en": None}],
        ids=["closed", "paused", "cancelled", "not begun"],
    )
    def test_nor_does_what_comes_when_the_campaign_sends_no_more(
        self, row: SMSLog, slowed: list[Sender], over: dict[str, Any]
    ) -> None:
        type(row.campana).objects.filter(pk=row.campana_id).update(**over)
        callback(token_of(row), "failed", ErrorCode="30036")
        assert slowed == []
        assert state(row) == ("enviado", SID, "failed", "30036")

    @pytest.mark.parametrize("before", ["failed", "sent", "delivered"])
    def test_nor_does_what_is_no_news(self, row: SMSLog, slowed: list[Sender], before: str) -> None:
        """It came before, or the message had left."""
        SMSLog.objects.filter(pk=row.pk).update(estado="enviado", twilio_sid=SID, entrega=before)
        callback(token_of(row), "failed", ErrorCode="30001")
        assert slowed == []

    def test_nor_does_the_operators_word(self, row: SMSLog, slowed: list[Sender]) -> None:
        callback(token_of(row), "undelivered", ErrorCode="30036")
        assert slowed == []

    def test_nor_does_what_is_not_known(self, row: SMSLog, slowed: list[Sender]) -> None:
        callback(f"{row.pk}-{uuid.uuid4().hex}", "failed", ErrorCode="30001")
        assert slowed == []


@pytest.mark.django_db(transaction=True)  # a constraint is violated
class TestTheMessageOfAnotherRow:
    """Two campaigns said the same to one phone, and the reconciler gave the message to the one that did not send it."""

    def taken(self, estado: str, **fields: Any) -> tuple[SMSLog, SMSLog]:
        """The row whose token the callback carries, and the one that has the message."""
        row = make_row(estado, **fields)
        holder = make_row("enviado", twilio_sid=SID, telefono=row.telefono)
        return row, holder

    @pytest.mark.parametrize("estado", ["incierto", "pendiente", "enviando"])
    def test_the_other_keeps_it_and_gets_its_delivery(self, estado: str) -> None:
        row, holder = self.taken(estado)
        assert callback(token_of(row)).status_code == 204
        assert state(row) == (estado, "", "", "")  # it is still to be found out
        assert state(holder) == ("enviado", SID, "delivered", "")

    def test_it_also_does_when_the_row_has_found_another(self) -> None:
        row, holder = self.taken("enviado", twilio_sid=OTHER_SID)
        callback(token_of(row), "undelivered", ErrorCode="30005")
        callback(token_of(row), "sent")
        assert state(row) == ("enviado", OTHER_SID, "", "")
        assert state(holder) == ("enviado", SID, "undelivered", "30005")

    def test_two_rows_of_one_group_want_it(self) -> None:
        """The first has it, its delivery is told of that one, and what else came in the group is written."""
        first, other = make_row("incierto"), make_row("incierto")
        second = make_row("incierto", telefono=first.telefono)
        told = [(first, "sent", SID), (second, "delivered", SID), (other, "sent", OTHER_SID)]
        receipts = [Receipt(row.pk, row.token or uuid.uuid4(), sid, status) for row, status, sid in told]
        assert apply_receipts(receipts) == [True, True, True]
        assert state(first) == ("enviado", SID, "delivered", "")
        assert state(second) == ("incierto", "", "", "")
        assert state(other) == ("enviado", OTHER_SID, "sent", "")

    def test_another_phones_message_is_out_of_its_reach(self) -> None:
        row, holder = make_row("incierto"), make_row("enviado", twilio_sid=SID)
        assert callback(token_of(row)).status_code == 404
        assert (state(row), state(holder)) == (("incierto", "", "", ""), ("enviado", SID, "", ""))


class TestOptOut:
    """21610: the phone sent STOP to the sender."""

    def test_it_is_kept_with_its_proof(self, row: SMSLog) -> None:
        for _ in range(2):
            assert callback(token_of(row), "undelivered", ErrorCode="21610").status_code == 204
        assert state(row)[2:] == ("undelivered", "21610")
        registro = RegistroBaja.objects.get()
        assert (registro.usuario, registro.fuente, registro.sid) == (row.campana.usuario, "twilio_21610", SID)
        assert (registro.telefono, registro.campana_id) == (row.telefono, row.campana_id)
        assert Baja.objects.filter(usuario=row.campana.usuario, vigente=True).exists()
        assert Baja.objects.filter(usuario=None, remitente="+15005550006").exists()

    @pytest.mark.parametrize("code", ["30003", "30007", "21611", ""])
    def test_no_other_reason_is_one(self, row: SMSLog, code: str) -> None:
        callback(token_of(row), "undelivered", ErrorCode=code)
        assert not Baja.objects.exists()

    def test_nor_is_what_nobody_signed_or_nobody_sent(self, row: SMSLog) -> None:
        callback(token_of(row), "failed", ErrorCode="21610", signature="x")
        callback(f"{row.pk}-{uuid.uuid4().hex}", "failed", ErrorCode="21610")
        assert not Baja.objects.exists()

    def test_a_client_who_came_back_since_stays(self, row: SMSLog) -> None:
        SMSLog.objects.filter(pk=row.pk).update(reclamado_en=timezone.now() - timedelta(minutes=5))
        who: dict[str, Any] = {
            "telefono": row.telefono,
            "tienda_id": row.campana.usuario_id,
            "prueba": Prueba(Fuente.SMS),
        }
        dar_de_baja(**who)
        dar_de_alta(**who)
        callback(token_of(row), "failed", ErrorCode="21610")
        assert not Baja.objects.filter(vigente=True).exists()


class TestRefusals:
    def unchanged(self, row: SMSLog) -> None:
        assert state(row) == ("enviado", SID, "", "")

    @pytest.mark.parametrize("signature", [None, "x", "=", "á", "A" * 10_000])
    def test_it_rejects_a_missing_or_wrong_signature(self, row: SMSLog, signature: str | None) -> None:
        assert callback(token_of(row), signature=signature).status_code == 403
        self.unchanged(row)

    def test_it_rejects_the_signature_of_another_account(self, row: SMSLog) -> None:
        url = "https://sms.tienda.co" + path_of(token_of(row))
        data = {**FORM, "MessageStatus": "delivered"}
        wrong = RequestValidator("another-token").compute_signature(url, data)
        assert callback(token_of(row), signature=wrong).status_code == 403
        self.unchanged(row)

    def test_it_rejects_the_signature_of_another_message(self, row: SMSLog) -> None:
        other = make_row("enviado", twilio_sid=OTHER_SID)
        url = "https://sms.tienda.co" + path_of(token_of(other))
        data = {**FORM, "MessageStatus": "delivered"}
        stolen = RequestValidator(AUTH_TOKEN).compute_signature(url, data)
        assert callback(token_of(row), signature=stolen).status_code == 403
        assert callback(token_of(row), "failed", signature=stolen).status_code == 403
        self.unchanged(row)

    def test_it_rejects_everything_while_there_is_no_account(self, row: SMSLog, settings: Any) -> None:
        """The signature of an empty token is one that anybody can compute."""
        settings.TWILIO_AUTH_TOKEN = ""
        url = "https://sms.tienda.co" + path_of(token_of(row))
        data = {**FORM, "MessageStatus": "delivered"}
        forged = RequestValidator("").compute_signature(url, data)
        assert callback(token_of(row), signature=forged).status_code == 403
        self.unchanged(row)

    def test_the_address_that_was_given_counts_and_not_the_one_a_proxy_passed_on(self, row: SMSLog) -> None:
        data = {**FORM, "MessageStatus": "delivered"}
        inner = RequestValidator(AUTH_TOKEN).compute_signature("http://testserver" + path_of(token_of(row)), data)
        assert callback(token_of(row), signature=inner).status_code == 403

    def test_it_answers_404_for_an_unknown_token(self, row: SMSLog) -> None:
        for token in (f"{row.pk}-{uuid.uuid4().hex}", f"{row.pk + 1}-{token_of(row).partition('-')[2]}"):
            assert callback(token).status_code == 404
        self.unchanged(row)

    @pytest.mark.parametrize("token", MALFORMED)
    def test_it_answers_404_for_a_malformed_token(self, db: None, token: str) -> None:
        assert parse_callback_token(token) is None
        url = django_settings.PUBLIC_URL + quote(path_of(token))
        signature = RequestValidator(AUTH_TOKEN).compute_signature(url, {**FORM, "MessageStatus": "delivered"})
        assert callback(token, signature=signature).status_code == 404

    @pytest.mark.parametrize("sid", ["", "S" * 101])
    def test_it_rejects_a_sid_that_is_none(self, row: SMSLog, sid: str) -> None:
        assert callback(token_of(row), sid=sid).status_code == 404
        self.unchanged(row)

    def test_it_rejects_an_old_claims_token(self, row: SMSLog) -> None:
        old = token_of(row)
        SMSLog.objects.filter(pk=row.pk).update(token=uuid.uuid4())
        assert callback(old).status_code == 404
        self.unchanged(row)

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
    def test_it_takes_only_post(self, row: SMSLog, method: str) -> None:
        assert getattr(Client(), method)(path_of(token_of(row))).status_code == 405

    def test_it_keeps_a_code_out_that_is_too_long(self, row: SMSLog) -> None:
        assert callback(token_of(row), "failed", ErrorCode="9" * 50).status_code == 204
        assert state(row)[3] == ""


@pytest.mark.parametrize("sid", ["SM\0" + "0" * 31, "SM" + "z" * 32, "", "SM" + "0" * 33, "0" * 34])
def test_it_takes_no_sid_that_twilio_never_gives(row: SMSLog, sid: str) -> None:
    assert callback(token_of(row), sid=sid).status_code == 404
    assert state(row)[2] == ""


def test_it_keeps_a_strange_error_code_out(row: SMSLog) -> None:
    assert callback(token_of(row), "undelivered", ErrorCode="3\0").status_code == 204
    assert state(row)[2:] == ("undelivered", "")
