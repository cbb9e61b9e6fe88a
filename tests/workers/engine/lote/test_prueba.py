"""Campaigns of test keys: answered by Twilio's test numbers, without Twilio, caps, contacts or a close."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import selectors, services
from campaigns.campana.embudo import embudo_de
from campaigns.campana.reporte import reporte_de
from campaigns.campana.services import NuevaCampana
from campaigns.entrantes.atribucion import destino_de
from campaigns.ley.contactos import recordar_contactos
from campaigns.models import Ajustes, CampanaSMS, Lote, SMSLog
from campaigns.programaciones import ocurrencias
from clientes.models import Baja, Cliente
from core.models import Usuario
from tests.factories import ClienteFactory, RemitenteFactory, una_programacion
from workers.engine.campaign import campana as engine
from workers.engine.campaign import envio
from workers.engine.lote import entregas, prueba, publishing
from workers.engine.publish.window import Window
from workers.engine.rounds import sweeper
from workers.gateway import factory
from workers.revision import muestra

pytestmark = pytest.mark.django_db(transaction=True)
MAGIC = {
    "+15005550001": "21211",
    "+15005550002": "21612",
    "+15005550003": "21408",
    "+15005550004": "21610",
    "+15005550009": "21614",
}


@pytest.fixture(autouse=True)
def nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a task nor a call."""

    def leaves(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("something of a test left")

    monkeypatch.setattr(publishing, "_publish", leaves)
    monkeypatch.setattr("workers.engine.message.sending.get_gateway", leaves)
    monkeypatch.setattr(factory, "get_gateway", leaves)


def a_test(owner: Usuario, clientes: list[Cliente], **fields: Any) -> CampanaSMS:
    nueva = NuevaCampana(
        mensaje="Hola {nombre}", audiencia=Audiencia.de_ids(c.pk for c in clientes), prueba=True, **fields
    )
    return services.crear_campana(usuario=owner, nueva=nueva)[0]


def ran(campana: CampanaSMS) -> CampanaSMS:
    engine.advance(campana.pk)
    campana.refresh_from_db()
    return campana


@pytest.fixture
def magic(owner: Usuario) -> list[Cliente]:
    return [ClienteFactory.create(usuario=owner, telefono=phone) for phone in (*MAGIC, "+15005550006", "3001234567")]


def test_each_test_number_has_its_answer(owner: Usuario, magic: list[Cliente]) -> None:
    campana = ran(a_test(owner, magic))
    assert (campana.estado, campana.enviados_exitosos, campana.enviados_fallidos) == ("completado", 2, 5)
    rows = {row.telefono: row for row in SMSLog.objects.all()}
    assert {phone: row.codigo for phone, row in rows.items() if row.estado == "fallido"} == MAGIC
    assert all(row.error for row in rows.values() if row.codigo)
    good = rows["+573001234567"]
    assert (good.estado, good.twilio_sid, good.entrega) == ("enviado", f"PRUEBA{good.pk}", "delivered")
    assert (good.mensaje, good.intentos) == (f"Hola {good.nombre}", 1)
    assert not Baja.objects.exists()  # 21610 was nobody's word


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("+15005550001", "21212"),
        ("+15005550006", ""),
        ("+15005550007", "21606"),
        ("+15005550008", "21611"),
        ("85432", ""),
    ],
)
def test_each_sender_has_its_answer(owner: Usuario, value: str, code: str) -> None:
    remitente = RemitenteFactory.create(usuario=owner, valor=value)
    ran(a_test(owner, ClienteFactory.create_batch(2, usuario=owner), remitente=remitente))
    assert set(SMSLog.objects.values_list("codigo", flat=True)) == {code}


def test_who_is_not_written_to_is_not_in_a_test_either(owner: Usuario) -> None:
    clientes = [
        ClienteFactory.create(usuario=owner, telefono=""),
        ClienteFactory.create(usuario=owner, activo=False),
        ClienteFactory.create(usuario=owner),
    ]
    ran(a_test(owner, clientes))
    assert sorted(SMSLog.objects.values_list("codigo", flat=True)) == ["", "cliente_inactivo", "sin_telefono"]


