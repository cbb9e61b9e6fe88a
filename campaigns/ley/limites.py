"""Services of the operator's ceilings: what each may be, and setting them for a shop."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from phonenumbers import SUPPORTED_REGIONS

from campaigns.ley.reglas import DESTINATARIOS_MAX, FUERA, NO_ES_DINERO, SIN_PRECIO
from campaigns.ley.services import bloquear, reabrir
from campaigns.models import Limites, LimitesTienda
from campaigns.models.limites import TODOS, vigentes
from core import registro
from core.errors import InvalidInputError
from core.models import Usuario
from core.text import formato

REMITENTES_MAX: Final = 1000
DINERO_MAX: Final = 1_000_000_000
NO_ES_PAIS: Final = "«{valor}» no es un país: use dos letras, como CO, o * para cualquiera."
SIN_PAISES: Final = "Diga al menos un país, o * para cualquiera."
NO_ES_TIENDA: Final = "«{usuario}» no es el administrador de una tienda."
LOS_DE_TODAS: Final = "los de todas"

NOMBRES: Final = {
    "dinero_diario": "Dinero en un día",
    "dinero_mensual": "Dinero en un mes",
    "mensajes_diarios": "Mensajes en un día",
    "paises": "Países a los que puede enviar",
    "remitentes": "Remitentes activos",
    "aprobacion_destinatarios": "Espera aprobación con más destinatarios que",
    "aprobacion_costo": "Espera aprobación si cuesta más que",
}
DINERO: Final = ("dinero_diario", "dinero_mensual", "aprobacion_costo")


def _dinero(valor: Decimal) -> Decimal:
    if not 0 <= valor < DINERO_MAX:
        raise InvalidInputError(NO_ES_DINERO.replace("1.000.000", formato.numero(DINERO_MAX)))
    return valor


def _hasta(maximo: int) -> Callable[[int], int]:
    def rule(valor: int) -> int:
        if not 0 <= valor <= maximo:
            raise InvalidInputError(FUERA.format(minimo=0, maximo=formato.numero(maximo)))
        return valor

    return rule


def _paises(valor: list[str]) -> list[str]:
    for pais in valor:
        if pais != TODOS and pais not in SUPPORTED_REGIONS:
            raise InvalidInputError(NO_ES_PAIS.format(valor=pais[:20]))
    if not valor:
        raise InvalidInputError(SIN_PAISES)
    return [TODOS] if TODOS in valor else sorted(set(valor))


REGLAS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "dinero_diario": _dinero,
    "dinero_mensual": _dinero,
    "mensajes_diarios": _hasta(DESTINATARIOS_MAX),
    "paises": _paises,
    "remitentes": _hasta(REMITENTES_MAX),
    "aprobacion_destinatarios": _hasta(DESTINATARIOS_MAX),
    "aprobacion_costo": _dinero,
}


def validar(cambios: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ceilings as they are stored.

    Args:
        cambios: a field of LimitesTienda: its value; None for what holds for every shop.

    Raises:
        InvalidInputError: naming the ceiling and the reason.
    """
    found = {}
    for name, valor in cambios.items():
        try:
            found[name] = None if valor is None else REGLAS[name](valor)
        except InvalidInputError as error:
            raise InvalidInputError(error.message, field=name) from error
        if name in DINERO and valor is not None and settings.SMS_SEGMENT_PRICE is None:
            # The shop's own price would be the shop's to choose.
            raise InvalidInputError(SIN_PRECIO + " (SMS_SEGMENT_PRICE)", field=name)
    return found


@transaction.atomic
def cambiar_limites(*, tienda: Usuario, cambios: Mapping[str, Any]) -> Limites:
    """Set ceilings of a shop. Campaigns that are under way obey from their next message on. Only an operator may: who
    calls this has asked.

    Args:
        tienda: the shop's admin.
        cambios: as `validar` takes them; what is left out stays.

    Raises:
        InvalidInputError: naming the ceiling and the reason.
    """
    if not tienda.es_tienda:
        raise InvalidInputError(NO_ES_TIENDA.format(usuario=tienda.get_username()), field="tienda")
    valid = validar(cambios)
    # The lock under which the caps are taken: nobody takes by the old ones from here on.
    ajustes = bloquear(tienda.pk)
    row = LimitesTienda.objects.filter(pk=ajustes.pk).first() or LimitesTienda(ajustes=ajustes)
    before = {name: getattr(row, name) for name in valid}
    changed = {name: valor for name, valor in valid.items() if valor != before[name]}
    if changed:
        for name, valor in changed.items():
            setattr(row, name, valor)
        row.save()
        said = [f"{name}: {escrito(before[name])} → {escrito(valor)}" for name, valor in changed.items()]
        registro.anotar(registro.Tipo.LIMITES, tienda=tienda, detalle="; ".join(said))
        reabrir(tienda.pk)
    return vigentes(row)


def escrito(valor: Any) -> str:
    """Write the value of a ceiling, for people; the one of every shop is «los de todas»."""
    if valor is None:
        return LOS_DE_TODAS
    return ", ".join(valor) if isinstance(valor, list | tuple) else f"{valor}"


def para_la_tienda(limites: Limites) -> list[tuple[str, str]]:
    """Return (name, value) of each ceiling that the shop has, as its page shows them; the countries always."""
    return [
        (NOMBRES[name], _mostrado(name, valor))
        for name in NOMBRES
        if (valor := getattr(limites, name)) is not None or name == "paises"
    ]


def _mostrado(name: str, valor: Any) -> str:
    if name == "paises":
        return ", ".join(valor) if valor is not None else "cualquiera"
    return formato.dinero(valor) if name in DINERO else formato.numero(valor)
