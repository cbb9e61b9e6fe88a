"""The country of each client's number, for the clients that are there already."""

from typing import Any

import phonenumbers
from django.db import migrations, models

BATCH = 2_000

# A calling code of one country only, which is most of them: one statement for each length of code.
ONE_SQL = """
UPDATE clientes_cliente c SET pais = v.region FROM unnest(%s::text[], %s::text[]) AS v(code, region)
WHERE c.telefono_e164 <> '' AND c.pais = '' AND substr(c.telefono_e164, 2, %s) = v.code
"""


def derive(apps: Any, schema_editor: Any) -> None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    alone = {str(code): found[0] for code, found in regions.items() if len(found) == 1 and found[0] != "001"}
    with schema_editor.connection.cursor() as cursor:
        for length in (1, 2, 3):
            codes = [code for code in alone if len(code) == length]
            cursor.execute(ONE_SQL, [codes, [alone[code] for code in codes], length])
    _derive_shared(apps.get_model("clientes", "Cliente"))


def _derive_shared(cliente: Any) -> None:
    """Numbers of codes that several countries share, such as +1."""
    last = 0
    while rows := list(
        cliente.objects.filter(pk__gt=last, pais="").exclude(telefono_e164="").order_by("pk")[:BATCH]
    ):
        last = rows[-1].pk
        for row in rows:
            region = phonenumbers.region_code_for_number(phonenumbers.parse(row.telefono_e164))
            row.pais = "" if region in (None, "001") else region
        cliente.objects.bulk_update(rows, ["pais"])


class Migration(migrations.Migration):

    dependencies = [
        ("clientes", "0005_bajas"),
    ]

    operations = [
        migrations.AddField(
            model_name="cliente",
            name="pais",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=2),
        ),
        migrations.RunPython(derive, migrations.RunPython.noop),
    ]
