from django.conf import settings
from django.db import models
from django.utils import timezone

from clientes.phones import E164_MAX


class ConsultaRNE(models.Model):
    """One consultation of the Registro de Números Excluidos (CRC): the evidence that it was made. Never deleted."""

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consultas_rne", db_index=False
    )
    quien = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    creado = models.DateTimeField(auto_now_add=True)
    consultado_en = models.DateField()  # when the register was asked, which may be before the file came here
    archivo = models.CharField(max_length=200)  # its name; "" when the numbers came through the API
    sha256 = models.CharField(max_length=64)  # of the file's bytes, or of the numbers one in each line
    numeros = models.PositiveIntegerField()
    ilegibles = models.PositiveIntegerField()  # cells that are no number
    # Rows with a number that the file had above already, and rows above the first one that hold no number: titles.
    repetidos = models.PositiveIntegerField(default=0, db_default=0)
    titulos = models.PositiveIntegerField(default=0, db_default=0)
    filas = models.PositiveIntegerField(null=True, blank=True)  # all of them, empty ones not; NULL in old ones
    reemplaza = models.BooleanField()  # what earlier ones brought is no longer excluded

    class Meta:
        verbose_name = "consulta del RNE"
        verbose_name_plural = "consultas del RNE"
        ordering = ("-id",)
        indexes = [models.Index(fields=["usuario", "id"], name="consulta_rne_por_tienda")]  # the list, by cursor

    def __str__(self) -> str:
        return f"{self.consultado_en}, {self.numeros}"

    @property
    def leidas(self) -> int:
        """Rows that brought a number."""
        return (self.filas or 0) - self.titulos - self.ilegibles - self.repetidos


class NumeroRNE(models.Model):
    """A number that the register excludes; the shop sends it nothing, but for a client who consented later.

    Entering the register revokes the consents that there were; later ones are valid: Superintendencia de Industria y
    Comercio, Circular Externa 001 de 2024.
    """

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    telefono = models.CharField(max_length=E164_MAX)
    consulta = models.ForeignKey(ConsultaRNE, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The day of the consultation in which it first stood in the register, and from then on in every one.
    desde = models.DateField(default=timezone.localdate)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["usuario", "telefono"], name="numero_rne_unico")]

    def __str__(self) -> str:
        return self.telefono
