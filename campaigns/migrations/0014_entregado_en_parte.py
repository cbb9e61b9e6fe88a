"""Twilio's status `partially_delivered`. A longer varchar is a change of the catalogue alone: no row is read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0013_smslog_lote_estadistica")]

    operations = [
        migrations.AlterField(model_name="smslog", name="entrega", field=models.CharField(blank=True, choices=[("accepted", "Aceptado"), ("scheduled", "Programado"), ("queued", "En cola"), ("sending", "Saliendo"), ("sent", "Enviado al operador"), ("partially_delivered", "Entregado en parte"), ("delivered", "Entregado"), ("undelivered", "No entregado"), ("failed", "Falló"), ("read", "Leído"), ("canceled", "Cancelado")], default="", max_length=20)),
    ]
