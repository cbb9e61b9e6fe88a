from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import override_settings

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote
from tests.workers.engine.conftest import Running
from workers.engine.campaign import campana, final
from workers.engine.lote import closing, opening, publishing
from workers.engine.lote.due import Due
from workers.engine.publish.slices import Slice

SID = "SM" + "0" * 32
# The id of a client who is gone.
NOBODY = 10**12


def settle(running: Running, *estados: str) -> None:
    for log, estado in zip(running.logs, estados, strict=True):
        SMSLog.objects.filter(pk=log.pk).update(
            estado=estado,
            twilio_sid=f"SM{log.pk}" if estado == "enviado" else "",
            codigo="x" if estado == "fallido" else "",
            token="0" * 32,
            lease_hasta=Now() + timedelta(minutes=1),
        )


@pytest.mark.parametrize(
    ("rows", "estado", "republished"),
    [
        (("enviado", "fallido", "enviado"), "cerrado", False),
        (("fallido", "fallido", "fallido"), "cerrado", False),
        (("enviado", "incierto", "fallido"), "por_conciliar", False),  # leaves its place in the window
        (("enviado", "enviando", "incierto"), "abierto", False),  # a call is under way
        (("enviado", "enviando", "enviado"), "abierto", False),
        (("enviado", "pendiente", "enviado"), "abierto", True),
        (("incierto", "pendiente", "enviando"), "abierto", True),
    ],
)
def test_it_closes_a_lote_by_its_rows(running: Running, rows: tuple[str, ...], estado: str, republished: bool) -> None:
    settle(running, *rows)
    assert closing.close(running.lote.pk) == running.campana.pk
    running.reload()
    assert (running.lote.estado, running.lote.publicar_desde is not None) == (estado, republished)
    if estado == "cerrado":
        sums = (running.lote.exitosos, running.lote.fallidos)
        assert sums == (rows.count("enviado"), rows.count("fallido"))


def test_it_closes_a_lote_once(running: Running) -> None:
    settle(running, "enviado", "enviado", "enviado")
    closing.close(running.lote.pk)
    running.reload()
    closed = running.lote.cerrado_en
    closing.close(running.lote.pk)
    running.reload()
    assert running.lote.cerrado_en == closed
    assert closing.close(10**9) is None


@pytest.mark.parametrize(("intentos", "seconds"), [(0, 5), (1, 5), (2, 10), (4, 40), (30, 300)])
def test_it_waits_longer_after_each_attempt(intentos: int, seconds: float) -> None:
    assert closing.backoff(intentos) == seconds


def test_it_ends_a_campaign_only_when_every_lote_is_closed(running: Running) -> None:
    assert not final.finish(running.campana.pk)
    settle(running, "enviado", "fallido", "enviado")
    closing.close(running.lote.pk)
    assert final.finish(running.campana.pk)
    assert not final.finish(running.campana.pk)
    running.reload()
    assert running.campana.estado == "completado"
    assert (running.campana.enviados_exitosos, running.campana.enviados_fallidos) == (2, 1)


def test_it_does_not_end_a_paused_campaign(running: Running) -> None:
    settle(running, "enviado", "enviado", "enviado")
    closing.close(running.lote.pk)
    CampanaSMS.objects.update(estado="pausado")
    assert not final.finish(running.campana.pk)


def test_it_opens_a_lote_with_a_row_for_every_id(owner: Usuario, stranger: Usuario) -> None:
    """Every reason for which a frozen recipient cannot be sent to, and the text of those who can."""
    good = ClienteFactory.create(usuario=owner, nombre="Ana {nombre}", telefono="300 111 2233")
    same = ClienteFactory.create(usuario=owner, telefono="+573001112233")
    none = ClienteFactory.create(usuario=owner, telefono="")
    bad = ClienteFactory.create(usuario=owner, telefono="12")
    off = ClienteFactory.create(usuario=owner, activo=False)
    gone = ClienteFactory.create(usuario=owner)
    other = ClienteFactory.create(usuario=stranger)
    ids = [good.pk, same.pk, none.pk, bad.pk, off.pk, gone.pk, other.pk]
    gone.delete()
    campana = CampanaFactory.create(usuario=owner, total_clientes=7, estado="procesando", mensaje="Hola {nombre}.")
    Lote.objects.create(campana=campana, numero=1, cliente_ids=ids, total=7)

    lote = opening.open_next(campana)

    assert lote is not None
    rows = list(SMSLog.objects.order_by("id").values_list("cliente_id", "estado", "codigo", "telefono", "mensaje"))
    assert rows == [
        (good.pk, "pendiente", "", "+573001112233", "Hola Ana {nombre}."),
        (same.pk, "fallido", "telefono_duplicado", "+573001112233", ""),
        (none.pk, "fallido", "sin_telefono", "", ""),
        (bad.pk, "fallido", "telefono_invalido", "", ""),
        (off.pk, "fallido", "cliente_inactivo", "", ""),
        (None, "fallido", "cliente_eliminado", "", ""),
        (None, "fallido", "cliente_eliminado", "", ""),  # another shop's client does not exist
    ]
    assert all(SMSLog.objects.filter(estado="fallido").values_list("error", flat=True))


