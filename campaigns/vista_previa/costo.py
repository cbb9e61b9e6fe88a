"""The cost of a campaign before it is sent: segments of every rendered recipient, exactly, without rendering each.

A name's effect on the count depends on its letters only through their class: as long as each is one unit and
one grapheme, the count depends on the name's length alone. So names are grouped by class and length in the
database, one of each group is rendered and counted, and only the odd names (emoji, extension characters) are
counted one by one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from campaigns.audiencia.conteo import juzgar_por_conteo
from campaigns.audiencia.juicio import JUZGADOS_TODOS, parametros
from campaigns.audiencia.medida import DESDE
from campaigns.audiencia.seleccion import Audiencia, Llamado, elegidos_sql
from campaigns.ley.precios import precio_base, precio_de, precio_operador
from campaigns.mensaje import texto
from campaigns.mensaje.partes import GSM7, GSM7_EXTENSION, Partes, contar, es_gsm7
from campaigns.models import Ajustes, Remitente
from campaigns.remitentes import valor_de

# Of a name: how its letters count. The function is of migration 0017 of clientes.
CLASE: Final = "clientes_clase(nombre)"

# `filas` are the audience, or kinds of it; of a client who is kept out only the reason counts.
GRUPOS_SQL: Final = """
SELECT codigo, CASE WHEN sale THEN clase ELSE '' END, CASE WHEN sale THEN largo ELSE 0 END,
    CASE WHEN sale AND clase = 'raro' THEN nombre END, CASE WHEN sale THEN pais ELSE '' END, sum(n),
    coalesce(sum(n) FILTER (WHERE sale AND NOT consentido), 0), coalesce(sum(n) FILTER (WHERE sale AND NOT movil), 0)
FROM (SELECT *, codigo = '' AS sale FROM filas) AS f GROUP BY 1, 2, 3, 4, 5
"""
# But for those whom a call names.
TODAS_SQL: Final = f"""
, filas AS (
    SELECT codigo, CASE WHEN codigo = '' THEN {CLASE} END AS clase, char_length(nombre) AS largo, nombre, pais,
        consentido, movil, 1 AS n FROM juzgados WHERE n > %(llamados)s
)
"""  # noqa: S608 - constants
# Those one by one: their texts have words of their own.
LLAMADOS_SQL: Final = "SELECT n, codigo, pais, consentido, movil FROM juzgados WHERE n <= %(llamados)s ORDER BY n"
# How many there are for each reason, '' for those who can be sent to.
CODIGOS_SQL: Final = "SELECT codigo, sum(n) FROM filas GROUP BY 1"
CODIGOS_DE_TODOS_SQL: Final = "SELECT codigo, count(*) FROM juzgados GROUP BY 1"

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
        no_celulares: of the messages, those to numbers that are no mobile phone's.
    """

    destinatarios: int = 0
    excluidos: Counter[str] = field(default_factory=Counter)
    segmentos: int = 0
    por_segmentos: Counter[int] = field(default_factory=Counter)
    por_encoding: Counter[str] = field(default_factory=Counter)
    por_pais: Counter[str] = field(default_factory=Counter)
    sin_consentimiento: int = 0
    no_celulares: int = 0

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
    """Names that count alike: `nombre` stands for all of them, and so do the values of variables, by their names.

    Args:
        sin_consentimiento, no_celulares: of those who can be sent to, the ones without a consent on record, and whose
            number is no mobile phone's.
    """

    codigo: str
    nombre: str
    pais: str
    cantidad: int
    sin_consentimiento: int
    no_celulares: int
    valores: tuple[tuple[str, str], ...] = ()

    def por(self, cantidad: int) -> "Grupo":
        """Return the group of so many, all of them like the one who makes this group."""
        sin, fijos = cantidad * self.sin_consentimiento, cantidad * self.no_celulares
        return replace(self, cantidad=cantidad, sin_consentimiento=sin, no_celulares=fijos)


