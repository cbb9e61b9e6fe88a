"""Templates, campaigns, their Lotes, and the ledger row of each recipient.

The ledger in PostgreSQL is the truth about what was sent; Redis and Celery only make it fast.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaigns.ajustes.models import Ajustes, AjustesCambio
from campaigns.alertas.models import AjustesAlertas, Alerta, EntregaAlerta
from campaigns.bajas.modelos import Llave
from campaigns.bitacora.models import Suceso
from campaigns.cupos.models import Contacto, Gasto
from campaigns.entrantes.modelos import Entrante
from campaigns.programaciones.models import Ocurrencia, Programacion
from clientes.models import Cliente
from clientes.phones import E164_MAX
from core.senders import INVALIDO, kind_of

__all__ = [
    "MENSAJE_MAX",
    "Ajustes",
    "AjustesAlertas",
    "AjustesCambio",
    "Alerta",
    "CampanaSMS",
    "Contacto",
    "Entrante",
    "EntregaAlerta",
    "Gasto",
    "Llave",
    "Lote",
    "Ocurrencia",
    "PlantillaSMS",
    "Programacion",
    "Remitente",
    "SMSLog",
    "Suceso",
]

MENSAJE_MAX = 1600  # characters after rendering: https://www.twilio.com/docs/api/errors/21617


class PlantillaSMS(models.Model):
    nombre = models.CharField(max_length=100)
    mensaje = models.TextField(max_length=MENSAJE_MAX, help_text="Use {nombre} para personalizar.")
    activo = models.BooleanField(default=True)
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="plantillas")

    class Meta:
        verbose_name = "plantilla SMS"
        verbose_name_plural = "plantillas SMS"
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.nombre


class Remitente(models.Model):
    """A sender of a shop's own, of the installation's Twilio account: what its messages come from, and how fast.

    A campaign without one goes out from the installation's sender, at the installation's rate.
    """

    nombre = models.CharField(max_length=100)
    # E.164, a short code, a name or a Messaging Service: core.senders. It never changes: campaigns were sent from it.
    valor = models.CharField(max_length=34)
    segmentos_por_segundo = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)  # NULL: no limit
    activo = models.BooleanField(default=True)  # offered for new campaigns
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="remitentes")

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["usuario", "valor"], name="remitente_valor_unico"),
            models.CheckConstraint(name="remitente_ritmo_positivo", condition=Q(segmentos_por_segundo__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.nombre} ({self.valor})"

    def clean(self) -> None:
        if kind_of(self.valor) is None:
            raise ValidationError({"valor": INVALIDO})


class CampanaSMS(models.Model):
    """One message to many clients.

    pendiente → procesando → completado | error
    procesando ⇄ pausado;  pendiente | procesando | pausado → cancelado
    completado | error → procesando, to try the failed again
    procesando | pausado → error, when the deadline passes

    `campaigns.states` is the table of moves.
    """

    class Estado(models.TextChoices):
        PENDIENTE = "pendiente", "Pendiente"  # created and frozen; nothing has been sent, maybe not before its date
        PROCESANDO = "procesando", "Procesando"  # Lotes are open
        PAUSADO = "pausado", "Pausada"  # by a person, or by Twilio refusing the account: see motivo
        COMPLETADO = "completado", "Completada"  # ended; at least one message was sent
        ERROR = "error", "Error"  # ended; none was sent, or its deadline passed: see motivo
        CANCELADO = "cancelado", "Cancelada"  # a person stopped it; what was not sent never will be

    class Clase(models.TextChoices):
        PROMOCIONAL = "promocional", "Promocional"
        # These leave at any hour and to a phone as often as needed; never to who opted out.
        TRANSACCIONAL = "transaccional", "Transaccional"  # about something the client did: an order, an appointment
        EMERGENCIA = "emergencia", "Emergencia"  # a danger to the client: a product that is recalled

    class Aprobacion(models.TextChoices):
        NO_HACE_FALTA = "", "No hace falta"
        PENDIENTE = "pendiente", "Por aprobar"  # it does not start before somebody says yes
        APROBADA = "aprobada", "Aprobada"
        RECHAZADA = "rechazada", "Rechazada"  # and so it is `cancelado`

    nombre = models.CharField(max_length=200)
    mensaje = models.TextField(max_length=MENSAJE_MAX)
    plantilla = models.ForeignKey(
        PlantillaSMS, null=True, blank=True, on_delete=models.SET_NULL, related_name="campanas"
    )
    clase = models.CharField(
        max_length=13, choices=Clase, default=Clase.PROMOCIONAL, db_default=Clase.PROMOCIONAL.value
    )
    clase_motivo = models.CharField(max_length=300, blank=True, default="", db_default="")  # why it is not promotional
    creada_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    aprobacion = models.CharField(max_length=9, choices=Aprobacion, blank=True, default="", db_default="")
    decidida_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decidida_en = models.DateTimeField(null=True, blank=True)
    remitente = models.ForeignKey(  # NULL: the installation's sender
        Remitente, null=True, blank=True, on_delete=models.PROTECT, related_name="campanas"
    )
    estado = models.CharField(max_length=10, choices=Estado, default=Estado.PENDIENTE)
    motivo = models.CharField(max_length=300, blank=True, default="")
    total_clientes = models.PositiveIntegerField(default=0)
    # Written once, when the campaign ends: a counter that every message updates would be one hot row.
    enviados_exitosos = models.PositiveIntegerField(default=0)
    enviados_fallidos = models.PositiveIntegerField(default=0)
    # Of enviados_fallidos: those that may have been sent all the same.
    desconocidos = models.PositiveIntegerField(default=0, db_default=0)
    creado = models.DateTimeField(auto_now_add=True)
    # Set: it does not start before this moment. Its text and its audience are those of its creation all the same.
    programada_para = models.DateTimeField(null=True, blank=True)
    iniciado_en = models.DateTimeField(null=True, blank=True)
    # The deadline: nothing is sent after it, and the campaign ends. Set when it starts; a pause does not extend it,
    # for a message that was meant for today is no better for having waited.
    vence_en = models.DateTimeField(null=True, blank=True)
    completado_en = models.DateTimeField(null=True, blank=True)
    # The jornada, the stretch in which it may send now (`campaigns.jornada`): no message is claimed from `cierra_en`
    # on, and none is delivered after `ventana_hasta` (NULL: no window ends it). Both NULL until the first one begins.
    cierra_en = models.DateTimeField(null=True, blank=True)
    ventana_hasta = models.DateTimeField(null=True, blank=True)
    espera_hasta = models.DateTimeField(null=True, blank=True)  # set: it waits for a window, and goes on by itself then
    # Of a paused one that reached a cap on money: when the next day's or month's opens, and it goes on by itself.
    reanuda_en = models.DateTimeField(null=True, blank=True)
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campanas", db_index=False
    )
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - NULL is "no key"
    idempotency_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = "campaña SMS"
        verbose_name_plural = "campañas SMS"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["usuario", "idempotency_key"], name="campana_una_por_idempotency_key"),
            models.CheckConstraint(name="campana_tiene_destinatarios", condition=Q(total_clientes__gt=0)),
            models.CheckConstraint(
                name="campana_terminada_cuadra",
                condition=~Q(estado__in=["completado", "error"])
                | Q(
                    total_clientes=F("enviados_exitosos") + F("enviados_fallidos"),
                    completado_en__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="campana_a_toda_hora_dice_por_que", condition=Q(clase="promocional") | ~Q(clase_motivo="")
            ),
            models.CheckConstraint(
                name="campana_por_aprobar_no_empezo",
                condition=~Q(aprobacion="pendiente") | Q(iniciado_en__isnull=True),
            ),
            models.CheckConstraint(
                name="campana_completada_envio_algo",
                condition=~Q(estado="completado") | Q(enviados_exitosos__gt=0),
            ),
            models.CheckConstraint(
                name="campana_no_empieza_antes_de_su_fecha",
                condition=Q(programada_para=None)
                | Q(iniciado_en__isnull=False, iniciado_en__gte=F("programada_para"))
                | Q(iniciado_en=None, estado__in=["pendiente", "cancelado", "error"]),
            ),
        ]
        indexes = [
            models.Index(fields=["usuario", "id"], name="campana_por_tienda"),  # lists by cursor
            # the sweeper: campaigns that are not over
            models.Index(fields=["id"], name="campana_viva", condition=Q(completado_en__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.nombre

    @property
    def espera_fecha(self) -> bool:
        """Whether nothing happens with it before its date."""
        waits = self.programada_para is not None and self.programada_para > timezone.now()
        return waits and self.estado == self.Estado.PENDIENTE

    @property
    def espera(self) -> bool:
        """Whether it runs and waits for the shop's next window."""
        return self.estado == self.Estado.PROCESANDO and self.espera_hasta is not None

    @property
    def a_toda_hora(self) -> bool:
        """Whether the shop's windows and its cap on contacts are not for it."""
        return self.clase != self.Clase.PROMOCIONAL

    @property
    def por_aprobar(self) -> bool:
        """Whether it waits for somebody to say yes."""
        return self.estado == self.Estado.PENDIENTE and self.aprobacion == self.Aprobacion.PENDIENTE


