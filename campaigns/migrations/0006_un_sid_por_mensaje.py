from django.db import migrations, models

# One message of Twilio's is one row's. Where two rows claim one, the first keeps it and the others stay `enviado` under
# a name that no message has.
UNIQUE_SQL = """
UPDATE campaigns_smslog s SET twilio_sid = left(s.twilio_sid, 70) || '-' || s.id
WHERE s.twilio_sid <> '' AND EXISTS (
    SELECT FROM campaigns_smslog f WHERE f.twilio_sid = s.twilio_sid AND f.twilio_sid <> '' AND f.id < s.id)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0005_plazo'),
    ]

    operations = [
        migrations.RunSQL(UNIQUE_SQL, migrations.RunSQL.noop, elidable=True),
        migrations.AddConstraint(
            model_name='smslog',
            constraint=models.UniqueConstraint(
                condition=models.Q(('twilio_sid', ''), _negated=True), fields=('twilio_sid',), name='smslog_un_sid'
            ),
        ),
        migrations.RemoveIndex(
            model_name='smslog',
            name='smslog_por_sid',
        ),
    ]
