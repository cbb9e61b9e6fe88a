"""The slices of a campaign's frozen audience."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from campaigns.models.campana import CampanaSMS
from campaigns.values.estados import LOTES_EN_CURSO, EstadoLote


class Lote(models.Model):
    """A slice of a campaign's frozen audience: the unit of one chord.

    pendiente → abierto → cerrado;  abierto → por_conciliar → cerrado;  cerrado → pendiente to try the failed again

    `DE_LOTE` of `campaigns.values.estados` is the table of moves.

    Its SMSLog rows are written when it opens, so creating a campaign costs the same for five recipients
    and for a million.
    """

    Estado = EstadoLote

    campana = models.ForeignKey(CampanaSMS, on_delete=models.CASCADE, related_name="lotes", db_index=False)
    numero = models.PositiveIntegerField()
    cliente_ids = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    estado = models.CharField(max_length=13, choices=Estado, default=Estado.PENDIENTE)
    exitosos = models.PositiveIntegerField(default=0)
    fallidos = models.PositiveIntegerField(default=0)
    desconocidos = models.PositiveIntegerField(default=0, db_default=0)  # of fallidos
    # Of fallidos, by `campaigns.audiencia.resultado`: who was not sent to any more, and who was left out on purpose.
    no_enviados = models.PositiveIntegerField(default=0, db_default=0)
    excluidos = models.PositiveIntegerField(default=0, db_default=0)
    # Once closed: how many of its messages have each delivery status ("undelivered/…": with its code), counted
    # again and again until nothing more is to come: see workers.engine.lote.entregas.
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
    # Set: PostgreSQL may have forgotten that it was opened, after this moment; its rows begin `incierto`.
    dudoso_desde = models.DateTimeField(null=True, blank=True)
    # What it holds of the shop's quotas (`workers.engine.lote.cupos`): of which day, how much money of that day's, and
    # what it spent on the days before.
    cupo_dia = models.DateField(null=True, blank=True)
    cupo_monto = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    cupo_previo = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    # The same of what the operator's ceilings count: `Gasto.operador` and `Gasto.mensajes`.
    cupo_operador = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    cupo_operador_previo = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    cupo_mensajes = models.PositiveIntegerField(default=0, db_default=0)
    cupo_mensajes_previos = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ("campana_id", "numero")
        constraints = [
            models.UniqueConstraint(fields=["campana", "numero"], name="lote_numero_unico"),
            models.CheckConstraint(
                name="lote_cerrado_cuadra",
                condition=~Q(estado=EstadoLote.CERRADO)
                | Q(total=F("exitosos") + F("fallidos"), cerrado_en__isnull=False),
            ),
        ]
        indexes = [
            # the sweeper: Lotes that may need publishing or closing
            models.Index(fields=["campana"], name="lote_en_curso", condition=Q(estado__in=list(LOTES_EN_CURSO))),
            # the publishing clocks: what is due of all campaigns, the longest first
            models.Index(
                fields=["publicar_desde"],
                name="lote_por_publicar",
                condition=Q(estado=EstadoLote.ABIERTO, publicar_desde__isnull=False),
            ),
            # the engine: the next Lote to open
            models.Index(fields=["campana", "numero"], name="lote_por_abrir", condition=Q(estado=EstadoLote.PENDIENTE)),
            # the count of deliveries: closed Lotes whose reports are still coming
            models.Index(
                fields=["contado_en"], name="lote_por_contar", condition=Q(estado=EstadoLote.CERRADO, asentado=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Lote {self.numero} de la campaña {self.campana_id}"
