"""Alerts on their way: delivered until taken, by one worker at a time, signed."""

import socket
import ssl
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from campaigns.bitacora import alertas
from campaigns.models import AjustesAlertas, EntregaAlerta
from core.models import Usuario
from tests.factories import AdminFactory
from tests.local.scripted_server import Behaviour, answering, scripted_server
from tests.ports import held, port_of
from tests.workers.alerts.listener import Listener
from workers.alerts import deliver, webhook
from workers.alerts.results import Delivered, Failed, Result

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
# What a name server that answers nothing costs: three of them, five seconds each, twice.
# https://man7.org/linux/man-pages/man5/resolv.conf.5.html
LOOK_UP_S = 30
# Twenty a second: more than the limits that the tests set leave time for.
DRIPS = 600


def due() -> None:
    EntregaAlerta.objects.update(proximo_intento=timezone.now() - timedelta(hours=1))


def test_the_signature_is_one_that_the_standards_library_accepts(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener
) -> None:
    alerta = alertas.probar(usuario=owner)
    deliver.deliver()
    [call] = listener.calls
    verified = Webhook(ajustes.secreto).verify(call.body, call.headers)
    assert verified["type"] == "prueba"
    assert call.headers["webhook-id"] == str(alerta.evento)
    with pytest.raises(WebhookVerificationError):
        Webhook(alertas.nuevo_secreto()).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(ajustes.secreto).verify(call.body + " ", call.headers)


def test_it_signs_as_the_standard_says() -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    found = webhook.signature_headers(
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        moment=datetime.fromtimestamp(1614265330, ZoneInfo("America/Bogota")),
        body='{"test": 2432232314}',
    )
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_it_tries_again_under_the_same_id_until_it_is_taken(
    status: int, ajustes: AjustesAlertas, owner: Usuario, listener: Listener
) -> None:
    alertas.probar(usuario=owner)
    listener.status = status
    for intento in (1, 2):
        assert deliver.deliver() == 1
        entrega = EntregaAlerta.objects.get()
        assert (entrega.estado, entrega.intentos, entrega.codigo_http) == ("pendiente", intento, status)
        wait = (entrega.proximo_intento - timezone.now()).total_seconds()
        assert wait == pytest.approx(deliver.PAUSES_S[intento - 1], abs=5)
        assert deliver.deliver() == 0
        due()
    listener.status = 204
    deliver.deliver()
    entrega.refresh_from_db()
    assert (entrega.estado, entrega.intentos, entrega.error) == ("entregada", 3, "")
    assert len({call.headers["webhook-id"] for call in listener.calls}) == 1


def test_it_gives_up_in_the_end(ajustes: AjustesAlertas, owner: Usuario, listener: Listener) -> None:
    alertas.probar(usuario=owner)
    listener.status = 500
    for _ in range(20):
        deliver.deliver()
        due()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.intentos) == ("fallida", deliver.TRIES)
    assert entrega.error == webhook.CONTESTO.format(status=500)


def test_who_is_gone_is_not_called_again(ajustes: AjustesAlertas, owner: Usuario, listener: Listener) -> None:
    alertas.probar(usuario=owner)
    listener.status = 410
    deliver.deliver()
    assert EntregaAlerta.objects.get().estado == "fallida"


def test_nobody_listening_is_a_reason(ajustes: AjustesAlertas, owner: Usuario) -> None:
    with held() as nobody:
        alertas.guardar_ajustes(usuario=owner, datos={"url": f"http://127.0.0.1:{port_of(nobody)}/"})
        alertas.probar(usuario=owner)
        deliver.deliver()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.codigo_http) == ("pendiente", None)
    assert entrega.error.startswith("No contestó: ")


def test_a_slow_receiver_is_given_up(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "READ_S", 0.2)
    listener.pause_s = 1.0
    alertas.probar(usuario=owner)
    deliver.deliver()
    assert EntregaAlerta.objects.get().error == webhook.NO_CONTESTO.format(why="TimeoutError")


