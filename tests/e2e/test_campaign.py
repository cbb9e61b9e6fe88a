"""A campaign from the API to Twilio's door and back, with real processes."""

import time
from collections.abc import Callable

import pytest

from tests.e2e.system import LOTE_SIZE, Answer, Shop, System, until, whole

pytestmark = pytest.mark.e2e

GONE = "+573009999999"


def phones(count: int, prefix: str) -> list[str]:
    """Valid Colombian mobiles; the prefix keeps one test's apart from another's."""
    return [f"+57300{prefix}{n:05d}" for n in range(count)]


@pytest.mark.parametrize(
    ("count", "lotes"),
    [
        (1, 1),
        (2, 1),
        (LOTE_SIZE, 1),
        (LOTE_SIZE + 1, 2),
        (5 * LOTE_SIZE, 5),  # more than the window of three
    ],
)
def test_it_sends_each_recipient_once(system: System, shop: Shop, count: int, lotes: int) -> None:
    numbers = phones(count, "10")
    campana = shop.campaign(shop.clients(*numbers))
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["estado"], ended["exitosos"], ended["fallidos"]) == ("completado", count, 0)
    assert system.messages(*numbers) == [(phone, f"Hola Cliente {n}") for n, phone in enumerate(numbers)]
    assert system.simulator.control.stats().accepted == count
    assert system.sql("SELECT count(*) FROM campaigns_lote WHERE campana_id = %s", campana) == [(lotes,)]
    sids = {row.sid for phone in numbers for row in system.simulator.control.ledger(to=phone)}
    assert {row["twilio_sid"] for row in shop.logs(campana)} == sids


def test_nothing_of_a_test_key_reaches_twilio(system: System, shop: Shop) -> None:
    made = shop.post("/llaves/", nombre="Pruebas", alcances=["clientes", "campanas"], prueba=True).body
    tester = shop.with_key(made["llave"])
    ids = tester.clients(*phones(LOTE_SIZE, "20"), "+15005550001")
    campana = tester.campaign(ids)
    ended = tester.wait_for(campana, "completado", "error")
    assert (ended["estado"], ended["exitosos"], ended["fallidos"]) == ("completado", LOTE_SIZE, 1)
    assert all(row["prueba"] for row in tester.logs(campana))
    assert system.simulator.control.stats().accepted == 0


def test_it_refuses_a_campaign_of_nobody(system: System, shop: Shop) -> None:
    answer = shop.post("/campanas/", expect=[400], cliente_ids=[], mensaje="Hola")
    assert answer.body["errors"][0]["attr"] == "cliente_ids"
    assert system.simulator.control.stats().accepted == 0


def test_it_fails_each_recipient_with_its_own_reason(system: System, shop: Shop) -> None:
    good = "+573002000001"
    ids = shop.clients(good, "", "123", good, "+15005550001", "+15005550002", "+15005550003", "+15005550004",
                       "+15005550009", "+573002000002")  # fmt: skip
    campana = shop.campaign(ids)
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], ended["fallidos"]) == (2, 8)
    rows = shop.logs(campana)
    assert [row["cliente_id"] for row in rows] == ids
    assert [row["codigo"] for row in rows] == [
        "", "sin_telefono", "telefono_invalido", "telefono_duplicado", "21211", "21612", "21408", "21610", "21614", ""
    ]  # fmt: skip
    assert all(bool(row["error"]) == (row["estado"] == "fallido") for row in rows)
    assert system.simulator.control.stats().accepted == 2


def test_it_ends_in_error_when_nobody_can_be_sent_to(system: System, shop: Shop) -> None:
    campana = shop.campaign(shop.clients("", "12", ""))
    ended = shop.wait_for(campana, "completado", "error")
    assert ended["estado"] == "error"
    assert ended["motivo"] == (
        "No se envió ningún mensaje: 2 × El cliente no tiene teléfono.; 1 × El teléfono no es un número válido."
    )


def test_it_reports_delivery_from_signed_callbacks(system: System, shop: Shop) -> None:
    campana = shop.campaign(shop.clients(*phones(3, "30")))
    shop.wait_for(campana, "completado")
    rows = until(lambda: shop.logs(campana), lambda rows: all(row["entrega"] == "delivered" for row in rows))
    assert len(rows) == 3


def test_it_records_campaign_tasks_where_the_admin_shows_them(system: System, shop: Shop) -> None:
    campana = shop.campaign(shop.clients(*phones(1, "31")))
    shop.wait_for(campana, "completado")
    args = f"%{campana}%"
    query = "SELECT status FROM django_celery_results_taskresult WHERE task_name = %s AND task_args LIKE %s"
    assert until(lambda: system.sql(query, "workers.avanzar_campana", args), bool) == [("SUCCESS",)]


def test_it_tries_again_what_twilio_refused_for_now(system: System, shop: Shop) -> None:
    numbers = phones(10, "32")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults({"kind": "throttle", "count": 7, "seconds": 1})
    ended = shop.wait_for(shop.campaign(ids), "completado", "error")
    assert ended["exitosos"] == 10
    assert len(system.messages(*numbers)) == 10


