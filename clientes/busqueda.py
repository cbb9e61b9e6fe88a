"""Search among the clients of a shop of a million: by the words of the name, by document, by phone.

Every order here has an index behind it, and a page is read by its bound, never by its number.
"""

import re
from typing import Final

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat

from clientes import phones
from clientes.models import Cliente
from clientes.texto import PALABRAS, plano

Q_MAX = 150
NUMERO: Final = re.compile(r"[\d\s+().-]*\d[\d\s+().-]*")
PALABRA: Final = re.compile(r"\w+")
ORDENES: Final = {"recientes": "Recientes", "antiguos": "Antiguos", "nombre": "Por nombre"}
RECIENTES, ANTIGUOS, NOMBRE = ORDENES


def buscar(clientes: QuerySet[Cliente], q: str) -> QuerySet[Cliente]:
    """Filter clients by digits of the phone or the document, or by the beginnings of words of the name.

    Args:
        q: as typed; accents and capitals do not count.
    """
    # PostgreSQL holds no NUL, and neither does a name.
    q = q.replace("\0", "").strip()[:Q_MAX]
    if not q:
        return clientes
    if NUMERO.fullmatch(q):
        digits = re.sub(r"\D", "", q)
        phone = Q(telefono_e164__contains=phones.buscadas(q))
        return clientes.filter(Q(documento__contains=digits) | phone | Q(documento=q))
    words = PALABRA.findall(plano(q))
    if not words:
        return clientes.none()
    query = SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")
    return clientes.alias(palabras=PALABRAS).filter(Q(palabras=query) | Q(documento=q))


def pagina(clientes: QuerySet[Cliente], *, orden: str, despues: int, n: int, buscados: bool = False) -> list[Cliente]:
    """Return the clients that come after one, in this order.

    Args:
        orden: a key of ORDENES.
        despues: id of the last client already seen; 0 for the first page.
        n: how many.
        buscados: whether `buscar` chose them.
    """
    # PostgreSQL takes every word for a frequent one, and would walk an index in this order until it has met n clients
    # with it: the whole shop, for a word that nobody has. An order that no index gives makes it begin with the words.
    pk = F("pk") + 0 if buscados else F("pk")
    if orden == NOMBRE:
        clientes = clientes.order_by(Concat("nombre", Value("")) if buscados else F("nombre"), pk)
        last = clientes.model.objects.filter(pk=despues).values_list("nombre", flat=True).first()
        if last is not None:
            # Said so that the index can start at the name; the tuple comparison does not come out of the ORM.
            clientes = clientes.filter(nombre__gte=last).filter(Q(nombre__gt=last) | Q(pk__gt=despues))
    elif orden == ANTIGUOS:
        clientes = clientes.order_by(pk).filter(pk__gt=despues)
    else:
        clientes = clientes.order_by(pk.desc())
        if despues:
            clientes = clientes.filter(pk__lt=despues)
    return list(clientes[:n])


def hasta(clientes: QuerySet[Cliente], tope: int) -> int:
    """Count the clients, up to `tope` + 1."""
    return clientes.order_by()[: tope + 1].count()
