"""The ledger: one row for each recipient of a campaign. It is the truth about what was sent."""

from django.db import models
from django.db.models import Q

from campaigns.models.campana import CampanaSMS
from campaigns.models.lote import Lote
from campaigns.values.estados import EstadoSMS
from campaigns.values.twilio import Entrega
from clientes.models import NOMBRE_MAX, Cliente
from clientes.phones import E164_MAX

CODIGO_MAX = 40
ERROR_MAX = 300


class SMSLog(models.Model):
    """One recipient of one campaign: the ledger row.

    pendiente → enviando → enviado | fallido | incierto;  incierto → enviado | fallido | pendiente
    fallido → pendiente when it is tried again (campaigns.campana.reintentos); before that enviado → fallido, if Twilio
    dropped it unsent

    `DE_SMS` of `campaigns.values.estados` is the table of moves.
    `enviando` is a committed claim with a token and a lease; only the holder of the token writes the outcome.
    """

    Estado = EstadoSMS
    Entrega = Entrega

    campana = models.ForeignKey(CampanaSMS, on_delete=models.CASCADE, related_name="logs", db_index=False)
    lote = models.ForeignKey(Lote, on_delete=models.CASCADE, related_name="logs", db_index=False)
    # NULL only when the client was deleted between the campaign's creation and the opening of the Lote.
    cliente = models.ForeignKey(Cliente, null=True, on_delete=models.PROTECT, related_name="sms")
    nombre = models.CharField(max_length=NOMBRE_MAX, blank=True, default="")  # as it was when the text was rendered
    telefono = models.CharField(max_length=E164_MAX, blank=True, default="")
    mensaje = models.TextField(blank=True, default="")  # the rendered text, exactly as given to Twilio
    estado = models.CharField(max_length=9, choices=Estado, default=Estado.PENDIENTE)
    codigo = models.CharField(max_length=CODIGO_MAX, blank=True, default="")
    error = models.CharField(max_length=ERROR_MAX, blank=True, default="")
    twilio_sid = models.CharField(max_length=100, blank=True, default="")
    entrega = models.CharField(max_length=20, choices=Entrega, blank=True, default="")
    entrega_codigo = models.CharField(max_length=10, blank=True, default="")
    # The parts of the rendered text, 0 without one; once it was sent, what Twilio bills.
    segmentos = models.PositiveSmallIntegerField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    reclamado_en = models.DateTimeField(null=True, blank=True)
    lease_hasta = models.DateTimeField(null=True, blank=True)
    # The Twilio account and the installation's sender of the claim (`workers.engine.base.account`), and between which
    # moments of Twilio's own time its message is created, if it is: NULL while that is not known.
    cuenta = models.CharField(max_length=16, blank=True, default="", db_default="", editable=False)
    twilio_desde = models.DateTimeField(null=True, blank=True, editable=False)
    twilio_hasta = models.DateTimeField(null=True, blank=True, editable=False)
    # Twilio's time of the first look that missed it, or of the first that counts.
    ausente_en = models.DateTimeField(null=True, blank=True, editable=False)
    # How often Twilio was seen not to have an uncertain row, and when to look next (NULL: at once).
    ausencias = models.PositiveSmallIntegerField(default=0)
    revisar_desde = models.DateTimeField(null=True, blank=True)
    intentos = models.PositiveSmallIntegerField(default=0)
    # What its segments cost at the price of when the Lote opened, in SMS_PRICE_CURRENCY; NULL while the shop has none.
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
                condition=~Q(estado=EstadoSMS.ENVIANDO) | Q(token__isnull=False, lease_hasta__isnull=False),
            ),
            # A message is one row's; the reconciler asks whose.
            models.UniqueConstraint(fields=["twilio_sid"], name="smslog_un_sid", condition=~Q(twilio_sid="")),
            models.CheckConstraint(
                name="smslog_enviado_tiene_sid", condition=~Q(estado=EstadoSMS.ENVIADO) | ~Q(twilio_sid="")
            ),
            models.CheckConstraint(
                name="smslog_fallido_tiene_codigo", condition=~Q(estado=EstadoSMS.FALLIDO) | ~Q(codigo="")
            ),
        ]
        indexes = [
            models.Index(fields=["campana", "id"], name="smslog_por_campana"),  # logs by cursor
            # the campaign's page: failures by reason and by cursor
            models.Index(fields=["campana", "id"], name="smslog_fallidos", condition=Q(estado=EstadoSMS.FALLIDO)),
            models.Index(fields=["lote", "estado"], name="smslog_por_lote"),  # closing a Lote, progress
            # the reconciler: uncertain rows, in the order of their next look
            models.Index(fields=["revisar_desde"], name="smslog_incierto", condition=Q(estado=EstadoSMS.INCIERTO)),
            # reintentar: messages that Twilio dropped unsent, among those of whose delivery it gave a code. `entrega`
            # stands in no index, so that an ordinary status callback is a heap-only update: none learns of it.
            # https://www.postgresql.org/docs/current/storage-hot.html
            models.Index(
                fields=["campana", "lote"],
                name="smslog_con_codigo",
                condition=Q(estado=EstadoSMS.ENVIADO) & ~Q(entrega_codigo=""),
            ),
            # the sweeper: claims whose worker died
            models.Index(fields=["lease_hasta"], name="smslog_con_lease", condition=Q(estado=EstadoSMS.ENVIANDO)),
        ]

    def __str__(self) -> str:
        return f"{self.telefono or 'sin teléfono'} ({self.estado})"
