"""Plans of PostgreSQL's planner, which depend on the test that asks for them and on nothing that ran before it.

A plan is chosen by what the planner knows of the tables: their size on disk, the rows that rolled-back tests left dead
in them, and statistics, which autovacuum may renew at any moment. The fixture `planner` gives a test empty tables on
which nothing is known, and lets it say what the planner is to know. Nobody else can change that until the test's
transaction is rolled back: TRUNCATE and ANALYZE keep autovacuum away from the tables that they touched.
"""

from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import Model

APPS: Final = ("core", "clientes", "campaigns", "workers")


class Planner:
    """The planner's statistics, and the plans it makes of them. It takes the product's tables empty, with no
    statistics.

    Ask for the fixture before the fixtures that make rows.
    """

    def __init__(self) -> None:
        assert connection.in_atomic_block, "statistics must end with the test: ask for db, not transactional_db"
        self._tables = [model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()]
        with connection.cursor() as cursor:
            # A new file for each table and index, and no count of pages or rows; the rollback brings the old ones back.
            cursor.execute(f"TRUNCATE {', '.join(self._tables)} CASCADE")
        self.forget()

    def learn(self, *models: type[Model]) -> None:
        """Tell the planner all about the rows that these models have now.

        A table that it knows to be empty it reads whole, as that costs nothing.
        """
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(model._meta.db_table for model in models)}")

    def forget(self) -> None:
        """Leave the planner with nothing but the size of the tables on disk."""
        with connection.cursor() as cursor:
            for table in self._tables:
                cursor.execute("SELECT pg_clear_relation_stats('public', %s)", [table])
            cursor.execute(
                "SELECT pg_clear_attribute_stats('public', tablename, attname, inherited)"
                " FROM pg_stats WHERE schemaname = 'public' AND tablename = ANY(%s)",
                [self._tables],
            )

    def explain(self, sql: str, params: Any = None) -> str:
        """Return the plan of a statement as text.

        Args:
            sql, params: as for `cursor.execute`.
        """
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", params)
            return "\n".join(row[0] for row in cursor.fetchall())
