"""The same with a real server: it is restarted, crashed, put back to an older copy of its disk, and promoted."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.models import SMSLog
from tests.factories import AdminFactory, CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.message.lossy_server import LossyServer, lossy_server
from tests.workers.engine.message.test_comeback import Twilio, begin, estados_de
from workers.engine.base import epoch
from workers.engine.message import comeback, sending

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[LossyServer]:
    with lossy_server(tmp_path / "data") as server, server.used():
        yield server


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Twilio:
    stand_in = Twilio()
    monkeypatch.setattr(sending, "get_gateway", lambda: stand_in)
    begin(monkeypatch)
    return stand_in


@pytest.fixture
def ids(server: LossyServer, twilio: Twilio) -> list[int]:
    """Three messages: one is sent, the disk is copied, another is sent, and the server crashes."""
    owner = AdminFactory.create()
    clientes = ClienteFactory.create_batch(3, usuario=owner)
    campana = CampanaFactory.create(usuario=owner, total_clientes=3, estado="procesando")
    lote = open_lote(campana, clientes)
    rows = [sms_log(campana, lote, cliente).pk for cliente in clientes]
    comeback.watch.look()
    sending.send_one(rows[0])
    server.stop()
    server.copy_disk()
    server.start()
    assert comeback.watch.look()  # a plain restart
    assert estados_de(rows) == ["enviado", "pendiente", "pendiente"]
    sending.send_one(rows[1])
    comeback.watch.look()
    assert estados_de(rows) == ["enviado", "enviado", "pendiente"]
    server.crash()
    return rows


def send_all(ids: list[int], twilio: Twilio) -> list[str]:
    """Publish all again, the lost one first; return the phones that got more than one message."""
    for log_id in (ids[1], ids[2], ids[0]):
        sending.send_one(log_id)
    return [phone for phone in twilio.sent if twilio.sent.count(phone) > 1]


def test_a_crash_loses_nothing(server: LossyServer, ids: list[int], twilio: Twilio) -> None:
    server.start()
    assert send_all(ids, twilio) == []
    assert estados_de(ids) == ["enviado"] * 3


@pytest.mark.parametrize("remembers", [True, False])
def test_a_promoted_standby(
    server: LossyServer, ids: list[int], twilio: Twilio, monkeypatch: pytest.MonkeyPatch, remembers: bool
) -> None:
    server.put_back()
    server.promote()
    if not remembers:
        begin(monkeypatch)
    assert send_all(ids, twilio) == []
    assert estados_de(ids) == ["enviado", "enviado" if remembers else "incierto", "incierto"]
    assert epoch.look().linea == "00000002"
    # What is absent is free again, and is sent.
    SMSLog.objects.filter(pk=ids[2]).update(estado="pendiente")
    assert send_all(ids, twilio) == []
    assert estados_de(ids)[2] == "enviado"


def test_an_older_copy_of_the_disk(
    server: LossyServer, ids: list[int], twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    server.put_back()
    server.start()
    with caplog.at_level(logging.CRITICAL):
        assert send_all(ids, twilio) == []
    assert "PostgreSQL has lost commits" in caplog.text
    assert epoch.look().linea == "00000001"
    assert estados_de(ids) == ["enviado", "enviado", "incierto"]
