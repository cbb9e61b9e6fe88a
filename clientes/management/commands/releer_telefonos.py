"""`manage.py releer_telefonos` reads every client's phone again, after the rules of reading changed."""

from typing import Any

from django.core.management.base import BaseCommand

from clientes.services import releer_telefonos


class Command(BaseCommand):
    help = (
        "Read the clients' phones again as they are written, and keep what they mean now. Run it once after an upgrade "
        "that reads phones otherwise; a second run changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(self.style.SUCCESS(f"Teléfonos que ahora se leen de otra manera: {releer_telefonos()}."))
