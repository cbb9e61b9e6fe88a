from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0007_remitente'),
    ]

    operations = [
        # Compressing the frozen ids took two thirds of the time to create a campaign, for 5 bytes a recipient.
        migrations.RunSQL(
            'ALTER TABLE campaigns_lote ALTER COLUMN cliente_ids SET STORAGE EXTERNAL',
            'ALTER TABLE campaigns_lote ALTER COLUMN cliente_ids SET STORAGE EXTENDED',
        ),
    ]
