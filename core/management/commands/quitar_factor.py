"""`manage.py quitar_factor USUARIO` takes away the second factor of a person who lost the phone and the codes."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from core import llaves
from core.factor.services import quitar
from core.models import Usuario

NO_EXISTE = "No hay ningún usuario «{username}»."
NO_TENIA = "«{username}» no tenía segundo factor."
QUITADO = "«{username}» ya no tiene segundo factor, y sus sesiones se cerraron. Su clave sigue siendo la misma."
SIGUEN = "{siguen} Si duda de ellas, que las revoque en {url}"


class Command(BaseCommand):
    help = "Take away the second factor of a person. First make sure that it is they who ask. Their sessions end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        usuario = Usuario.objects.filter(username=username).first()
        if usuario is None:
            raise CommandError(NO_EXISTE.format(username=username))
        if not quitar(usuario=usuario):
            self.stdout.write(NO_TENIA.format(username=username))
            return
        self.stdout.write(QUITADO.format(username=username))
        if siguen := llaves.siguen(usuario):
            self.stdout.write(SIGUEN.format(siguen=siguen, url=settings.PUBLIC_URL + reverse("llaves")))
