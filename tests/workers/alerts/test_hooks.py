"""Hooks: what happens is told, once it is so, in its order, until it is taken."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient
from standardwebhooks import Webhook, WebhookVerificationError

from campaigns.bitacora import alertas, ganchos
from campaigns.bitacora.services import anotar
from campaigns.models import (
    Alerta,
    CampanaSMS,
    Entrante,
    EntregaGancho,
    EventoGancho,
    Gancho,
    SMSLog,
    Suceso,
)
from campaigns.values.eventos import ELEGIBLES
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Cliente, Fuente, Importacion
from clientes.services import anonimizar_cliente, eliminar_cliente
from core.models import Usuario
from tests.core.api.support import error_of
from tests.factories import ClienteFactory, open_lote, sms_log
from tests.ports import held, port_of
from tests.workers.alerts.listener import Listener
from workers.alerts import hooks
from workers.alerts.results import Failed

URL = "/api/v1/ganchos/"
TODOS = [tipo for tipo, _ in ELEGIBLES]
DOCS = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture(autouse=True)
def _nothing_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "GATHER_S", 0.0)


@pytest.fixture
def gancho(owner: Usuario, listener: Listener) -> Gancho:
    return ganchos.crear(usuario=owner, url=listener.url, tipos=TODOS)


def told(listener: Listener) -> list[dict[str, Any]]:
    return [evento for call in listener.calls for evento in json.loads(call.body)["data"]["eventos"]]


def types(listener: Listener) -> list[str]:
    return [evento["type"] for evento in told(listener)]


def due() -> None:
    Gancho.objects.update(libre_desde=timezone.now() - timedelta(hours=1))


def test_what_happens_is_told_in_its_order(
    api: APIClient, gancho: Gancho, campana: CampanaSMS, owner: Usuario, stranger: Usuario, listener: Listener
) -> None:
    ganchos.crear(usuario=stranger, url=listener.url, tipos=TODOS)  # of another shop
    clientes = ClienteFactory.create_batch(3, usuario=owner)
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.INICIADA)
    lote = open_lote(campana, clientes)
    rows = [sms_log(campana, lote, cliente) for cliente in clientes]
    logs = SMSLog.objects.filter(campana=campana)
    logs.filter(pk=rows[0].pk).update(estado="enviando", token="0" * 32, lease_hasta=timezone.now())
    logs.filter(pk=rows[0].pk).update(estado="enviado", twilio_sid="SM1")
    logs.filter(pk=rows[0].pk).update(entrega="queued")
    logs.filter(pk=rows[0].pk).update(entrega="delivered")
    logs.filter(pk=rows[0].pk).update(entrega="read", segmentos=1)  # nothing new
    logs.filter(pk=rows[1].pk).update(estado="enviado", twilio_sid="SM2", entrega="undelivered")  # both at once
    logs.filter(pk=rows[2].pk).update(estado="fallido", codigo="tope")  # it waits
    logs.filter(pk=rows[2].pk).update(estado="fallido", codigo="21211", error="No es un número")
    Cliente.objects.filter(pk=clientes[0].pk).update(nombre="Eva")
    Cliente.objects.filter(pk=clientes[0].pk).update(nombre="Eva")
    phone = clientes[0].telefono_e164
    Entrante.objects.create(usuario=owner, sid="SM9", telefono=phone, texto="Gracias", campana=campana)
    dar_de_baja(telefono=phone, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
    dar_de_alta(telefono=phone, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
    Importacion.objects.create(usuario=owner, archivo="c.csv")
    Importacion.objects.update(leidas=3)
    Importacion.objects.update(estado="fallida", error="No se lee", terminada_en=timezone.now())
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle="Un tope")
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.REANUDADA)
    with transaction.atomic():
        anotar(campana_id=campana.pk, tipo=Suceso.Tipo.ERROR)
        transaction.set_rollback(True)  # it did not happen
    assert hooks.deliver() == 1
    assert types(listener) == [
        "cliente.creado", "cliente.creado", "cliente.creado", "campana.iniciada", "sms.enviado", "sms.entregado",
        "sms.enviado", "sms.no_entregado", "sms.fallido", "cliente.actualizado", "respuesta.recibida",
        "baja.registrada", "baja.retirada", "importacion.terminada", "campana.pausada",
    ]  # fmt: skip
    events = {evento["type"]: evento["data"] for evento in told(listener)}
    assert events["sms.fallido"] | {"error": ""} == {
        "id": rows[2].pk, "campana_id": campana.pk, "cliente_id": clientes[2].pk, "telefono": rows[2].telefono,
        "estado": "fallido", "codigo": "21211", "error": "", "twilio_sid": "", "entrega": "", "entrega_codigo": "",
        "segmentos": None, "prueba": False,
    }  # fmt: skip
    assert (events["cliente.actualizado"]["nombre"], events["respuesta.recibida"]["texto"]) == ("Eva", "Gracias")
    assert (events["campana.pausada"]["motivo"], events["importacion.terminada"]["leidas"]) == ("Un tope", 3)
    assert hooks.deliver() == 0
    # Only what is asked for, and nothing at all for whoever is disabled.
    ganchos.cambiar(gancho=gancho, usuario=owner, datos={"tipos": ["baja.registrada"]})
    Cliente.objects.filter(pk=clientes[0].pk).update(nombre="Ada")
    assert EventoGancho.objects.filter(en_entrega=False).count() == 0
    ganchos.cambiar(gancho=gancho, usuario=owner, datos={"activo": False})
    dar_de_baja(telefono=phone, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
    assert EventoGancho.objects.filter(en_entrega=False).count() == 0


def some(gancho: Gancho, count: int) -> list[EventoGancho]:
    return EventoGancho.objects.bulk_create(
        EventoGancho(gancho=gancho, tipo="sms.enviado", datos={"id": n}) for n in range(count)
    )


def test_nothing_overtakes_what_was_not_taken(gancho: Gancho, listener: Listener) -> None:
    some(gancho, 1_100)
    listener.status = 503
    assert hooks.deliver() == 1
    some(gancho, 1)
    assert hooks.deliver() == 0  # not before its time
    entrega = EntregaGancho.objects.get()
    assert (entrega.estado, entrega.intentos, entrega.total, entrega.codigo_http) == ("pendiente", 1, 500, 503)
    found = Gancho.objects.get()
    assert found.falla_desde is not None
    assert timedelta(seconds=1) < found.libre_desde - timezone.now() <= timedelta(seconds=hooks.PAUSES_S[0])
    listener.status = 204
    due()
    assert hooks.deliver() == 3
    assert [json.loads(call.body)["data"]["eventos"][0]["data"]["id"] for call in listener.calls] == [0, 0, 500, 1000]
    assert listener.calls[0].headers["webhook-id"] == listener.calls[1].headers["webhook-id"]
    ids = [evento["data"]["id"] for call in listener.calls[1:] for evento in json.loads(call.body)["data"]["eventos"]]
    assert ids == [*range(1_100), 0]
    assert len({evento["id"] for evento in told(listener)}) == 1_101
    assert Gancho.objects.get().falla_desde is None


def test_one_calls_at_a_time_and_who_dies_has_said_nothing(gancho: Gancho, listener: Listener) -> None:
    some(gancho, 2)
    claim = hooks.take()
    assert claim is not None
    assert hooks.take() is None
    # Who says that it is active, as it is, takes nothing from who calls.
    ganchos.cambiar(gancho=gancho, usuario=gancho.usuario, datos={"activo": True})
    assert hooks.take() is None
    due()  # it was not heard of again
    assert hooks.deliver() == 1
    entrega = EntregaGancho.objects.get()
    assert not hooks.record(claim, entrega, Failed("late"))
    entrega.refresh_from_db()
    assert (entrega.estado, len(told(listener))) == ("entregada", 2)


def test_after_three_days_it_is_disabled_and_said(
    gancho: Gancho, owner: Usuario, listener: Listener, mailoutbox: list[Any]
) -> None:
    alertas.guardar_ajustes(usuario=owner, datos={"url": listener.url})
    some(gancho, 1)
    listener.status = 500
    for _ in range(12):
        hooks.deliver()
        due()
    assert Gancho.objects.get().estado == "activo"
    Gancho.objects.update(falla_desde=timezone.now() - hooks.GIVE_UP)
    hooks.deliver()
    found, entrega = Gancho.objects.get(), EntregaGancho.objects.get()
    assert (found.estado, entrega.estado, entrega.intentos) == ("desactivado", "fallida", 13)
    assert found.motivo == hooks.SIN_TOMAR.format(error="Contestó 500.")
    assert Alerta.objects.get().tipo == "gancho.desactivado"
    due()
    assert hooks.deliver() == 0
    listener.status = 200
    ganchos.cambiar(gancho=found, usuario=owner, datos={"activo": True})
    ganchos.repetir(entrega=entrega)
    assert hooks.deliver() == 1
    assert len({evento["id"] for evento in told(listener)}) == 1
    listener.status = 410
    ganchos.probar(gancho=found)
    hooks.deliver()
    assert Gancho.objects.get().motivo == hooks.YA_NO_EXISTE


def test_two_secrets_sign_while_one_is_changed(gancho: Gancho, owner: Usuario, listener: Listener) -> None:
    changed = ganchos.cambiar_secreto(gancho=gancho, usuario=owner)
    some(gancho, 1)
    hooks.deliver()
    [call] = listener.calls
    for secret in (gancho.secreto, changed.secreto):
        assert Webhook(secret).verify(call.body, call.headers)
    Gancho.objects.update(anterior_hasta=timezone.now())
    some(gancho, 1)
    hooks.deliver()
    assert Webhook(changed.secreto).verify(listener.calls[1].body, listener.calls[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(gancho.secreto).verify(listener.calls[1].body, listener.calls[1].headers)


def test_a_program_makes_one_and_tells_again(api: APIClient, listener: Listener) -> None:
    made = api.post(URL, {"url": listener.url, "tipos": ["sms.enviado", "sms.enviado", "baja.registrada"]})
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["secreto"].startswith("whsec_")
    assert body["tipos"] == ["sms.enviado", "baja.registrada"]
    mine = f"{URL}{body['id']}/"
    assert "secreto" not in api.get(mine).json()
    gancho = Gancho.objects.get()
    some(gancho, 3)
    assert api.post(f"{mine}prueba/").status_code == 202
    assert hooks.deliver() == 2
    assert types(listener) == ["prueba", "sms.enviado", "sms.enviado", "sms.enviado"]
    calls = api.get(f"{mine}entregas/").json()["results"]
    assert [(call["total"], call["estado"], call["codigo_http"]) for call in calls] == [
        (3, "entregada", 200), (1, "entregada", 200),
    ]  # fmt: skip
    again_path = f"{URL}entregas/{calls[0]['id']}/repetir/"
    assert api.post(again_path).json()["repetida"]
    span = {"desde": "2020-01-01T00:00", "hasta": "2099-01-01T00:00"}
    # One more press, of either, is no more calls before what is new.
    assert error_of(api.post(f"{mine}repetir/", span), 409)["code"] == "pending"
    assert error_of(api.post(again_path), 409)["code"] == "pending"
    assert hooks.deliver() == 1
    assert api.post(f"{mine}repetir/", span).json() == {"eventos": 3}
    assert error_of(api.post(f"{mine}repetir/", span), 409)["code"] == "pending"
    assert error_of(api.post(again_path), 409)["code"] == "pending"
    assert hooks.deliver() == 1
    again = told(listener)[1:]
    assert [evento["id"] for evento in again] == [evento["id"] for evento in again[:3]] * 3
    assert error_of(api.post(f"{mine}repetir/", {**span, "hasta": "2020-01-01T00:00"}), 400)["attr"] == "hasta"
    assert error_of(api.post(f"{mine}repetir/", {**span, "hasta": "2020-01-02T00:00"}), 409)["code"] == "empty"
    assert api.patch(mine, {"activo": False}).json()["motivo"] == ganchos.POR_PERSONA
    assert error_of(api.post(f"{mine}prueba/"), 409)["code"] == "disabled"
    for bad, attr in (
        ({"url": "http://10.0.0.1/", "tipos": ["sms.enviado"]}, "url"),
        ({"url": listener.url, "tipos": []}, "tipos"),
        ({"url": listener.url, "tipos": ["prueba"]}, "tipos.0"),
        ({"url": listener.url, "tipos": ["sms.enviado"], "secreto": "x"}, "secreto"),
    ):
        if attr != "url":  # a test's listener is private
            assert error_of(api.post(URL, bad), 400)["attr"] == attr
    assert api.delete(mine).status_code == 204
    for _ in range(ganchos.MAXIMO):
        assert api.post(URL, {"url": listener.url, "tipos": ["sms.enviado"]}).status_code == 201
    assert error_of(api.post(URL, {"url": listener.url, "tipos": ["sms.enviado"]}), 409)["code"] == "limit"


def test_private_addresses_are_refused(api: APIClient, settings: Any) -> None:
    settings.ALERTS_ALLOW_PRIVATE = False
    for url in ("http://tienda.co/", "https://10.0.0.1/", "https://localhost/", "https://tienda.co:6379/"):
        assert error_of(api.post(URL, {"url": url, "tipos": ["sms.enviado"]}), 400)["attr"] == "url"


def test_old_events_are_deleted_once_they_were_told(
    gancho: Gancho, owner: Usuario, listener: Listener, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    monkeypatch.setattr(ganchos, "LOTE", 2)
    alertas.guardar_ajustes(usuario=owner, datos={"url": listener.url})

    def aged(rows: list[EventoGancho], days: int, **fields: Any) -> list[int]:
        ids = [row.pk for row in rows]
        EventoGancho.objects.filter(pk__in=ids).update(creado=timezone.now() - timedelta(days=days), **fields)
        return ids

    def clean() -> int:
        return ganchos.limpiar(hasta=time.monotonic() + 60)

    def left() -> list[int]:
        return list(EventoGancho.objects.order_by("pk").values_list("pk", flat=True))

    taken = aged(some(gancho, 5), 9, en_entrega=True)
    called = aged(some(gancho, 2), 9, en_entrega=True)
    waits = aged(some(gancho, 2), 8)
    new = aged(some(gancho, 1), 6, en_entrega=True)
    old = timezone.now() - timedelta(days=31)
    EntregaGancho.objects.create(gancho=gancho, evento_ids=taken, total=5, creada=old, estado="entregada")
    EntregaGancho.objects.create(gancho=gancho, evento_ids=called, total=2, creada=old)  # is still tried
    assert ganchos.limpiar(hasta=time.monotonic()) == 0
    assert clean() == 6
    assert left() == [*called, *waits, *new]
    EntregaGancho.objects.update(estado="entregada")
    assert clean() == 3
    assert left() == [*waits, *new]
    # It takes its calls, but is a month behind.
    aged(list(EventoGancho.objects.filter(pk=waits[0])), 31)
    assert clean() == 2
    found = Gancho.objects.get()
    assert (found.estado, found.motivo, left()) == ("desactivado", ganchos.ATRASADO, new)
    assert Alerta.objects.get().tipo == "gancho.desactivado"
    assert clean() == 0
    ganchos.eliminar(gancho=found, usuario=owner)
    assert clean() == 1
    assert left() == []


def test_many_rows_cost_no_more_each(gancho: Gancho, campana: CampanaSMS) -> None:
    """A session whose first statement had one row does not join those of the next one by one."""
    lote = open_lote(campana, [])
    SMSLog.objects.bulk_create(
        SMSLog(campana=campana, lote=lote, estado="enviado", twilio_sid=f"SM{n}") for n in range(10_001)
    )
    first = SMSLog.objects.order_by("pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])

    def spent(entrega: str, least: int, most: int) -> float:
        before = sum(backend.cpu_times()[:2])
        SMSLog.objects.filter(pk__gte=first + least, pk__lt=first + most).update(entrega=entrega)
        return sum(backend.cpu_times()[:2]) - before

    spent("delivered", 0, 1)
    runs = [(spent(entrega, 1, 2_001), spent(entrega, 2_001, 10_001)) for entrega in ("failed", "delivered")]
    # Processor time, in the kernel's steps of 10 ms: four times as long, sixteen times if each row met all others.
    small, large = (min(run[which] for run in runs) for which in (0, 1))
    assert large <= 8 * max(small, 0.02), runs
    assert EventoGancho.objects.filter(tipo="sms.enviado").count() == 10_001
    assert EventoGancho.objects.filter(tipo__in=["sms.entregado", "sms.no_entregado"]).count() == 20_001


def test_the_triggers_are_made_again_over_what_is_there(gancho: Gancho, owner: Usuario) -> None:
    made = import_module("campaigns.migrations.0034_disparadores")
    with connection.schema_editor(atomic=False) as editor:
        made.make(apps, editor)
        made.drop(apps, editor)
        made.drop(apps, editor)
        made.make(apps, editor)
        made.make(apps, editor)
    ClienteFactory.create(usuario=owner)
    assert EventoGancho.objects.count() == 1


def test_no_row_is_refused_for_its_words(
    gancho: Gancho, campana: CampanaSMS, owner: Usuario, listener: Listener
) -> None:
    odd = "\\u0000 \\ud800 \x01\x1f\x7f \ufffe \U0001f600 NaN 1e999 %s {} $q$ $$ \"'\\"
    cliente = Cliente.objects.create(usuario=owner, nombre=odd, telefono="3001234567", documento=odd[:20])
    row = sms_log(campana, open_lote(campana, [cliente]), cliente)
    SMSLog.objects.filter(pk=row.pk).update(estado="fallido", codigo=odd[:20], error=odd)
    SMSLog.objects.filter(pk=row.pk).update(segmentos=32_767, error=odd * 5)
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle=odd)
    Entrante.objects.create(usuario=owner, sid=odd[:20], telefono=odd[:20], texto=odd * 10_000)
    Importacion.objects.create(usuario=owner, archivo=odd)
    Importacion.objects.update(estado="fallida", error=odd, terminada_en=timezone.now())
    assert hooks.deliver() == 1
    events = {evento["type"]: evento["data"] for evento in told(listener)}
    assert events["cliente.creado"]["nombre"] == events["sms.fallido"]["error"] == odd
    assert events["campana.pausada"]["motivo"] == events["importacion.terminada"]["archivo"] == odd
    assert events["respuesta.recibida"]["texto"] == odd * 10_000


@pytest.mark.parametrize("forget", [anonimizar_cliente, eliminar_cliente])
def test_events_of_who_is_erased_are_told_no_more(
    gancho: Gancho, owner: Usuario, stranger: Usuario, listener: Listener, forget: Callable[..., None]
) -> None:
    ana, luis = (ClienteFactory.create(usuario=owner, telefono=f"300111000{n}") for n in (1, 2))
    hermano = ClienteFactory.create(usuario=owner, telefono=luis.telefono)
    ajeno = ganchos.crear(usuario=stranger, url=listener.url, tipos=TODOS)
    theirs = {"id": 1, "cliente_id": ana.pk, "telefono": ana.telefono_e164}
    EventoGancho.objects.create(gancho=ajeno, tipo="sms.enviado", datos=theirs)  # another shop's
    for cliente in (ana, luis, hermano):
        phone = cliente.telefono_e164
        EventoGancho.objects.create(gancho=gancho, tipo="sms.enviado", datos={"id": 7, "cliente_id": cliente.pk})
        EventoGancho.objects.create(gancho=gancho, tipo="sms.fallido", datos={"id": ana.pk, "cliente_id": None})
        Entrante.objects.create(usuario=owner, sid=f"SM{cliente.pk}", telefono=phone, texto=f"Soy {cliente.pk}")
        dar_de_baja(telefono=phone, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
        assert hooks.deliver()
    EntregaGancho.objects.update(respuesta="¡Hola, Ana!")
    Entrante.objects.all().delete()
    events, pk = EventoGancho.objects.filter(gancho=gancho), ana.pk
    forget(cliente=ana)
    about = ("cliente.creado", "respuesta.recibida", "baja.registrada")
    assert [events.filter(tipo=tipo).count() for tipo in (*about, "sms.enviado", "sms.fallido")] == [2, 2, 2, 2, 3]
    assert not events.filter(datos__telefono=ana.telefono_e164).exists()
    assert EntregaGancho.objects.filter(respuesta="").count() == 1  # the one with hers
    forget(cliente=luis)  # whose phone is another's too
    assert [events.filter(tipo=tipo).count() for tipo in (*about, "sms.enviado")] == [1, 2, 2, 1]
    assert set(events.filter(tipo="respuesta.recibida").values_list("datos__texto", flat=True)) == {""}
    assert EventoGancho.objects.filter(gancho=ajeno).count() == 1
    # What is left of the calls is told again; the erasure itself is an event, without data.
    changed = events.filter(tipo="cliente.actualizado")
    assert {evento.datos["telefono"] for evento in changed} <= {""}
    listener.calls.clear()
    first = EntregaGancho.objects.filter(gancho=gancho).earliest("pk")
    ganchos.repetir(entrega=first)
    assert hooks.deliver()
    assert pk not in {evento["data"].get("cliente_id") for evento in told(listener)}
    EntregaGancho.objects.create(gancho=gancho, evento_ids=[first.evento_ids[0]], total=1)
    due()
    assert hooks.deliver()  # of a call with no event left too
    assert EntregaGancho.objects.latest("pk").estado == "entregada"


def test_the_receiver_of_the_documents_takes_them(owner: Usuario, settings: Any) -> None:
    settings.ALERTS_ALLOW_PRIVATE = True
    holder = held()
    port = port_of(holder)
    gancho = ganchos.crear(usuario=owner, url=f"http://127.0.0.1:{port}/", tipos=TODOS)
    [code] = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    env = {**os.environ, "SECRETO": gancho.secreto, "PORT": str(port)}
    receiver = subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        some(gancho, 2)
        for _ in range(200):
            hooks.deliver()
            if EntregaGancho.objects.get().estado == "entregada":
                break
            due()
        ganchos.repetir(entrega=EntregaGancho.objects.get())
        assert hooks.deliver() == 1
        Gancho.objects.update(secreto=alertas.nuevo_secreto())
        ganchos.probar(gancho=gancho)
        hooks.deliver()
    finally:
        receiver.terminate()
        said, _ = receiver.communicate()
        holder.close()
    assert said.decode().splitlines() == ["sms.enviado {'id': 0}", "sms.enviado {'id': 1}"]
    assert EntregaGancho.objects.latest("pk").codigo_http == 401
