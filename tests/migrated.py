"""The tests' databases: migrated once in a run, which takes six seconds of a processor, and then copied."""

import fcntl
from pathlib import Path
from typing import Final

import psycopg2
from django.core.management import call_command
from django.db import connection

TEMPLATE: Final = "sms_migrated"


def make(name: str, url: str, folder: Path) -> None:
    """Make a database that holds what `migrate` makes, in place of one of this name.

    Args:
        url: another database of the same server, whose role may make some.
        folder: of this run alone, and shared by its processes.
    """
    # PostgreSQL copies no database that somebody else is connected to.
    with (folder / "migrated.lock").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        if done.tell() == 0:
            _execute(url, f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)", f"CREATE DATABASE {TEMPLATE}")
            _migrate()
            done.write("done")
        drop(name, url)
        _execute(url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")


def drop(name: str, url: str) -> None:
    _execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _migrate() -> None:
    connection.close()
    own = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = TEMPLATE
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def _execute(url: str, *statements: str) -> None:
    admin = psycopg2.connect(url)
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        admin.close()
