"""The judgement of an audience, in one table for the preview and the engine: who can be sent to, and why the others
cannot.

Another reason is one more row of EXCLUSIONES. From it come what the preview counts, what happens to a recipient when a
Lote opens and while they wait in it, who may stand as an example, and what people read about it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from campaigns.audiencia.seleccion import Audiencia, clientes_de
from campaigns.models import Ajustes, Contacto, Entrante
from campaigns.values import codigos
from campaigns.values.intencion import Intencion
from campaigns.values.remedios import CORREGIR, NADA, NO_INSISTIR
from campaigns.values.twilio import TEST_NUMBERS
from clientes.bajas.sql import LISTA_SQL, en_lista_sql, fuera_sql, sin_baja
from clientes.models import Cliente, NumeroRNE


@dataclass(frozen=True, slots=True)
class Fila:
    """SQL of the one who is judged, who is `c` of clientes_cliente.

    Args:
        telefono: expression of the phone in E.164 that the message would go to.
        fuera: condition that nothing may be sent to it, by the word of its owner.
    """

    telefono: str
    fuera: str


@dataclass(frozen=True, slots=True)
class Envio:
    """The facts that a query of clients is about.

    Args:
        ajustes: of the shop.
        dia: on its calendar, on which the messages leave.
        remitente: what they come from.
    """

    ajustes: Ajustes
    dia: date
    remitente: str


@dataclass(frozen=True, slots=True)
class Hechos:
    """A list of phones about which something is known, whoever has them.

    Args:
        sql: SELECT of one column with the parameters of `parametros`: the phones in E.164, or their hashes.
        huella: whether they are hashes.
    """

    sql: str
    huella: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A reason why nothing is sent to somebody.

    Args:
        code: what the row of the ledger keeps, and the name of the parameter that `setting` gives.
        text, remedy: what it means and what to do about it, for the person who runs the campaign.
        sql: the condition; it may use the parameters `tenant`, `remitente`, `dia`, `campana`, `paises`, its own. None
            when it cannot be told of one client alone.
        without: leaves these clients out of one of Django's queries; None when none of them can be in it.
        setting: what of the shop's settings switches it on, 0 when nothing does; None when it holds in every shop.
        at_all_hours: whether it also holds for the campaigns that may go out at any hour.
        may_come_later: whether it may begin to hold for somebody who waits in an open Lote, and is asked of them again.
        hechos: the phones that it may be about; None when the client's own row says it. All others are judged by
            their kind (`campaigns.audiencia.conteo`).
    """

    code: str
    text: str
    remedy: str
    sql: Callable[[Fila], str] | None
    without: Callable[[QuerySet[Cliente], Envio], QuerySet[Cliente]] | None
    setting: Callable[[Ajustes], int] | None = None
    at_all_hours: bool = True
    may_come_later: bool = False
    hechos: Hechos | None = None


def _sin_los_del_registro(clientes: QuerySet[Cliente], envio: Envio) -> QuerySet[Cliente]:
    excluidos = NumeroRNE.objects.filter(usuario_id=envio.ajustes.usuario_id, telefono=OuterRef("telefono_e164"))
    consentido = Coalesce(OuterRef("consentimiento_en"), Value(date.min))
    return clientes.exclude(Exists(excluidos.filter(desde__gte=consentido)))


def _sin_los_contactados(clientes: QuerySet[Cliente], envio: Envio) -> QuerySet[Cliente]:
    contacted = Contacto.objects.filter(usuario_id=envio.ajustes.usuario_id, dia=envio.dia).values("telefono")
    full = contacted.annotate(veces=Count("pk")).filter(veces__gte=envio.ajustes.tope_por_telefono)
    return clientes.exclude(telefono_e164__in=full.values("telefono"))


def duda_sql(*, telefono: str, tienda: str) -> str:
    """Return an SQL condition that is true while nobody has decided whether a text from the phone was an opt-out.

    Args:
        telefono, tienda: SQL expressions of the phone in E.164 and of the shop's id.
    """
    return (
        f"EXISTS (SELECT FROM campaigns_entrante e WHERE e.telefono = {telefono} AND e.tipo = '{Intencion.DUDA}'"
        f" AND e.usuario_id = {tienda})"
    )


