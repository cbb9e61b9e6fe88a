"""Emptying the tables after a test that commits.

Django truncates every table and then makes content types and permissions again, which takes longer than most of the
tests. Here the tables that hold something are emptied, and those that Django fills stay as they are.
"""

from typing import Final

from django.db import connection

# What `migrate` filled: the tests have it from the beginning.
KEPT: Final = ("django_migrations", "django_content_type", "auth_permission")

# Foreign keys are asked when all is empty: Django makes them deferrable. The logs may forget here.
EMPTY_SQL: Final = """
DO $$
DECLARE name text; filled boolean;
BEGIN
    PERFORM set_config('lock_timeout', '60s', true);  -- who still holds a row must not hang the run
    ALTER TABLE campaigns_suceso DISABLE TRIGGER USER;
    ALTER TABLE core_registro DISABLE TRIGGER USER;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(ARRAY[%s]) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', name) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %%I', name); END IF;
    END LOOP;
    DELETE FROM clientes_conteo;  -- triggers filled it as clients went
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE campaigns_suceso ENABLE TRIGGER USER;
    ALTER TABLE core_registro ENABLE TRIGGER USER;
END $$
"""


def empty_tables(case: object) -> None:
    """Take the place of `TransactionTestCase._fixture_teardown`."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY_SQL % ", ".join(f"'{name}'" for name in KEPT))
