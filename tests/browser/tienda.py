"""A shop with one campaign in each estado, as the engine leaves them."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from campaigns.models import CampanaSMS, Lote, SMSLog
from clientes.models import Cliente
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log

MENSAJE = "¡Hola {nombre}! Este sábado hay 30 % de descuento en toda la tienda. Muestra este mensaje en la caja."
NOMBRES = [
    "Ana Gómez",
    "Luis Ríos",
    "Marta Peña",
    "Iván Díaz",
    "Sara Núñez",
    "Juan Muñoz",
    "Luz Marina Cárdenas",
    "José Ángel Ortiz",
]
FALLOS = (
    ("21610", "El destinatario pidió no recibir mensajes"),
    ("21614", "El número no es de un celular"),
    ("21610", "El destinatario pidió no recibir mensajes"),
    ("21408", "La cuenta no tiene permiso para enviar SMS a ese país"),
)
E = SMSLog.Estado


def celular(i: int) -> str:
    """The i-th of a few thousand valid numbers."""
    return str(3_101_234_567 + i * 16_543)


def clientes(usuario: Usuario, n: int) -> list[Cliente]:
    return [
        ClienteFactory.create(usuario=usuario, nombre=NOMBRES[i % len(NOMBRES)], telefono=celular(i)) for i in range(n)
    ]


def en_curso(usuario: Usuario, chosen: list[Cliente], campana: CampanaSMS | None = None) -> CampanaSMS:
    """Running: of 40 clients 24 were sent, 4 failed, 1 is uncertain and 3 are leaving."""
    campana = campana or CampanaFactory.create(usuario=usuario)
    campana.nombre, campana.mensaje, campana.estado = "Aniversario de la tienda", MENSAJE, "procesando"
    campana.total_clientes = len(chosen)
    campana.iniciado_en = timezone.now() - timedelta(seconds=9)
    campana.save()
    lote = open_lote(campana, chosen, numero=2)
    for i, cliente in enumerate(chosen):
        log = sms_log(campana, lote, cliente, mensaje=MENSAJE.replace("{nombre}", cliente.nombre))
        if i < 28 and i % 7 == 3:
            codigo, error = FALLOS[i // 7]
            finish(log, E.FALLIDO, codigo=codigo, error=error)
        elif i < 28:
            finish(log, E.ENVIADO)
        elif i == 28:
            finish(log, E.INCIERTO, error="Twilio no contestó a tiempo; no se sabe si el mensaje salió")
        elif i < 32:
            SMSLog.objects.filter(pk=log.pk).update(
                estado=E.ENVIANDO, token=uuid4(), lease_hasta=timezone.now() + timedelta(minutes=1), intentos=1
            )
    return campana


def finish(log: SMSLog, estado: str, **fields: str) -> None:
    """Write the outcome of one recipient."""
    if estado == E.ENVIADO:
        fields = {"twilio_sid": f"SM{log.pk:032x}", "entrega": "delivered" if log.pk % 3 else "sent", **fields}
    SMSLog.objects.filter(pk=log.pk).update(estado=estado, intentos=1, actualizado=timezone.now(), **fields)


def grande(usuario: Usuario) -> CampanaSMS:
    """Running fast: 3,000 recipients of a Lote that just closed, 40 of the open one, 2,000 to come."""
    campana = CampanaFactory.create(usuario=usuario)
    rows = [_row(i) for i in range(3_000)]
    fallidos = sum(row.estado == E.FALLIDO for row in rows)
    lote = Lote.objects.create(
        campana=campana,
        numero=1,
        cliente_ids=[],
        total=len(rows),
        estado="cerrado",
        exitosos=len(rows) - fallidos,
        fallidos=fallidos,
        cerrado_en=timezone.now(),
    )
    for row in rows:
        row.campana, row.lote = campana, lote
    SMSLog.objects.bulk_create(rows)
    en_curso(usuario, clientes(usuario, 40), campana=campana)
    Lote.objects.create(campana=campana, numero=3, cliente_ids=[], total=2_000)
    return campana


def _row(i: int) -> SMSLog:
    nombre = NOMBRES[i % len(NOMBRES)]
    text = MENSAJE.replace("{nombre}", nombre)
    row = SMSLog(nombre=nombre, telefono=f"+57{celular(i + 100)}", mensaje=text, intentos=1)
    if i % 125 in (3, 40, 41):
        row.estado = E.FALLIDO
        row.codigo, row.error = FALLOS[i % 125 % 4]
    else:
        row.estado, row.twilio_sid = E.ENVIADO, f"SMf{i:031x}"
        row.entrega = "delivered" if i % 3 else "sent"
    return row


def terminada(usuario: Usuario, nombre: str, exitosos: int, fallidos: int, **fields: object) -> CampanaSMS:
    """Make a campaign that is over, with its sums on its own row and one closed Lote."""
    now = timezone.now()
    campana = CampanaFactory.create(
        usuario=usuario,
        nombre=nombre,
        mensaje=MENSAJE,
        total_clientes=exitosos + fallidos,
        enviados_exitosos=exitosos,
        enviados_fallidos=fallidos,
        iniciado_en=now - timedelta(seconds=137),
        completado_en=now,
        **{"estado": "completado" if exitosos else "error", **fields},
    )
    Lote.objects.create(
        campana=campana,
        numero=1,
        cliente_ids=[],
        total=exitosos + fallidos,
        exitosos=exitosos,
        fallidos=fallidos,
        estado="cerrado",
        cerrado_en=now,
    )
    return campana


def detenida(usuario: Usuario, nombre: str, total: int, **fields: object) -> CampanaSMS:
    """Make a campaign that is not over and of which nothing is opened yet."""
    campana = CampanaFactory.create(usuario=usuario, nombre=nombre, mensaje=MENSAJE, total_clientes=total, **fields)
    Lote.objects.create(campana=campana, numero=1, cliente_ids=[], total=total)
    return campana


def surtida(usuario: Usuario) -> dict[str, CampanaSMS]:
    """One campaign in each estado, oldest first."""
    return {
        "error": terminada(
            usuario,
            "Recordatorio de pago",
            0,
            3,
            motivo="No se envió ningún mensaje: 3 × El cliente no tiene teléfono.",
        ),
        "cancelado": terminada(usuario, "Black Friday", 1204, 8796, estado="cancelado", motivo="La canceló duena."),
        "completado": terminada(usuario, "Bienvenida a los clientes nuevos de la sede de Chapinero", 99_873, 127),
        "pausado": detenida(
            usuario,
            "Día de la madre",
            12_500,
            estado="pausado",
            motivo="Twilio: La cuenta de Twilio no está activa (20005).",
        ),
        "pendiente": detenida(usuario, "Invitación al evento de diciembre", 850),
        "procesando": en_curso(usuario, clientes(usuario, 40)),
    }
