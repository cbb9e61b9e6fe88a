"""Functions that say what is known of the server, or nothing where it does not tell.

Aurora refuses the functions of the log unless `rds.logical_replication` is on (55000, older versions 0A000), and whoever
runs a server may take them from other roles (42501). A standby still refuses by an error, as before.
"""

from django.db import migrations

# name, type, what it asks, and its answer where the server does not tell.
FUNCTIONS = (
    ("workers_linea", "text", "left(pg_walfile_name(pg_current_wal_lsn()), 8)", "''"),
    ("workers_posicion", "bigint", "(pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint", "0"),
    ("workers_sistema", "bigint", "(SELECT system_identifier FROM pg_control_system())", "0"),
)
CREATE = """
CREATE FUNCTION {name}() RETURNS {kind} LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN {asks};
EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state OR feature_not_supported
    OR undefined_function THEN
    IF pg_is_in_recovery() THEN RAISE; END IF;
    RETURN {silent};
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("workers", "0002_epoca")]

    operations = [
        migrations.RunSQL(
            CREATE.format(name=name, kind=kind, asks=asks, silent=silent), reverse_sql=f"DROP FUNCTION {name}()"
        )
        for name, kind, asks, silent in FUNCTIONS
    ]
