from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from campaigns.values.recurrencia import CRON_MAX, Frecuencia, Recurrencia

NOMBRE_MAX = 150  # a campaign's name is it and the occurrence's date
GRACIA = 60
GRACIA_MAX = 1440
MOTIVO_MAX = 300


class Programacion(models.Model):
    """A campaign that recurs: what, to whom, when.

    `proxima` is the first occurrence that has no row yet, whatever beat knows or has forgotten: what is due and not
    recorded is found by it alone. It moves in the transaction that records the occurrence.
    """

    nombre = models.CharField(max_length=NOMBRE_MAX)
    # One of the two: a text of its own, or a template, whose text is the one it has at each occurrence.
    mensaje = models.TextField(blank=True, default="")
    plantilla = models.ForeignKey(
        "campaigns.PlantillaSMS", null=True, blank=True, on_delete=models.PROTECT, related_name="programaciones"
    )
    remitente = models.ForeignKey(  # NULL: the installation's sender
        "campaigns.Remitente", null=True, blank=True, on_delete=models.PROTECT, related_name="programaciones"
    )
    audiencia = models.JSONField()  # criteria, asked again at each occurrence: campaigns.programaciones.criterios

    frecuencia = models.CharField(max_length=7, choices=Frecuencia)
    hora = models.TimeField(null=True, blank=True)
    dias = ArrayField(models.PositiveSmallIntegerField(), blank=True, default=list)
    dia_mes = models.PositiveSmallIntegerField("día del mes", null=True, blank=True)
    cron = models.CharField(max_length=CRON_MAX, blank=True, default="")
    zona = models.CharField(max_length=64)
    desde = models.DateField()
    hasta = models.DateField(null=True, blank=True)
    gracia_minutos = models.PositiveSmallIntegerField(default=GRACIA)

    # Made with a test key: so are its campaigns.
    prueba = models.BooleanField(default=False, db_default=False, editable=False)
    activa = models.BooleanField(default=True)
    proxima = models.DateTimeField("próxima", null=True, blank=True)  # NULL: none is left
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="programaciones", db_index=False
    )
    # Who defined it last, and so is the author of its campaigns; NULL from before this was kept.
    autor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        editable=False,
    )

    class Meta:
        verbose_name = "programación"
        verbose_name_plural = "programaciones"
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                name="programacion_un_solo_texto",
                condition=Q(plantilla=None) & ~Q(mensaje="") | Q(plantilla__isnull=False, mensaje=""),
            ),
            models.CheckConstraint(
                name="programacion_frecuencia_completa",
                condition=Q(frecuencia="diaria", hora__isnull=False, dias=[], dia_mes=None, cron="")
                | Q(frecuencia="semanal", hora__isnull=False, dias__len__gt=0, dia_mes=None, cron="")
                | Q(
                    frecuencia="mensual",
                    hora__isnull=False,
                    dias=[],
                    dia_mes__isnull=False,
                    dia_mes__range=(1, 31),
                    cron="",
                )
                | Q(frecuencia="cron", hora=None, dias=[], dia_mes=None) & ~Q(cron=""),
            ),
            models.CheckConstraint(
                name="programacion_fechas_en_orden", condition=Q(hasta=None) | Q(hasta__gte=F("desde"))
            ),
        ]
        indexes = [
            models.Index(fields=["usuario", "id"], name="programacion_por_tienda"),  # lists by cursor
            # every few seconds: what is due
            models.Index(fields=["proxima"], name="programacion_por_atender", condition=Q(activa=True)),
        ]

    def __str__(self) -> str:
        return self.nombre

    @property
    def recurrencia(self) -> Recurrencia:
        return Recurrencia(
            frecuencia=self.frecuencia,
            zona=self.zona,
            desde=self.desde,
            hasta=self.hasta,
            hora=self.hora,
            dias=tuple(self.dias),
            dia_mes=self.dia_mes,
            cron=self.cron,
        )

    @property
    def terminada(self) -> bool:
        """Tell whether it will never occur again by itself."""
        return self.proxima is None


class Ocurrencia(models.Model):
    """The record of one moment of a Programacion. The row decides: a moment that has one is never done again."""

    class Tipo(models.TextChoices):
        PROGRAMADA = "programada", "Programada"  # its time came
        MANUAL = "manual", "Ejecutada a mano"  # a person asked for one more; the schedule does not notice

    class Estado(models.TextChoices):
        CREADA = "creada", "Creada"  # campana
        OMITIDA = "omitida", "Omitida"  # there was no campaign to make: motivo
        FALLIDA = "fallida", "Fallida"  # a campaign could not be made, and somebody must mend it: motivo

    programacion = models.ForeignKey(Programacion, on_delete=models.CASCADE, related_name="ocurrencias", db_index=False)
    # The moment it was for, a whole minute; of a manual one the moment it was asked for, which is never one.
    ocurrencia_utc = models.DateTimeField()
    tipo = models.CharField(max_length=10, choices=Tipo, default=Tipo.PROGRAMADA)
    estado = models.CharField(max_length=7, choices=Estado)
    motivo = models.CharField(max_length=MOTIVO_MAX, blank=True, default="")
    campana = models.OneToOneField(
        "campaigns.CampanaSMS", null=True, blank=True, on_delete=models.PROTECT, related_name="ocurrencia"
    )
    creado = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "ocurrencia"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["programacion", "ocurrencia_utc"], name="ocurrencia_unica"),
            models.CheckConstraint(
                name="ocurrencia_creada_tiene_campana",
                condition=Q(estado="creada", campana__isnull=False)
                | Q(estado__in=["omitida", "fallida"], campana=None) & ~Q(motivo=""),
            ),
        ]
        indexes = [models.Index(fields=["programacion", "id"], name="ocurrencia_por_programacion")]  # history by cursor

    def __str__(self) -> str:
        return f"{self.programacion_id} · {self.ocurrencia_utc:%Y-%m-%d %H:%M} UTC"
