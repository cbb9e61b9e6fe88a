from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.values.intencion import Intencion
from clientes.models.baja import REMITENTE_MAX

SID_MAX = 34  # https://www.twilio.com/docs/glossary/what-is-a-sid


class Entrante(models.Model):
    """A text that a client wrote to us, once for each shop that it is for: `campaigns.entrantes.atribucion`.

    Texts that nobody knows the shop of are kept too, without one.
    """

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="entrantes", db_index=False
    )
    sid = models.CharField(max_length=SID_MAX)
    telefono = models.CharField(max_length=REMITENTE_MAX, blank=True, default="")  # who wrote, as Twilio says it
    remitente = models.CharField(max_length=REMITENTE_MAX, blank=True, default="")  # what they wrote to
    texto = models.TextField(blank=True, default="")
    medios = models.PositiveSmallIntegerField(default=0)  # pictures and the like, which are not kept
    tipo = models.CharField(max_length=5, choices=Intencion, default=Intencion.OTRO)
    # The last message that the phone had got from this shop.
    campana = models.ForeignKey(
        "campaigns.CampanaSMS", null=True, on_delete=models.SET_NULL, related_name="respuestas", db_index=False
    )
    recibido = models.DateTimeField(auto_now_add=True)
    # What the product has dealt with by itself is born read: the unread are those that wait for a person.
    leido_en = models.DateTimeField(null=True, blank=True)
    leido_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # When it was settled what a doubtful text is; `tipo` says what. By nobody: a later text of the client's settled it.
    decidido_en = models.DateTimeField(null=True, blank=True)
    decidido_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    # When its word was answered by itself: `campaigns.respuestas.automaticas`.
    contestado_solo_en = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "mensaje entrante"
        verbose_name_plural = "mensajes entrantes"
        ordering = ("-id",)
        constraints = [
            # Twilio may deliver a text twice.
            models.UniqueConstraint(fields=["sid", "usuario"], name="entrante_uno_por_tienda"),
            models.UniqueConstraint(fields=["sid"], name="entrante_uno_sin_tienda", condition=Q(usuario__isnull=True)),
        ]
        indexes = [
            models.Index(fields=["usuario", "id"], name="entrante_por_tienda"),  # lists by cursor
            models.Index(fields=["telefono", "id"], name="entrante_por_telefono"),  # a conversation
            models.Index(fields=["usuario", "id"], name="entrante_sin_leer", condition=Q(leido_en__isnull=True)),
            # Sending asks whether a doubt is open: campaigns.audiencia.juicio.
            models.Index(fields=["telefono"], name="entrante_dudoso", condition=Q(tipo=Intencion.DUDA)),
        ]

    def __str__(self) -> str:
        return f"{self.telefono or 'teléfono borrado'} ({self.get_tipo_display()})"