def dripping(connection: socket.socket) -> bool:
    """A byte of an endless header now and then: no single read is slow."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Y: ")
    for _ in range(DRIPS):
        connection.sendall(b"x")
        time.sleep(0.05)
    return False


def putting_off(connection: socket.socket) -> bool:
    for _ in range(DRIPS):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("behaviour", [dripping, putting_off])
def test_a_call_that_never_ends_is_ended(
    behaviour: Behaviour, ajustes: AjustesAlertas, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "CALL_S", 0.3)
    with scripted_server(behaviour) as server:
        alertas.guardar_ajustes(usuario=owner, datos={"url": server.url})
        alertas.probar(usuario=owner)
        deliver.deliver()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.error) == ("pendiente", webhook.SIN_FIN.format(segundos=0.3))


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def result_of(url: str) -> Result:
    return webhook.post(url=url, secrets=[alertas.nuevo_secreto()], message_id="1", body="{}")


def test_it_calls_over_tls_who_shows_a_certificate_that_is_known(
    listener: Listener, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_server(answering(200), tls=tls) as server:
        assert result_of(server.url) == Delivered(200)
        monkeypatch.delenv("SSL_CERT_FILE")
        assert result_of(server.url) == Failed(webhook.NO_CONTESTO.format(why="SSLCertVerificationError"))
        assert len(server.requests) == 1


def test_a_call_over_tls_that_never_ends_is_ended(
    listener: Listener, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "CALL_S", 0.3)
    with scripted_server(dripping, tls=tls) as server:
        assert result_of(server.url) == Failed(webhook.SIN_FIN.format(segundos=0.3))


def test_a_handshake_that_never_ends_is_ended(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long record of TLS's, byte by byte."""

    left: list[bool] = []

    def drip(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")
            try:
                for _ in range(DRIPS):
                    connection.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                left.append(True)

    monkeypatch.setattr(webhook, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        assert isinstance(result_of(f"https://127.0.0.1:{server.getsockname()[1]}/"), Failed)
        thread.join()
    assert left  # the client, before the record came to its end


def test_a_claim_is_longer_than_the_longest_call() -> None:
    assert LOOK_UP_S + 2 * webhook.CONNECT_S + webhook.CALL_S < deliver.CLAIM_S


def test_a_redirect_is_not_followed(ajustes: AjustesAlertas, owner: Usuario, listener: Listener) -> None:
    listener.status, listener.location = 307, listener.url
    alertas.probar(usuario=owner)
    deliver.deliver()
    assert len(listener.calls) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_a_try_once(ajustes: AjustesAlertas, owner: Usuario) -> None:
    for _ in range(4):
        alertas.probar(usuario=owner)
    barrier = threading.Barrier(4)
    taken: list[int] = []

    def work() -> None:
        try:
            barrier.wait()
            while claim := deliver.take():
                taken.append(claim.entrega_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(EntregaAlerta.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_one_thread_of_a_process_delivers(
    ajustes: AjustesAlertas, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are there to send, however slow a receiver is."""
    calling, answered = threading.Event(), threading.Event()

    def post(**fields: Any) -> Delivered:
        calling.set()
        assert answered.wait(10)
        return Delivered(200)

    def work() -> None:
        try:
            deliver.deliver()
        finally:
            connection.close()

    monkeypatch.setattr(webhook, "post", post)
    alertas.probar(usuario=owner)
    thread = threading.Thread(target=work)
    thread.start()
    assert calling.wait(10)
    alertas.probar(usuario=owner)
    assert deliver.deliver() == 0
    answered.set()
    thread.join()
    assert set(EntregaAlerta.objects.values_list("estado", flat=True)) == {"entregada"}
    assert deliver.deliver() == 0


def order_of_shops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    called: list[str] = []

    def post(*, url: str, **fields: Any) -> Delivered:
        called.append(url)
        return Delivered(200)

    monkeypatch.setattr(webhook, "post", post)
    return called


def two_shops(owner: Usuario) -> None:
    """One with three alerts, and after them another with one."""
    other = AdminFactory.create()
    for usuario, times in ((owner, 3), (other, 1)):
        alertas.guardar_ajustes(usuario=usuario, datos={"url": f"https://{usuario.username}.co"})
        for _ in range(times):
            alertas.probar(usuario=usuario)
    # In a test's transaction all of them are of one moment.
    for hours, pk in enumerate(EntregaAlerta.objects.order_by("-pk").values_list("pk", flat=True)):
        EntregaAlerta.objects.filter(pk=pk).update(proximo_intento=timezone.now() - timedelta(hours=hours + 1))


def test_shops_take_turns(ajustes: AjustesAlertas, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    called = order_of_shops(monkeypatch)
    two_shops(owner)
    assert deliver.deliver() == 4
    mine = f"https://{owner.username}.co"
    assert [url == mine for url in called] == [True, False, True, True]


def test_a_run_ends_and_the_next_one_goes_on_with_the_other_shops(
    ajustes: AjustesAlertas, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "RUN_S", 0.0)
    called = order_of_shops(monkeypatch)
    two_shops(owner)
    assert [deliver.deliver() for _ in range(5)] == [1, 1, 1, 1, 0]
    mine = f"https://{owner.username}.co"
    assert [url == mine for url in called] == [True, False, True, True]


def test_one_whose_workers_never_come_back_fails_in_the_end(ajustes: AjustesAlertas, owner: Usuario) -> None:
    """Each try was claimed, and nobody has written what came of it."""
    alertas.probar(usuario=owner)
    for _ in range(deliver.TRIES):
        assert deliver.take()
        due()
    assert deliver.take() is None
    assert deliver.deliver() == 0
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.intentos, entrega.error) == ("fallida", deliver.TRIES, deliver.SIN_RESPUESTA)


def test_a_try_that_came_back_too_late_writes_nothing(ajustes: AjustesAlertas, owner: Usuario) -> None:
    alertas.probar(usuario=owner)
    first = deliver.take()
    assert first
    due()
    second = deliver.take()
    assert second
    assert not deliver.record(first, Failed("tarde"))
    assert deliver.record(second, Delivered(200))
    assert EntregaAlerta.objects.get().estado == "entregada"


def test_one_that_breaks_keeps_no_other_back(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    alertas.probar(usuario=owner)
    alertas.probar(usuario=owner)
    real = webhook.post
    calls = iter([True, False])

    def post(**fields: Any) -> Any:
        if next(calls):
            raise RuntimeError("roto")
        return real(**fields)

    monkeypatch.setattr(webhook, "post", post)
    assert deliver.deliver() == 2
    assert len(listener.calls) == 1
