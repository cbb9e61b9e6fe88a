"""A shop's settings, one row each: what each may be, when loosening it needs a reason, what people and programs see.

The page's fields, the API's, the history's names and the rules all come from `AJUSTES`. To add a setting, add its
column to `campaigns.models.Ajustes` and its row here, and read it where it is to be obeyed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from phonenumbers import SUPPORTED_REGIONS

from campaigns.ley import protecciones
from campaigns.ley.precios import precio_base
from campaigns.models import Ajustes
from campaigns.values import defecto
from campaigns.values.horario import next_open, paises
from campaigns.values.letras import palabras
from campaigns.values.ventanas import DIAS, semana
from campaigns.values.zonas import zonas
from core.dates import FECHA_LEJANA, de_este_mundo
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
SIN_LETRAS = "Escriba un nombre con letras o números."
FALTA_NOMBRE = "La tienda no tiene nombre: escriba aquí con cuál firma sus mensajes."
FALTA_MOTIVO = "Para apagar o aflojar una protección escriba el motivo: queda en el historial."
NO_EXISTE = "Este ajuste no existe."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ajuste:
    """One setting of a shop.

    Args:
        name: of the column in `Ajustes`, of the field in the API and on the page.
        section: of the page.
        label: on the page.
        history: its name in the history of changes; the label when "".
        help: below the field on the page.
        unit: beside the field; `{s}` makes a plural of the stored number, `{moneda}` is SMS_PRICE_CURRENCY.
        api: what the API's documentation says.
        example: in the API's documentation.
        rule: takes what was sent and gives what is stored, or raises `InvalidInputError`.
        loosens: of `protecciones`, whether a change needs a reason.
    """

    name: str
    section: str
    label: str
    history: str = ""
    help: str = ""
    unit: str = ""
    api: str = ""
    example: Any
    rule: Callable[[Any], Any]
    loosens: Callable[[Any, Any], bool] = protecciones.nunca


def _zona(valor: Any) -> str:
    if valor not in zonas():
        raise InvalidInputError(NO_ES_ZONA.format(valor=str(valor)[:50]))
    return str(valor)


def _pais(valor: Any) -> str:
    if valor and valor not in paises():
        raise InvalidInputError(NO_ES_PAIS.format(valor=str(valor)[:20]))
    return str(valor)


def _dias(valor: list[date]) -> list[date]:
    if len(valor) > CERRADOS_MAX:
        raise InvalidInputError(DEMASIADOS_DIAS)
    if not all(map(de_este_mundo.holds, valor)):
        raise InvalidInputError(FECHA_LEJANA)
    return sorted(set(valor))


@dataclass(frozen=True, slots=True)
class Entre:
    """A rule: a whole number from `minimo` to `maximo`, or no number where `vacio` says that it may be none."""

    minimo: int
    maximo: int
    vacio: bool = False

    def __call__(self, valor: Any) -> Any:
        if not (self.vacio and valor is None) and not self.minimo <= valor <= self.maximo:
            raise InvalidInputError(FUERA.format(minimo=self.minimo, maximo=self.maximo))
        return valor


def dinero(valor: Decimal | None) -> Decimal | None:
    if valor is not None and not 0 <= valor < DINERO_MAX:
        raise InvalidInputError(NO_ES_DINERO)
    return valor


def _precios(valor: Mapping[str, Decimal]) -> dict[str, str]:
    for pais, precio in valor.items():
        if pais not in SUPPORTED_REGIONS:
            raise InvalidInputError(NO_ES_PAIS_DE_PRECIO.format(valor=str(pais)[:20]), field=f"precios.{pais}")
        if not 0 <= precio < DINERO_MAX:
            raise InvalidInputError(NO_ES_DINERO, field=f"precios.{pais}")
    return {pais: f"{precio.normalize():f}" for pais, precio in sorted(valor.items())}


def _alias(valor: str) -> str:
    plain = " ".join(valor.split())
    if plain and not palabras(plain):
        raise InvalidInputError(SIN_LETRAS)
    return plain


def _ventanas(valor: Mapping[str, Any]) -> dict[str, Any]:
    semana(valor)
    return {dia: valor.get(dia) for dia in DIAS}


# In the order in which the API shows them, and each section of the page its own.
AJUSTES: Final = (
    Ajuste(
        name="ventanas_activas",
        section="horario",
        label="Enviar solo dentro del horario",
        api="false: messages leave at any hour. Switching it off needs `motivo`.",
        example=True,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
    Ajuste(
        name="zona_horaria",
        section="horario",
        label="Zona horaria",
        api="IANA name of the shop's zone.",
        example="America/Bogota",
        rule=_zona,
    ),
    Ajuste(
        name="ventanas",
        section="horario",
        label="Horario",
        example=defecto.ventanas(),
        rule=_ventanas,
        loosens=protecciones.al_ampliar,
    ),
    Ajuste(
        name="festivos_pais",
        section="horario",
        label="Festivos de",
        api="ISO 3166 country whose public holidays are closed; empty for none.",
        example="CO",
        rule=_pais,
        loosens=protecciones.al_vaciar,
    ),
    Ajuste(
        name="dias_cerrados",
        section="horario",
        label="Otros días cerrados",
        help="Uno por línea: 24/12/2026.",
        api="Other closed days, up to 100. Fewer need `motivo`.",
        example=["2026-12-24"],
        rule=_dias,
        loosens=protecciones.al_quitar,
    ),
    Ajuste(
        name="plazo_h",
        section="horario",
        label="Plazo de una campaña",
        history="Plazo (horas)",
        help="Desde que empieza, pausas y esperas incluidas. Lo que no haya salido ya no se envía.",
        unit="horas",
        api="Hours from a campaign's start to its deadline (`vence_en`), waits included.",
        example=72.0,
        rule=Entre(1, PLAZO_MAX_H),
    ),
    Ajuste(
        name="frecuencia_activa",
        section="frecuencia",
        label="Limitar los mensajes a un mismo teléfono",
        api="false: a phone may get any number. Switching it off needs `motivo`.",
        example=True,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
    Ajuste(
        name="frecuencia_maxima",
        section="frecuencia",
        label="Máximo",
        history="Mensajes por teléfono y día",
        help="En un día, entre todas las campañas.",
        unit="mensaje{s} por teléfono y día",
        api="Messages to one phone on one day, over all campaigns; 1 to 20. More needs `motivo`.",
        example=defecto.FRECUENCIA_MAXIMA,
        rule=Entre(1, FRECUENCIA_MAX),
        loosens=protecciones.al_subir,
    ),
    Ajuste(
        name="rne_activo",
        section="exclusiones",
        label="Excluir los números del RNE",
        api="Exclude the numbers of the RNE. Switching it off needs `motivo`.",
        example=True,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
    Ajuste(
        name="rne_vigencia_dias",
        section="exclusiones",
        label="Una consulta del RNE vale",
        history="Días que vale una consulta del RNE",
        unit="días",
        api="Days after which a consultation of the RNE is too old; 1 to 365. More need `motivo`.",
        example=defecto.RNE_VIGENCIA_DIAS,
        rule=Entre(1, RNE_VIGENCIA_MAX),
        loosens=protecciones.al_subir,
    ),
    Ajuste(
        name="rne_exigir_consulta",
        section="exclusiones",
        label="No enviar publicidad sin una consulta vigente",
        history="Exigir una consulta vigente del RNE",
        api="Promotional campaigns pause while the consultation is too old or missing.",
        example=defecto.RNE_EXIGIR_CONSULTA,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
    Ajuste(
        name="exigir_consentimiento",
        section="exclusiones",
        label="Exigir el consentimiento registrado",
        history="Exigir el consentimiento",
        api="Exclude clients without a consent on record.",
        example=defecto.EXIGIR_CONSENTIMIENTO,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
    Ajuste(
        name="alias",
        section="mensaje",
        label="Nombre con que firma",
        help="Si en los mensajes la tienda se llama de otra manera. En blanco, vale el nombre de la tienda.",
        api="A shorter name that a text may say instead of the shop's; empty for none.",
        example="Luna",
        rule=_alias,
    ),
    Ajuste(
        name="exigir_nombre",
        section="mensaje",
        label="No enviar textos que no digan de quién son",
        history="Exigir el nombre de la tienda en el texto",
        api="Refuse texts that name neither the shop nor its `alias`; campaigns under way pause.",
        example=defecto.EXIGIR_NOMBRE,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
    Ajuste(
        name="precio_segmento",
        section="gasto",
        label="Precio por segmento",
        api="Price of one segment, in SMS_PRICE_CURRENCY; null for SMS_SEGMENT_PRICE.",
        example="0.050000",
        rule=dinero,
    ),
    Ajuste(
        name="precios",
        section="gasto",
        label="Precio en otros países",
        help="Uno por línea, con el código del país: US 0,0083.",
        api='Prices of one segment to other countries, such as `{"US": "0.0083"}`. All earlier ones go.',
        example={"US": "0.0083"},
        rule=_precios,
    ),
    Ajuste(
        name="tope_diario",
        section="gasto",
        label="Tope del día",
        history="Tope de gasto del día",
        api="Cap on the money of a day; null for none. No message passes it. More needs `motivo`.",
        example="20.00",
        rule=dinero,
        loosens=protecciones.al_subir,
    ),
    Ajuste(
        name="tope_mensual",
        section="gasto",
        label="Tope del mes",
        history="Tope de gasto del mes",
        api="Cap on the money of a month of the shop's calendar, like `tope_diario`.",
        example=None,
        rule=dinero,
        loosens=protecciones.al_subir,
    ),
    Ajuste(
        name="aprobacion_destinatarios",
        section="aprobacion",
        label="Más de",
        history="Aprobación desde (destinatarios)",
        unit="destinatarios",
        api="A campaign to more recipients waits for approval; null: none does. More needs `motivo`.",
        example=10_000,
        rule=Entre(0, DESTINATARIOS_MAX, vacio=True),
        loosens=protecciones.al_subir,
    ),
    Ajuste(
        name="aprobacion_costo",
        section="aprobacion",
        label="O un costo mayor que",
        history="Aprobación desde (costo)",
        unit="{moneda}",
        api="A campaign that costs more waits for approval; null: none does. More needs `motivo`.",
        example=None,
        rule=dinero,
        loosens=protecciones.al_subir,
    ),
    Ajuste(
        name="aprobacion_ajena",
        section="aprobacion",
        label="La aprueba otra persona, no quien la creó",
        history="Aprueba otra persona",
        api="true: who made a campaign, or its recurring campaign, does not approve it; somebody else who may has to be"
        " there. Switching it off needs `motivo`.",
        example=False,
        rule=bool,
        loosens=protecciones.al_apagar,
    ),
)
POR_NOMBRE: Final[Mapping[str, Ajuste]] = {ajuste.name: ajuste for ajuste in AJUSTES}


def desprotege(nombre: str, antes: Any, despues: Any) -> bool:
    """Tell whether the change gives up a protection, or a part of it, for which the history keeps the reason.

    Args:
        antes, despues: the stored values, which differ.
    """
    return POR_NOMBRE[nombre].loosens(antes, despues)


def aplicar(ajustes: Ajustes, cambios: Mapping[str, Any]) -> None:
    """Write what was sent into the row, or refuse it.

    Args:
        cambios: setting: value of its own type; of `ventanas` only the days that change.

    Raises:
        InvalidInputError: naming the setting and the reason.
    """
    for field, valor in cambios.items():
        if field not in POR_NOMBRE:
            raise InvalidInputError(NO_EXISTE, field=field, code="unknown_field")
        whole = {**ajustes.ventanas, **valor} if field == "ventanas" else valor
        try:
            setattr(ajustes, field, POR_NOMBRE[field].rule(whole))
        except InvalidInputError as error:
            raise InvalidInputError(error.message, field=error.field or field, code=error.code) from error
    _juntos(ajustes, cambios)


def _juntos(ajustes: Ajustes, cambios: Mapping[str, Any]) -> None:
    """Check the settings that depend on one another."""
    horario = ajustes.horario
    if horario is not None and next_open(horario, datetime.now(UTC)) is None:
        field = next((name for name in ("ventanas", "dias_cerrados") if name in cambios), "ventanas")
        raise InvalidInputError(NUNCA_ABRE, field=field, code="invalid")
    if ajustes.exigir_nombre and not ajustes.alias and not ajustes.usuario.tienda:
        raise InvalidInputError(FALTA_NOMBRE, field="alias", code="required")
    dia, mes = ajustes.tope_diario, ajustes.tope_mensual
    if (dia, mes, ajustes.aprobacion_costo) != (None, None, None) and precio_base(ajustes) is None:
        raise InvalidInputError(SIN_PRECIO, field="precio_segmento", code="required")
    if dia is not None and mes is not None and dia > mes:
        raise InvalidInputError(TOPES_CRUZADOS, field="tope_diario", code="invalid")
