"""Fingerprints of phones get a key, which nobody who has the table alone can do without.

The key is in a function and not in a row: it is in a dump's schema, and in no export of a table. Of an erased phone only
the SHA-256 is known, so that is what the key is laid over. The columns get another name: what still runs from before
finds no opt-outs, and a statement that fails sends nothing.
"""

import secrets
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import clientes.models.baja

# RFC 2104: the hash of the outer pad and of the hash of the inner pad and the text.
HMAC = "sha256('\\x{outer}'::bytea || sha256('\\x{inner}'::bytea || {of}))"
FUNCTION = """
CREATE FUNCTION clientes_huella(telefono text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT {hmac} $$
"""
OF_PHONE = "sha256(convert_to(telefono, 'UTF8'))"
BLOCK = 64  # of SHA-256, in bytes


def with_key(apps: Any, schema_editor: Any) -> None:
    key = secrets.token_bytes(32).ljust(BLOCK, b"\0")
    pads = {name: bytes(byte ^ pad for byte in key).hex() for name, pad in (("outer", 0x5C), ("inner", 0x36))}
    schema_editor.execute(FUNCTION.format(hmac=HMAC.format(of=OF_PHONE, **pads)), params=None)
    for table in ("clientes_baja", "clientes_registrobaja"):
        schema_editor.execute(f"UPDATE {table} SET marca = {HMAC.format(of='marca', **pads)}", params=None)


class Migration(migrations.Migration):
    dependencies = [("clientes", "0012_consentimientos_de_antes")]

    operations = [
        migrations.AlterField("baja", "huella", models.BinaryField(db_column="marca", max_length=32)),
        migrations.AlterField("registrobaja", "huella", models.BinaryField(db_column="marca", max_length=32)),
        migrations.RunPython(with_key),
        AddConstraintNotValid(
            "baja",
            models.CheckConstraint(
                condition=models.Q(
                    ("telefono", ""), ("huella", clientes.models.baja.Huella("telefono")), _connector="OR"
                ),
                name="baja_de_esta_llave",
            ),
        ),
    ]