def _sin_los_dudosos(clientes: QuerySet[Cliente], envio: Envio) -> QuerySet[Cliente]:
    dudosos = Entrante.objects.filter(usuario_id=envio.ajustes.usuario_id, tipo=Intencion.DUDA)
    return clientes.exclude(telefono_e164__in=dudosos.values("telefono"))


# In the order of judgement: of somebody whom several keep out, the first one is told. docs/ley.md promises it.
EXCLUSIONES: Final = (
    Exclusion(
        code=codigos.CLIENTE_ELIMINADO,
        text="El cliente fue eliminado antes del envío.",
        remedy=NADA,
        sql=lambda _: "c.id IS NULL",
        without=None,
    ),
    Exclusion(
        code=codigos.CLIENTE_INACTIVO,
        text="El cliente está desactivado.",
        remedy="Si debe recibir mensajes, active al cliente en su ficha.",
        sql=lambda _: "NOT c.activo",
        without=lambda clientes, _: clientes.filter(activo=True),
        may_come_later=True,
    ),
    Exclusion(
        code=codigos.SIN_TELEFONO,
        text="El cliente no tiene teléfono.",
        remedy="Escriba el teléfono en la ficha del cliente.",
        sql=lambda _: "c.telefono = ''",
        without=lambda clientes, _: clientes.exclude(telefono=""),
    ),
    Exclusion(
        code=codigos.TELEFONO_INVALIDO,
        text="El teléfono no es un número válido.",
        remedy=CORREGIR,
        sql=lambda _: "c.telefono_e164 = ''",
        without=lambda clientes, _: clientes.exclude(telefono_e164=""),
    ),
    # The operator's, and no shop's to give up: `campaigns.models.limites`. Of a phone that was judged before its client
    # got another one, the country is not known any more.
    Exclusion(
        code=codigos.PAIS_NO_PERMITIDO,
        text="El número es de un país al que esta tienda no puede enviar.",
        remedy="Si debe recibir mensajes, pida a quien administra la instalación que permita ese país.",
        sql=lambda fila: (
            f"c.pais <> ALL (%(paises)s) AND c.telefono_e164 = {fila.telefono}"
            f" AND NOT starts_with(c.telefono_e164, '{TEST_NUMBERS}')"
        ),
        without=lambda clientes, envio: clientes.filter(
            Q(pais__in=envio.ajustes.limites.paises or ()) | Q(telefono_e164__startswith=TEST_NUMBERS)
        ),
        setting=lambda ajustes: ajustes.limites.paises is not None,
        may_come_later=True,
    ),
    Exclusion(
        code=codigos.BAJA,
        text="Pidió no recibir mensajes.",
        remedy=NO_INSISTIR,
        sql=lambda fila: fila.fuera,
        without=lambda clientes, envio: sin_baja(
            clientes, tienda_id=envio.ajustes.usuario_id, remitente=envio.remitente
        ),
        may_come_later=True,
        hechos=Hechos("SELECT marca FROM fuera", huella=True),
    ),
    Exclusion(
        code=codigos.BAJA_DUDOSA,
        text="Escribió algo que puede ser una baja, y nadie ha decidido si lo es.",
        remedy="Decida en Respuestas si es una baja. Si no lo es, reintente la campaña.",
        sql=lambda fila: duda_sql(telefono=fila.telefono, tienda="%(tenant)s"),
        without=_sin_los_dudosos,
        may_come_later=True,
        hechos=Hechos(
            f"SELECT telefono FROM campaigns_entrante WHERE usuario_id = %(tenant)s AND tipo = '{Intencion.DUDA}'"  # noqa: S608
        ),
    ),
    Exclusion(
        code=codigos.RNE,
        text="El número está en el Registro de Números Excluidos (RNE).",
        remedy="No le escriba publicidad: el número está en el Registro de Números Excluidos. Solo vale un"
        " consentimiento posterior a la consulta en que apareció: si lo tiene, regístrelo en su ficha.",
        # A shop without a register is not asked about client by client.
        sql=lambda fila: (
            "(SELECT EXISTS (SELECT FROM clientes_numerorne WHERE usuario_id = %(tenant)s))"  # noqa: S608 - constants
            " AND EXISTS (SELECT FROM clientes_numerorne r"
            f" WHERE r.usuario_id = %(tenant)s AND r.telefono = {fila.telefono}"
            " AND r.desde >= coalesce(c.consentimiento_en, '-infinity'))"
        ),
        without=_sin_los_del_registro,
        setting=lambda ajustes: ajustes.rne_activo,
        may_come_later=True,
        hechos=Hechos("SELECT telefono FROM clientes_numerorne WHERE usuario_id = %(tenant)s"),
    ),
    Exclusion(
        code=codigos.SIN_CONSENTIMIENTO,
        text="El cliente no tiene registrado su consentimiento.",
        remedy="Pida al cliente su consentimiento y regístrelo en su ficha.",
        sql=lambda _: "c.consentimiento_en IS NULL",
        without=lambda clientes, _: clientes.filter(consentimiento_en__isnull=False),
        setting=lambda ajustes: ajustes.exigir_consentimiento,
        may_come_later=True,
    ),
    # What the campaign itself took of a phone's contacts of the day does not speak against it. Who waits when the day
    # ends takes one of the next day's, or is kept out then: workers.engine.lote.cupos.
    Exclusion(
        code=codigos.FRECUENCIA,
        text="El teléfono ya recibió hoy los mensajes que permite el tope de frecuencia.",
        remedy="Reintente la campaña otro día: hoy ya recibió los mensajes que su tienda permite.",
        sql=lambda fila: (
            "(SELECT count(*) FROM campaigns_contacto k WHERE k.usuario_id = %(tenant)s AND k.dia = %(dia)s"  # noqa: S608 - constants
            f" AND k.telefono = {fila.telefono} AND k.campana_id <> %(campana)s) >= %(frecuencia)s"
        ),
        without=_sin_los_contactados,
        setting=lambda ajustes: ajustes.tope_por_telefono,
        at_all_hours=False,
        hechos=Hechos(
            "SELECT telefono FROM campaigns_contacto WHERE usuario_id = %(tenant)s AND dia = %(dia)s"
            " AND campana_id <> %(campana)s GROUP BY telefono HAVING count(*) >= %(frecuencia)s"
        ),
    ),
    # Among those whom nothing else keeps out, the first of two clients with one phone receives the message.
    Exclusion(
        code=codigos.TELEFONO_DUPLICADO,
        text="Otro cliente de la campaña tiene el mismo teléfono y ya recibe el mensaje.",
        remedy="Ese número ya recibió el mensaje. Si son dos personas, corrija el teléfono de una.",
        sql=None,
        without=None,
    ),
)

