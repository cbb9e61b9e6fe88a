"""`manage.py cuarentena` puts in doubt what a restored PostgreSQL may have forgotten."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core.text.formato import numero
from workers.engine.base import epoch
from workers.engine.lote import quarantine
from workers.engine.message import comeback

SHOWN = """Se mirarían en Twilio, antes de enviarlos:
  {rows} mensajes de Lotes abiertos
  {recipients} destinatarios de {lotes} Lotes por abrir
que pudieron salir desde {desde:%Y-%m-%d %H:%M:%S %Z}. Nada ha cambiado: repita con --aplicar."""
DONE = "{rows} mensajes y {lotes} Lotes quedan en duda: se miran en Twilio antes de enviarlos."


class Command(BaseCommand):
    help = (
        "After a backup was restored: whatever of the unfinished campaigns may have been sent since the backup becomes "
        "`incierto` and is looked up at Twilio before anything is sent. Run it before the workers start. Without "
        "--aplicar it only counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--aplicar", action="store_true", help="do it; without, it only counts")
        parser.add_argument(
            "--desde",
            type=_moment,
            help="when the backup was made, as 2026-01-31T03:00 (default: the last turn that a worker took in it)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        covers = quarantine.since(options["desde"], all_lotes=True)
        found = quarantine.extent(covers)
        if not options["aplicar"]:
            shown = {"rows": numero(found.rows), "lotes": numero(found.lotes), "recipients": numero(found.recipients)}
            self.stdout.write(SHOWN.format(**shown, desde=timezone.localtime(covers.desde)))
            return
        rows = comeback.hold(covers)
        epoch.write(epoch.look())
        self.stdout.write(DONE.format(rows=numero(rows), lotes=numero(found.lotes)))


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None:
        raise CommandError(f"--desde: {text!r} is no moment such as 2026-01-31T03:00")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
