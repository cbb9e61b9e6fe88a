"""Alerts on their way: delivered until taken, by one worker at a time, signed."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from campaigns.alertas import services
from campaigns.models import AjustesAlertas, EntregaAlerta
from core.models import Usuario
from tests.workers.alerts.listener import Listener
from workers.alerts import deliver, signature, webhook
from workers.alerts.results import Delivered, Failed


def due() -> None:
    EntregaAlerta.objects.update(proximo_intento=timezone.now() - timedelta(hours=1))


def test_the_signature_is_one_that_the_standards_library_accepts(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener
) -> None:
    alerta = services.probar(usuario=owner)
    deliver.deliver()
    [call] = listener.calls
    verified = Webhook(ajustes.secreto).verify(call.body, call.headers)
    assert verified["type"] == "prueba"
    assert call.headers["webhook-id"] == str(alerta.evento)
    with pytest.raises(WebhookVerificationError):
        Webhook(services.nuevo_secreto()).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(ajustes.secreto).verify(call.body + " ", call.headers)


def test_it_signs_as_the_standard_says() -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    found = signature.headers(
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body='{"test": 2432232314}',
    )
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_it_tries_again_under_the_same_id_until_it_is_taken(
    status: int, ajustes: AjustesAlertas, owner: Usuario, listener: Listener
) -> None:
    services.probar(usuario=owner)
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
    services.probar(usuario=owner)
    listener.status = 500
    for _ in range(20):
        deliver.deliver()
        due()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.intentos) == ("fallida", len(deliver.PAUSES_S) + 1)
    assert entrega.error == webhook.CONTESTO.format(status=500)


def test_who_is_gone_is_not_called_again(ajustes: AjustesAlertas, owner: Usuario, listener: Listener) -> None:
    services.probar(usuario=owner)
    listener.status = 410
    deliver.deliver()
    assert EntregaAlerta.objects.get().estado == "fallida"


def test_nobody_listening_is_a_reason(ajustes: AjustesAlertas, owner: Usuario) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    services.guardar_ajustes(usuario=owner, datos={"url": f"http://127.0.0.1:{port}/"})
    services.probar(usuario=owner)
    deliver.deliver()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.codigo_http) == ("pendiente", None)
    assert entrega.error.startswith("No contestó: ")


def test_a_slow_receiver_is_given_up(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "READ_S", 0.2)
    listener.pause_s = 1.0
    services.probar(usuario=owner)
    deliver.deliver()
    assert EntregaAlerta.objects.get().error == "No contestó: ReadTimeoutError."


def test_a_redirect_is_not_followed(ajustes: AjustesAlertas, owner: Usuario, listener: Listener) -> None:
    listener.status, listener.location = 307, listener.url
    services.probar(usuario=owner)
    deliver.deliver()
    assert len(listener.calls) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_a_try_once(ajustes: AjustesAlertas, owner: Usuario, listener: Listener) -> None:
    for _ in range(4):
        services.probar(usuario=owner)
    barrier = threading.Barrier(4)

    def work() -> None:
        try:
            barrier.wait()
            deliver.deliver()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(listener.calls) == 4
    assert len({call.headers["webhook-id"] for call in listener.calls}) == 4


def test_a_try_that_came_back_too_late_writes_nothing(ajustes: AjustesAlertas, owner: Usuario) -> None:
    services.probar(usuario=owner)
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
    services.probar(usuario=owner)
    services.probar(usuario=owner)
    real = webhook.post
    calls = iter([True, False])

    def post(**fields: Any) -> Any:
        if next(calls):
            raise RuntimeError("roto")
        return real(**fields)

    monkeypatch.setattr(webhook, "post", post)
    assert deliver.deliver() == 2
    assert len(listener.calls) == 1
