"""The database refuses what the code must never write: one row per named constraint."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from campaigns.models import (
    Alerta,
    CampanaSMS,
    CierreDiario,
    Contacto,
    Destinatario,
    Entrante,
    EntregaAlerta,
    Gasto,
    Lote,
    MensajeListado,
    Ocurrencia,
    Programacion,
    Remitente,
    RespuestaGuardada,
    SMSLog,
    Suceso,
)
from clientes.models import (
    Baja,
    Compartido,
    ConsultaRNE,
    Etiqueta,
    Importacion,
    ImportacionFila,
    ImportacionTrozo,
    LoteClientes,
    NumeroRNE,
    RegistroBaja,
    Segmento,
    Venta,
)
from core.models import CodigoRecuperacion, Contador, Factor, Usuario
from tests.factories import (
    AdminFactory,
    CampanaFactory,
    ClienteFactory,
    PlantillaFactory,
    RemitenteFactory,
    VendedorFactory,
    open_lote,
    sms_log,
    una_programacion,
)


def campana(**fields: Any) -> CampanaSMS:
    return CampanaFactory.create(**fields)


def log(campana: CampanaSMS | None = None, **fields: Any) -> SMSLog:
    owner = campana or CampanaFactory.create()
    lote = owner.lotes.first() or open_lote(owner, [])
    return sms_log(owner, lote, ClienteFactory.create(usuario=owner.usuario), **fields)


def same_key() -> None:
    usuario = AdminFactory.create()
    for _ in range(2):
        campana(usuario=usuario, idempotency_key="k")


def same_sender() -> None:
    first = RemitenteFactory.create(activo=False)
    RemitenteFactory.create(usuario=first.usuario, valor=first.valor)


def sender(**fields: Any) -> Remitente:
    """A sender of a shop of its own."""
    return RemitenteFactory.create(valor="85432", **fields)


def same_numero() -> None:
    owner = campana()
    for _ in range(2):
        open_lote(owner, [], 1)


def same_cliente() -> None:
    first = log()
    SMSLog.objects.create(campana=first.campana, lote=first.lote, cliente=first.cliente)


def same_telefono() -> None:
    first = log()
    log(first.campana, telefono=first.telefono)


def same_message() -> None:
    for _ in range(2):
        log(estado="enviado", twilio_sid="SM1")


def lote(**fields: Any) -> Lote:
    return Lote.objects.create(campana=campana(), numero=1, cliente_ids=[], total=3, **fields)


def programacion(**fields: Any) -> Programacion:
    """Past what its service checks: the row is written as it is told."""
    row = una_programacion(AdminFactory.create())
    Programacion.objects.filter(pk=row.pk).update(**fields)
    return row


def ocurrencia(**fields: Any) -> Ocurrencia:
    return Ocurrencia.objects.create(programacion=programacion(), ocurrencia_utc=NOW, **fields)


def same_moment() -> None:
    first = ocurrencia(estado="omitida", motivo="x")
    Ocurrencia.objects.create(
        programacion=first.programacion, ocurrencia_utc=NOW, estado="creada", campana=campana(), tipo="manual"
    )


def same_palabra() -> None:
    usuario = AdminFactory.create()
    for nombre in ("Horario", "Horas"):
        RespuestaGuardada.objects.create(usuario=usuario, nombre=nombre, mensaje="De 9 a 7", palabra="horario")


def etiquetas(*nombres: str) -> None:
    usuario = AdminFactory.create()
    for nombre in nombres:
        Etiqueta.objects.create(usuario=usuario, nombre=nombre)


def two_shops() -> None:
    etiquetas("VIP")
    etiquetas("VIP")


def segmentos(*nombres: str) -> None:
    usuario = AdminFactory.create()
    for nombre in nombres:
        Segmento.objects.create(usuario=usuario, nombre=nombre, condiciones={})


def ventas(*referencias: str, total: int = 1) -> None:
    cliente = ClienteFactory.create()
    for referencia in referencias:
        Venta.objects.create(cliente=cliente, usuario=cliente.usuario, fecha=NOW, total=total, referencia=referencia)


def importacion(**fields: Any) -> Importacion:
    return Importacion.objects.create(usuario=AdminFactory.create(), archivo="lista.csv", **fields)


def two_of(model: type[Model], **fields: Any) -> None:
    first = importacion()
    for _ in range(2):
        model._default_manager.create(importacion=first, **fields)


def bajas(n: int, **fields: Any) -> list[Baja]:
    return [Baja.objects.create(huella=b"x" * 32, desde=NOW, fuente="sms", **fields) for _ in range(n)]


def two_entrantes(usuario: Usuario | None) -> None:
    for _ in range(2):
        Entrante.objects.create(sid="SM1", usuario=usuario)


def two_registros(**fields: Any) -> None:
    usuario = AdminFactory.create()
    for _ in range(2):
        RegistroBaja.objects.create(usuario=usuario, tipo="baja", fuente="sms", huella=b"x", momento=NOW, **fields)


def same_listado() -> None:
    cierre = CierreDiario.objects.create(dia=NOW)
    for _ in range(2):
        MensajeListado.objects.create(cierre=cierre, sid="SM1", propio=True)


def same_destinatario() -> None:
    owner = campana()
    for _ in range(2):
        Destinatario.objects.create(campana=owner, quien=7)


def same_avance() -> None:
    owner = campana()
    for _ in range(2):
        Suceso.objects.create(campana=owner, tipo="avance_50")


def same_destino() -> None:
    alerta = Alerta.objects.create(usuario=AdminFactory.create(), tipo="prueba", datos={})
    for _ in range(2):
        EntregaAlerta.objects.create(alerta=alerta, canal="correo", destino="ana@tienda.co")


def same_serie() -> None:
    for _ in range(2):
        Contador.objects.create(serie="x_total", etiquetas="{}", valor=1)


def same_code() -> None:
    factor = Factor.objects.create(usuario=AdminFactory.create(), secreto="x")
    for _ in range(2):
        CodigoRecuperacion.objects.create(factor=factor, huella="x")


NOW = timezone.now()
DIA = NOW.date()


def contactos(*ns: int) -> None:
    found = campana()
    for n in ns:
        Contacto.objects.create(usuario=found.usuario, dia=DIA, telefono="+573001112233", n=n, campana=found)


def gastos(*montos: int) -> None:
    usuario = AdminFactory.create()
    for monto in montos:
        Gasto.objects.create(usuario=usuario, dia=DIA, monto=monto)


def same_number() -> None:
    usuario = AdminFactory.create()
    consulta = ConsultaRNE.objects.create(
        usuario=usuario, quien=usuario, consultado_en=DIA, numeros=1, ilegibles=0, reemplaza=False
    )
    for _ in range(2):
        NumeroRNE.objects.create(usuario=usuario, telefono="+573001112233", consulta=consulta)


def same_call() -> None:
    usuario = AdminFactory.create()
    for _ in range(2):
        LoteClientes.objects.create(usuario=usuario, clave="k", huella="a", respuesta={})


BROKEN: list[tuple[str, Callable[[], object]]] = [
    ("usuario_de_una_tienda", lambda: AdminFactory.create(rol="vendedor")),
    ("usuario_de_una_tienda", lambda: VendedorFactory.create(rol="plataforma")),
    ("usuario_de_una_tienda", lambda: AdminFactory.create(rol="otro")),
    ("usuario_retirado_fundo", lambda: VendedorFactory.create(retirado=True)),
    ("loteclientes_clave_unica", same_call),
    ("cliente_prueba_de_un_consentimiento", lambda: ClienteFactory.create(consentimiento_lugar="Local")),
    ("cliente_consentimiento_entero", lambda: ClienteFactory.create(consentimiento_en=DIA)),
    ("cliente_consentimiento_entero", lambda: ClienteFactory.create(consentimiento_fuente="Caja")),
    ("numero_rne_unico", same_number),
    ("compartido_una_vez", lambda: [Compartido.objects.create(usuario_id=1, cliente_id=1) for _ in range(2)]),
    ("etiqueta_nombre_unico", lambda: etiquetas("VIP", "vip")),
    ("segmento_nombre_unico", lambda: segmentos("Norte", "NORTE")),
    ("venta_referencia_unica", lambda: ventas("F-1", "F-1")),
    ("venta_total_no_negativo", lambda: ventas("F-1", total=-1)),
    ("importacion_procesando_tiene_claim", lambda: importacion(estado="procesando")),
    ("importacion_procesando_tiene_claim", lambda: importacion(estado="procesando", token=uuid.uuid4())),
    ("importacion_procesando_tiene_claim", lambda: importacion(estado="procesando", lease_hasta=NOW)),
    ("importacion_completada_cuadra", lambda: importacion(estado="completada")),
    ("importacion_completada_cuadra", lambda: importacion(estado="completada", leidas=2, creadas=1, terminada_en=NOW)),
    ("importacion_trozo_unico", lambda: two_of(ImportacionTrozo, numero=0, datos=b"x")),
    ("importacion_fila_unica", lambda: two_of(ImportacionFila, numero=2, celdas=[])),
    ("codigo_uno_por_factor", same_code),
    ("remitente_valor_unico", same_sender),
    ("remitente_de_una_tienda", lambda: [sender() for _ in range(2)]),
    ("remitente_ritmo_positivo", lambda: RemitenteFactory.create(segmentos_por_segundo=0)),
    ("campana_una_por_idempotency_key", same_key),
    ("campana_tiene_destinatarios", lambda: campana(total_clientes=0)),
    ("campana_terminada_cuadra", lambda: campana(estado="completado", enviados_exitosos=1)),
    ("campana_terminada_cuadra", lambda: campana(estado="error", enviados_fallidos=1)),
    (
        "campana_terminada_cuadra",
        lambda: campana(estado="completado", total_clientes=3, enviados_exitosos=2, completado_en=NOW),
    ),
    ("campana_terminada_cuadra", lambda: campana(estado="error", enviados_fallidos=2, completado_en=NOW)),
    ("campana_completada_envio_algo", lambda: campana(estado="completado", enviados_fallidos=1, completado_en=NOW)),
    ("campana_a_toda_hora_dice_por_que", lambda: campana(clase="emergencia")),
    ("campana_por_aprobar_no_empezo", lambda: campana(aprobacion="pendiente", iniciado_en=NOW)),
    ("contacto_uno_por_vez", lambda: contactos(1, 1)),
    ("contacto_desde_uno", lambda: contactos(0)),
    ("gasto_uno_por_dia", lambda: gastos(1, 1)),
    ("gasto_no_negativo", lambda: gastos(-1)),
    ("campana_no_empieza_antes_de_su_fecha", lambda: campana(programada_para=NOW, estado="procesando")),
    ("campana_no_empieza_antes_de_su_fecha", lambda: campana(programada_para=NOW, estado="pausado")),
    (
        "campana_no_empieza_antes_de_su_fecha",
        lambda: campana(programada_para=NOW, estado="procesando", iniciado_en=NOW - timedelta(seconds=1)),
    ),
    ("programacion_un_solo_texto", lambda: programacion(mensaje="")),
    ("programacion_un_solo_texto", lambda: programacion(plantilla=PlantillaFactory.create())),
    ("programacion_frecuencia_completa", lambda: programacion(hora=None)),
    ("programacion_frecuencia_completa", lambda: programacion(dias=[1])),
    ("programacion_frecuencia_completa", lambda: programacion(frecuencia="semanal")),
    ("programacion_frecuencia_completa", lambda: programacion(frecuencia="mensual")),
    ("programacion_frecuencia_completa", lambda: programacion(frecuencia="mensual", dia_mes=32)),
    ("programacion_frecuencia_completa", lambda: programacion(frecuencia="cron", hora=None)),
    ("programacion_frecuencia_completa", lambda: programacion(frecuencia="cron", cron="0 9 * * *")),
    ("programacion_frecuencia_completa", lambda: programacion(frecuencia="anual")),
    ("programacion_fechas_en_orden", lambda: programacion(hasta=date(2025, 12, 31))),
    ("ocurrencia_unica", same_moment),
    ("ocurrencia_creada_tiene_campana", lambda: ocurrencia(estado="creada")),
    ("ocurrencia_creada_tiene_campana", lambda: ocurrencia(estado="omitida")),
    ("ocurrencia_creada_tiene_campana", lambda: ocurrencia(estado="fallida", motivo="x", campana=campana())),
    ("lote_numero_unico", same_numero),
    ("lote_cerrado_cuadra", lambda: lote(estado="cerrado", exitosos=2, fallidos=1)),
    ("lote_cerrado_cuadra", lambda: lote(estado="cerrado", exitosos=2, cerrado_en=NOW)),
    ("smslog_un_cliente_por_campana", same_cliente),
    ("smslog_un_telefono_por_campana", same_telefono),
    ("smslog_enviando_tiene_claim", lambda: log(estado="enviando")),
    ("smslog_enviando_tiene_claim", lambda: log(estado="enviando", token=uuid.uuid4())),
    ("smslog_enviando_tiene_claim", lambda: log(estado="enviando", lease_hasta=NOW)),
    ("smslog_un_sid", same_message),
    ("smslog_enviado_tiene_sid", lambda: log(estado="enviado")),
    ("smslog_fallido_tiene_codigo", lambda: log(estado="fallido")),
    ("baja_una_por_tienda", lambda: bajas(2, usuario=AdminFactory.create())),
    ("baja_una_por_remitente", lambda: bajas(2, remitente="+1")),
    ("baja_de_esta_llave", lambda: bajas(1, remitente="+1", telefono="+573001234567")),
    ("baja_de_una_tienda_o_de_un_remitente", lambda: bajas(1)),
    ("baja_de_una_tienda_o_de_un_remitente", lambda: bajas(1, remitente="+1", vigente=False)),
    ("registro_baja_un_sid", lambda: two_registros(sid="SM1")),
    ("entrante_uno_por_tienda", lambda: two_entrantes(AdminFactory.create())),
    ("entrante_uno_sin_tienda", lambda: two_entrantes(None)),
    ("destinatario_uno_por_campana", same_destinatario),
    ("suceso_un_avance", same_avance),
    ("listado_una_vez", same_listado),
    ("respuesta_una_por_palabra", same_palabra),
    ("entrega_una_por_destino", same_destino),
    ("contador_uno_por_serie", same_serie),
]


def named_constraints() -> set[str]:
    ours = [apps.get_app_config(label) for label in ("core", "clientes", "campaigns", "workers")]
    return {c.name for config in ours for model in config.get_models() for c in model._meta.constraints}


def test_it_covers_every_named_constraint() -> None:
    assert {name for name, _ in BROKEN} == named_constraints()


@pytest.mark.parametrize(("name", "write"), BROKEN, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BROKEN)])
def test_the_database_refuses(name: str, write: Callable[[], object], db: None) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    diag = getattr(caught.value.__cause__, "diag", None)
    assert getattr(diag, "constraint_name", None) == name


ALLOWED: list[tuple[str, Callable[[], object]]] = [
    ("sales without a reference, and of nothing", lambda: ventas("", "", total=0)),
    ("a tag of two shops", two_shops),
    ("a key of two shops", lambda: [campana(idempotency_key="k") for _ in range(2)]),
    ("an import that adds up", lambda: importacion(
        estado="completada", leidas=5, creadas=1, actualizadas=1, sin_cambios=1, rechazadas=1, repetidas=1,
        terminada_en=NOW)),
    ("a sender of one shop after another", lambda: [sender(activo=activo) for activo in (False, True, False)]),
    ("a sender without a limit", lambda: sender(segmentos_por_segundo=None)),
    ("many campaigns without a key", lambda: [campana(usuario=AdminFactory.create()) for _ in range(2)]),
    ("a cancelled campaign that is not over", lambda: campana(estado="cancelado", total_clientes=3)),
    ("a campaign that waits for its date", lambda: campana(programada_para=NOW)),
    ("a campaign that was cancelled before its date", lambda: campana(programada_para=NOW, estado="cancelado")),
    ("a campaign that began at its date", lambda: campana(programada_para=NOW, estado="procesando", iniciado_en=NOW)),
    ("a failed occurrence", lambda: ocurrencia(estado="fallida", motivo="x")),
    ("an occurrence with its campaign", lambda: ocurrencia(estado="creada", campana=campana())),
    ("one moment of two programaciones", lambda: [ocurrencia(estado="omitida", motivo="x") for _ in range(2)]),
    ("a campaign in which all failed", lambda: campana(estado="error", enviados_fallidos=1, completado_en=NOW)),
    ("a closed Lote that adds up", lambda: lote(estado="cerrado", exitosos=2, fallidos=1, cerrado_en=NOW)),
    ("recipients without a phone", lambda: [log(first, telefono="") for first in [campana()] for _ in range(2)]),
    (
        "the second client of a phone, failed",
        lambda: log((first := log()).campana, telefono=first.telefono, estado="fallido", codigo="telefono_duplicado"),
    ),
    ("deleted clients", lambda: [
        SMSLog.objects.create(campana=c, lote=open_lote(c, [], n), estado="fallido", codigo="cliente_eliminado")
        for c in [campana()] for n in (1, 2)
    ]),
    ("a phone that left two shops and a sender", lambda: [
        bajas(1, usuario=AdminFactory.create()), bajas(1, usuario=AdminFactory.create()), bajas(1, remitente="+1")]),
    ("proofs without a SID", lambda: two_registros(sid="")),
    ("a text for two shops", lambda: [
        Entrante.objects.create(sid="SM1", usuario=AdminFactory.create()) for _ in range(2)]),
    ("a campaign that is paused twice", lambda: [
        Suceso.objects.create(campana=c, tipo="pausada") for c in [campana()] for _ in range(2)
    ]),
    ("an uncertain row", lambda: log(estado="incierto", token=uuid.uuid4(), codigo="read_timeout")),
]  # fmt: skip


@pytest.mark.parametrize("write", [write for _, write in ALLOWED], ids=[name for name, _ in ALLOWED])
def test_the_database_takes(write: Callable[[], object], db: None) -> None:
    write()


def test_no_two_campaigns_take_one_key_when_it_is_set_later(owner: Usuario) -> None:
    campana(usuario=owner, idempotency_key="k")
    other = campana(usuario=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        CampanaSMS.objects.filter(pk=other.pk).update(idempotency_key="k")
