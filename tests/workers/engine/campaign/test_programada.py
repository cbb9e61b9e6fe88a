"""A campaign starts by no path before its date, and an occurrence that is due becomes one by every path."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone

from campaigns.campana import services
from campaigns.models import Ajustes, CampanaSMS, Programacion, SMSLog
from campaigns.programaciones.services import eliminar_programacion
from campaigns.values.ventanas import DIAS
from campaigns.vista_previa import aprobaciones
from core.errors import ConflictError
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory, una_programacion
from workers.engine.campaign import envio, final
from workers.engine.lote import publishing
from workers.engine.publish.window import Window
from workers.engine.rounds import rounds, sweeper
from workers.tasks import atender_programacion, avanzar_campana, barrer, cerrar_lote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    lote_ids: list[int] = []
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: lote_ids.append(due.lote_id))
    return lote_ids


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    clientes = ClienteFactory.create_batch(2, usuario=owner)
    campana = CampanaFactory.create(usuario=owner, total_clientes=2)
    campana.lotes.create(numero=1, cliente_ids=[c.pk for c in clientes], total=2)
    return due_in(campana, timedelta(minutes=1))


def due_in(campana: CampanaSMS, ahead: timedelta) -> CampanaSMS:
    """The engine asks the database for the time, so the date moves and not the clock."""
    CampanaSMS.objects.filter(pk=campana.pk).update(programada_para=Now() + ahead)
    campana.refresh_from_db()
    return campana


def resume(campana: CampanaSMS) -> None:
    with pytest.raises(ConflictError):
        services.mover_campana(campana=campana, action="reanudar")


PATHS: dict[str, Callable[[CampanaSMS], object]] = {
    "nudge": lambda campana: avanzar_campana(campana.pk),
    "sweep": lambda campana: sweeper.sweep(),
    "resume": resume,
    "a closed Lote": lambda campana: cerrar_lote(campana.lotes.get().pk),
    "open": lambda campana: envio._open_one(campana.pk, Window(rows=500, lotes=20), set()),
    "finish": lambda campana: final.finish(campana.pk),
}


@pytest.mark.parametrize("path", PATHS)
def test_it_waits(path: str, campana: CampanaSMS, published: list[int]) -> None:
    PATHS[path](campana)
    campana.refresh_from_db()
    assert (campana.estado, campana.iniciado_en, campana.vence_en) == ("pendiente", None, None)
    assert not SMSLog.objects.exists()
    assert published == []


def test_a_sweep_does_not_even_look_at_it(campana: CampanaSMS) -> None:
    found = sweeper.sweep()
    assert found is not None
    assert found.campaigns == 0


@pytest.mark.parametrize("path", ["nudge", "sweep"])
def test_it_starts_once_its_date_has_come(path: str, campana: CampanaSMS, published: list[int]) -> None:
    due_in(campana, timedelta(seconds=-1))
    PATHS[path](campana)
    campana.refresh_from_db()
    assert campana.estado == "procesando"
    assert campana.iniciado_en is not None
    assert campana.programada_para is not None
    assert campana.iniciado_en >= campana.programada_para
    assert published == [campana.lotes.get().pk]


def test_its_deadline_counts_from_its_start(campana: CampanaSMS) -> None:
    """The campaign waited for longer than a deadline lasts."""
    long_ago = timedelta(hours=2 * settings.CAMPAIGN_DEADLINE_H)
    CampanaSMS.objects.filter(pk=campana.pk).update(creado=Now() - long_ago)
    due_in(campana, timedelta(seconds=-1))
    sweeper.sweep()
    campana.refresh_from_db()
    assert campana.estado == "procesando"
    assert campana.iniciado_en is not None
    assert campana.vence_en == campana.iniciado_en + timedelta(hours=settings.CAMPAIGN_DEADLINE_H)


def test_cancelled_before_its_date_it_ends_without_a_message(campana: CampanaSMS, published: list[int]) -> None:
    services.mover_campana(campana=campana, action="cancelar")
    sweeper.sweep()
    due_in(campana, timedelta(seconds=-1))
    sweeper.sweep()
    campana.refresh_from_db()
    assert campana.estado == "cancelado"
    assert campana.completado_en is not None
    assert set(SMSLog.objects.values_list("estado", "codigo")) == {("fallido", "campana_cancelada")}
    assert published == []


class TestOccurrences:
    @pytest.fixture
    def due(self, owner: Usuario) -> Programacion:
        ClienteFactory.create(usuario=owner)
        programacion = una_programacion(owner, gracia_minutos=1440)
        moment = timezone.now().replace(second=0, microsecond=0)
        Programacion.objects.filter(pk=programacion.pk).update(proxima=moment)
        return programacion

    def test_a_sweep_makes_the_campaign_that_is_due_and_starts_it(
        self, due: Programacion, published: list[int]
    ) -> None:
        found = sweeper.sweep()
        assert found is not None
        campana = CampanaSMS.objects.get()
        assert (campana.estado, campana.ocurrencia.programacion) == ("procesando", due)
        assert (found.campaigns, published) == (1, [campana.lotes.get().pk])
        sweeper.sweep()
        assert CampanaSMS.objects.count() == 1

    def test_its_campaign_obeys_approval_and_the_window(self, due: Programacion, owner: Usuario) -> None:
        Ajustes.objects.filter(usuario=owner).update(
            aprobacion_destinatarios=0, ventanas_activas=True, ventanas=dict.fromkeys(DIAS)
        )
        sweeper.sweep()
        campana = CampanaSMS.objects.get()
        assert campana.por_aprobar
        aprobaciones.decidir(campana=campana, usuario=owner, aprobar=True)
        sweeper.sweep()
        campana.refresh_from_db()
        assert campana.espera
        assert not SMSLog.objects.exists()

    def test_its_campaign_goes_out_from_its_sender(self, due: Programacion, owner: Usuario) -> None:
        remitente = RemitenteFactory.create(usuario=owner)
        Programacion.objects.update(remitente=remitente)
        sweeper.sweep()
        assert CampanaSMS.objects.get().remitente == remitente

    def test_so_do_beats_tasks(self, due: Programacion) -> None:
        assert [atender_programacion(due.pk), atender_programacion(due.pk)] == [1, 0]
        barrer()
        assert CampanaSMS.objects.count() == 1

    def test_beats_sweep_makes_it_too(self, due: Programacion) -> None:
        barrer()
        assert CampanaSMS.objects.get().ocurrencia.programacion == due

    def test_a_workers_timer_makes_it_without_beat_and_without_redis(
        self, due: Programacion, published: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            rounds.sweep_round()
            campana = CampanaSMS.objects.get()
            assert (campana.estado, published) == ("procesando", [])
        sweeper.sweep()  # Redis is back
        assert published == [campana.lotes.get().pk]
        assert CampanaSMS.objects.count() == 1

    def test_a_task_for_one_that_was_deleted_does_nothing(self, due: Programacion) -> None:
        eliminar_programacion(programacion=due)
        assert atender_programacion(due.pk) == 0
