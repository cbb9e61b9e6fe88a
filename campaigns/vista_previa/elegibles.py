"""The choices that the audience's form offers: tags, segments, and clients found by name, phone or document."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, Value
from django.db.models.functions import Length

from campaigns.audiencia.juicio import TEXTOS, enviables_de
from campaigns.audiencia.seleccion import SIN_DESTINATARIOS, Audiencia, comprobar
from campaigns.ley.jornada import dia_del_envio
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Remitente
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.vista_previa.costo import codigos_de
from clientes import conteos, selectors
from clientes.busqueda import buscar
from clientes.models import Cliente, Etiqueta
from core.errors import InvalidInputError
from core.models import Usuario

ENCONTRADOS = 8
Q_MAX = 60


@dataclass(frozen=True, slots=True)
class Buscador:
    """One search for clients and what was chosen with it.

    Args:
        campo: the form's field.
        elegidos: chosen already, in that order.
        hallados: found now and not chosen yet.
        q: what was searched; "" when nothing was.
    """

    campo: str
    elegidos: list[Cliente]
    hallados: list[Cliente]
    q: str


def buscador(usuario: Usuario, *, campo: str, ids: Iterable[int], q: str) -> Buscador:
    chosen = tuple(ids)
    q = q.replace("\0", "").strip()[:Q_MAX]
    known = selectors.clientes_de(usuario).in_bulk(chosen)
    found: list[Cliente] = []
    if q:
        shop = selectors.clientes_de(usuario).filter(activo=True).exclude(pk__in=chosen)
        found = list(buscar(shop, q)[:ENCONTRADOS])
    return Buscador(campo, [known[pk] for pk in chosen if pk in known], found, q)


def etiquetas(usuario: Usuario) -> list[Etiqueta]:
    """The shop's tags, each with `cuantos` active clients."""
    found = selectors.etiquetas_de(usuario).order_by("nombre")
    counts = conteos.activos_por_etiqueta(usuario.tenant_id)
    if counts is None:
        return list(found.annotate(cuantos=Count("clientes", filter=Q(clientes__activo=True))))
    tags = list(found.annotate(cuantos=Value(0)))
    for tag in tags:
        tag.cuantos = counts.get(tag.pk, 0)
    return [*tags]


@dataclass(frozen=True, slots=True)
class Cuenta:
    """The count of a chosen audience.

    Args:
        total: who was chosen.
        recibiran: who of them can be sent to.
        excluidos: why the others cannot: (text, how many), the most frequent first.
        otro_dia: of those, the ones whom only today's messages keep out.
    """

    total: int
    recibiran: int
    excluidos: list[tuple[str, int]]
    otro_dia: int = 0


def contar_audiencia(usuario: Usuario, audiencia: Audiencia, remitente: Remitente | None = None) -> Cuenta:
    """Count a chosen audience.

    Raises:
        InvalidInputError: nobody is chosen, or something that is not the shop's.
    """
    comprobar(audiencia, tenant_id=usuario.tenant_id)
    ajustes = ajustes_de(usuario.tenant_id)
    counts = codigos_de(audiencia, ajustes=ajustes, dia=dia_del_envio(ajustes), remitente=remitente)
    total = sum(counts.values())
    if not total:
        raise InvalidInputError(SIN_DESTINATARIOS, field=audiencia.field, code="empty")
    rows = [(TEXTOS[codigo], counts[codigo]) for codigo in TEXTOS if counts.get(codigo)]
    return Cuenta(total, counts.get("", 0), sorted(rows, key=lambda row: -row[1]), counts.get(codigos.FRECUENCIA, 0))


@dataclass(frozen=True, slots=True)
class Nombres:
    """Two recipients to try a text on: the first one, and the one with the longest name. "" when there is none."""

    primero: str
    mas_largo: str


def nombres_de(usuario: Usuario, audiencia: Audiencia, remitente: Remitente | None = None) -> Nombres:
    """Choose them among all who can be sent to on some day: the day is chosen later."""
    ajustes = ajustes_de(usuario.tenant_id)
    dia = dia_del_envio(ajustes)
    sendable = enviables_de(audiencia, ajustes=ajustes, dia=dia, remitente=valor_de(remitente), a_toda_hora=True)
    names = sendable.values_list("nombre", flat=True)
    return Nombres(names.order_by("pk").first() or "", names.order_by(Length("nombre").desc(), "pk").first() or "")
