"""The personal data that imports keep of a client, and its erasure."""

import re
from typing import Any

from django.db.models import Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.dispatch import receiver

from clientes.models import Cliente, Importacion, ImportacionFila
from clientes.signals import cliente_por_anonimizar
from core.errors import ConflictError

EN_CURSO = "No se puede anonimizar mientras se importa un archivo: espere a que la importación termine."
# Fewer digits than these are in half of all rows.
DIGITS = 6
# The part of an international number that people write: the country's prefix is often left out.
LOCAL = 9


@receiver(cliente_por_anonimizar)
def olvidar(sender: type[Cliente], *, cliente: Cliente, **kwargs: Any) -> None:
    """Erase the samples of the shop's ended imports, and every kept row that names the client.

    A row too many costs a line of an old error file; a row too few would be a name that was to be forgotten. The
    file of an import that waits for a person stays until they confirm it or it is dropped.

    Raises:
        ConflictError: an import is being read, and may be about this client.
    """
    importaciones = Importacion.objects.filter(usuario=cliente.usuario_id)
    if importaciones.filter(estado__in=[Importacion.Estado.PENDIENTE, Importacion.Estado.PROCESANDO]).exists():
        raise ConflictError(EN_CURSO, code="importing")
    ended = importaciones.exclude(estado=Importacion.Estado.POR_CONFIRMAR)
    for ended_one in ended.only("muestra", "con_titulos"):
        # Its first row stays, the titles or as many blanks: the file of errors begins with it.
        first = ended_one.muestra[0] if ended_one.muestra else []
        ended_one.muestra = [first if ended_one.con_titulos else [""] * len(first)]
        ended_one.examen = {}
        ended_one.save(update_fields=["muestra", "examen"])
    named = Q(words__icontains=cliente.nombre) | Q(datos__nombre=cliente.nombre) | _numeros(cliente)
    _filas().filter(named, importacion__in=ended).delete()


def filas_con_su_numero(cliente: Cliente) -> QuerySet[ImportacionFila]:
    """Return the kept rows of the shop's files that hold the client's phone or document.

    A name alone is not enough here: another person's row would be shown to this one.
    """
    numeros = _numeros(cliente)
    found = _filas().filter(numeros, importacion__usuario=cliente.usuario_id) if numeros else _filas().none()
    return found.select_related("importacion").order_by("pk")


def _filas() -> QuerySet[ImportacionFila]:
    words = Cast("celdas", TextField())
    digits = Func(words, Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField())
    return ImportacionFila.objects.alias(words=words, digits=digits)


def _numeros(cliente: Cliente) -> Q:
    named = Q()
    for number in (cliente.telefono_e164[-LOCAL:], re.sub(r"\D", "", cliente.documento)):
        if len(number) >= DIGITS:
            named |= Q(digits__contains=number)
    return named
