import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0019_remitente_de_una_tienda'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='entrante',
            name='decidido_en',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='entrante',
            name='decidido_por',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='entrante',
            name='tipo',
            field=models.CharField(choices=[('baja', 'Baja'), ('duda', '¿Es una baja?'), ('alta', 'Alta'), ('ayuda', 'Ayuda'), ('otro', 'Otro')], default='otro', max_length=5),
        ),
        migrations.AddIndex(
            model_name='entrante',
            index=models.Index(condition=models.Q(('tipo', 'duda')), fields=['telefono'], name='entrante_dudoso'),
        ),
    ]
