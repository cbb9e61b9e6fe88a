"""Recipients whom a call names by their phones."""

from django.db import models

from campaigns.models.campana import CampanaSMS
from campaigns.models.smslog import CODIGO_MAX, ERROR_MAX
from clientes.models import NOMBRE_MAX
from clientes.phones import E164_MAX


class Destinatario(models.Model):
    """One recipient whom a call named by phone, with what the call says of them for this campaign alone.

    Its Lote has `quien` among its ids. The row stays for a retry, and goes with the texts of the campaign's messages.
    """

    campana = models.ForeignKey(CampanaSMS, on_delete=models.CASCADE, related_name="destinatarios", db_index=False)
    # The client; of who is none, for there is no such phone or another row of the call has it: minus the place in the
    # call, from 1. No foreign key: a client who is deleted meanwhile is told of when the Lote opens.
    quien = models.BigIntegerField()
    # In this campaign's text; NULL: the client's own, as it is when the Lote opens.
    nombre = models.CharField(max_length=NOMBRE_MAX, blank=True, null=True)  # noqa: DJ001 - "" is "without a name"
    valores = models.JSONField(default=dict, blank=True)  # of the text's variables, by their names
    # Of who is no client: the verdict, its text, and the phone where there is one.
    codigo = models.CharField(max_length=CODIGO_MAX, blank=True, default="")
    error = models.CharField(max_length=ERROR_MAX, blank=True, default="")
    telefono = models.CharField(max_length=E164_MAX, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campana", "quien"], name="destinatario_uno_por_campana")]
        indexes = [models.Index(fields=["quien"], name="destinatario_de_cliente")]  # a client's data is erased

    def __str__(self) -> str:
        return f"{self.quien} de la campaña {self.campana_id}"
