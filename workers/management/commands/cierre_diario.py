"""`manage.py cierre_diario` lays Twilio's messages of a day beside the ledger."""

from argparse import ArgumentParser
from datetime import UTC, date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns.cierre import services
from campaigns.models import CierreDiario, Diferencia
from core.errors import InvalidInputError
from core.text.formato import numero
from workers import cierre


class Command(BaseCommand):
    help = "Read Twilio's messages of a day (UTC), lay them beside ours by SID, and say what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dia", type=date.fromisoformat, help="as 2026-01-31; default: yesterday, in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TWILIO_ACCOUNT_SID:
            raise CommandError("No Twilio account is configured.")
        ahora = timezone.now()
        dia = options["dia"] or ahora.astimezone(UTC).date() - timedelta(days=1)
        try:
            services.pedir_cierre(dia=dia, ahora=ahora)
        except InvalidInputError as error:
            raise CommandError(error.message) from error
        while not cierre.atender(dia):
            found = CierreDiario.objects.get(dia=dia)
            if found.error:
                raise CommandError(f"Twilio: {found.error}. Lo hecho se conserva: repita la orden más tarde.")
        found = CierreDiario.objects.get(dia=dia)
        if found.estado != CierreDiario.Estado.LISTO:
            raise CommandError("Otro proceso está en este cierre; mírelo en la página «Cierre diario».")
        self._say(found)

    def _say(self, found: CierreDiario) -> None:
        lines = [
            f"{found}: {numero(found.mensajes)} mensajes, {numero(found.filas)} con destinatario nuestro.",
            f"{numero(found.segmentos)} segmentos, {found.costo} {found.moneda}.",
            f"De otros programas: {numero(found.ajenos)}. Sin precio todavía: {numero(found.sin_precio)}.",
        ]
        for tipo, n in sorted(found.diferencias.items()):
            lines.append(f"  {numero(n)}  {tipo}: {Diferencia.Tipo(tipo).label}")
        if not found.diferencias:
            lines.append("Ninguna diferencia.")
        self.stdout.write("\n".join(lines))
