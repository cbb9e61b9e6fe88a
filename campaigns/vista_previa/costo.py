"""The cost of a campaign before it is sent: segments of every rendered recipient, exactly, without rendering each.

A name's effect on the count depends on its letters only through their class: as long as each is one unit and
one grapheme, the count depends on the name's length alone. So names are grouped by class and length in the
database, one of each group is rendered and counted, and only the odd names (emoji, extension characters) are
counted one by one.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from campaigns.audiencia.juicio import JUZGADOS_TODOS, parametros
from campaigns.audiencia.seleccion import Audiencia, Llamado, elegidos_sql
from campaigns.ley.precios import precio_base, precio_de, precio_operador
from campaigns.mensaje import texto
from campaigns.mensaje.partes import GSM7, GSM7_EXTENSION, Partes, contar, es_gsm7
from campaigns.models import Ajustes, Remitente
from campaigns.remitentes import valor_de

# POSIX bracket expressions of PostgreSQL. Every character of the first is one septet of the GSM-7 basic table,
# every character of the second one UTF-16 unit that no neighbour joins into a grapheme.
GSM7_PLAIN: Final = "^[A-Za-z0-9 .,'&()/éÉñÑüÜàèìòùÄÖäöÅåÆæØøßÇ-]*$"
UCS2_PLAIN: Final = "^[A-Za-z0-9 .,'&()/À-ÖØ-öø-ſ-]*$"

# Of a name: how its letters count.
CLASE: Final = "CASE WHEN nombre ~ %(gsm7)s THEN 'gsm7' WHEN nombre ~ %(ucs2)s THEN 'ucs2' ELSE 'raro' END"

GRUPOS_SQL: Final = f"""
SELECT codigo, clase, largo, CASE WHEN clase = 'raro' THEN nombre END AS nombre, pais, count(*),
    count(*) FILTER (WHERE NOT consentido)
FROM (
    SELECT codigo, nombre, CASE WHEN codigo = '' THEN pais ELSE '' END AS pais,
        CASE WHEN codigo = '' THEN consentido ELSE true END AS consentido, char_length(nombre) AS largo,
        CASE WHEN codigo <> '' THEN '' ELSE {CLASE} END AS clase
    FROM juzgados WHERE n > %(llamados)s
) AS nombres GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - constants
# Those whom a call names, one by one: their texts have words of their own.
LLAMADOS_SQL: Final = "SELECT n, codigo, pais, consentido FROM juzgados WHERE n <= %(llamados)s ORDER BY n"

SAMPLE: Final = {"gsm7": "a", "ucs2": "ó"}
# Letters of one UTF-16 unit that no neighbour joins into a grapheme.
UNA_UNIDAD: Final = (GSM7 | GSM7_EXTENSION | set(map(chr, range(ord("À"), ord("ſ") + 1)))) - set("\r\n\f")


@dataclass(slots=True)
class Costo:
    """The messages, exclusions and segments of a campaign.

    Args:
        destinatarios: messages that will be sent.
        excluidos: recipients that will not, by code.
        segmentos: to be billed in all.
        por_segmentos: messages by the number of segments each takes.
        por_encoding: messages by encoding.
        por_pais: segments by the country of the recipient.
        sin_consentimiento: of the messages, those to clients without a consent on record.
    """

    destinatarios: int = 0
    excluidos: Counter[str] = field(default_factory=Counter)
    segmentos: int = 0
    por_segmentos: Counter[int] = field(default_factory=Counter)
    por_encoding: Counter[str] = field(default_factory=Counter)
    por_pais: Counter[str] = field(default_factory=Counter)
    sin_consentimiento: int = 0

    def add(self, counted: Partes, messages: int, pais: str) -> None:
        self.destinatarios += messages
        self.segmentos += counted.segmentos * messages
        self.por_segmentos[counted.segmentos] += messages
        self.por_encoding[counted.encoding] += messages
        self.por_pais[pais] += counted.segmentos * messages

    def precio(self, ajustes: Ajustes) -> Decimal | None:
        """Return what all of it costs the shop, in SMS_PRICE_CURRENCY; None while some country has no price."""
        return self._por({pais: precio_de(ajustes, pais) for pais in self.por_pais} or {"": precio_base(ajustes)})

    def precio_operador(self, ajustes: Ajustes) -> Decimal | None:
        """Return what all of it takes of the operator's ceilings on money; None while the installation has no price."""
        return self._por({pais: precio_operador(ajustes, pais) for pais in self.por_pais or {"": 0}})

    def _por(self, prices: Mapping[str, Decimal | None]) -> Decimal | None:
        if None in prices.values():
            return None
        return sum((price * self.por_pais[pais] for pais, price in prices.items() if price), Decimal(0))