class Lote(models.Model):
    """A slice of a campaign's frozen audience: the unit of one chord.

    pendiente → abierto → cerrado;  abierto → por_conciliar → cerrado;  cerrado → pendiente to try the failed again

    Its SMSLog rows are written when it opens, so creating a campaign costs the same for five recipients
    and for a million.
    """

    class Estado(models.TextChoices):
        PENDIENTE = "pendiente", "Pendiente"  # only ids, no SMSLog rows yet; or its failed rows are to be tried again
        ABIERTO = "abierto", "Abierto"  # rows written; some are still to be sent
        POR_CONCILIAR = "por_conciliar", "Por conciliar"  # all tried; the outcome of some is unknown
        CERRADO = "cerrado", "Cerrado"  # every row is final; exitosos, fallidos and desconocidos are set

    campana = models.ForeignKey(CampanaSMS, on_delete=models.CASCADE, related_name="lotes", db_index=False)
    numero = models.PositiveIntegerField()
    cliente_ids = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    estado = models.CharField(max_length=13, choices=Estado, default=Estado.PENDIENTE)
    exitosos = models.PositiveIntegerField(default=0)
    fallidos = models.PositiveIntegerField(default=0)
    desconocidos = models.PositiveIntegerField(default=0, db_default=0)  # of fallidos
    # Once closed: how many of its messages have each delivery status ("undelivered/30003": with its code), counted
    # again and again until nothing more is to come: see workers.engine.entregas.
    entregas = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    segmentos = models.PositiveIntegerField(default=0, db_default=0)
    contado_en = models.DateTimeField(null=True, blank=True)
    asentado = models.BooleanField(default=False, db_default=False)
    # Set: its pending rows are to be published at or after this moment. NULL: nothing to publish.
    publicar_desde = models.DateTimeField(null=True, blank=True)
    publicado_en = models.DateTimeField(null=True, blank=True)
    # Set: of its pending rows those up to this id were published, and the others are next. NULL: all were, or none.
    publicado_hasta = models.BigIntegerField(null=True, blank=True)
    cerrado_en = models.DateTimeField(null=True, blank=True)
    # What it holds of the shop's quotas (`workers.engine.cupos`): of which day, how much money of that day's, and what
    # it spent on the days before.
    cupo_dia = models.DateField(null=True, blank=True)
    cupo_monto = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    cupo_previo = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)

    class Meta:
        ordering = ("campana_id", "numero")
        constraints = [
            models.UniqueConstraint(fields=["campana", "numero"], name="lote_numero_unico"),
            models.CheckConstraint(
                name="lote_cerrado_cuadra",
                condition=~Q(estado="cerrado") | Q(total=F("exitosos") + F("fallidos"), cerrado_en__isnull=False),
            ),
        ]
        indexes = [
            # the sweeper: Lotes that may need publishing or closing
            models.Index(
                fields=["campana"], name="lote_en_curso", condition=Q(estado__in=["abierto", "por_conciliar"])
            ),
            # the engine: the next Lote to open
            models.Index(fields=["campana", "numero"], name="lote_por_abrir", condition=Q(estado="pendiente")),
            # whoever counts deliveries: closed Lotes whose reports are still coming
            models.Index(fields=["contado_en"], name="lote_por_contar", condition=Q(estado="cerrado", asentado=False)),
        ]

    def __str__(self) -> str:
        return f"Lote {self.numero} de la campaña {self.campana_id}"


