"""`manage.py operador USUARIO` makes an operator of the installation, who is of no shop, and says what it may."""

import secrets
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.password_validation import validate_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core.errors import InvalidInputError
from core.management.commands.ensure_admin import keep
from core.models import Usuario
from core.permisos import Rol
from core.registro import Tipo, anotar
from core.services import hacer_operador

HECHO: Final = "«{username}» es operador de la instalación, y no es de ninguna tienda."
PUEDE: Final = """Puede, en /admin/: prestar remitentes y poner límites a las tiendas; crear, desactivar y ayudar a las
personas (clave, segundo factor, sesiones, llaves); pausar y cancelar campañas; leer el registro de
seguridad de todas; revisar la cuenta de Twilio y los cierres diarios.
Los datos de los clientes de una tienda los ve si dice por qué: el motivo queda en el registro de esa
tienda, que lo lee. No entra en las páginas de las tiendas ni llama a su API.
"""
CLAVE: Final = "Clave: {clave}   (se muestra ahora y nunca más; al ingresar escoge la suya)"
EN_ARCHIVO: Final = "Clave en {path}   (al ingresar escoge la suya)"
NO_EXISTE: Final = "No hay ningún operador «{username}»."
EL_ULTIMO: Final = "«{username}» es el único operador que entra: haga otro antes."
QUITADO: Final = "«{username}» ya no es operador, y se cerraron sus sesiones.{tienda}"


class Command(BaseCommand):
    help = "Make an operator of the installation, who owns no shop, and say what it may; or, with --quitar, end one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--quitar",
            action="store_true",
            help="end it instead; an admin of a shop who was an operator too, as before shops and operators were"
            " apart, goes on as the shop's admin",
        )
        parser.add_argument("--file", type=Path, help="where the first password goes, instead of the terminal")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        if options["quitar"]:
            self.stdout.write(_quitar(username))
            return
        clave = secrets.token_urlsafe(12)
        validate_password(clave, Usuario(username=username))
        try:
            hacer_operador(username=username, clave=clave)
        except InvalidInputError as error:
            raise CommandError(error.message) from error
        shown = EN_ARCHIVO.format(path=keep(options["file"], clave)) if options["file"] else CLAVE.format(clave=clave)
        self.stdout.write(f"{HECHO.format(username=username)}\n{PUEDE}{shown}")


def _quitar(username: str) -> str:
    operadores = Usuario.objects.select_for_update().filter(is_superuser=True, is_active=True)
    usuario = operadores.filter(username=username).first()
    if usuario is None:
        raise CommandError(NO_EXISTE.format(username=username))
    if not operadores.exclude(pk=usuario.pk).exists():
        raise CommandError(EL_ULTIMO.format(username=username))
    usuario.is_superuser = usuario.is_staff = False
    usuario.is_active = usuario.rol != Rol.PLATAFORMA
    usuario.save(update_fields=["is_superuser", "is_staff", "is_active"])
    usuario.end_sessions()
    anotar(Tipo.ROL, tienda=usuario, detalle=f"de {username}: ya no es operador")
    return QUITADO.format(username=username, tienda=" Sigue siendo administrador de su tienda." * usuario.es_tienda)
