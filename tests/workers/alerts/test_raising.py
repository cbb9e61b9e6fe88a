"""Alerts: raised once for each thing that happens, for the shop that wants them."""

import json
from typing import Any

import pytest
from django.utils import timezone

from campaigns.bitacora import alertas
from campaigns.models import Ajustes, AjustesAlertas, Alerta, CampanaSMS, EntregaAlerta, Lote, Suceso
from core.errors import ConflictError
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory
from tests.workers.alerts.listener import Listener
from workers.alerts import deliver
from workers.engine.campaign import campana as engine
from workers.gateway.outcomes import Account

REFUSAL = Account("20003", "Twilio rechazó las credenciales")


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


def test_a_cap_that_pauses_a_campaign_is_told_too(ajustes: AjustesAlertas, campana: CampanaSMS, owner: Usuario) -> None:
    Ajustes.objects.filter(usuario=owner).update(tope_diario=0, precio_segmento=1)
    cliente = ClienteFactory.create(usuario=owner)
    Lote.objects.create(campana=campana, numero=1, cliente_ids=[cliente.pk], total=1)
    engine.advance(campana.pk)
    campana.refresh_from_db()
    assert campana.estado == "pausado"
    assert campana.motivo.startswith("Tope de gasto del día")
    assert Suceso.objects.get(tipo="pausada_sola").detalle == campana.motivo
    assert Alerta.objects.get().datos["motivo"] == campana.motivo


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
    alertas.guardar_ajustes(usuario=owner, datos=change)
    engine.pause_for_account(campana.pk, REFUSAL)
    assert Suceso.objects.filter(tipo="pausada_sola").exists()
    assert not Alerta.objects.exists()


def test_another_shop_hears_nothing(ajustes: AjustesAlertas, stranger: Usuario, listener: Listener) -> None:
    engine.pause_for_account(CampanaFactory.create(usuario=stranger, estado="procesando").pk, REFUSAL)
    assert not Alerta.objects.exists()


def test_a_trial_needs_somebody_to_tell(owner: Usuario) -> None:
    with pytest.raises(ConflictError) as refused:
        alertas.probar(usuario=owner)
    assert refused.value.message == alertas.SIN_DESTINO