class SMSLog(models.Model):
    """One recipient of one campaign: the ledger row.

    pendiente → enviando → enviado | fallido | incierto;  incierto → enviado | fallido | pendiente
    fallido → pendiente when it is tried again (campaigns.reintentos)

    `enviando` is a committed claim with a token and a lease; only the holder of the token writes the outcome.
    """

    class Estado(models.TextChoices):
        PENDIENTE = "pendiente", "Pendiente"  # free to be claimed
        ENVIANDO = "enviando", "Enviando"  # claimed; the call to Twilio may be under way
        ENVIADO = "enviado", "Enviado"  # Twilio accepted it: twilio_sid
        FALLIDO = "fallido", "Fallido"  # it was not sent: codigo and error
        INCIERTO = "incierto", "Incierto"  # the call's outcome is unknown; never blindly sent again

    class Entrega(models.TextChoices):
        """Twilio's delivery status. https://www.twilio.com/docs/messaging/api/message-resource#message-status-values"""

        ACCEPTED = "accepted", "Aceptado"
        SCHEDULED = "scheduled", "Programado"
        QUEUED = "queued", "En cola"
        SENDING = "sending", "Saliendo"
        SENT = "sent", "Enviado al operador"
        DELIVERED = "delivered", "Entregado"
        UNDELIVERED = "undelivered", "No entregado"
        FAILED = "failed", "Falló"
        READ = "read", "Leído"
        CANCELED = "canceled", "Cancelado"

    campana = models.ForeignKey(CampanaSMS, on_delete=models.CASCADE, related_name="logs", db_index=False)
    lote = models.ForeignKey(Lote, on_delete=models.CASCADE, related_name="logs", db_index=False)
    # NULL only when the client was deleted between the campaign's creation and the opening of the Lote.
    cliente = models.ForeignKey(Cliente, null=True, on_delete=models.PROTECT, related_name="sms")
    nombre = models.CharField(max_length=150, blank=True, default="")  # as it was when the text was rendered
    telefono = models.CharField(max_length=E164_MAX, blank=True, default="")
    mensaje = models.TextField(blank=True, default="")  # the rendered text, exactly as given to Twilio
    estado = models.CharField(max_length=9, choices=Estado, default=Estado.PENDIENTE)
    codigo = models.CharField(max_length=40, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")
    twilio_sid = models.CharField(max_length=100, blank=True, default="")
    entrega = models.CharField(max_length=11, choices=Entrega, blank=True, default="")
    entrega_codigo = models.CharField(max_length=10, blank=True, default="")
    # Of the rendered text, 0 without one; once it was sent, what Twilio bills.
    segmentos = models.PositiveSmallIntegerField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    reclamado_en = models.DateTimeField(null=True, blank=True)
    lease_hasta = models.DateTimeField(null=True, blank=True)
    # Of an uncertain row: how often Twilio was seen not to have it, and when to look next (NULL: at once).
    ausencias = models.PositiveSmallIntegerField(default=0)
    revisar_desde = models.DateTimeField(null=True, blank=True)
    intentos = models.PositiveSmallIntegerField(default=0)
    # What its segments cost when the Lote opened, in SMS_PRICE_CURRENCY; NULL while the shop has no price.
    costo = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    creado = models.DateTimeField(auto_now_add=True)
    actualizado = models.DateTimeField(auto_now_add=True)  # the last change of estado

    class Meta:
        verbose_name = "SMS"
        verbose_name_plural = "SMS"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["campana", "cliente"], name="smslog_un_cliente_por_campana"),
            models.UniqueConstraint(
                fields=["campana", "telefono"],
                name="smslog_un_telefono_por_campana",
                # The second client with the same phone keeps its row, failed, with this code.
                condition=~Q(telefono="") & ~Q(codigo="telefono_duplicado"),
            ),
            models.CheckConstraint(
                name="smslog_enviando_tiene_claim",
                condition=~Q(estado="enviando") | Q(token__isnull=False, lease_hasta__isnull=False),
            ),
            # A message is one row's; the reconciler asks whose.
            models.UniqueConstraint(fields=["twilio_sid"], name="smslog_un_sid", condition=~Q(twilio_sid="")),
            models.CheckConstraint(name="smslog_enviado_tiene_sid", condition=~Q(estado="enviado") | ~Q(twilio_sid="")),
            models.CheckConstraint(name="smslog_fallido_tiene_codigo", condition=~Q(estado="fallido") | ~Q(codigo="")),
        ]
        indexes = [
            models.Index(fields=["campana", "id"], name="smslog_por_campana"),  # logs by cursor
            # the campaign's page: failures by reason and by cursor
            models.Index(fields=["campana", "id"], name="smslog_fallidos", condition=Q(estado="fallido")),
            models.Index(fields=["lote", "estado"], name="smslog_por_lote"),  # closing a Lote, progress
            # the reconciler: uncertain rows, in the order of their next look
            models.Index(fields=["revisar_desde"], name="smslog_incierto", condition=Q(estado="incierto")),
            # the sweeper: claims whose worker died
            models.Index(fields=["lease_hasta"], name="smslog_con_lease", condition=Q(estado="enviando")),
        ]

    def __str__(self) -> str:
        return f"{self.telefono or 'sin teléfono'} ({self.estado})"