def test_it_costs_nothing(owner: Usuario, settings: Any) -> None:
    """No cap stops it, no window holds it, no approval, and nothing is counted of it."""
    Ajustes.objects.filter(usuario=owner).update(
        precio_segmento=Decimal(100),
        tope_diario=Decimal(1),
        tope_mensual=Decimal(1),
        frecuencia_activa=True,
        frecuencia_maxima=1,
        ventanas_activas=True,
        ventanas={},
        aprobacion_destinatarios=1,
    )
    clientes = ClienteFactory.create_batch(3, usuario=owner)
    for _ in range(2):  # each phone twice on a day
        assert ran(a_test(owner, clientes)).estado == "completado"
    entregas.contar()

    with connection.cursor() as cursor:
        for table in ("gasto", "contacto"):
            cursor.execute(f"SELECT count(*) FROM campaigns_{table}")
            assert cursor.fetchone() == (0,)
    assert (
        recordar_contactos(tenant_id=owner.pk, dia=timezone.localdate(), desde=timezone.now() - timedelta(days=1)) == 0
    )
    assert set(Lote.objects.values_list("segmentos", "cupo_monto", "asentado")) == {(0, Decimal(0), True)}
    assert not SMSLog.objects.filter(reclamado_en__isnull=False).exists()  # of no day's close
    campana = CampanaSMS.objects.first()
    assert campana is not None
    assert (embudo_de(campana).segmentos, embudo_de(campana).costo) == (0, Decimal(0))


def test_it_is_in_no_report_and_no_conversation(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner, telefono="3001234567")
    ran(a_test(owner, [cliente]))
    total = reporte_de(owner, dias=2).total
    assert (total.campanas, total.enviados) == (0, 0)
    assert selectors.resumen_de(owner, []).exitosos == 0
    assert sum(day.total for day in selectors.por_dia(owner, dias=2)) == 0
    assert not selectors.logs_de(owner).exists()
    assert muestra.ultima() is None
    destino = destino_de("+573001234567", remitentes=[])
    assert destino.campana_id is None


def test_only_the_failed_are_tried_again(owner: Usuario, magic: list[Cliente]) -> None:
    campana = ran(a_test(owner, magic))
    Cliente.objects.filter(telefono_e164="+15005550001").update(
        telefono="3007654321", telefono_e164="+573007654321", pais="CO"
    )
    services.mover_campana(campana=campana, action="reintentar")
    ran(campana)
    assert (campana.estado, campana.enviados_exitosos) == ("completado", 3)
    assert SMSLog.objects.get(telefono="+573007654321").intentos >= 1


def test_no_other_path_sends_it(owner: Usuario) -> None:
    """Nobody but its own step ever sees a row that could be sent."""
    campana = a_test(owner, ClienteFactory.create_batch(2, usuario=owner))
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="procesando")
    assert not envio._open_one(campana.pk, Window(rows=500, lotes=20), set())
    assert not SMSLog.objects.exists()
    sweeper.sweep()
    assert set(SMSLog.objects.values_list("estado", flat=True)) == {"enviado"}


def test_a_paused_or_cancelled_one_stands_still(owner: Usuario) -> None:
    campana = a_test(owner, ClienteFactory.create_batch(2, usuario=owner))
    CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado", iniciado_en=timezone.now())
    ran(campana)
    assert not SMSLog.objects.exists()
    services.mover_campana(campana=campana, action="cancelar")
    ran(campana)
    assert set(SMSLog.objects.values_list("estado", "codigo")) == {("fallido", "campana_cancelada")}


def test_it_goes_on_in_another_task(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prueba, "LOTES", 1)
    campana = a_test(owner, ClienteFactory.create_batch(2, usuario=owner))
    first = campana.lotes.get()
    one, other = first.cliente_ids
    Lote.objects.filter(pk=first.pk).update(cliente_ids=[one], total=1)
    campana.lotes.create(numero=2, cliente_ids=[other], total=1)
    assert ran(campana).estado == "procesando"
    assert ran(campana).estado == "completado"


def test_a_schedule_makes_tests(owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner)
    programacion = una_programacion(owner)
    programacion.prueba = True
    programacion.save()
    campana, _ = ocurrencias.crear_una(programacion, momento=timezone.now())
    assert campana.prueba
    assert ran(campana).estado == "completado"
