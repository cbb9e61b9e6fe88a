"""`manage.py limites` shows or sets the ceilings of one shop."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.ley.limites import cambiar_limites, para_la_tienda
from campaigns.ley.selectors import ajustes_de
from core.errors import InvalidInputError
from core.models import Usuario

LIKE_ALL: Final = "-"


def _amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ArgumentTypeError(f"{text!r} is no amount, such as 250.00")
    return found


def _countries(text: str) -> list[str]:
    return [part.strip().upper() for part in text.split(",") if part.strip()]


# option: (field, reader of its text, help)
OPTIONS: Final[dict[str, tuple[str, Callable[[str], Any], str]]] = {
    "--dinero-dia": ("dinero_diario", _amount, "money on a day, in SMS_PRICE_CURRENCY"),
    "--dinero-mes": ("dinero_mensual", _amount, "money in a month"),
    "--mensajes-dia": ("mensajes_diarios", int, "messages on a day"),
    "--paises": ("paises", _countries, "countries it may send to, such as CO,PA; * for any"),
    "--remitentes": ("remitentes", int, "active senders that may be lent to it"),
    "--aprobacion-destinatarios": ("aprobacion_destinatarios", int, "a larger campaign waits for approval"),
    "--aprobacion-costo": ("aprobacion_costo", _amount, "a dearer campaign waits for approval"),
}


class Command(BaseCommand):
    help = "Show the ceilings of a shop, or set those that are named; - gives it again what holds for every shop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tienda", help="username of the shop's admin")
        for option, (field, read, text) in OPTIONS.items():
            # argparse names the option, and what is wrong with its text.
            parser.add_argument(option, dest=field, type=_or_like_all(read), help=f"{text}; {LIKE_ALL} as for all")

    def handle(self, *args: Any, **options: Any) -> None:
        tienda = Usuario.objects.filter(username=options["tienda"], rol=Usuario.Rol.ADMIN, creado_por=None).first()
        if tienda is None:
            raise CommandError(f"There is no shop of an admin {options['tienda']!r}.")
        said = {field: options[field] for field, _, _ in OPTIONS.values() if options[field] is not None}
        try:
            limites = (
                cambiar_limites(
                    tienda=tienda,
                    cambios={name: None if value == LIKE_ALL else value for name, value in said.items()},
                )
                if said
                else ajustes_de(tienda.pk).limites
            )
        except InvalidInputError as error:
            raise CommandError(f"{error.field}: {error.message}") from error
        for name, value in para_la_tienda(limites):
            self.stdout.write(f"{name}: {value}")


def _or_like_all(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def reader(text: str) -> Any:
        return text if text == LIKE_ALL else read(text)

    reader.__name__ = read.__name__.lstrip("_")  # argparse says it of what it cannot read
    return reader
