"""Alerts: raised once for each thing that happens, delivered until taken, and never where they may not go."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from campaigns.alertas import direccion, services
from campaigns.models import AjustesAlertas, Alerta, CampanaSMS, EntregaAlerta, Lote, Suceso
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from tests.campaigns.campana_support import running_campana
from tests.factories import CampanaFactory
from tests.workers.alerts.listener import Listener, listening
from workers.alerts import addresses, deliver, email, signature, stalls, webhook
from workers.alerts.results import Delivered, Failed
from workers.engine import campana as engine
from workers.gateway.outcomes import Account

REFUSAL = Account("20003", "Twilio rechazó las credenciales")


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.ALERTS_ALLOW_PRIVATE = True
    with listening() as found:
        yield found


@pytest.fixture
def ajustes(owner: Usuario, listener: Listener) -> AjustesAlertas:
    return services.guardar_ajustes(usuario=owner, datos={"url": listener.url})


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    return CampanaFactory.create(usuario=owner, nombre="Aniversario", estado="procesando", iniciado_en=timezone.now())


def due() -> None:
    EntregaAlerta.objects.update(proximo_intento=timezone.now() - timedelta(hours=1))


# --- what raises one


def test_a_campaign_that_pauses_itself_is_told_once(
    ajustes: AjustesAlertas, campana: CampanaSMS, listener: Listener
) -> None:
    engine.pause_for_account(campana.pk, REFUSAL)
    engine.pause_for_account(campana.pk, REFUSAL)
    assert deliver.deliver() == 1
    assert deliver.deliver() == 0
    [call] = listener.calls
    body = json.loads(call.body)
    assert call.path == "/alertas?tienda=1"
    assert body["type"] == "campana.pausada"
    assert body["data"]["campana"] | {"id": campana.pk, "nombre": "Aniversario"} == body["data"]["campana"]
    assert body["data"]["campana"]["url"].endswith(f"/campanas/{campana.pk}/")
    assert body["data"]["motivo"] == "Twilio: Twilio rechazó las credenciales (20003)."
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.intentos, entrega.codigo_http) == ("entregada", 1, 200)


def test_each_pause_is_another_thing_that_happened(ajustes: AjustesAlertas, campana: CampanaSMS) -> None:
    for _ in range(2):
        engine.pause_for_account(campana.pk, REFUSAL)
        CampanaSMS.objects.update(estado="procesando")
    assert Alerta.objects.count() == 2


def test_a_campaign_that_ends_in_error_is_told_and_one_that_ends_well_is_not(
    ajustes: AjustesAlertas, campana: CampanaSMS
) -> None:
    for numero, (exitosos, fallidos) in enumerate([(0, 2), (2, 0)]):
        one = campana if numero == 0 else CampanaFactory.create(usuario=campana.usuario, estado="procesando")
        CampanaSMS.objects.filter(pk=one.pk).update(total_clientes=2)
        Lote.objects.create(
            campana=one, numero=1, cliente_ids=[], total=2, estado="cerrado", exitosos=exitosos, fallidos=fallidos,
            cerrado_en=timezone.now(),
        )  # fmt: skip
        engine.advance(one.pk)
        engine.advance(one.pk)
    assert Alerta.objects.get().tipo == "campana.error"


def test_a_person_who_pauses_needs_no_alert(ajustes: AjustesAlertas, campana: CampanaSMS, client: Any) -> None:
    client.force_login(campana.usuario)
    client.post(f"/campanas/{campana.pk}/pausar/")
    assert Suceso.objects.get().tipo == "pausada"
    assert not Alerta.objects.exists()


@pytest.mark.parametrize("change", [{"al_pausarse": False}, {"url": ""}])
def test_a_shop_is_told_what_it_wants_alone(
    change: dict[str, Any], ajustes: AjustesAlertas, campana: CampanaSMS, owner: Usuario
) -> None:
    services.guardar_ajustes(usuario=owner, datos=change)
    engine.pause_for_account(campana.pk, REFUSAL)
    assert Suceso.objects.filter(tipo="pausada_sola").exists()
    assert not Alerta.objects.exists()


def test_another_shop_hears_nothing(ajustes: AjustesAlertas, stranger: Usuario, listener: Listener) -> None:
    engine.pause_for_account(CampanaFactory.create(usuario=stranger, estado="procesando").pk, REFUSAL)
    assert not Alerta.objects.exists()


# --- campaigns that stand still


def stands_still(campana: CampanaSMS, minutes: float) -> None:
    then = timezone.now() - timedelta(minutes=minutes)
    CampanaSMS.objects.filter(pk=campana.pk).update(iniciado_en=then)
    campana.logs.update(actualizado=then)
    campana.lotes.filter(estado="cerrado").update(cerrado_en=then)


@pytest.mark.parametrize(("minutes", "told"), [(14, 0), (16, 1)])
def test_one_that_stands_still_is_told(minutes: int, told: int, ajustes: AjustesAlertas, owner: Usuario) -> None:
    services.guardar_ajustes(usuario=owner, datos={"minutos_sin_avance": 15})
    stands_still(running_campana(owner), minutes)
    assert stalls.report() == told
    assert Alerta.objects.filter(tipo="campana.detenida").count() == told


def test_one_that_goes_on_standing_still_is_told_once(ajustes: AjustesAlertas, owner: Usuario) -> None:
    campana = running_campana(owner)
    stands_still(campana, 20)
    assert [stalls.report() for _ in range(3)] == [1, 0, 0]
    assert Suceso.objects.get(tipo="sin_avance").detalle == "Lleva 20 min sin que salga ningún mensaje."


def test_after_it_moved_it_is_told_again(ajustes: AjustesAlertas, owner: Usuario) -> None:
    campana = running_campana(owner)
    services.guardar_ajustes(usuario=owner, datos={"minutos_sin_avance": 1})
    stands_still(campana, 20)
    ten_minutes_ago = timezone.now() - timedelta(minutes=10)
    Suceso.objects.create(campana=campana, tipo="sin_avance", creado=ten_minutes_ago)
    assert stalls.report() == 0
    stands_still(campana, 5)  # it moved five minutes ago, and not since
    assert stalls.report() == 1


@pytest.mark.parametrize("estado", ["pendiente", "pausado", "cancelado"])
def test_one_that_should_not_move_is_left_alone(estado: str, ajustes: AjustesAlertas, owner: Usuario) -> None:
    campana = running_campana(owner)
    stands_still(campana, 60)
    CampanaSMS.objects.update(estado=estado)
    assert stalls.report() == 0


def test_one_that_waits_on_purpose_is_left_alone(ajustes: AjustesAlertas, owner: Usuario) -> None:
    campana = running_campana(owner)
    stands_still(campana, 60)
    Lote.objects.filter(estado="abierto").update(publicar_desde=timezone.now() + timedelta(hours=1))
    assert stalls.report() == 0


# --- delivery


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


# --- email


@pytest.fixture
def correo(owner: Usuario, settings: Any) -> AjustesAlertas:
    settings.EMAIL_HOST = "correo.tienda.co"
    return services.guardar_ajustes(usuario=owner, datos={"correos": ["ana@tienda.co", "luis@tienda.co"]})


def test_each_address_gets_its_own_email(correo: AjustesAlertas, campana: CampanaSMS) -> None:
    CampanaSMS.objects.update(nombre="Aniversario\r\nBcc: x@y.co")
    engine.pause_for_account(campana.pk, REFUSAL)
    assert deliver.deliver() == 2
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@tienda.co", "luis@tienda.co"]
    message = mail.outbox[0]
    assert message.subject == "Una campaña se pausó sola: Aniversario Bcc: x@y.co"
    assert "Twilio rechazó las credenciales" in message.body
    assert f"/campanas/{campana.pk}/" in message.body
    assert {entrega.estado for entrega in EntregaAlerta.objects.all()} == {"entregada"}


def test_without_a_mail_server_it_says_so_and_stops(correo: AjustesAlertas, owner: Usuario, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    services.probar(usuario=owner)
    deliver.deliver()
    assert {(e.estado, e.error) for e in EntregaAlerta.objects.all()} == {("fallida", email.SIN_SERVIDOR)}


def test_a_mail_server_that_is_away_is_tried_again(
    correo: AjustesAlertas, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, **kwargs: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    services.probar(usuario=owner)
    deliver.deliver()
    assert {(e.estado, e.intentos) for e in EntregaAlerta.objects.all()} == {("pendiente", 1)}


# --- where it may go


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://tienda.co/x", direccion.NO_ES_HTTPS),
        ("ftp://tienda.co/x", direccion.NO_ES_HTTPS),
        ("file:///etc/passwd", direccion.NO_ES_HTTPS),
        ("https://", direccion.SIN_HOST),
        ("https://[::1", direccion.SIN_HOST),
        ("https://tienda.co:99999/", direccion.SIN_HOST),
        ("https://ana:clave@tienda.co/", direccion.CON_CLAVE),
        *(
            (f"https://{host}/x", direccion.NO_ES_PUBLICA.format(host=host.strip("[]")))
            for host in (
                "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
                "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]",
                "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "localhost",
                "base.localhost", "postgres", "metadata.google.internal", "nas.local", "router.home.arpa",
            )
        ),
    ],
)  # fmt: skip
def test_it_refuses_an_address_of_ours_when_it_is_written(url: str, reason: str, owner: Usuario) -> None:
    with pytest.raises(InvalidInputError) as refused:
        services.guardar_ajustes(usuario=owner, datos={"url": url})
    assert (refused.value.message, refused.value.field) == (reason, "url")
    assert not AjustesAlertas.objects.exists()


@pytest.mark.parametrize(
    "url", ["https://tienda.co", "https://tienda.co:8443/a?b=c", "https://8.8.8.8/", "https://[2606:4700::1]/"]
)
def test_it_takes_a_public_one(url: str, owner: Usuario) -> None:
    assert services.guardar_ajustes(usuario=owner, datos={"url": url}).secreto.startswith("whsec_")


def answers(*ips: str) -> Any:
    def getaddrinfo(host: str, port: int, **kwargs: Any) -> Any:
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    return getaddrinfo


@pytest.mark.parametrize("ips", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1", "::ffff:169.254.169.254"]])
def test_a_name_that_leads_to_us_is_not_called(ips: list[str], owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address of the name counts: the next look-up could give the other one."""
    services.guardar_ajustes(usuario=owner, datos={"url": "https://tienda.co/x"})
    services.probar(usuario=owner)
    monkeypatch.setattr("workers.alerts.addresses.socket.getaddrinfo", answers(*ips))
    deliver.deliver()
    entrega = EntregaAlerta.objects.get()
    assert (entrega.estado, entrega.error) == ("pendiente", direccion.NO_ES_PUBLICA.format(host="tienda.co"))


def test_the_call_goes_to_the_address_that_was_looked_at(
    ajustes: AjustesAlertas, owner: Usuario, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name exists nowhere: only the first look-up knows it, and the Host header carries it."""
    port = listener.url.split(":")[2].split("/")[0]
    services.guardar_ajustes(usuario=owner, datos={"url": f"http://alertas.tienda.co:{port}/x"})
    services.probar(usuario=owner)
    monkeypatch.setattr(addresses, "_ips", lambda host, port: ["127.0.0.1"])
    deliver.deliver()
    [call] = listener.calls
    assert call.headers["host"] == f"alertas.tienda.co:{port}"


# --- trial


def test_a_trial_needs_somebody_to_tell(owner: Usuario) -> None:
    with pytest.raises(ConflictError) as refused:
        services.probar(usuario=owner)
    assert refused.value.message == services.SIN_DESTINO
