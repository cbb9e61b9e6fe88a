from django.db import migrations, models


class Migration(migrations.Migration):
    """What a claim knows of Twilio's account and time, for the look that may follow. No row is rewritten: the new columns
    are NULL or a constant."""

    dependencies = [("campaigns", "0014_entregado_en_parte")]

    operations = [
        migrations.AddField(
            model_name="smslog",
            name="ausente_en",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="smslog",
            name="cuenta",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=16),
        ),
        migrations.AddField(
            model_name="smslog",
            name="twilio_desde",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="smslog",
            name="twilio_hasta",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
