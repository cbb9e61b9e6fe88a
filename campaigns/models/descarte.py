"""Messages that Twilio accepted and then dropped unsent, whose recipient is tried again."""

from django.db import models

from campaigns.models.smslog import SMSLog


class Descarte(models.Model):
    """A message that reached nobody, of a row that is, or was, sent once more.

    Its SID is no row's any more, and still ours: it is never taken for another attempt's message, and the daily close
    knows whose it was.
    """

    sid = models.CharField(max_length=100, unique=True)
    log = models.ForeignKey(SMSLog, on_delete=models.CASCADE, related_name="descartes")
    codigo = models.CharField(max_length=10)  # Twilio's reason
    creado = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.sid} ({self.codigo})"
