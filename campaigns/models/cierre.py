"""The daily close: what Twilio lists of a day beside the rows of the ledger."""

from django.db import models

from campaigns.models.smslog import CODIGO_MAX

SID_MAX = 100
REMITENTE_MAX = 40
VALOR_MAX = 60


class CierreDiario(models.Model):
    """The close of one day of Twilio's, which is a day of UTC.

    leyendo → buscando → comparando → listo;  listo → leyendo to be read once more

    It may be interrupted anywhere: each step keeps where the next begins in the same transaction as what it did.
    """

    class Estado(models.TextChoices):
        LEYENDO = "leyendo", "Leyendo"  # Twilio's pages of the day
        BUSCANDO = "buscando", "Buscando"  # rows that were on no page, one by one
        COMPARANDO = "comparando", "Comparando"
        LISTO = "listo", "Listo"

    dia = models.DateField(unique=True)
    estado = models.CharField(max_length=10, choices=Estado, default=Estado.LEYENDO)
    # Where the step goes on: the address of Twilio's next page, or the last id that was looked at.
    siguiente = models.TextField(blank=True, default="")
    cursor = models.BigIntegerField(default=0)
    # One process works on it at a time; one that dies leaves it free after a while.
    turno = models.UUIDField(null=True, blank=True)
    turno_hasta = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")  # why the last step could not be done, until one can
    veces = models.PositiveSmallIntegerField(default=1)  # read so often
    paginas = models.PositiveIntegerField(default=0)
    mensajes = models.PositiveIntegerField(default=0)  # of our senders, or of rows of ours
    ajenos = models.PositiveIntegerField(default=0)  # of other programs on the account
    recibidos = models.PositiveIntegerField(default=0)  # that clients wrote
    rechazados = models.PositiveIntegerField(default=0)  # refused at once, which Twilio lists too
    filas = models.PositiveIntegerField(default=0)  # messages with a row
    segmentos = models.PositiveIntegerField(default=0)
    costo = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    moneda = models.CharField(max_length=3, blank=True, default="")
    sin_precio = models.PositiveIntegerField(default=0)  # not billed yet
    al_dia = models.PositiveIntegerField(default=0)  # deliveries that no callback had told
    corregidos = models.PositiveIntegerField(default=0)  # rows that took the billed segments or price
    consultados = models.PositiveIntegerField(default=0)  # rows on no page that were asked for one by one
    sin_consultar = models.PositiveIntegerField(default=0)  # rows without a message, too many to ask for each
    diferencias = models.JSONField(default=dict, blank=True)  # how many of each kind
    creado = models.DateTimeField(auto_now_add=True)
    terminado_en = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "cierre diario"
        verbose_name_plural = "cierres diarios"
        ordering = ("-dia",)

    def __str__(self) -> str:
        return f"Cierre del {self.dia:%Y-%m-%d}"

    @property
    def total_diferencias(self) -> int:
        return sum(self.diferencias.values())


class MensajeListado(models.Model):
    """A message as Twilio lists it, until its day is compared."""

    cierre = models.ForeignKey(CierreDiario, on_delete=models.CASCADE, related_name="listados", db_index=False)
    sid = models.CharField(max_length=SID_MAX)
    telefono = models.CharField(max_length=VALOR_MAX, blank=True)
    estado = models.CharField(max_length=20, blank=True)
    codigo = models.CharField(max_length=10, blank=True)
    segmentos = models.PositiveIntegerField(default=0)
    precio = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    moneda = models.CharField(max_length=3, blank=True)
    propio = models.BooleanField()  # from a sender of ours

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cierre", "sid"], name="listado_una_vez"),
        ]
        indexes = [models.Index(fields=["cierre", "id"], name="listado_por_cierre")]

    def __str__(self) -> str:
        return self.sid


class Diferencia(models.Model):
    """Something that Twilio and the ledger do not say alike. Of each kind the first of a day are kept."""

    class Tipo(models.TextChoices):
        MENSAJE_SIN_FILA = "mensaje_sin_fila", "Mensaje de Twilio sin destinatario nuestro"
        FILA_SIN_MENSAJE = "fila_sin_mensaje", "Destinatario enviado que Twilio no tiene"
        DESTINATARIO = "destinatario_distinto", "Otro teléfono"
        ESTADO = "estado_distinto", "Otro resultado"
        SEGMENTOS = "segmentos_distintos", "Otros segmentos"
        PRECIO = "precio_distinto", "Otro precio"

    cierre = models.ForeignKey(CierreDiario, on_delete=models.CASCADE, related_name="detalle", db_index=False)
    tipo = models.CharField(max_length=21, choices=Tipo)
    sid = models.CharField(max_length=SID_MAX)
    # Plain ids: a close outlives a campaign that is deleted.
    log_id = models.BigIntegerField(null=True, blank=True)
    campana_id = models.BigIntegerField(null=True, blank=True)
    nuestro = models.CharField(max_length=CODIGO_MAX + VALOR_MAX, blank=True)
    de_twilio = models.CharField(max_length=CODIGO_MAX + VALOR_MAX, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["cierre", "tipo", "id"], name="diferencia_por_tipo")]

    def __str__(self) -> str:
        return f"{self.tipo} {self.sid}"
