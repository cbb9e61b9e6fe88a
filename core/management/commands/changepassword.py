"""`manage.py changepassword` gives a person a password that somebody else knows: they choose another."""

import getpass
from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as ChangePassword
from django.core.management.base import CommandParser
from django.db import transaction

from core.models import Usuario


class Command(ChangePassword):
    help = (
        "Change a person's password. They choose another at their next sign-in, since who types this one knows it;"
        " --propia says that it is one's own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--propia", action="store_true", help="the password of who types it")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> str | None:
        said = super().handle(*args, **options)
        username = options["username"] or getpass.getuser()
        Usuario.objects.filter(username=username).update(clave_ajena=not options["propia"])
        return said
