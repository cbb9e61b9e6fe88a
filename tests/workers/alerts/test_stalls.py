"""Campaigns that stand still: told once, and again only after they moved."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.bitacora import alertas
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import AjustesAlertas, Alerta, CampanaSMS, Lote, Suceso
from core.models import Usuario
from tests.campaigns.support import running_campana
from workers.alerts import stalls
from workers.engine.campaign import jornadas
from workers.engine.message import ledger
from workers.gateway.outcomes import Retryable


def stands_still(campana: CampanaSMS, minutes: float) -> None:
    then = Now() - timedelta(minutes=minutes)  # by the clock that is asked
    CampanaSMS.objects.filter(pk=campana.pk).update(iniciado_en=then)
    campana.logs.update(actualizado=then)
    campana.lotes.filter(estado="cerrado").update(cerrado_en=then)


@pytest.mark.parametrize(("minutes", "told"), [(14, 0), (16, 1)])
def test_one_that_stands_still_is_told(minutes: int, told: int, ajustes: AjustesAlertas, owner: Usuario) -> None:
    alertas.guardar_ajustes(usuario=owner, datos={"minutos_sin_avance": 15})
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
    alertas.guardar_ajustes(usuario=owner, datos={"minutos_sin_avance": 1})
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


TOO_MANY = Retryable("20429", "Demasiados mensajes", throttled=True)


@pytest.mark.parametrize("answered", [False, True])
def test_one_whose_messages_are_all_put_off_is_told(answered: bool, ajustes: AjustesAlertas, owner: Usuario) -> None:
    """Twilio answers 429 for hours: its rows are claimed and given back, and its Lotes published again and again."""
    campana = running_campana(owner, cierra_en=timezone.now() + timedelta(hours=1))
    stands_still(campana, 20)
    row = campana.logs.filter(estado="pendiente").earliest("pk")
    claim = ledger.claim_many({row.pk: None})[row.pk]
    if answered:
        assert ledger.record_many([(claim, TOO_MANY)]) == {row.pk}
        Lote.objects.filter(estado="abierto").update(publicar_desde=Now() + timedelta(minutes=5))
    assert stalls.report() == 1


@pytest.mark.parametrize(("estado", "told"), [("enviado", 0), ("fallido", 0), ("incierto", 1), ("pendiente", 1)])
def test_what_was_sent_or_given_up_is_progress(estado: str, told: int, ajustes: AjustesAlertas, owner: Usuario) -> None:
    campana = running_campana(owner)
    stands_still(campana, 20)
    assert campana.logs.filter(estado=estado).update(actualizado=Now())
    assert stalls.report() == told


@pytest.mark.parametrize(("opens", "told"), [(60, 0), (-5, 0), (-20, 1)])
def test_one_that_waits_for_its_window_is_left_alone_until_it_should_move(
    opens: int, told: int, ajustes: AjustesAlertas, owner: Usuario
) -> None:
    campana = running_campana(owner)
    stands_still(campana, 600)
    CampanaSMS.objects.filter(pk=campana.pk).update(espera_hasta=timezone.now() + timedelta(minutes=opens))
    assert stalls.report() == told


def test_one_that_goes_on_after_a_night_has_time_to_move(ajustes: AjustesAlertas, owner: Usuario) -> None:
    campana = running_campana(owner)
    stands_still(campana, 600)
    CampanaSMS.objects.filter(pk=campana.pk).update(cierra_en=None, espera_hasta=timezone.now())
    Suceso.objects.create(campana=campana, tipo="espera", creado=timezone.now() - timedelta(hours=9))
    assert jornadas.begin(campana.pk)
    assert Suceso.objects.filter(tipo="sigue").count() == 1
    assert stalls.report() == 0


def test_a_change_of_the_settings_is_no_standstill(ajustes: AjustesAlertas, owner: Usuario) -> None:
    """It waits since yesterday, and a moment ago its wait was ended, to be judged by the new settings."""
    campana = running_campana(owner)
    stands_still(campana, 600)
    CampanaSMS.objects.filter(pk=campana.pk).update(
        cierra_en=Now() - timedelta(hours=9), espera_hasta=Now() + timedelta(hours=9)
    )
    cambiar_ajustes(usuario=owner, cambios={"plazo_h": 100})
    campana.refresh_from_db()
    assert campana.espera_hasta is None
    assert campana.cierra_en is not None
    # A minute passes: `now()` of the database stands still in a test's transaction.
    CampanaSMS.objects.filter(pk=campana.pk).update(cierra_en=campana.cierra_en - timedelta(minutes=1))
    assert stalls.report() == 0
    # Nobody looked for a quarter of an hour: that is one.
    CampanaSMS.objects.filter(pk=campana.pk).update(cierra_en=Now() - timedelta(minutes=15))
    assert stalls.report() == 1
