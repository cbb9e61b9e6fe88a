"""`manage.py ensure_admin` makes the first user when there is none."""

import os
import secrets
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from core.models import Usuario

# Any constant: two stacks starting on one database must not both make the first admin.
LOCK = 7_301_001


class Command(BaseCommand):
    help = (
        "Make the first admin if there is no user: DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD, "
        "or `admin` with a random password that is printed once."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if Usuario.objects.exists():
            return
        username = os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin"
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_urlsafe(12)
        Usuario.objects.create_superuser(username=username, password=password)
        shown = "the password you set" if given else f"password: {password}   (shown only now)"
        self.stdout.write(f"First admin: {username}   {shown}")