# The texts of all our codes, those of the table and the others.
TEXTOS: Final = codigos.TEXTOS | {exclusion.code: exclusion.text for exclusion in EXCLUSIONES}
REMEDIOS: Final = codigos.REMEDIOS | {exclusion.code: exclusion.remedy for exclusion in EXCLUSIONES}


def _codigo(exclusiones: Iterable[Exclusion], fila: Fila) -> str:
    """Return an SQL expression of the first code that holds, '' when none does."""
    cases = [
        f"WHEN {f'%({exclusion.code})s > 0 AND ' if exclusion.setting else ''}({exclusion.sql(fila)})"
        f" THEN '{exclusion.code}'"
        for exclusion in exclusiones
        if exclusion.sql
    ]
    return "\n            ".join(["CASE", *cases, "ELSE '' END"])


def _juzgados(fuera: str) -> str:
    return f"""
candidatos AS (
    SELECT e.n, e.id AS quien, c.id AS cliente_id, coalesce(c.nombre, '') AS nombre,
        coalesce(c.telefono_e164, '') AS telefono, coalesce(c.pais, '') AS pais,
        c.consentimiento_en IS NOT NULL AS consentido, coalesce(c.movil, true) AS movil,
        {_codigo(EXCLUSIONES, Fila("c.telefono_e164", fuera))} AS codigo
    FROM elegidos e LEFT JOIN clientes_cliente c ON c.id = e.id AND c.usuario_id = %(tenant)s
    OFFSET 0  -- or each use of the code below would judge once more
), juzgados AS (
    SELECT n, quien, cliente_id, nombre, telefono, pais, consentido, movil,
        CASE WHEN codigo = '' AND row_number() OVER (PARTITION BY codigo, telefono ORDER BY n) > 1
            THEN '{codigos.TELEFONO_DUPLICADO}' ELSE codigo END AS codigo
    FROM candidatos
)
"""  # noqa: S608 - constants


