from django.db import migrations


class Migration(migrations.Migration):
    """How many rows a Lote has, which the planner learns too late.

    After the first small campaigns it has seen two or three Lotes, takes each for a large part of the table, and reads
    all of it for each Lote of the next, larger campaign, until the next ANALYZE. As a share of the rows (negative) the
    number of Lotes grows with them: 200 rows a Lote lies between the small campaigns and LOTE_SIZE.
    """

    dependencies = [("campaigns", "0012_ley")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE campaigns_smslog ALTER COLUMN lote_id SET (n_distinct = -0.005)",
            "ALTER TABLE campaigns_smslog ALTER COLUMN lote_id RESET (n_distinct)",
        )
    ]
