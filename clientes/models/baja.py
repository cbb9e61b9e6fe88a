from django.conf import settings
from django.db import models
from django.db.models import BinaryField, Func, Q

from clientes.phones import E164_MAX

MOTIVO_MAX = 300
EVIDENCIA_MAX = 500
REMITENTE_MAX = 40  # a number, a name, or a Messaging Service's SID


class Huella(Func):
    """The fingerprint that stands for a phone in E.164 where the phone itself may be erased.

    HMAC-SHA256 of the phone's SHA-256. Whoever has the table alone cannot try every phone there is: the key is in the
    function, which the migration made, and neither in a row nor in a statement. It is never changed, since of an erased
    phone no other fingerprint can be made.
    """

    function = "clientes_huella"
    output_field = BinaryField()


class Fuente(models.TextChoices):
    """The source of a client's wish."""

    SMS = "sms", "Respuesta por SMS"
    ENLACE = "enlace", "Enlace del mensaje"
    PAGINA = "pagina", "Sitio web de la tienda"  # told to the product by the shop's own program
    # Twilio refuses the number, which sent STOP to the sender; Twilio's code for it is part of the stored value.
    TWILIO = "twilio_21610", "Bloqueado en Twilio"
    IMPORTACION = "importacion", "Lista anterior"  # of those who had left before the shop came here
    MANUAL = "manual", "Registrada por la tienda"


class Baja(models.Model):
    """The last word about a phone: `vigente` says that nothing may be sent to it.

    It is about the phone and not about a client's row, so that deleting, importing or creating the client again
    changes nothing. Two kinds:

    - of a shop (`usuario`): what was said to that shop. It stays, not `vigente`, when the client comes back;
    - of a sender (no `usuario`): the phone answered this sender, and every shop that sends from it keeps silent, as
      Twilio itself does after STOP. The client's own START deletes it.

    For a shop and the sender it uses, the later of the two rows decides: `clientes.bajas.sql`.
    """

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="bajas", db_index=False
    )
    # What the client answered; "" when no sender was involved.
    remitente = models.CharField(max_length=REMITENTE_MAX, blank=True, default="")
    # `Huella` of the phone. What sending looks at, so that erasing the phone does not lift the suppression. Its column
    # had another name while it held a plain SHA-256: a worker of that time finds none, and sends nothing.
    huella = models.BinaryField(max_length=32, db_column="marca")
    telefono = models.CharField(max_length=E164_MAX, blank=True, default="")  # "" once its owner asked to be forgotten
    vigente = models.BooleanField(default=True)
    desde = models.DateTimeField()  # when it was said
    fuente = models.CharField(max_length=12, choices=Fuente)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["usuario", "huella"], name="baja_una_por_tienda", condition=Q(usuario__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["remitente", "huella"], name="baja_una_por_remitente", condition=Q(usuario__isnull=True)
            ),
            models.CheckConstraint(
                name="baja_de_una_tienda_o_de_un_remitente",
                condition=Q(usuario__isnull=False) | (~Q(remitente="") & Q(vigente=True)),
            ),
            # Rows that come back into a database with another key are refused, and not passed over in sending.
            models.CheckConstraint(name="baja_de_esta_llave", condition=Q(telefono="") | Q(huella=Huella("telefono"))),
        ]
        indexes = [
            models.Index(fields=["huella"], name="baja_por_huella"),  # sending: clientes.bajas.sql
            models.Index(fields=["usuario", "id"], name="baja_por_tienda"),  # lists by cursor
        ]

    def __str__(self) -> str:
        return self.telefono or "teléfono borrado"


class RegistroBaja(models.Model):
    """The proof of one wish, kept for ever: who said what, when and to whom. Only written, never changed, but for the
    erasure of the phone and the text of somebody who asks to be forgotten."""

    class Tipo(models.TextChoices):
        BAJA = "baja", "Baja"
        ALTA = "alta", "Alta"

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="registros_de_baja", db_index=False
    )
    tipo = models.CharField(max_length=4, choices=Tipo)
    fuente = models.CharField(max_length=12, choices=Fuente)
    huella = models.BinaryField(max_length=32, db_column="marca")
    telefono = models.CharField(max_length=E164_MAX, blank=True, default="")
    remitente = models.CharField(max_length=REMITENTE_MAX, blank=True, default="")
    texto = models.TextField(blank=True, default="")  # the client's words
    sid = models.CharField(max_length=34, blank=True, default="")  # of the text, or of the message that was refused
    # The campaign it answers. Not a foreign key: the proof outlives the campaign.
    campana_id = models.BigIntegerField(null=True, blank=True)
    campana_nombre = models.CharField(max_length=200, blank=True, default="")
    quien = models.ForeignKey(  # who wrote it down; NULL when it was the client
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    motivo = models.CharField(max_length=MOTIVO_MAX, blank=True, default="")
    evidencia = models.CharField(
        max_length=EVIDENCIA_MAX, blank=True, default=""
    )  # where the proof of an admin's word is kept
    momento = models.DateTimeField()

    class Meta:
        verbose_name = "registro de baja"
        verbose_name_plural = "registros de bajas"
        ordering = ("-id",)
        constraints = [
            # Twilio may deliver a text twice.
            models.UniqueConstraint(
                fields=["usuario", "tipo", "sid"], name="registro_baja_un_sid", condition=~Q(sid="")
            ),
        ]
        indexes = [
            models.Index(fields=["huella", "id"], name="registro_baja_por_huella"),  # the history of a phone
            models.Index(fields=["usuario", "momento"], name="registro_baja_por_dia"),  # the report
        ]

    def __str__(self) -> str:
        return f"{self.get_tipo_display()} de {self.telefono or 'teléfono borrado'}"
