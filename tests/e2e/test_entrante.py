"""Clients who answer: they leave in the middle of a campaign, by SMS and by the link, and come back."""

from urllib.parse import urlencode

import pytest
import urllib3

from tests.e2e.system import LOTE_SIZE, Shop, System, until

pytestmark = pytest.mark.e2e

NUMERO = "+15005550006"  # the system's sender


def phones(count: int, prefix: str) -> list[str]:
    return [f"+57310{prefix}{n:05d}" for n in range(count)]


def answers(system: System, telefono: str, body: str) -> None:
    """The client writes, and Twilio hands it to us."""
    url = f"{system.url}/webhooks/twilio/entrante/"
    assert system.simulator.control.inbound(from_=telefono, to=NUMERO, body=body, url=url)["status"] == 200


def codes(shop: Shop, campana: int) -> dict[str, str]:
    return {row["telefono"]: row["codigo"] for row in shop.logs(campana)}


def test_a_stop_in_the_middle_of_a_campaign_stops_the_message(system: System, shop: Shop) -> None:
    """One client whose row waits in an open Lote, and one whose Lote is yet to be opened."""
    numbers = phones(16 * LOTE_SIZE, "10")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=1.0)
    campana = shop.campaign(ids)
    # The first are on their way, for a second: the others of the open Lotes wait for a thread.
    taken = "SELECT count(*) FROM campaigns_smslog WHERE campana_id = %s AND estado = 'enviando'"
    until(lambda: system.sql(taken, campana), lambda rows: rows[0][0] > 0)
    shop.post(f"/campanas/{campana}/pausar/")
    until(lambda: shop.progress(campana), lambda now: now["enviando"] == 0)
    pending = [row["telefono"] for row in shop.logs(campana) if row["estado"] == "pendiente"]
    assert pending
    waiting, unopened = pending[-1], numbers[-1]
    answers(system, waiting, "STOP")
    answers(system, unopened, "No me escriban más, por favor")
    system.simulator.control.clear_faults()
    shop.post(f"/campanas/{campana}/reanudar/")
    ended = shop.wait_for(campana, "completado")
    assert (ended["exitosos"], ended["fallidos"]) == (len(ids) - 2, 2)
    assert codes(shop, campana)[waiting] == "baja"
    assert [row["codigo"] for row in shop.logs(campana) if row["cliente_id"] == ids[-1]] == ["baja"]
    assert system.messages(waiting, unopened) == []

    later = shop.campaign([ids[numbers.index(waiting)], ids[-1], ids[0]])
    ended = shop.wait_for(later, "completado")
    assert (ended["exitosos"], ended["fallidos"]) == (1, 2)
    assert system.messages(waiting, unopened) == []
    kept = {row["telefono"]: row for row in shop.get("/bajas/").body["results"]}
    assert set(kept) == {waiting, unopened}
    history = shop.get(f"/bajas/{kept[unopened]['id']}/").body["historia"]
    assert (history[0]["texto"], history[0]["fuente"]) == ("No me escriban más, por favor", "sms")

    answers(system, waiting, "START")
    back = shop.campaign([ids[numbers.index(waiting)], ids[-1]])
    assert shop.wait_for(back, "completado")["exitosos"] == 1
    assert [to for to, _ in system.messages(waiting)] == [waiting]


def test_the_link_of_a_message_opts_out(system: System, shop: Shop) -> None:
    [telefono] = phones(1, "11")
    ids = shop.clients(telefono)
    shop.wait_for(shop.campaign(ids, "Hola {nombre}. Salir: {enlace_baja}"), "completado")
    [(_, body)] = system.messages(telefono)
    link = body.rpartition(" ")[2]
    assert link.startswith(f"{system.url}/b/")
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 303)):
        assert urllib3.request(method, link, redirect=False, retries=False).status == status
    ended = shop.wait_for(shop.campaign(ids), "error")
    assert "Pidió no recibir mensajes" in ended["motivo"]
    assert len(system.messages(telefono)) == 1


def test_what_twilio_blocks_is_learnt(system: System, shop: Shop) -> None:
    """The client's STOP went to Twilio alone: the refusal of the next message tells."""
    [telefono] = phones(1, "12")
    ids = shop.clients(telefono)
    system.simulator.control.inbound(from_=telefono, to=NUMERO, body="STOP")
    for code in ("21610", "baja"):
        campana = shop.campaign(ids)
        shop.wait_for(campana, "error")
        assert [row["codigo"] for row in shop.logs(campana)] == [code]
    [row] = shop.get("/bajas/").body["results"]
    assert (row["telefono"], row["fuente"]) == (telefono, "twilio_21610")


def test_a_forged_call_is_refused(system: System, shop: Shop) -> None:
    form = {"MessageSid": "SM" + "0" * 32, "From": phones(1, "13")[0], "To": NUMERO, "Body": "STOP"}
    for path in ("entrante/", f"estado/1-{'0' * 32}/"):
        for headers in ({}, {"X-Twilio-Signature": "x"}):
            url = f"{system.url}/webhooks/twilio/{path}"
            sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
            answer = urllib3.request("POST", url, body=urlencode(form), headers=sent)
            assert answer.status == 403
    assert system.sql("SELECT count(*) FROM campaigns_entrante WHERE sid = %s", form["MessageSid"]) == [(0,)]