def test_it_finds_a_phone_that_an_earlier_lote_has(owner: Usuario) -> None:
    first, second = ClienteFactory.create_batch(2, usuario=owner, telefono="3001112233")
    campana = CampanaFactory.create(usuario=owner, total_clientes=2, estado="procesando")
    for numero, cliente in enumerate((first, second), start=1):
        Lote.objects.create(campana=campana, numero=numero, cliente_ids=[cliente.pk], total=1)
        opening.open_next(campana)
    assert list(SMSLog.objects.order_by("id").values_list("estado", "codigo")) == [
        ("pendiente", ""),
        ("fallido", "telefono_duplicado"),
    ]


def test_it_fails_every_recipient_of_a_cancelled_campaign(running: Running, owner: Usuario) -> None:
    unopened = ClienteFactory.create_batch(2, usuario=owner)
    Lote.objects.create(campana=running.campana, numero=2, cliente_ids=[c.pk for c in unopened], total=2)
    settle(running, "enviado", "pendiente", "pendiente")
    CampanaSMS.objects.update(estado="cancelado", total_clientes=5)

    campana.advance(running.campana.pk)

    running.reload()
    assert running.campana.estado == "cancelado"
    assert running.campana.completado_en is not None
    assert (running.campana.enviados_exitosos, running.campana.enviados_fallidos) == (1, 4)
    assert set(SMSLog.objects.filter(estado="fallido").values_list("codigo", flat=True)) == {"campana_cancelada"}


def test_it_publishes_again_what_the_broker_did_not_take(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    second = open_lote(running.campana, [], numero=2)
    taken: list[int] = []

    def publish(due: Due, *, most: int) -> Slice:
        if taken:
            raise ConnectionError
        taken.append(due.lote_id)
        return Slice([1])

    monkeypatch.setattr(publishing, "_publish", publish)
    Lote.objects.update(publicar_desde=Now() - timedelta(minutes=1))
    with pytest.raises(ConnectionError):
        publishing.publish_due(running.campana.pk, most=500)
    [left] = {running.lote.pk, second.pk} - set(taken)
    assert list(Lote.objects.filter(publicar_desde__isnull=False).values_list("pk", flat=True)) == [left]
    assert Lote.objects.filter(pk=left, publicar_desde__gt=Now()).exists()


@override_settings(LOTE_SIZE=1)
def test_it_does_not_wait_for_what_cannot_be_found_out(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that hides its texts leaves some uncertain until the deadline: the others are sent meanwhile."""
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: Slice([1]))
    Lote.objects.create(campana=running.campana, numero=2, cliente_ids=[NOBODY], total=1)
    settle(running, "incierto", "incierto", "enviado")
    Lote.objects.filter(pk=running.lote.pk).update(publicado_en=Now() - timedelta(minutes=10))
    campana.advance(running.campana.pk)
    assert Lote.objects.get(numero=2).estado == "abierto"


@override_settings(LOTE_SIZE=1)
def test_it_opens_no_lote_while_too_much_is_uncertain(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twilio answers 500 to everything: without this the whole campaign would be in doubt within the hour."""
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: Slice([1]))
    Lote.objects.create(campana=running.campana, numero=2, cliente_ids=[NOBODY], total=1)
    settle(running, "incierto", "incierto", "enviado")
    Lote.objects.filter(pk=running.lote.pk).update(publicado_en=Now())
    campana.advance(running.campana.pk)
    assert Lote.objects.get(numero=2).estado == "pendiente"
    SMSLog.objects.filter(pk=running.logs[0].pk).update(estado="enviado", twilio_sid=SID)
    campana.advance(running.campana.pk)
    assert Lote.objects.get(numero=2).estado == "abierto"
