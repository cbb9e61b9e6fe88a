"""`manage.py ensure_admin` makes the first user when there is none."""

import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from core.environment import BASE_DIR, read_environment
from core.models import Usuario

# Any constant: two stacks starting on one database must not both make the first admin.
LOCK: Final = 7_301_001
FILE: Final = BASE_DIR / ".data" / "secrets" / "first_password"


class Command(BaseCommand):
    help = (
        "Make the admin of the first shop if there is no user: DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD,"
        " or `admin` with a random password in a file that only this user may read, which has to be changed at the"
        " first sign-in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, default=FILE, help="where the random password goes (%(default)s)")
        # What a container prints is kept in its log, and collected. The terminal of whoever started scripts/up is
        # theirs and keeps nothing, so that nobody else has read what stands there, and it may stay.
        parser.add_argument(
            "--print", action="store_true", help="print it instead, on a terminal of one's own; it need not be changed"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if Usuario.objects.exists():
            return
        env = read_environment()
        username = env.str("DJANGO_SUPERUSER_USERNAME", "") or "admin"
        given = env.str("DJANGO_SUPERUSER_PASSWORD", "")
        if given and (weak := _reasons(given, username)):
            if not options["print"]:
                raise CommandError(f"DJANGO_SUPERUSER_PASSWORD: {weak}")
            self.stderr.write(f"DJANGO_SUPERUSER_PASSWORD is for this machine only: {weak}")
        password = given or secrets.token_urlsafe(12)
        # Who starts the product chose the one that is given.
        theirs = not given and not options["print"]
        Usuario.objects.create_user(username=username, password=password, clave_ajena=theirs)
        if given:
            shown = "the password you set"
        elif options["print"]:
            shown = f"password: {password}   (shown only now)"
        else:
            shown = f"password in {keep(options['file'], password)}   (change it at the first sign-in)"
        self.stdout.write(f"First admin: {username}   {shown}")


def _reasons(password: str, username: str) -> str:
    """Return why no page would take this password; "" where each would."""
    try:
        validate_password(password, Usuario(username=username))
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def keep(path: Path, password: str) -> Path:
    """Write it where only this user may read it; a file of an earlier start is replaced.

    Raises:
        CommandError: nothing can be written there.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{password}\n")
    except OSError as error:
        reason = f"cannot write the first password into {path} ({error.strerror})"
        raise CommandError(f"{reason}: name another place with --file, or set DJANGO_SUPERUSER_PASSWORD") from error
    return path