@dataclass(frozen=True, slots=True)
class Grupo:
    """Names that count alike: `nombre` stands for all of them, and so do the values of variables, by their names."""

    codigo: str
    nombre: str
    pais: str
    cantidad: int
    sin_consentimiento: int
    valores: tuple[tuple[str, str], ...] = ()


def grupos_de(
    audiencia: Audiencia, *, ajustes: Ajustes, dia: date, remitente: Remitente | None = None, a_toda_hora: bool = False
) -> list[Grupo]:
    """The audience, judged and grouped; what depends on it alone, so one answer serves many texts.

    Args:
        ajustes: of the shop.
        dia: on its calendar, on which the messages would leave.
        remitente: None for the installation's sender.
        a_toda_hora: the cap on contacts is not for them.
    """
    params = parametros(ajustes, dia=dia, remitente=valor_de(remitente), a_toda_hora=a_toda_hora)
    others = juzgar(audiencia, params, GRUPOS_SQL) if audiencia.incluir else []
    grupos = [
        Grupo(codigo, nombre if nombre is not None else SAMPLE.get(clase, "") * largo, pais, cantidad, sin)
        for codigo, clase, largo, nombre, pais, cantidad, sin in others
    ]
    return [*_de_llamados(audiencia, params), *grupos] if audiencia.llamados else grupos


def _de_llamados(audiencia: Audiencia, params: dict[str, Any]) -> list[Grupo]:
    counted: Counter[Grupo] = Counter()
    for n, codigo, pais, consentido in juzgar(audiencia, params, LLAMADOS_SQL):
        counted[grupo_de(audiencia.llamados[n - 1], codigo, pais, consentido=consentido)] += 1
    return [
        replace(grupo, cantidad=n, sin_consentimiento=n if grupo.sin_consentimiento else 0)
        for grupo, n in counted.items()
    ]


def grupo_de(uno: Llamado, codigo: str, pais: str, *, consentido: bool) -> Grupo:
    """Return the group of one whom a call names.

    Args:
        codigo: of the judgement of the client; "" when nothing speaks against them.
    """
    codigo = uno.codigo or codigo
    if codigo:
        return Grupo(codigo, "", "", 1, 0)
    valores = tuple((name, _muestra(value)) for name, value in uno.valores.items())
    return Grupo("", _muestra(uno.nombre), pais, 1, int(not consentido), valores)


def _muestra(value: str) -> str:
    """Return a text that counts as this one, wherever it stands: the same for as many as may be."""
    if GSM7.issuperset(value):
        return SAMPLE["gsm7"] * len(value)
    # With a letter of the extension alone it counts by its letters, if the rest of the text is GSM-7.
    return SAMPLE["ucs2"] * len(value) if UNA_UNIDAD.issuperset(value) and not es_gsm7(value) else value


def juzgar(audiencia: Audiencia, params: dict[str, Any], select: str) -> list[tuple[Any, ...]]:
    """Judge the audience, and select from `candidatos` or `juzgados` of `JUZGADOS_TODOS`.

    Args:
        params: those of `parametros`.
        select: it may use `gsm7` and `ucs2`, the patterns of plain names.
    """
    sql, values = elegidos_sql(audiencia, tenant_id=params["tenant"])
    named: dict[str, Any] = {f"p{i}": value for i, value in enumerate(values)}
    # psycopg2 takes positions or names, not both; Django's part has positions.
    positions = sql % tuple(f"%({name})s" for name in named)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH elegidos AS ({positions}),{JUZGADOS_TODOS}{select}",
            {**named, **params, "gsm7": GSM7_PLAIN, "ucs2": UCS2_PLAIN, "llamados": len(audiencia.llamados)},
        )
        return list(cursor.fetchall())


def calcular(mensaje: str, grupos: list[Grupo]) -> Costo:
    """Count a text over an audience."""
    costo = Costo()
    mensaje = texto.con_enlace(mensaje)  # every link is as long, and of letters of one septet
    for grupo in grupos:
        if grupo.codigo:
            costo.excluidos[grupo.codigo] += grupo.cantidad
        else:
            rendered = texto.render(mensaje, grupo.nombre, valores=dict(grupo.valores))
            costo.add(contar(rendered), grupo.cantidad, grupo.pais)
            costo.sin_consentimiento += grupo.sin_consentimiento
    return costo