def test_it_pauses_when_twilio_refuses_the_account_and_resumes(system: System, shop: Shop) -> None:
    numbers = phones(2 * LOTE_SIZE, "33")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults({"kind": "refuse", "code": 20003, "status": 401, "skip": 5}, latency_s=0.1)
    campana = shop.campaign(ids)
    paused = shop.wait_for(campana, "pausado")
    assert "20003" in paused["motivo"]
    still = until(lambda: shop.progress(campana), lambda now: now["enviando"] == 0)
    assert still["fallidos"] == 0
    assert still["exitosos"] < len(ids)
    system.simulator.control.clear_faults()
    shop.post(f"/campanas/{campana}/reanudar/")
    ended = shop.wait_for(campana, "completado", "error")
    assert ended["exitosos"] == len(ids)
    assert len(system.messages(*numbers)) == len(set(numbers))


def test_it_pauses_resumes_and_cancels_on_request(system: System, shop: Shop) -> None:
    numbers = phones(10 * LOTE_SIZE, "34")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=1.0)
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["exitosos"] > 0)
    assert shop.post(f"/campanas/{campana}/pausar/").body["estado"] == "pausado"
    still = until(lambda: shop.progress(campana), lambda now: now["enviando"] == 0)
    accepted = system.simulator.control.stats().accepted
    assert accepted == still["exitosos"] < len(ids)
    refused = shop.post(f"/campanas/{campana}/pausar/", expect=[409])
    assert refused.body["errors"][0]["code"] == "move_refused"

    assert shop.post(f"/campanas/{campana}/reanudar/").body["estado"] == "procesando"
    until(lambda: shop.progress(campana), lambda now: now["exitosos"] > still["exitosos"])
    assert shop.post(f"/campanas/{campana}/cancelar/").body["estado"] == "cancelado"
    ended = until(lambda: shop.progress(campana), lambda now: now["completado_en"] is not None)
    assert ended["estado"] == "cancelado"
    assert ended["exitosos"] + ended["fallidos"] == len(ids)
    assert ended["exitosos"] == system.simulator.control.stats().accepted
    assert {row["codigo"] for row in shop.logs(campana) if row["estado"] == "fallido"} == {"campana_cancelada"}


def test_it_settles_a_cut_call_by_its_callback(system: System, shop: Shop) -> None:
    numbers = phones(8, "35")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults({"kind": "cut", "accepted": True, "count": 4})
    ended = shop.wait_for(shop.campaign(ids), "completado", "error")
    assert (ended["exitosos"], ended["fallidos"]) == (8, 0)
    assert len(system.messages(*numbers)) == 8


def test_it_asks_twilio_what_became_of_a_call(system: System, shop: Shop) -> None:
    """No callback comes. Half of the failed calls were accepted all the same; the others are sent again, once."""
    numbers = phones(8, "38")
    ids = shop.clients(*numbers)
    accepted = [{"kind": "error", "status": 503, "accepted": True, "to": to, "count": 1} for to in numbers[:2]]
    dropped = [{"kind": "error", "status": 500, "accepted": False, "to": to, "count": 1} for to in numbers[2:4]]
    system.simulator.control.set_faults(*accepted, *dropped, callbacks={"drop": 1.0})
    campana = shop.campaign(ids)
    ended = shop.wait_for(campana, "completado", "error")
    assert [rule["fired"] for rule in system.simulator.control.faults()["rules"]] == [1, 1, 1, 1]
    assert (ended["exitosos"], ended["fallidos"]) == (8, 0)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers


def test_it_never_repeats_a_call_while_twilio_cannot_be_asked(system: System, shop: Shop) -> None:
    ids = shop.clients(GONE)
    system.simulator.control.set_faults(
        {"kind": "error", "status": 503, "accepted": True, "to": GONE, "count": 1},
        {"kind": "error", "status": 503, "on": "list"},
        callbacks={"drop": 1.0},
    )
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["inciertos"] == 1)
    until(lambda: system.simulator.control.faults()["rules"][1]["fired"], lambda asked: asked >= 3)
    assert shop.progress(campana)["estado"] == "procesando"
    assert len(system.messages(GONE)) == 1
    system.simulator.control.clear_faults()
    assert shop.wait_for(campana, "completado")["exitosos"] == 1
    assert len(system.messages(GONE)) == 1


def test_it_loses_and_repeats_nothing_when_a_worker_is_killed(system: System, shop: Shop) -> None:
    """kill -9 with calls under way: some were accepted, some were not, and nobody is told which."""
    numbers = phones(6 * LOTE_SIZE, "39")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=1.2, callbacks={"drop": 1.0})
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["enviando"] > 5 and now["exitosos"] > 5)
    system.kill("worker-1")
    system.start_worker(1)
    system.simulator.control.clear_faults()
    ended = shop.wait_for(campana, "completado", "error")
    assert ended["exitosos"] == len(ids)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers


