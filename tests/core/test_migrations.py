"""The lint of migrations: what is made on a table that grows without end lets its shops go on sending meanwhile.

An index in a transaction locks its table against writing for as long as the table is read, minutes at a hundred
million rows, and so does a constraint that is validated as it is made:
https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY and
https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

# Their rows are counted in millions.
GROWING: Final[dict[str, set[str]]] = {
    "campaigns": {
        "campanasms",
        "contacto",
        "descarte",
        "destinatario",
        "entrante",
        "eventogancho",
        "lote",
        "mensajelistado",
        "smslog",
    },
    "clientes": {"baja", "cliente", "importacionfila", "numerorne", "registrobaja", "venta"},
    "core": {"registro"},
    "workers": set(),
}
# The last of each that was made before the rule: installations have them already.
OLDER: Final = {"campaigns": 23, "clientes": 9, "core": 9, "workers": 3}
CONCURRENTLY: Final = "make it with AddIndexConcurrently or RemoveIndexConcurrently, and atomic = False"
VALIDATED: Final = "make it with AddConstraintNotValid, and ValidateConstraint in a migration of its own"
INDEX: Final = re.compile(r"\b(CREATE\s+(UNIQUE\s+)?|DROP\s+|RE)INDEX\b(?!\s+CONCURRENTLY)", re.IGNORECASE)
CONSTRAINT: Final = re.compile(r"\bADD\s+(CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\b", re.IGNORECASE)
ALLOWED: Final = re.compile(r"\bNOT\s+VALID\b|\bUSING\s+INDEX\b", re.IGNORECASE)


def faults(app: str, migration: Any) -> Iterator[str]:
    """Say what of a migration would keep its table locked, and what to do instead."""
    made: set[str] = set()
    for operation in migration.operations:
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)  # it is empty
        elif fault := _fault(operation, GROWING[app] - made):
            yield f"{app}.{migration.name}: {operation.describe()}: {fault}"
    beside = (AddIndexConcurrently, RemoveIndexConcurrently)
    if migration.atomic and any(isinstance(operation, beside) for operation in migration.operations):
        yield f"{app}.{migration.name}: {CONCURRENTLY}"


def _fault(operation: Operation, growing: set[str]) -> str:
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        found = (_fault(inner, growing) for inner in operation.database_operations)
        return next(filter(None, found), "")
    if isinstance(operation, migrations.RunSQL):
        return _fault_of_sql(str(operation.sql))
    if getattr(operation, "model_name", "").lower() not in growing:
        return ""
    if isinstance(operation, (AddIndexConcurrently, RemoveIndexConcurrently)):
        return ""
    if isinstance(operation, (migrations.AddIndex, migrations.RemoveIndex)):
        return CONCURRENTLY
    if isinstance(operation, (AddConstraintNotValid, ValidateConstraint)):
        return ""
    if isinstance(operation, migrations.AddConstraint):
        unique = isinstance(operation.constraint, models.UniqueConstraint)
        return CONCURRENTLY if unique else VALIDATED
    if isinstance(operation, (migrations.AddField, migrations.AlterField)):
        field: Any = operation.field
        return CONCURRENTLY if field.unique or (field.db_index and not field.many_to_many) else ""
    return ""


def _fault_of_sql(sql: str) -> str:
    if INDEX.search(sql):
        return CONCURRENTLY
    return VALIDATED if CONSTRAINT.search(sql) and not ALLOWED.search(sql) else ""


def test_no_migration_locks_a_table_that_grows() -> None:
    loader = MigrationLoader(None)
    found = [
        fault
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if int(name[:4]) > OLDER.get(app, 9999)
        for fault in faults(app, migration)
    ]
    assert found == []


def migration(*operations: Operation, atomic: bool = True) -> Any:
    made: Any = migrations.Migration("9999_a", "campaigns")
    made.operations, made.atomic = list(operations), atomic
    return made


INDEXED: Final = models.Index(fields=["campana"], name="a")
CHECKED: Final = models.CheckConstraint(condition=models.Q(intentos__gte=0), name="c")
ONCE: Final = models.UniqueConstraint(fields=["campana"], name="u")


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddIndex("smslog", INDEXED),
        migrations.AddIndex("SMSLog", INDEXED),
        migrations.RemoveIndex("lote", "a"),
        migrations.AddConstraint("smslog", CHECKED),
        migrations.AddConstraint("smslog", ONCE),
        migrations.AddField("smslog", "otro", models.IntegerField(null=True, db_index=True)),
        migrations.AddField("smslog", "otro", models.IntegerField(null=True, unique=True)),
        migrations.AddField("smslog", "de", models.ForeignKey("campaigns.Lote", models.CASCADE, null=True)),
        migrations.AlterField("smslog", "mensaje", models.TextField(db_index=True)),
        migrations.RunSQL("CREATE UNIQUE INDEX a ON campaigns_smslog (id)"),
        migrations.RunSQL("create index a on campaigns_smslog (id)"),
        migrations.RunSQL("DROP INDEX a"),
        migrations.RunSQL("REINDEX TABLE campaigns_smslog"),
        migrations.RunSQL("ALTER TABLE campaigns_smslog ADD CONSTRAINT a CHECK (id > 0)"),
        migrations.SeparateDatabaseAndState(database_operations=[migrations.AddIndex("smslog", INDEXED)]),
    ],
)
def test_it_finds_what_would(operation: Operation) -> None:
    assert list(faults("campaigns", migration(operation)))


def test_it_finds_what_cannot_run_in_a_transaction() -> None:
    operation = AddIndexConcurrently("smslog", INDEXED)
    assert list(faults("campaigns", migration(operation)))
    assert not list(faults("campaigns", migration(operation, atomic=False)))


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddIndex("plantilla", INDEXED)],
        [migrations.CreateModel("Lote", fields=[]), migrations.AddIndex("lote", INDEXED)],
        [AddConstraintNotValid("smslog", CHECKED)],
        [ValidateConstraint("smslog", "c")],
        [migrations.AddField("smslog", "otro", models.IntegerField(null=True))],
        [migrations.AlterField("smslog", "mensaje", models.TextField(blank=True))],
        [migrations.RemoveConstraint("smslog", "c")],
        [migrations.RunSQL("CREATE INDEX CONCURRENTLY a ON campaigns_smslog (id)")],
        [migrations.RunSQL("ALTER TABLE campaigns_smslog ADD CONSTRAINT a CHECK (id > 0) NOT VALID")],
        [migrations.RunSQL("ALTER TABLE campaigns_smslog ADD CONSTRAINT a UNIQUE USING INDEX b")],
        [migrations.RunSQL("ALTER TABLE campaigns_smslog SET (fillfactor = 80)")],
    ],
)
def test_it_leaves_what_would_not(operations: list[Operation]) -> None:
    assert not list(faults("campaigns", migration(*operations)))