# Needs `elegidos (id, n)` before it and the parameters of `parametros`; gives `juzgados (n, quien, cliente_id,
# nombre, telefono, pais, consentido, movil, codigo)` with codigo '' for those who can be sent to.
JUZGADOS: Final = _juzgados(fuera_sql(telefono="c.telefono_e164", tienda="%(tenant)s", remitente="%(remitente)s"))
# The same for a whole audience instead of one Lote.
JUZGADOS_EN_LISTA: Final = _juzgados(en_lista_sql(telefono="c.telefono_e164"))  # needs LISTA_SQL, too
JUZGADOS_TODOS: Final = f"{LISTA_SQL},{JUZGADOS_EN_LISTA}"
# The code of a client `c` of whose phone nothing is known. Needs LISTA_SQL before it.
CODIGO_DE_CLIENTE: Final = _codigo(EXCLUSIONES, Fila("c.telefono_e164", en_lista_sql(telefono="c.telefono_e164")))
# The code of a row `s` of campaigns_smslog that waits in an open Lote, of the client `c`: '' when it may still go out.
# Needs the parameters of `parametros`.
CODIGO_DE_FILA: Final = _codigo(
    [exclusion for exclusion in EXCLUSIONES if exclusion.may_come_later],
    Fila("s.telefono", fuera_sql(telefono="s.telefono", tienda="%(tenant)s", remitente="%(remitente)s")),
)


def _valor(exclusion: Exclusion, ajustes: Ajustes, *, a_toda_hora: bool) -> int:
    """Return what the shop's settings say to the exclusion; 0 when it keeps nobody out."""
    if exclusion.setting is None:
        return 1
    return int(exclusion.setting(ajustes)) if exclusion.at_all_hours or not a_toda_hora else 0


def parametros(
    ajustes: Ajustes, *, dia: date, remitente: str, campana_id: int = 0, a_toda_hora: bool = False
) -> dict[str, Any]:
    """The parameters of `JUZGADOS`.

    Args:
        ajustes: of the shop.
        dia: on its calendar, on which the messages leave.
        remitente: what they come from.
        campana_id: 0 for one that does not exist yet.
        a_toda_hora: the cap on contacts is not for the campaign.
    """
    return {
        "tenant": ajustes.usuario_id,
        "remitente": remitente,
        "dia": dia,
        "campana": campana_id,
        "paises": list(ajustes.limites.paises or ()),
        **{cada.code: _valor(cada, ajustes, a_toda_hora=a_toda_hora) for cada in EXCLUSIONES if cada.setting},
    }


def enviables_de(
    audiencia: Audiencia, *, ajustes: Ajustes, dia: date, remitente: str, a_toda_hora: bool = False
) -> QuerySet[Cliente]:
    """Filter the audience to the clients who can be sent to; of two clients with one phone, both stay. It is `JUZGADOS`
    for Django's queries, with the arguments of `parametros`."""
    envio = Envio(ajustes, dia, remitente)
    usable = clientes_de(audiencia, tenant_id=ajustes.usuario_id)
    for exclusion in EXCLUSIONES:
        if exclusion.without and _valor(exclusion, ajustes, a_toda_hora=a_toda_hora):
            usable = exclusion.without(usable, envio)
    return usable
