from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact

from clientes import phones
from clientes.models.baja import Huella
from clientes.texto import CLAVE_DOCUMENTO, PALABRAS

NOMBRE_MAX = 150
FUENTE_MAX = 80
ORIGEN_MAX = 250
TEXTO_MAX = 1_000
LUGAR_MAX = 200
# The function is of migration 0017.
RARO: Final = models.Q(
    Exact(models.Func("nombre", function="clientes_clase", output_field=models.CharField()), models.Value("raro"))
)


class Medio(models.TextChoices):
    """The way in which a client agreed: in writing, by word of mouth, or by what they did without a doubt.

    Decreto 1074 de 2015, art. 2.2.2.25.2.4.
    """

    PAPEL = "papel", "Formulario en papel"
    WEB = "web", "Formulario en internet"
    MENSAJE = "mensaje", "Mensaje de texto o WhatsApp"
    CORREO = "correo", "Correo electrónico"
    LLAMADA = "llamada", "Llamada"
    PERSONA = "persona", "De palabra, en persona"
    CONDUCTA = "conducta", "Conducta inequívoca"


class Etiqueta(models.Model):
    """A tag that a shop puts on its clients."""

    nombre = models.CharField(max_length=40)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="etiquetas")

    class Meta:
        ordering = ("nombre",)
        constraints = [models.UniqueConstraint("usuario", Lower("nombre"), name="etiqueta_nombre_unico")]

    def __str__(self) -> str:
        return self.nombre


class Cliente(models.Model):
    """A contact of one admin's shop."""

    nombre = models.CharField(max_length=NOMBRE_MAX)
    telefono = models.CharField("teléfono", max_length=20, blank=True, default="")
    # What `telefono` means in E.164; "" when it is missing or not a valid number. Derived on every save.
    telefono_e164 = models.CharField(max_length=phones.E164_MAX, blank=True, default="", editable=False)
    # Whether that number can be a mobile phone. Derived on every save.
    movil = models.BooleanField(default=False, editable=False)
    # The country of that number, which decides what an SMS to it costs. Derived on every save.
    pais = models.CharField(max_length=2, blank=True, default="", db_default="", editable=False)
    documento = models.CharField(max_length=20, blank=True, default="")
    activo = models.BooleanField(default=True)
    creado = models.DateTimeField(auto_now_add=True)
    # Where and when the client agreed to be written to: Ley 1581 de 2012, art. 9. Both or neither.
    consentimiento_fuente = models.CharField(max_length=FUENTE_MAX, blank=True, default="", db_default="")
    consentimiento_en = models.DateField(null=True, blank=True)
    # The proof of it: at what time, how, the words that the client was shown, and the IP address or the place.
    consentimiento_hora = models.TimeField(null=True, blank=True)
    consentimiento_medio = models.CharField(max_length=8, choices=Medio, blank=True, default="", db_default="")
    consentimiento_texto = models.CharField(max_length=TEXTO_MAX, blank=True, default="", db_default="")
    consentimiento_lugar = models.CharField(max_length=LUGAR_MAX, blank=True, default="", db_default="")
    # What made the client, where it was no person of the shop and no file: "" for those.
    origen = models.CharField(max_length=ORIGEN_MAX, blank=True, default="", db_default="", editable=False)
    # Personal data erased on the client's request; the row stays for the totals. Ley 1581 de 2012, art. 8.
    anonimizado_en = models.DateTimeField(null=True, blank=True, editable=False)
    etiquetas = models.ManyToManyField(Etiqueta, blank=True, related_name="clientes")
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="clientes",
        limit_choices_to={"rol": "admin"},
        db_index=False,  # cliente_por_tienda begins with it
    )

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                name="cliente_consentimiento_entero",
                condition=models.Q(consentimiento_en=None, consentimiento_fuente="")
                | (models.Q(consentimiento_en__isnull=False) & ~models.Q(consentimiento_fuente="")),
            ),
            models.CheckConstraint(
                name="cliente_prueba_de_un_consentimiento",
                condition=models.Q(consentimiento_en__isnull=False)
                | models.Q(
                    consentimiento_hora=None,
                    consentimiento_medio="",
                    consentimiento_texto="",
                    consentimiento_lugar="",
                ),
            ),
        ]
        indexes = [
            # lists by cursor, and "all active clients of this shop" when an audience is frozen
            models.Index(fields=["usuario", "activo", "id"], name="cliente_por_tienda"),
            # search by phone, and replies that arrive from a number
            models.Index(fields=["telefono_e164"], name="cliente_por_telefono", condition=~models.Q(telefono_e164="")),
            # import finds the client that a row describes
            models.Index(
                fields=["usuario", "documento"], name="cliente_por_documento", condition=~models.Q(documento="")
            ),
            models.Index(fields=["usuario", "nombre", "id"], name="cliente_por_nombre"),  # the page, in this order
            GinIndex(PALABRAS, name="cliente_por_palabra"),  # the page's search: clientes.busqueda
            # a call with many clients finds those that a row may describe: clientes.importacion.fusion
            models.Index("usuario", CLAVE_DOCUMENTO, name="cliente_por_clave", condition=~models.Q(documento="")),
            # the preview of a campaign: its longest name, who opted out, and whose name is counted letter by letter
            models.Index("usuario", Length("nombre").desc(), "id", name="cliente_por_largo"),
            models.Index(Huella("telefono_e164"), name="cliente_por_huella", condition=~models.Q(telefono_e164="")),
            models.Index(fields=["usuario"], name="cliente_raro", condition=RARO),
        ]

    def __str__(self) -> str:
        return self.nombre

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.derive_phone()
        fields = kwargs.get("update_fields")
        if fields is not None and "telefono" in fields:
            kwargs["update_fields"] = {*fields, "telefono_e164", "movil", "pais"}
        super().save(*args, **kwargs)

    def derive_phone(self) -> None:
        """Bring what is derived from `telefono` up to date."""
        reading = phones.read(self.telefono)
        self.telefono_e164, self.movil, self.pais = reading.e164, reading.mobile, reading.country
