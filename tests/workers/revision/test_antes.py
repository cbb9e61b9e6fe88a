"""The check before a large campaign: what is grave stands in its log, and nothing waits for it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models.functions import Now
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana.services import REVISAR, NuevaCampana, crear_campana
from campaigns.models import CampanaSMS, Suceso
from core import nudges
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator
from workers.engine.campaign import campana as campanas
from workers.revision.antes import revisar_campana

NUMERO = "+15005550006"
ENTRANTE = "https://sms.tienda.co/webhooks/twilio/entrante/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def set_up(settings: Any, simulator: RunningSimulator) -> Any:
    """Make an installation whose Twilio is the simulator, with this set-up."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.TWILIO_SENDER, settings.PUBLIC_URL = NUMERO, "https://sms.tienda.co"
    settings.TWILIO_API_BASE_URL, settings.TWILIO_SIMULATED = simulator.url, False
    cache.clear()

    def set_up(**setup: Any) -> None:
        simulator.control.set_setup(**{"numbers": {NUMERO: {"sms_url": ENTRANTE}}, **setup})

    return set_up


def log_of(campana: CampanaSMS) -> list[str]:
    return list(Suceso.objects.filter(campana=campana, tipo="revision").values_list("detalle", flat=True))


def test_what_is_grave_stands_in_the_log(owner: Usuario, set_up: Any) -> None:
    set_up(balance="0", status="suspended", type="Trial")
    campana = CampanaFactory.create(usuario=owner)

    assert len(revisar_campana(campana.pk)) == 2

    inactiva, sin_saldo = log_of(campana)
    assert inactiva.startswith("La cuenta de Twilio está suspendida. Revise")
    assert sin_saldo.startswith("La cuenta de Twilio no tiene saldo (0.00 USD). Recárguela")
    assert campana.estado == CampanaSMS.objects.get(pk=campana.pk).estado


def test_a_good_account_leaves_no_word(owner: Usuario, set_up: Any) -> None:
    set_up(balance="4.99")  # low, and not grave
    campana = CampanaFactory.create(usuario=owner)

    assert revisar_campana(campana.pk) == []

    assert log_of(campana) == []


def test_it_looks_at_its_own_sender_and_at_no_other_shops(owner: Usuario, stranger: Usuario, set_up: Any) -> None:
    set_up(short_codes={"85432": {"sms_url": ENTRANTE}})
    RemitenteFactory.create(usuario=stranger, valor="85433")
    own = RemitenteFactory.create(usuario=owner, valor="85434")
    theirs, ours = CampanaFactory.create(usuario=owner), CampanaFactory.create(usuario=owner, remitente=own)

    assert revisar_campana(theirs.pk) == []
    [falla] = revisar_campana(ours.pk)

    assert falla.startswith("El remitente 85434 no es de esta cuenta de Twilio.")


def test_campaigns_that_begin_together_share_one_check(
    owner: Usuario, set_up: Any, simulator: RunningSimulator
) -> None:
    set_up(balance="0")
    one, other = CampanaFactory.create(usuario=owner), CampanaFactory.create(usuario=owner)
    revisar_campana(one.pk)
    set_up(balance="100")

    revisar_campana(other.pk)

    assert log_of(other) == log_of(one) != []


def test_a_twilio_that_does_not_answer_is_said_and_stops_nothing(owner: Usuario, set_up: Any, settings: Any) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    campana = CampanaFactory.create(usuario=owner)

    [falla] = revisar_campana(campana.pk)

    assert falla.startswith("No se pudo hablar con Twilio")


def test_a_simulator_needs_none(owner: Usuario, set_up: Any, settings: Any) -> None:
    set_up(balance="0")
    settings.TWILIO_SIMULATED = True
    campana = CampanaFactory.create(usuario=owner)

    assert revisar_campana(campana.pk) == []


@pytest.mark.parametrize(
    ("ago", "fields", "asked"),
    [
        (timedelta(days=2), {"total_clientes": 2}, True),
        (timedelta(days=2), {"total_clientes": 1}, False),
        (timedelta(days=2), {"total_clientes": 2, "prueba": True}, False),
        (timedelta(0), {"total_clientes": 2}, False),  # it was asked for a moment ago
    ],
)
def test_large_campaigns_that_waited_ask_again_when_they_start(
    owner: Usuario,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ago: timedelta,
    fields: dict[str, Any],
    asked: bool,
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(nudges, "_send", lambda *args: sent.append(args))
    settings.TWILIO_CHECK_FROM = 2
    campana = CampanaFactory.create(usuario=owner, estado="pendiente", **fields)
    CampanaSMS.objects.filter(pk=campana.pk).update(creado=Now() - ago, programada_para=Now())

    with django_capture_on_commit_callbacks(execute=True):
        campanas._start(campanas.Look(campana.pk, publish=False))
        campanas._start(campanas.Look(campana.pk, publish=False))

    assert [args for args in sent if args[0] == REVISAR] == [(REVISAR, campana.pk)] * asked


@pytest.mark.parametrize(("recipients", "asked"), [(1, False), (2, True), (3, True)])
def test_large_campaigns_ask_for_it(
    owner: Usuario,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    recipients: int,
    asked: bool,
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(nudges, "_send", lambda *args: sent.append(args))
    settings.TWILIO_CHECK_FROM = 2
    clientes = ClienteFactory.create_batch(recipients, usuario=owner)
    nueva = NuevaCampana(mensaje="Hola", audiencia=Audiencia.de_ids(cliente.pk for cliente in clientes))

    with django_capture_on_commit_callbacks(execute=True):
        campana, _ = crear_campana(usuario=owner, nueva=nueva)

    assert ((REVISAR, campana.pk) in sent) is asked