def grupos_de(
    audiencia: Audiencia,
    *,
    ajustes: Ajustes,
    dia: date,
    remitente: Remitente | None = None,
    a_toda_hora: bool = False,
    total: int | None = None,
) -> list[Grupo]:
    """The audience, judged and grouped; what depends on it alone, so one answer serves many texts.

    Args:
        ajustes: of the shop.
        dia: on its calendar, on which the messages would leave.
        remitente: None for the installation's sender.
        a_toda_hora: the cap on contacts is not for them.
        total: recipients, if that is known: the counts are not asked about a few.
    """
    params = parametros(ajustes, dia=dia, remitente=valor_de(remitente), a_toda_hora=a_toda_hora)
    if audiencia.llamados:
        return [*_de_llamados(audiencia, params), *(_leidos(audiencia, params) if audiencia.incluir else ())]
    rows = juzgar_por_conteo(audiencia, params, GRUPOS_SQL) if total is None or total >= DESDE else None
    return grupos_en(rows) if rows is not None else _leidos(audiencia, params)


def _leidos(audiencia: Audiencia, params: dict[str, Any]) -> list[Grupo]:
    return grupos_en(juzgar(audiencia, params, TODAS_SQL + GRUPOS_SQL))


def grupos_en(rows: Iterable[tuple[Any, ...]]) -> list[Grupo]:
    """Return the groups in the rows of GRUPOS_SQL."""
    return [
        Grupo(
            codigo, nombre if nombre is not None else SAMPLE.get(clase, "") * largo, pais, int(n), int(sin), int(fijos)
        )
        for codigo, clase, largo, nombre, pais, n, sin, fijos in rows
    ]


def _de_llamados(audiencia: Audiencia, params: dict[str, Any]) -> list[Grupo]:
    counted: Counter[Grupo] = Counter()
    for n, codigo, pais, consentido, movil in juzgar(audiencia, params, LLAMADOS_SQL):
        counted[grupo_de(audiencia.llamados[n - 1], codigo, pais, consentido=consentido, movil=movil)] += 1
    return [grupo.por(n) for grupo, n in counted.items()]


def grupo_de(uno: Llamado, codigo: str, pais: str, *, consentido: bool, movil: bool) -> Grupo:
    """Return the group of one whom a call names.

    Args:
        codigo: of the judgement of the client; "" when nothing speaks against them.
    """
    codigo = uno.codigo or codigo
    if codigo:
        return Grupo(codigo, "", "", 1, 0, 0)
    valores = tuple((name, _muestra(value)) for name, value in uno.valores.items())
    return Grupo("", _muestra(uno.nombre), pais, 1, int(not consentido), int(not movil), valores)


def _muestra(value: str) -> str:
    """Return a text that counts as this one, wherever it stands: the same for as many as may be."""
    if GSM7.issuperset(value):
        return SAMPLE["gsm7"] * len(value)
    # With a letter of the extension alone it counts by its letters, if the rest of the text is GSM-7.
    return SAMPLE["ucs2"] * len(value) if UNA_UNIDAD.issuperset(value) and not es_gsm7(value) else value


def codigos_de(audiencia: Audiencia, *, ajustes: Ajustes, dia: date, remitente: Remitente | None) -> dict[str, int]:
    """Count the audience by the code of its judgement.

    Args:
        ajustes, dia, remitente: as for `grupos_de`.
    """
    params = parametros(ajustes, dia=dia, remitente=valor_de(remitente))
    rows = juzgar_por_conteo(audiencia, params, CODIGOS_SQL)
    if rows is None:
        rows = juzgar(audiencia, params, CODIGOS_DE_TODOS_SQL)
    return {codigo: int(n) for codigo, n in rows}


def juzgar(audiencia: Audiencia, params: dict[str, Any], select: str) -> list[tuple[Any, ...]]:
    """Judge the audience, and select from `candidatos` or `juzgados` of `JUZGADOS_TODOS`.

    Args:
        params: those of `parametros`.
        select: what follows, SELECT or more of WITH.
    """
    sql, values = elegidos_sql(audiencia, tenant_id=params["tenant"])
    named: dict[str, Any] = {f"p{i}": value for i, value in enumerate(values)}
    # psycopg2 takes positions or names, not both; Django's part has positions.
    positions = sql % tuple(f"%({name})s" for name in named)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH elegidos AS ({positions}),{JUZGADOS_TODOS}{select}",
            {**named, **params, "llamados": len(audiencia.llamados)},
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
            costo.no_celulares += grupo.no_celulares
    return costo
