"""`manage.py revisar_twilio` says what is wrong with the installation at Twilio, one line a fault."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workers.revision.revision import revisar

BIEN = "Twilio: todo en orden."
GRAVE, AVISO = 1, 2


class Command(BaseCommand):
    help = (
        "Check credentials, account, balance, country, senders, Messaging Service, our own addresses and what Twilio "
        "keeps of a message. One line a fault, with its remedy. Exit code: 0 for none, 1 when messages or replies are "
        "lost, 2 when only proof or comfort is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sin-direcciones", action="store_true", help="do not call PUBLIC_URL, as before the web is up"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        fallas = revisar(de_ida_y_vuelta=not options["sin_direcciones"])
        if not fallas:
            self.stdout.write(self.style.SUCCESS(BIEN))
            return
        for falla in fallas:
            style = self.style.ERROR if falla.grave else self.style.WARNING
            self.stdout.write(style(f"{'FALLA' if falla.grave else 'AVISO'} {falla.codigo}: {falla}"))
        sys.exit(GRAVE if any(falla.grave for falla in fallas) else AVISO)
