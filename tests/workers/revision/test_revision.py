"""The check of an installation: broken set-ups are named, each with its remedy, and a good one is green."""

import logging
import socket
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from campaigns.models import SMSLog
from core.celery import app
from core.models import Usuario
from core.postgresql import lending
from local.simulator.signing import sign as simulated_sign
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory, open_lote, sms_log
from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import ScriptedServer, answering, closing, scripted_server, silent
from tests.local.simulator.support import SENDER, SERVICE
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator
from workers import lifecycle
from workers.gateway.outcomes import Accepted
from workers.revision import direcciones, revision
from workers.revision.revision import revisar

PUBLIC_URL = "https://sms.tienda.co"
ENTRANTE = f"{PUBLIC_URL}/webhooks/twilio/entrante/#rc=5&rp=all"
NUMBERS = {SENDER: {"sms_url": ENTRANTE}}
SERVICES = {SERVICE: {"inbound_request_url": ENTRANTE}}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _installation(settings: Any, simulator: RunningSimulator) -> None:
    """An installation with nothing wrong, whose Twilio is the simulator."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.TWILIO_FROM = settings.TWILIO_SENDER = SENDER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    settings.TWILIO_API_BASE_URL, settings.TWILIO_SIMULATED = simulator.url, False
    settings.PUBLIC_URL, settings.PHONE_DEFAULT_REGION = PUBLIC_URL, "CO"
    simulator.control.set_setup(numbers=NUMBERS, services=SERVICES)


def codigos(*, de_ida_y_vuelta: bool = False) -> list[str]:
    return [falla.codigo for falla in revisar(de_ida_y_vuelta=de_ida_y_vuelta)]


def with_service(settings: Any) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = settings.TWILIO_SENDER = SERVICE
    settings.SENDER_SEGMENTS_PER_S = 1.0


def test_a_good_installation_has_no_fault() -> None:
    assert codigos() == []


SETUPS: list[tuple[str, dict[str, Any]]] = [
    ("cuenta_inactiva", {"status": "suspended"}),
    ("cuenta_inactiva", {"status": "closed"}),
    ("cuenta_de_prueba", {"type": "Trial"}),
    ("sin_saldo", {"balance": "0.00"}),
    ("sin_saldo", {"balance": "-3.10"}),
    ("saldo_bajo", {"balance": "4.99"}),
    ("pais_cerrado", {"countries": {"CO": False}}),
    ("remitente_ajeno", {"numbers": {"+573009999999": {}}}),
    ("remitente_sin_sms", {"numbers": {SENDER: {"capabilities": {"sms": False}, "sms_url": ENTRANTE}}}),
    ("entrante_vacia", {"numbers": {SENDER: {"sms_url": ""}}}),
    ("entrante_ajena", {"numbers": {SENDER: {"sms_url": "https://demo.twilio.com/welcome/sms/reply"}}}),
    ("entrante_get", {"numbers": {SENDER: {"sms_url": ENTRANTE, "sms_method": "GET"}}}),
]


@pytest.mark.parametrize(("codigo", "setup"), SETUPS)
def test_it_names_a_broken_account(simulator: RunningSimulator, codigo: str, setup: dict[str, Any]) -> None:
    simulator.control.set_setup(**{"numbers": NUMBERS, **setup})

    [falla] = revisar(de_ida_y_vuelta=False)

    assert falla.codigo == codigo
    assert falla.texto
    assert falla.remedio.endswith(".")


SERVICE_SETUPS: list[tuple[str, dict[str, Any]]] = [
    ("servicio_inexistente", {"services": {}}),
    ("servicio_vacio", {"senders": {}}),
    ("smart_encoding", {"services": {SERVICE: {"smart_encoding": True, "inbound_request_url": ENTRANTE}}}),
    ("rcs", {"senders": {"PhoneNumbers": [{}], "ChannelSenders": [{"sender": "rcs:tienda_agente"}]}}),
    ("rcs", {"senders": {"PhoneNumbers": [{}], "ChannelSenders": [{"sender_type": "RCS"}]}}),
    ("entrante_vacia", {"services": {SERVICE: {}}}),
    ("entrante_ajena", {"services": {SERVICE: {"inbound_request_url": "https://otra.co/sms"}}}),
    (
        "entrante_ajena",
        {
            "services": {SERVICE: {"use_inbound_webhook_on_number": True}},
            "senders": {"PhoneNumbers": [{"phone_number": SENDER}]},
            "numbers": {SENDER: {"sms_url": "https://otra.co/sms"}},
        },
    ),
]


@pytest.mark.parametrize(("codigo", "setup"), SERVICE_SETUPS)
def test_it_names_a_broken_messaging_service(
    simulator: RunningSimulator, settings: Any, codigo: str, setup: dict[str, Any]
) -> None:
    with_service(settings)
    assert codigos() == []
    simulator.control.set_setup(**{"services": SERVICES, **setup})

    assert codigos() == [codigo]


def test_it_says_what_rate_a_messaging_service_lacks(simulator: RunningSimulator, settings: Any) -> None:
    with_service(settings)
    settings.SENDER_SEGMENTS_PER_S = 0.0
    numbers = [{"phone_number": SENDER}, {"phone_number": "+18005550006"}]
    simulator.control.set_setup(numbers=NUMBERS, services=SERVICES, senders={"PhoneNumbers": numbers})

    [falla] = revisar(de_ida_y_vuelta=False)

    assert (falla.codigo, falla.grave) == ("servicio_sin_ritmo", False)
    assert "4 segmentos por segundo" in falla.remedio


def test_it_names_the_lack_of_an_account(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""

    assert codigos() == ["sin_cuenta"]


def test_it_names_wrong_credentials_once(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = "otro"

    assert codigos() == ["credenciales"]


@pytest.mark.parametrize("url", ["http://api.twilio.invalid", "http://127.0.0.1:9"])
def test_it_names_a_network_without_twilio(settings: Any, url: str) -> None:
    settings.TWILIO_API_BASE_URL = url

    assert codigos() == ["sin_conexion"]


def test_it_waits_for_nobody(settings: Any, simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "hang", "on": "account", "skip": 1, "seconds": 20})
    started = time.monotonic()

    assert set(codigos()) == {"sin_dato"}

    assert time.monotonic() - started < 8  # the simulator would have kept it twenty
    with scripted_server(silent) as dumb:
        settings.TWILIO_API_BASE_URL = dumb.url
        assert codigos() == ["sin_conexion"]


def test_it_says_what_twilio_did_not_answer(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "on": "account", "skip": 1, "count": 1})

    [falla] = revisar(de_ida_y_vuelta=False)

    assert (falla.codigo, falla.grave) == ("sin_dato", False)


def test_an_odd_answer_hides_no_other(simulator: RunningSimulator, caplog: pytest.LogCaptureFixture) -> None:
    simulator.control.set_setup(numbers={SENDER: {"capabilities": "SMS", "sms_url": ENTRANTE}}, balance="0")

    assert codigos() == ["sin_saldo", "sin_dato"]
    assert f"the check of el remitente {SENDER} failed" in caplog.text


def test_it_names_a_wrong_clock(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(clock_offset_s=-600)

    [falla] = revisar(de_ida_y_vuelta=False)

    assert falla.codigo == "reloj"
    assert "+600 s" in falla.texto or "+599 s" in falla.texto or "+601 s" in falla.texto


def test_it_looks_at_the_shops_own_senders(owner: Usuario, simulator: RunningSimulator) -> None:
    simulator.control.set_setup(numbers=NUMBERS, short_codes={"85432": {"sms_url": ENTRANTE}})
    RemitenteFactory.create(usuario=owner, valor="85432")
    RemitenteFactory.create(usuario=owner, valor="TiendaSol")
    assert codigos() == []
    RemitenteFactory.create(usuario=owner, valor="+576012345678")
    RemitenteFactory.create(usuario=owner, valor="85433")
    RemitenteFactory.create(usuario=owner, valor="85434", activo=False)

    found = revisar(de_ida_y_vuelta=False)

    assert sorted(falla.texto.split()[2] for falla in found) == ["+576012345678", "85433"]
    assert {falla.codigo for falla in found} == {"remitente_ajeno"}


@pytest.mark.parametrize("url", ["http://localhost:8000", "https://sms.tienda.local", "http://192.168.1.5"])
def test_it_names_an_address_that_twilio_cannot_reach(settings: Any, url: str) -> None:
    settings.PUBLIC_URL = url

    assert codigos() == ["url_privada"]
    # A simulator reaches it, and so must the number's set-up.
    settings.TWILIO_SIMULATED = True
    assert codigos() == ["entrante_ajena"]


class TestSample:
    """One message of ours is read back."""

    @pytest.fixture
    def send(self, owner: Usuario, simulator: RunningSimulator, make_gateway: MakeGateway) -> Callable[..., SMSLog]:
        def send(mensaje: str = "Hola, Ana", sender: str = SENDER) -> SMSLog:
            gateway = make_gateway(simulator.url)
            outcome = gateway.send(to="+573001112233", body=mensaje, callback_token="1-" + "0" * 32, sender=sender)
            assert isinstance(outcome, Accepted)
            campana = CampanaFactory.create(
                usuario=owner, estado="procesando", iniciado_en=timezone.now(), enviados_exitosos=1, total_clientes=1
            )
            cliente = ClienteFactory.create(usuario=owner, telefono="3001112233")
            lote = open_lote(campana, [cliente])
            return sms_log(
                campana, lote, cliente, estado="enviado", mensaje=mensaje, twilio_sid=outcome.sid, intentos=1
            )

        return send

    def test_it_reads_what_was_sent(self, send: Any) -> None:
        send()

        assert codigos() == []

    @pytest.mark.parametrize(
        ("codigo", "switches"),
        [
            ("texto_oculto", {"redact_body": True}),
            ("numero_oculto", {"redact_to": True}),
            ("numero_oculto", {"rcs_to": 1}),
            ("texto_cambiado", {"smart_encoding": True}),
            ("texto_cambiado", {"trial": True}),
        ],
    )
    def test_it_names_what_twilio_does_to_messages(
        self, simulator: RunningSimulator, send: Any, codigo: str, switches: dict[str, Any]
    ) -> None:
        simulator.control.set_faults(**switches)
        send("Hoy — solo hoy…", SERVICE if "rcs_to" in switches else SENDER)

        [falla] = revisar(de_ida_y_vuelta=False)

        assert (falla.codigo, falla.grave) == (codigo, False)

    def test_white_space_is_no_fault(self, simulator: RunningSimulator, send: Any) -> None:
        simulator.control.set_faults(whitespace=True)
        send("Hola,  Ana\nHoy ")

        assert codigos() == []

    def test_it_names_a_message_of_another_account(self, send: Any) -> None:
        log = send()
        SMSLog.objects.filter(pk=log.pk).update(twilio_sid="SM" + "0" * 32)

        assert codigos() == ["mensaje_perdido"]


class TestOurOwnAddresses:
    """Both are called signed, as Twilio does, and unsigned."""

    @pytest.mark.django_db(transaction=True)
    def test_they_answer(
        self,
        live_server: LiveServer,
        settings: Any,
        simulator: RunningSimulator,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.PUBLIC_URL, settings.TWILIO_SIMULATED = live_server.url, True
        settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
        simulator.control.set_setup(numbers={SENDER: {"sms_url": f"{live_server.url}/webhooks/twilio/entrante"}})

        assert codigos(de_ida_y_vuelta=True) == []

        # The web knows another token than the one who asks.
        monkeypatch.setattr(direcciones, "sign", lambda url, form: simulated_sign("otro", url, form))
        assert codigos(de_ida_y_vuelta=True) == ["firma_rechazada"]
        connections.close_all()

    @pytest.mark.parametrize(
        ("codigo", "status", "headers"),
        [
            ("firma_rechazada", 403, ""),
            ("url_redirige", 301, "Location: https://www.tienda.co/\r\n"),
            ("host_rechazado", 400, ""),
            ("url_ajena", 200, ""),
            ("url_ajena", 404, ""),  # unsigned too: a page that is not there
            ("url_ajena", 405, ""),
            ("url_ajena", 502, ""),
        ],
    )
    def test_it_names_what_stands_in_the_way(self, settings: Any, codigo: str, status: int, headers: str) -> None:
        with scripted_server(answering(status, "x", headers)) as server:
            self._calls(settings, server)
            [falla] = [falla for falla in revisar() if falla.codigo != "entrante_ajena"]

        assert (falla.codigo, falla.grave) == (codigo, True)

    def test_it_tells_a_proxy_that_hides_https(self, settings: Any) -> None:
        urls: list[str] = []

        def to_itself(connection: socket.socket) -> bool:
            answer = f"HTTP/1.1 301 X\r\nLocation: {urls[0]}/webhooks/\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(answer.encode())
            return True

        with scripted_server(to_itself) as server:
            urls.append(server.url)
            self._calls(settings, server)
            found = {falla.codigo: falla for falla in revisar()}

        assert "X-Forwarded-Proto" in found["url_redirige"].remedio

    @pytest.mark.parametrize("behaviour", [closing, silent])
    def test_it_names_a_web_that_is_not_there(self, settings: Any, behaviour: Any) -> None:
        with scripted_server(behaviour) as server:
            self._calls(settings, server)
            assert "url_inalcanzable" in codigos(de_ida_y_vuelta=True)

    def _calls(self, settings: Any, server: ScriptedServer) -> None:
        settings.PUBLIC_URL, settings.TWILIO_SIMULATED = server.url, True


class TestCommand:
    def test_it_is_green(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("revisar_twilio", "--sin-direcciones")

        assert capsys.readouterr().out == "Twilio: todo en orden.\n"

    @pytest.mark.parametrize(
        ("setup", "code", "line"),
        [
            ({"balance": "0"}, 1, "FALLA sin_saldo: La cuenta de Twilio no tiene saldo (0.00 USD). Recárguela"),
            ({"type": "Trial"}, 2, "AVISO cuenta_de_prueba: "),
        ],
    )
    def test_it_says_a_line_a_fault(
        self,
        simulator: RunningSimulator,
        capsys: pytest.CaptureFixture[str],
        setup: dict[str, Any],
        code: int,
        line: str,
    ) -> None:
        simulator.control.set_setup(numbers=NUMBERS, **setup)

        with pytest.raises(SystemExit) as ended:
            call_command("revisar_twilio", "--sin-direcciones")

        [said] = capsys.readouterr().out.splitlines()
        assert (ended.value.code, said.startswith(line)) == (code, True)

    def test_the_grave_come_first(self, simulator: RunningSimulator) -> None:
        simulator.control.set_setup(numbers={}, type="Trial", balance="1")

        assert [falla.grave for falla in revisar(de_ida_y_vuelta=False)] == [True, False, False]

    def test_it_never_shows_the_token(self, settings: Any, simulator: RunningSimulator) -> None:
        settings.TWILIO_AUTH_TOKEN = "secreto-de-la-tienda"
        simulator.control.set_setup(numbers={}, type="Trial", balance="1")

        assert "secreto" not in str(revisar(de_ida_y_vuelta=False))


class TestWorker:
    """A worker that starts checks beside its work."""

    @pytest.mark.django_db(transaction=True)
    def test_it_writes_faults_in_the_log(self, simulator: RunningSimulator, caplog: pytest.LogCaptureFixture) -> None:
        simulator.control.set_setup(numbers={}, type="Trial")
        with caplog.at_level(logging.WARNING, logger=revision.__name__):
            thread = revision.revisar_al_lado()
            assert thread is not None
            thread.join(10)

        assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
        assert "[remitente_ajeno]" in caplog.text

    def test_it_fails_alone(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        monkeypatch.setattr(revision, "revisar_y_anotar", lambda **kwargs: 1 / 0)

        thread = revision.revisar_al_lado()

        assert thread is not None
        assert thread.daemon
        thread.join(10)
        assert "ZeroDivisionError" in caplog.text

    def test_a_simulator_needs_none(self, settings: Any) -> None:
        settings.TWILIO_SIMULATED = True

        assert revision.revisar_al_lado() is None

    def test_every_worker_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[str] = []
        monkeypatch.setattr(lifecycle, "revisar_al_lado", lambda: done.append("revisar"))
        monkeypatch.setattr(lifecycle, "stand_back", lambda nice: None)
        monkeypatch.setattr(lifecycle, "_live", lambda heart: None)
        # This process is no worker: what it lent once, it would lend to every test behind this one.
        monkeypatch.setattr(lending, "begin", lambda **numbers: None)

        lifecycle.start(SimpleNamespace(hostname="worker-1@aqui", app=app))

        assert done == ["revisar"]
