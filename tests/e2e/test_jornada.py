"""A campaign that meets the close of its window: nothing leaves after it, and the rest leaves in the next one."""

import secrets
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.e2e.clients import clients
from tests.e2e.system import Shop, System, until

pytestmark = pytest.mark.e2e

CLIENTS = 400
# Slow enough that the close comes in the middle.
LATENCY_S = 0.5
CLOSES_S = 3.0
# From a byte that leaves to the simulator's clock, on a busy machine.
TRANSIT_S = 0.5


def closed() -> dict[str, Any]:
    """Settings of a shop that is closed now and for some days."""
    today = timezone.localdate()
    return {
        "ventanas_activas": True,
        "dias_cerrados": [str(today + timedelta(days=n)) for n in range(-1, 4)],
        "motivo": "Inventario",
    }


def set_jornada(system: System, campana: int, cierra_s: float, ventana_s: float) -> tuple[float, float]:
    """Let the campaign's jornada and its window end in so many seconds; both moments as Unix seconds."""
    [ends] = system.sql(
        "UPDATE campaigns_campanasms SET cierra_en = now() + %s * interval '1 second',"
        " ventana_hasta = now() + %s * interval '1 second', espera_hasta = NULL WHERE id = %s"
        " RETURNING extract(epoch FROM cierra_en)::float8, extract(epoch FROM ventana_hasta)::float8",
        cierra_s,
        ventana_s,
        campana,
    )
    return ends[0], ends[1]


def test_nothing_leaves_after_the_close_and_the_rest_leaves_later(system: System, shop: Shop) -> None:
    ids = clients(system, shop, CLIENTS, "61")
    system.simulator.control.set_faults(latency_s=LATENCY_S)
    shop.patch("/ajustes/", **closed())
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana)["espera_hasta"], bool)
    assert system.simulator.control.stats().accepted == 0
    set_jornada(system, campana, 60.0, 120.0)
    until(lambda: system.simulator.control.stats().accepted, bool)
    # Not at once: a claim that was made under the other close is made again after a second.
    closes, _ = set_jornada(system, campana, CLOSES_S, CLOSES_S + 60)

    waiting = until(lambda: shop.progress(campana), lambda now: now["espera_hasta"] is not None)
    assert waiting["estado"] == "procesando"
    until(lambda: shop.progress(campana)["enviando"], lambda n: n == 0)
    # The tasks that are still in the queue come to nothing.
    time.sleep(2.0)
    ledger = list(system.simulator.control.ledger())
    assert 0 < len(ledger) < CLIENTS
    assert max(row.accepted_at for row in ledger) <= closes + TRANSIT_S
    sent = shop.progress(campana)
    assert (sent["exitosos"], sent["pendientes"]) == (len(ledger), CLIENTS - len(ledger))

    system.simulator.control.set_faults(latency_s=0.0)
    shop.patch("/ajustes/", ventanas_activas=False, motivo="Se abre otra vez")
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], ended["fallidos"], ended["espera_hasta"]) == (CLIENTS, 0, None)
    stats = system.simulator.control.stats()
    assert (stats.accepted, stats.distinct_to) == (CLIENTS, CLIENTS)


def test_what_still_waits_at_twilio_expires_with_the_window(system: System, shop: Shop) -> None:
    """A slow sender: Twilio takes more than it can send before the close, and is told when that is."""
    ids = clients(system, shop, 15, "62")
    system.simulator.control.set_faults(drain_rate=1)
    shop.patch("/ajustes/", **closed())
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana)["espera_hasta"], bool)
    _, window_ends = set_jornada(system, campana, 60.0, 12.0)

    shop.wait_for(campana, "completado", "error")
    ledger = list(system.simulator.control.ledger())
    assert len(ledger) == 15
    expired = [row for row in ledger if row.error_code == "30036"]
    assert 0 < len(expired) < 15
    assert max(row.sending_at for row in ledger if row not in expired) <= window_ends
    assert max(row.final_at for row in expired) <= window_ends
    rows = until(
        lambda: shop.logs(campana), lambda rows: sum(row["entrega"] == "failed" for row in rows) == len(expired)
    )
    assert {row["entrega_codigo"] for row in rows if row["entrega"] == "failed"} == {"30036"}

    # Nobody got those: a person lets them go once more, and nobody else.
    system.simulator.control.set_faults(drain_rate=0)
    shop.patch("/ajustes/", ventanas_activas=False, motivo="Se abre otra vez")
    shop.post(f"/campanas/{campana}/reintentar/")
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], ended["fallidos"]) == (15, 0)
    ledger = list(system.simulator.control.ledger())
    left = [row.to for row in ledger if row.error_code != "30036"]
    assert (len(ledger), len(left), len(set(left))) == (15 + len(expired), 15, 15)


def test_no_more_is_handed_over_than_leaves_before_the_close(system: System, shop: Shop) -> None:
    """A Messaging Service whose rate is known: nothing of it waits at Twilio until it is dropped."""
    ids = clients(system, shop, 22, "63")
    system.simulator.control.set_faults(drain_rate=2)
    [(remitente,)] = system.sql(
        "INSERT INTO campaigns_remitente (nombre, valor, segmentos_por_segundo, activo, creado, usuario_id)"
        " SELECT 'Servicio', %s, 2, true, now(), id FROM core_usuario WHERE username = %s RETURNING id",
        f"MG{secrets.token_hex(16)}",
        shop.username,
    )
    shop.patch("/ajustes/", **closed())
    campana = int(shop.post("/campanas/", cliente_ids=ids, mensaje="Hola {nombre}", remitente=remitente).body["id"])
    until(lambda: shop.progress(campana)["espera_hasta"], bool)
    _, window_ends = set_jornada(system, campana, 60.0, 11.0)
    time.sleep(max(0.0, window_ends + 1.0 - time.time()))

    ledger = list(system.simulator.control.ledger())
    assert 0 < len(ledger) < 22
    assert not [row for row in ledger if row.error_code]
    assert max(row.sending_at for row in ledger) <= window_ends

    set_jornada(system, campana, 600.0, 660.0)
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], ended["fallidos"]) == (22, 0)
    stats = system.simulator.control.stats()
    assert (stats.accepted, stats.distinct_to) == (22, 22)