def test_a_worker_that_slept_beyond_its_lease_repeats_nothing(system: System, shop: Shop) -> None:
    """SIGSTOP with calls at every stage: the others find out and send; the sleeper must not send on waking."""
    numbers = phones(6 * LOTE_SIZE, "42")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=1.2, callbacks={"drop": 1.0})
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["enviando"] > 5 and now["exitosos"] > 5)
    with system.asleep("worker-1"):
        ended = shop.wait_for(campana, "completado", "error")
    # It ends once it has done with what it held.
    system.stop("worker-1")
    system.start_worker(1)
    assert ended["exitosos"] == len(ids)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers


def test_it_ends_at_its_deadline_with_what_was_sent(system: System, shop: Shop) -> None:
    numbers = phones(6 * LOTE_SIZE, "44")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=1.0)
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["exitosos"] > 0)
    system.sql("UPDATE campaigns_campanasms SET vence_en = now() WHERE id = %s", campana)
    ended = shop.wait_for(campana, "error")
    sent = system.simulator.control.stats().accepted
    assert ended["motivo"] == f"El plazo de la campaña venció: se enviaron {sent} de {len(ids)} mensajes."
    assert (ended["exitosos"], ended["fallidos"], ended["desconocidos"]) == (sent, len(ids) - sent, 0)
    assert {row["codigo"] for row in shop.logs(campana) if row["estado"] == "fallido"} == {"plazo_vencido"}
    time.sleep(1)
    assert system.simulator.control.stats().accepted == sent


def test_it_survives_the_loss_of_every_database_connection(system: System, shop: Shop) -> None:
    """The test does what a restart of PostgreSQL does to the processes, three times in one campaign."""
    numbers = phones(6 * LOTE_SIZE, "43")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=0.3)
    campana = shop.campaign(ids)
    progress = f"/campanas/{campana}/progreso/"
    for least in (5, 40, 80):
        # Calls that were under way when the connections went are told to come again.
        until(lambda: shop.get(progress, expect=[200, 503]), sent_more_than(least))
        system.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                   " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")  # fmt: skip
    until(lambda: shop.get(progress, expect=[200, 503]), lambda answer: answer.status == 200)
    ended = shop.wait_for(campana, "completado", "error")
    assert ended["exitosos"] == len(ids)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers


def sent_more_than(least: int) -> Callable[[Answer], bool]:
    """Tell whether an answer says that more than `least` of the campaign's messages are sent, or PostgreSQL is away."""

    def good(answer: Answer) -> bool:
        if answer.status == 503:
            assert answer.body["errors"][0]["code"] == "database_unavailable"
            assert int(answer.headers["Retry-After"]) > 0
            return False
        return bool(whole(answer.body)["exitosos"] > least)

    return good


def test_it_survives_a_wiped_redis(system: System, shop: Shop) -> None:
    numbers = phones(6 * LOTE_SIZE, "36")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=0.2)
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["exitosos"] > 10)
    system.redis().flushdb()
    ended = shop.wait_for(campana, "completado", "error")
    assert ended["exitosos"] == len(ids)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers


def test_its_workers_keep_their_database_connections(system: System, shop: Shop) -> None:
    """A new connection costs more than all the statements of a message."""
    query = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    ids = shop.clients(*phones(6 * LOTE_SIZE, "41"))
    shop.wait_for(shop.campaign(ids[:LOTE_SIZE]), "completado")
    [(before,)] = system.sql(query)
    shop.wait_for(shop.campaign(ids[LOTE_SIZE:]), "completado")
    [(after,)] = system.sql(query)
    assert after - before < 50  # two workers of 16 threads, one reconciler's, and this test's own


def test_it_finds_a_campaign_whose_nudge_was_lost(system: System, shop: Shop) -> None:
    ids = shop.clients(*phones(3, "37"))
    campana = shop.campaign(ids)
    shop.wait_for(campana, "completado")
    # As if the process had died between the commit and the nudge.
    system.sql(
        "WITH c AS (INSERT INTO campaigns_campanasms (nombre, mensaje, estado, motivo, total_clientes,"
        " enviados_exitosos, enviados_fallidos, creado, usuario_id, idempotency_hash)"
        " SELECT 'sin aviso', mensaje, 'pendiente', '', 3, 0, 0, now(), usuario_id, ''"
        " FROM campaigns_campanasms WHERE id = %s RETURNING id)"
        " INSERT INTO campaigns_lote (campana_id, numero, cliente_ids, total, estado, exitosos, fallidos)"
        " SELECT id, 1, %s, 3, 'pendiente', 0, 0 FROM c",
        campana,
        ids,
    )
    [(lost,)] = system.sql("SELECT id FROM campaigns_campanasms WHERE nombre = 'sin aviso'")
    assert shop.wait_for(lost, "completado", "error")["exitosos"] == 3


def test_it_tries_only_the_failed_again(system: System, shop: Shop) -> None:
    numbers = phones(6, "44")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults({"kind": "refuse", "code": 21408, "status": 400, "to": numbers[3]})
    campana = shop.campaign(ids)
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], ended["fallidos"]) == (5, 1)
    system.simulator.control.clear_faults()
    assert shop.post(f"/campanas/{campana}/reintentar/").body["estado"] == "procesando"
    ended = shop.wait_for(campana, "completado")
    assert (ended["exitosos"], ended["fallidos"]) == (6, 0)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers
