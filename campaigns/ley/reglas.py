"""What each setting may be. A rule takes what was sent and gives what is stored."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final
from zoneinfo import available_timezones

from phonenumbers import SUPPORTED_REGIONS

from campaigns.ley.precios import precio_base
from campaigns.models import Ajustes
from campaigns.values.horario import Franja, next_open, paises
from campaigns.values.ventanas import DIAS, semana
from core.errors import InvalidInputError

CERRADOS_MAX: Final = 100
PLAZO_MAX_H: Final = 24 * 30
FRECUENCIA_MAX: Final = 20
RNE_VIGENCIA_MAX: Final = 365
DINERO_MAX: Final = 1_000_000
DESTINATARIOS_MAX: Final = 100_000_000

NO_ES_ZONA = "«{valor}» no es una zona horaria: escríbala como America/Bogota."
NO_ES_PAIS = (
    "No se conocen los festivos de «{valor}»: use dos letras, como CO, o déjelo vacío para no cerrar en festivos."
)
DEMASIADOS_DIAS = f"Puede cerrar hasta {CERRADOS_MAX} días."
FUERA = "Debe estar entre {minimo} y {maximo}."
NO_ES_DINERO = "Debe ser un valor entre 0 y 1.000.000."
NO_ES_PAIS_DE_PRECIO = "«{valor}» no es un país: use dos letras, como CO."
SIN_PRECIO = "Para poner un límite en dinero, diga primero cuánto le cuesta un segmento."
TOPES_CRUZADOS = "El tope del día no puede ser mayor que el del mes."
NUNCA_ABRE = "Con este horario no se podría enviar nunca: deje abierto al menos un día."
FALTA_MOTIVO = "Para apagar o aflojar una protección escriba el motivo: queda en el historial."
NO_EXISTE = "Este ajuste no existe."

# Switching one of these off needs a reason …
PROTECCIONES: Final = frozenset(
    {"ventanas_activas", "frecuencia_activa", "rne_activo", "rne_exigir_consulta", "exigir_consentimiento"}
)
# … and so does taking one of these away or raising it, more days for the register's answer among them. What something
# costs, where the shop is and until when a campaign may last are no protection.
LIMITES: Final = frozenset(
    {
        "frecuencia_maxima",
        "rne_vigencia_dias",
        "tope_diario",
        "tope_mensual",
        "aprobacion_destinatarios",
        "aprobacion_costo",
    }
)


def desprotege(nombre: str, antes: Any, despues: Any) -> bool:
    """Whether the change of this setting gives a protection up, or some of it, for which the history keeps the reason.

    Args:
        antes, despues: the stored values, which differ.
    """
    if nombre in PROTECCIONES:
        return despues is False
    if nombre in LIMITES:
        return antes is not None and (despues is None or despues > antes)
    if nombre == "ventanas":
        return any(map(_abre_mas, semana(antes), semana(despues)))
    if nombre == "dias_cerrados":
        return not set(antes) <= set(despues)
    return nombre == "festivos_pais" and not despues


def _abre_mas(antes: Franja | None, despues: Franja | None) -> bool:
    """Whether something may leave at an hour at which nothing could."""
    if antes is None or despues is None:
        return despues is not None
    return despues.abre < antes.abre or despues.cierra > antes.cierra


def _zona(valor: Any) -> str:
    if valor not in available_timezones():
        raise InvalidInputError(NO_ES_ZONA.format(valor=str(valor)[:50]))
    return str(valor)


def _pais(valor: Any) -> str:
    if valor and valor not in paises():
        raise InvalidInputError(NO_ES_PAIS.format(valor=str(valor)[:20]))
    return str(valor)


def _dias(valor: list[date]) -> list[date]:
    if len(valor) > CERRADOS_MAX:
        raise InvalidInputError(DEMASIADOS_DIAS)
    return sorted(set(valor))


def _entre(minimo: int, maximo: int) -> Callable[[Any], Any]:
    def rule(valor: Any) -> Any:
        if not minimo <= valor <= maximo:
            raise InvalidInputError(FUERA.format(minimo=minimo, maximo=maximo))
        return valor

    return rule


def _dinero(valor: Decimal | None) -> Decimal | None:
    if valor is not None and not 0 <= valor < DINERO_MAX:
        raise InvalidInputError(NO_ES_DINERO)
    return valor


def _cuantos(valor: int | None) -> int | None:
    return valor if valor is None else int(_entre(0, DESTINATARIOS_MAX)(valor))


def _precios(valor: Mapping[str, Decimal]) -> dict[str, str]:
    for pais, precio in valor.items():
        if pais not in SUPPORTED_REGIONS:
            raise InvalidInputError(NO_ES_PAIS_DE_PRECIO.format(valor=str(pais)[:20]), field=f"precios.{pais}")
        if not 0 <= precio < DINERO_MAX:
            raise InvalidInputError(NO_ES_DINERO, field=f"precios.{pais}")
    return {pais: f"{precio.normalize():f}" for pais, precio in sorted(valor.items())}


REGLAS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "ventanas_activas": bool,
    "zona_horaria": _zona,
    "festivos_pais": _pais,
    "dias_cerrados": _dias,
    "plazo_h": _entre(1, PLAZO_MAX_H),
    "frecuencia_activa": bool,
    "frecuencia_maxima": _entre(1, FRECUENCIA_MAX),
    "rne_activo": bool,
    "rne_vigencia_dias": _entre(1, RNE_VIGENCIA_MAX),
    "rne_exigir_consulta": bool,
    "exigir_consentimiento": bool,
    "precio_segmento": _dinero,
    "precios": _precios,
    "tope_diario": _dinero,
    "tope_mensual": _dinero,
    "aprobacion_destinatarios": _cuantos,
    "aprobacion_costo": _dinero,
}


def aplicar(ajustes: Ajustes, cambios: Mapping[str, Any]) -> None:
    """Write what was sent into the row, or refuse it.

    Args:
        cambios: setting: value of its own type; of `ventanas` only the days that change.

    Raises:
        InvalidInputError: naming the setting and the reason.
    """
    for field, valor in cambios.items():
        rule = partial(_con_dias, ajustes.ventanas) if field == "ventanas" else REGLAS.get(field)
        if rule is None:
            raise InvalidInputError(NO_EXISTE, field=field, code="unknown_field")
        try:
            setattr(ajustes, field, rule(valor))
        except InvalidInputError as error:
            raise InvalidInputError(error.message, field=error.field or field, code=error.code) from error
    _juntos(ajustes, cambios)


def _juntos(ajustes: Ajustes, cambios: Mapping[str, Any]) -> None:
    """What the settings must be together."""
    horario = ajustes.horario
    if horario is not None and next_open(horario, datetime.now(UTC)) is None:
        field = next((name for name in ("ventanas", "dias_cerrados") if name in cambios), "ventanas")
        raise InvalidInputError(NUNCA_ABRE, field=field, code="invalid")
    dia, mes = ajustes.tope_diario, ajustes.tope_mensual
    if (dia, mes, ajustes.aprobacion_costo) != (None, None, None) and precio_base(ajustes) is None:
        raise InvalidInputError(SIN_PRECIO, field="precio_segmento", code="required")
    if dia is not None and mes is not None and dia > mes:
        raise InvalidInputError(TOPES_CRUZADOS, field="tope_diario", code="invalid")


def _con_dias(actuales: Mapping[str, Any], enviadas: Mapping[str, Any]) -> dict[str, Any]:
    """The timetable with the days that were sent in the place of those it had."""
    merged = {**actuales, **enviadas}
    semana(merged)
    return {dia: merged.get(dia) for dia in DIAS}
