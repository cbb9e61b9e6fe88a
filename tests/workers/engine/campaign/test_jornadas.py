"""The engine sends inside the shop's windows and nowhere else, whatever page, call or schedule began the campaign."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import services
from campaigns.ley.jornada import jornada_desde
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import EACH_ITS_SID, AdminFactory, CampanaFactory, ClienteFactory
from tests.workers.engine.conftest import Running, post, take
from workers.engine.base import database
from workers.engine.campaign import campana, jornadas
from workers.engine.lote import closing, cupos, publishing
from workers.engine.message import claims, ledger, sending
from workers.engine.pace.rates import Sender
from workers.engine.rounds import sweeper
from workers.gateway.outcomes import Accepted, Outcome

BOGOTA = ZoneInfo("America/Bogota")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PAST, AHEAD = Now() - MINUTE, Now() + HOUR


def bogota(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BOGOTA)


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lotes that were published, instead of a broker that no worker reads."""
    found: list[int] = []
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: found.append(due.lote_id))
    return found


@pytest.fixture
def tienda(db: None) -> Usuario:
    """A new shop, with the settings that a real one begins with."""
    return AdminFactory.create(ajustes=None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the hour in Bogotá at which jornadas are begun."""

    def set_to(text: str) -> None:
        monkeypatch.setattr(database, "now", lambda: bogota(text))

    return set_to


def created(usuario: Usuario, n: int = 3) -> CampanaSMS:
    ids = [cliente.pk for cliente in ClienteFactory.create_batch(n, usuario=usuario)]
    found, _ = services.crear_campana(
        usuario=usuario, nueva=services.NuevaCampana(mensaje="Hola {nombre}", audiencia=Audiencia.de_ids(ids))
    )
    return found


def set_window(running: Running, **fields: Any) -> None:
    CampanaSMS.objects.filter(pk=running.campana.pk).update(**fields)


class TestBeginning:
    @pytest.mark.parametrize(
        ("at", "cierra_en", "ventana_hasta", "espera_hasta"),
        [
            ("2026-11-23 08:00", "2026-11-23 18:59", "2026-11-23 19:00", ""),
            ("2026-11-23 18:58:59", "2026-11-23 18:59", "2026-11-23 19:00", ""),
            # less than a minute left: what would leave now could not be delivered in time
            ("2026-11-23 18:59", "", "", "2026-11-24 08:00"),
            ("2026-11-23 19:00", "", "", "2026-11-24 08:00"),
            ("2026-11-28 15:00", "", "", "2026-11-30 08:00"),  # Saturday
            ("2026-11-29 12:00", "", "", "2026-11-30 08:00"),  # Sunday
            ("2026-12-08 12:00", "", "", "2026-12-09 08:00"),  # a holiday
        ],
    )
    def test_it_follows_the_law_in_a_new_shop(
        self,
        tienda: Usuario,
        clock: Callable[[str], None],
        at: str,
        cierra_en: str,
        ventana_hasta: str,
        espera_hasta: str,
    ) -> None:
        found = CampanaFactory.create(usuario=tienda, estado="procesando", cierra_en=None)
        clock(at)
        assert jornadas.begin(found.pk) is not bool(espera_hasta)
        found.refresh_from_db()
        assert (found.estado, found.ventana_hasta, found.espera_hasta) == (
            "procesando",
            bogota(ventana_hasta) if ventana_hasta else None,
            bogota(espera_hasta) if espera_hasta else None,
        )
        assert found.cierra_en == bogota(cierra_en or at)

    def test_without_windows_it_ends_with_the_day(self, owner: Usuario, clock: Callable[[str], None]) -> None:
        found = CampanaFactory.create(usuario=owner, estado="procesando", cierra_en=None)
        clock("2026-11-29 23:59")
        assert jornadas.begin(found.pk)
        found.refresh_from_db()
        assert (found.cierra_en, found.ventana_hasta) == (bogota("2026-11-30 00:00"), None)

    def test_it_reads_the_clock_where_the_shop_is(self, tienda: Usuario, clock: Callable[[str], None]) -> None:
        Ajustes.objects.create(usuario=tienda, zona_horaria="Europe/Madrid")
        found = CampanaFactory.create(usuario=tienda, estado="procesando", cierra_en=None)
        clock("2026-11-23 12:30")  # open in Bogotá; 18:30 in Madrid
        assert jornadas.begin(found.pk)
        found.refresh_from_db()
        assert found.ventana_hasta == datetime(2026, 11, 23, 19, tzinfo=ZoneInfo("Europe/Madrid"))
        CampanaSMS.objects.update(cierra_en=None)
        clock("2026-11-23 13:30")
        assert not jornadas.begin(found.pk)
        found.refresh_from_db()
        assert found.espera_hasta == datetime(2026, 11, 24, 8, tzinfo=ZoneInfo("Europe/Madrid"))

    @pytest.mark.parametrize(
        ("pais", "at", "begins"),
        [
            ("CO", "2026-07-20 12:00", False),  # Independence
            ("ES", "2026-07-20 12:00", True),
            ("ES", "2026-01-06 12:00", False),  # Epiphany, which Colombia moves to the Monday after
            ("CO", "2026-01-06 12:00", True),
            ("", "2026-07-20 12:00", True),
            ("", "2026-12-25 12:00", True),
        ],
    )
    def test_it_keeps_the_holidays_of_the_shops_country(
        self, tienda: Usuario, clock: Callable[[str], None], pais: str, at: str, begins: bool
    ) -> None:
        Ajustes.objects.create(usuario=tienda, festivos_pais=pais)
        found = CampanaFactory.create(usuario=tienda, estado="procesando", cierra_en=None)
        clock(at)
        assert jornadas.begin(found.pk) is begins

    def test_a_shop_that_never_opens_waits_for_its_deadline(self, tienda: Usuario) -> None:
        Ajustes.objects.create(usuario=tienda, ventanas={})
        ends = timezone.now() + HOUR
        found = CampanaFactory.create(usuario=tienda, estado="procesando", cierra_en=None, vence_en=ends)
        assert not jornadas.begin(found.pk)
        found.refresh_from_db()
        assert found.espera_hasta == ends

    def test_it_is_begun_once(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        found = CampanaFactory.create(usuario=owner, estado="procesando", cierra_en=None)
        assert jornadas.begin(found.pk)
        monkeypatch.setattr(database, "now", lambda: pytest.fail("it was begun already"))
        assert jornadas.begin(found.pk)

    @pytest.mark.parametrize("estado", ["pausado", "cancelado", "pendiente"])
    def test_only_a_campaign_that_runs_has_one(self, owner: Usuario, estado: str) -> None:
        found = CampanaFactory.create(usuario=owner, estado=estado, cierra_en=None)
        assert not jornadas.begin(found.pk)
        found.refresh_from_db()
        assert found.cierra_en is None


class TestWaiting:
    def test_a_campaign_outside_its_window_opens_and_publishes_nothing(
        self, tienda: Usuario, clock: Callable[[str], None], published: list[int]
    ) -> None:
        found = created(tienda)
        clock("2026-02-01 12:00")
        campana.advance(found.pk)
        found.refresh_from_db()
        assert (found.estado, found.espera_hasta) == ("procesando", bogota("2026-02-02 08:00"))
        assert list(Lote.objects.values_list("estado", flat=True)) == ["pendiente"]
        assert (published, SMSLog.objects.count()) == ([], 0)

    def test_it_opens_and_publishes_when_the_window_opens(
        self, tienda: Usuario, clock: Callable[[str], None], published: list[int]
    ) -> None:
        found = created(tienda)
        clock("2026-02-01 12:00")
        campana.advance(found.pk)
        # The clock of the database is the one that claims are judged by.
        Ajustes.objects.filter(usuario=tienda).update(ventanas_activas=False)
        CampanaSMS.objects.update(espera_hasta=PAST)
        clock(f"{timezone.now().astimezone(BOGOTA):%Y-%m-%d %H:%M}")
        campana.advance(found.pk)
        found.refresh_from_db()
        assert found.espera_hasta is None
        assert published == [Lote.objects.get().pk]
        assert SMSLog.objects.filter(estado="pendiente").count() == 3

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("fields", "seen"),
        [
            ({"cierra_en": AHEAD}, 1),  # in its window, with a Lote to open
            ({"cierra_en": PAST, "espera_hasta": AHEAD}, 0),  # waits
            ({"cierra_en": PAST, "espera_hasta": PAST}, 1),  # its window has opened
            ({"cierra_en": PAST, "espera_hasta": None}, 1),  # its window has closed just now
            ({"cierra_en": None}, 1),  # begins
            ({"cierra_en": PAST, "espera_hasta": AHEAD, "vence_en": PAST}, 1),  # overdue while it waits
            ({"estado": "pausado", "vence_en": AHEAD}, 0),
            ({"estado": "pausado", "vence_en": PAST}, 1),
            ({"estado": "pausado", "reanuda_en": AHEAD}, 0),  # a cap on money
            ({"estado": "pausado", "reanuda_en": PAST}, 1),
        ],
    )
    def test_the_sweeper_sees_it_when_there_is_something_to_do(
        self, running: Running, fields: dict[str, Any], seen: int
    ) -> None:
        Lote.objects.update(estado="pendiente")
        CampanaSMS.objects.update(**fields)
        found = sweeper.sweep()
        assert found is not None
        assert found.campaigns == seen

    @pytest.mark.django_db(transaction=True)
    def test_one_that_waits_still_ends_when_its_last_row_is_settled(self, running: Running) -> None:
        set_window(running, cierra_en=PAST, espera_hasta=AHEAD)
        SMSLog.objects.update(estado="enviado", twilio_sid=EACH_ITS_SID)
        sweeper.sweep()
        running.reload()
        assert running.campana.estado == "completado"


# `now()` of the database stands still inside a transaction, and here the hour passes.
@pytest.mark.django_db(transaction=True)
class TestClosing:
    def test_nothing_is_claimed_from_the_close_on(self, running: Running) -> None:
        set_window(running, cierra_en=Now())
        assert take(running.logs[0].pk) is None
        running.reload()
        assert (running.logs[0].estado, running.logs[0].intentos) == ("pendiente", 0)

    def test_a_claim_that_waited_is_not_made_anew_after_the_close(
        self, running: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = take(running.logs[0].pk)
        assert held is not None
        set_window(running, cierra_en=Now())
        assert ledger.claim_many({held.log_id: held.token}) == {}

    def test_a_claim_knows_how_long_it_has(self, running: Running) -> None:
        set_window(running, cierra_en=Now() + timedelta(seconds=10), ventana_hasta=Now() + timedelta(seconds=70))
        claim = take(running.logs[0].pk)
        assert claim is not None
        assert claim.cierra_s is not None
        assert 0 < claim.cierra_s <= 10
        assert claim.deadline == claim.taken_at + claim.cierra_s
        # Five seconds less: the request may wait that long for a connection.
        validity_s = claim.validity_s()
        assert validity_s is not None
        assert 60 <= validity_s <= 65

    def test_nothing_is_published_after_the_close(self, running: Running, published: list[int]) -> None:
        Lote.objects.update(publicar_desde=PAST)
        set_window(running, cierra_en=PAST)
        publishing.publish_due(running.campana.pk, most=500)
        assert published == []
        set_window(running, cierra_en=AHEAD)
        publishing.publish_due(running.campana.pk, most=500)
        assert published == [running.lote.pk]

    @pytest.mark.parametrize(
        "limits",
        [{"cierra_s": 5.0}, {"cierra_s": 900.0, "ventana_s": 10.0}],
        ids=["the jornada ended", "too little is left to be delivered"],
    )
    def test_what_was_claimed_before_is_not_posted_after(
        self, running: Running, monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any]
    ) -> None:
        """The thread slept between the claim and the POST."""
        claim = take(running.logs[0].pk)
        assert claim is not None
        slept = replace(claim, taken_at=monotonic() - 6, **limits)
        monkeypatch.setattr(claims, "take", lambda log_id: slept)
        monkeypatch.setattr(claims, "fresh", lambda claim: claim)
        monkeypatch.setattr(sending, "get_gateway", lambda: pytest.fail("it was posted"))
        sending.send_one(claim.log_id)
        running.reload()
        assert (running.logs[0].estado, running.logs[0].intentos) == ("pendiente", 0)

    def test_the_gateway_is_told_both_limits(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[dict[str, Any]] = []

        class Gateway:
            def send(self, **message: Any) -> Outcome:
                sent.append(message)
                return Accepted("SM1", "queued", 1)

        monkeypatch.setattr(sending, "get_gateway", Gateway)
        set_window(running, cierra_en=Now() + timedelta(seconds=20), ventana_hasta=Now() + timedelta(seconds=80))
        began = monotonic()
        sending.send_one(running.logs[0].pk)
        sending.send_one(running.logs[1].pk)
        set_window(running, cierra_en=AHEAD, ventana_hasta=None)
        sending.send_one(running.logs[2].pk)
        assert began <= sent[0]["not_after"] <= monotonic() + 20
        assert [70 <= m["validity_s"] <= 75 for m in sent[:2]] == [True, True]
        assert sent[2]["validity_s"] is None

    def test_a_campaign_that_meets_the_close_goes_on_in_the_next_window(
        self, running: Running, monkeypatch: pytest.MonkeyPatch, published: list[int]
    ) -> None:
        """Two are sent, the window closes, the chord ends, and the third leaves the next day, once."""
        for log in running.logs[:2]:
            claim = take(log.pk)
            assert claim is not None
            ledger.record_many([(claim, Accepted(f"SM{log.pk}", "queued", 1))])
        Ajustes.objects.update(ventanas_activas=True, ventanas={})
        set_window(running, cierra_en=Now())
        assert take(running.logs[2].pk) is None
        closing.close(running.lote.pk)
        campana.advance(running.campana.pk)
        Lote.objects.update(publicar_desde=PAST)
        campana.advance(running.campana.pk)
        running.reload()
        assert (running.campana.estado, running.lote.estado, published) == ("procesando", "abierto", [])

        Ajustes.objects.update(ventanas_activas=False)
        set_window(running, espera_hasta=PAST)
        campana.advance(running.campana.pk)
        assert published == [running.lote.pk]
        assert [take(log.pk) is not None for log in running.logs] == [False, False, True]

    @pytest.mark.parametrize(
        ("rate", "mensaje", "ventana_s", "posts"),
        [
            (1.0, "ñ" * 161, 10.0, True),  # two segments
            (0.2, "ñ" * 161, 20.0, True),
            (0.2, "ñ" * 161, 14.0, False),  # ten seconds, and five for the connection
            (0.1, "Hola", 14.0, False),
            (0.1, "Hola", None, True),
            (0.0, "ñ" * 1500, 8.0, True),  # nobody knows its rate: the validity alone keeps the close
        ],
    )
    def test_nothing_is_handed_over_that_cannot_leave_before_the_close(
        self,
        running: Running,
        monkeypatch: pytest.MonkeyPatch,
        rate: float,
        mensaje: str,
        ventana_s: float | None,
        posts: bool,
    ) -> None:
        """Else Twilio would drop it, and its recipient would get nothing."""
        claim = take(running.logs[0].pk)
        assert claim is not None
        late = replace(claim, sender=Sender("85432", rate), mensaje=mensaje, cierra_s=900.0, ventana_s=ventana_s)
        posted: list[str] = []

        class Gateway:
            def send(self, **message: Any) -> Outcome:
                posted.append(message["to"])
                return Accepted("SM1", "queued", 1)

        monkeypatch.setattr(sending, "get_gateway", Gateway)
        assert isinstance(post(late), Accepted if posts else ledger.NotPosted)
        assert bool(posted) is posts

    @pytest.mark.parametrize("cierra_en", [Now() + HOUR, PAST], ids=["within its window", "in the next one"])
    def test_what_twilio_dropped_goes_again_only_when_a_person_asks(self, running: Running, cierra_en: Any) -> None:
        """Nobody is sent a second message by itself, whatever Twilio says of the first."""
        for log in running.logs:
            SMSLog.objects.filter(pk=log.pk).update(
                estado="enviado", twilio_sid=f"SM{log.pk}", entrega="failed", entrega_codigo="30001"
            )
        Lote.objects.create(campana=running.campana, numero=2, cliente_ids=[10**12], total=1)
        closing.close(running.lote.pk)
        set_window(running, cierra_en=cierra_en, iniciado_en=Now() - HOUR)
        campana.advance(running.campana.pk)
        running.reload()
        assert [log.estado for log in running.logs] == ["enviado"] * 3
        assert running.lote.estado == "cerrado"


@pytest.mark.django_db(transaction=True)
class TestChangingTheSettings:
    def test_it_stops_what_runs_at_once(self, running: Running, owner: Usuario) -> None:
        assert take(running.logs[0].pk) is not None
        today = timezone.now().astimezone(BOGOTA).date()
        cambiar_ajustes(
            usuario=owner, cambios={"ventanas_activas": True, "dias_cerrados": [today, today + timedelta(days=1)]}
        )
        assert take(running.logs[1].pk) is None
        campana.advance(running.campana.pk)
        running.reload()
        assert running.campana.espera_hasta is not None
        assert running.campana.espera_hasta > timezone.now()

    def test_a_change_while_the_quotas_are_taken_is_not_overwritten(
        self, running: Running, owner: Usuario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Open Lotes are judged one by one before the jornada begins; what changes meanwhile judges them again."""
        CampanaSMS.objects.update(cierra_en=PAST)
        renew = cupos.renew
        renewed: list[int] = []

        def interrupted(campana: CampanaSMS) -> None:
            renew(campana)
            renewed.append(campana.pk)
            if len(renewed) == 1:
                cambiar_ajustes(usuario=owner, cambios={"exigir_consentimiento": True})

        monkeypatch.setattr(cupos, "renew", interrupted)
        campana.advance(running.campana.pk)
        assert not jornadas.runs(running.campana.pk)
        assert take(running.logs[0].pk) is None
        campana.advance(running.campana.pk)
        assert len(renewed) == 2
        assert [log.codigo for log in SMSLog.objects.all()] == ["sin_consentimiento"] * 3

    def test_it_lets_go_on_what_waits(
        self, tienda: Usuario, clock: Callable[[str], None], published: list[int]
    ) -> None:
        found = created(tienda)
        clock("2026-02-01 12:00")
        campana.advance(found.pk)
        cambiar_ajustes(usuario=tienda, cambios={"ventanas_activas": False}, motivo="Prueba")
        clock(f"{timezone.now().astimezone(BOGOTA):%Y-%m-%d %H:%M}")
        campana.advance(found.pk)
        assert published == [Lote.objects.get().pk]

    def test_it_leaves_other_shops_alone(self, running: Running, stranger: Usuario) -> None:
        cambiar_ajustes(usuario=stranger, cambios={"plazo_h": 24})
        assert take(running.logs[0].pk) is not None


def test_the_deadline_is_as_far_as_the_shop_says(tienda: Usuario) -> None:
    cambiar_ajustes(usuario=tienda, cambios={"plazo_h": 5})
    found = created(tienda)
    campana.advance(found.pk)
    found.refresh_from_db()
    assert found.iniciado_en is not None
    assert found.vence_en == found.iniciado_en + timedelta(hours=5)


def test_waits_do_not_outlast_the_default_deadline(tienda: Usuario) -> None:
    """Whenever a campaign starts, the law's windows open before it is over: the longest waits begin at a close."""
    ajustes = ajustes_de(tienda.pk)
    at = bogota("2026-01-01 15:00")
    longest = timedelta()
    while at.year < 2028:
        for close in (at, at + 4 * HOUR):
            jornada = jornada_desde(ajustes, close)
            assert jornada is not None
            longest = max(longest, jornada.desde - close)
        at += timedelta(days=1)
    assert longest == timedelta(hours=65)
    assert ajustes.plazo_h == 72
