"""Campaigns."""

import hashlib
import json
from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from campaigns.models.plantilla import MENSAJE_MAX, PlantillaSMS
from campaigns.models.remitente import Remitente
from campaigns.values.estados import ESPERA_APROBACION, ESPERA_FECHA, ESPERA_VENTANA, Aprobacion, EstadoCampana

NOMBRE_MAX = 200
MOTIVO_MAX = 300


class CampanaSMS(models.Model):
    """One message to many clients.

    pendiente → procesando → completado | error
    procesando ⇄ pausado;  pendiente | procesando | pausado → cancelado
    completado | error → procesando, to try the failed again
    procesando | pausado → error, when the deadline passes

    `DE_CAMPANA` of `campaigns.values.estados` is the table of moves; `ESPERAS` says what it may wait for.
    """

    Estado = EstadoCampana
    Aprobacion = Aprobacion

    class Clase(models.TextChoices):
        PROMOCIONAL = "promocional", "Promocional"
        # These leave at any hour and to a phone as often as needed; never to who opted out.
        TRANSACCIONAL = "transaccional", "Transaccional"  # about something the client did: an order, an appointment
        EMERGENCIA = "emergencia", "Emergencia"  # a danger to the client: a product that is recalled

    nombre = models.CharField(max_length=NOMBRE_MAX)
    mensaje = models.TextField(max_length=MENSAJE_MAX)
    plantilla = models.ForeignKey(
        PlantillaSMS, null=True, blank=True, on_delete=models.SET_NULL, related_name="campanas"
    )
    clase = models.CharField(
        max_length=13, choices=Clase, default=Clase.PROMOCIONAL, db_default=Clase.PROMOCIONAL.value
    )
    clase_motivo = models.CharField(  # why it is not promotional
        max_length=MOTIVO_MAX, blank=True, default="", db_default=""
    )
    creada_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Who wrote the text, if it is not who made the campaign: whoever changed it last, here or in the template or the
    # recurring campaign that it came from.
    redactada_por = models.ForeignKey(
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
    motivo = models.CharField(max_length=MOTIVO_MAX, blank=True, default="")
    total_clientes = models.PositiveIntegerField(default=0)
    # Written once, when the campaign ends: a counter that every message updates would be one hot row.
    enviados_exitosos = models.PositiveIntegerField(default=0)
    enviados_fallidos = models.PositiveIntegerField(default=0)
    # The part of enviados_fallidos that may have been sent all the same.
    desconocidos = models.PositiveIntegerField(default=0, db_default=0)
    # The parts of enviados_fallidos that nobody refused (`campaigns.audiencia.resultado`): not sent any more, left out.
    no_enviados = models.PositiveIntegerField(default=0, db_default=0)
    excluidos = models.PositiveIntegerField(default=0, db_default=0)
    creado = models.DateTimeField(auto_now_add=True)
    # Set: it does not start before this moment. Its text and its audience are those of its creation all the same.
    programada_para = models.DateTimeField(null=True, blank=True)
    iniciado_en = models.DateTimeField(null=True, blank=True)
    # The deadline: nothing is sent after it, and the campaign ends. Set when it starts; a pause does not extend it,
    # for a message that was meant for today is no better for having waited.
    vence_en = models.DateTimeField(null=True, blank=True)
    completado_en = models.DateTimeField(null=True, blank=True)
    # When its recipients' names, phones and texts were erased for their age: `campaigns.campana.privacidad`.
    olvidada_en = models.DateTimeField(null=True, blank=True, editable=False)
    # The jornada, the stretch in which it may send now (`campaigns.ley.jornada`): no message is claimed from
    # `cierra_en` on, and none is delivered after `ventana_hasta` (NULL: no window ends it). Both NULL until the first
    # one begins.
    cierra_en = models.DateTimeField(null=True, blank=True)
    ventana_hasta = models.DateTimeField(null=True, blank=True)
    espera_hasta = models.DateTimeField(null=True, blank=True)  # set: it waits for a window, and goes on by itself then
    # When a campaign that a cap on money paused goes on by itself: the next day's or month's opening.
    reanuda_en = models.DateTimeField(null=True, blank=True)
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campanas", db_index=False
    )
    # An answer to what a client wrote: a campaign of one (`campaigns.respuestas`), in no list of campaigns.
    respuesta_a = models.ForeignKey(
        "campaigns.Entrante", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    automatica = models.BooleanField(default=False, db_default=False)  # a word of the client's asked for it
    # Until then an answer is free of the shop's windows and of its cap on contacts: the client wrote a moment ago.
    libre_hasta = models.DateTimeField(null=True, blank=True)
    # Made with a test key: nothing of it leaves (`workers.engine.lote.prueba`).
    prueba = models.BooleanField(default=False, db_default=False, editable=False)
    # Its call named people by their phones, each with words of their own: `campaigns.models.destinatario`.
    con_destinatarios = models.BooleanField(default=False, db_default=False, editable=False)
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
                condition=~Q(estado__in=[EstadoCampana.COMPLETADO, EstadoCampana.ERROR])
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
                condition=~Q(aprobacion=Aprobacion.PENDIENTE) | Q(iniciado_en__isnull=True),
            ),
            models.CheckConstraint(
                name="campana_completada_envio_algo",
                condition=~Q(estado=EstadoCampana.COMPLETADO) | Q(enviados_exitosos__gt=0),
            ),
            models.CheckConstraint(
                name="campana_no_empieza_antes_de_su_fecha",
                condition=Q(programada_para=None)
                | Q(iniciado_en__isnull=False, iniciado_en__gte=F("programada_para"))
                | Q(
                    iniciado_en=None,
                    estado__in=[EstadoCampana.PENDIENTE, EstadoCampana.CANCELADO, EstadoCampana.ERROR],
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["usuario", "id"], name="campana_por_tienda"),  # lists by cursor
            # the same without answers, which may be most of them
            models.Index(
                fields=["usuario", "id"], name="campana_sin_respuestas", condition=Q(respuesta_a__isnull=True)
            ),
            # the sweeper: campaigns that are not over
            models.Index(fields=["id"], name="campana_viva", condition=Q(completado_en__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.nombre

    @property
    def huella(self) -> str:
        """Return a fingerprint of what a person sees and may change before it starts, and of how many receive it."""
        fecha = self.programada_para and self.programada_para.astimezone(UTC).isoformat()
        seen = json.dumps([self.nombre, self.mensaje, fecha, self.total_clientes])
        return hashlib.blake2s(seen.encode(), digest_size=8).hexdigest()

    @property
    def espera_fecha(self) -> bool:
        """Tell whether the campaign does nothing before its date."""
        return ESPERA_FECHA.aplica(self, timezone.now())

    @property
    def espera(self) -> bool:
        """Tell whether the campaign runs and waits for the shop's next window."""
        return ESPERA_VENTANA.aplica(self, timezone.now())

    @property
    def a_toda_hora(self) -> bool:
        """Tell whether the campaign is exempt now from the shop's windows and its cap on contacts."""
        return self.exenta(timezone.now())

    def exenta(self, at: datetime) -> bool:
        """Tell whether it is exempt from them at this moment."""
        return self.clase != self.Clase.PROMOCIONAL or self.libre(at)

    def libre(self, at: datetime) -> bool:
        """Tell whether it is an answer that may leave at this moment because its client wrote a short time before."""
        return self.libre_hasta is not None and at < self.libre_hasta

    @property
    def por_aprobar(self) -> bool:
        """Tell whether the campaign waits for somebody to approve it."""
        return ESPERA_APROBACION.aplica(self, timezone.now())
