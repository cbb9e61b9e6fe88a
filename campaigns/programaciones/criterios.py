"""The audience of a programación: criteria that are stored, and asked anew at each occurrence."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from campaigns.audiencia.seleccion import Audiencia, Seleccion
from campaigns.audiencia.seleccion import comprobar as comprobar_audiencia
from clientes.models import Cliente, Etiqueta, Segmento
from core.errors import InvalidInputError
from core.text import formato

# Criteria are what recurs; a long list of names would only grow old. The pages' form takes as many.
MAX_CLIENTES: Final = 200
DEMASIADOS = f"Una programación puede nombrar hasta {MAX_CLIENTES} clientes. Para más, use una etiqueta o un segmento."


def guardar(audiencia: Audiencia) -> dict[str, Any]:
    """As it is stored, and as the API shows it."""
    stored = _seleccion(audiencia.incluir)
    return {**stored, "excluir": _seleccion(audiencia.excluir)} if audiencia.excluir else stored


def leer(stored: Mapping[str, Any]) -> Audiencia:
    """Raises:
    InvalidInputError: nobody is in it.
    """
    return Audiencia(_leer(stored), _leer(stored.get("excluir", {})))


def comprobar(audiencia: Audiencia, *, tenant_id: int) -> None:
    """Raises:
    InvalidInputError: it names too many clients, or what is not this shop's.
    """
    if max(len(audiencia.incluir.cliente_ids), len(audiencia.excluir.cliente_ids)) > MAX_CLIENTES:
        raise InvalidInputError(DEMASIADOS, field=audiencia.field, code="max_length")
    comprobar_audiencia(audiencia, tenant_id=tenant_id)


def vigente(stored: Mapping[str, Any], *, tenant_id: int) -> Audiencia:
    """The audience as of now: clients it names that were deleted since are nobody. A tag or a segment that is gone
    stays in it, to be refused: without the one that leaves people out, they would be written to.

    Raises:
        InvalidInputError: nobody is left.
    """
    audiencia = leer(stored)
    return replace(
        audiencia,
        incluir=_con_vivos(audiencia.incluir, tenant_id),
        excluir=_con_vivos(audiencia.excluir, tenant_id),
    )


def en_palabras(stored: Mapping[str, Any], *, tenant_id: int) -> str:
    """`Los que tienen la etiqueta «VIP» o están en el segmento «Recientes», menos 2 clientes`."""
    said = "Todos los clientes activos" if stored.get("todos") else _palabras(stored, tenant_id)
    less = _palabras(stored.get("excluir", {}), tenant_id)
    return f"{said}; menos {less[0].lower()}{less[1:]}" if less else said


def _palabras(seleccion: Mapping[str, Any], tenant_id: int) -> str:
    parts: list[str] = []
    tags = Etiqueta.objects.filter(usuario_id=tenant_id, pk__in=seleccion.get("etiquetas", ())).order_by("nombre")
    parts += [f"con la etiqueta «{nombre}»" for nombre in tags.values_list("nombre", flat=True)]
    segmentos = Segmento.objects.filter(usuario_id=tenant_id, pk=seleccion.get("segmento", 0))
    parts += [f"del segmento «{nombre}»" for nombre in segmentos.values_list("nombre", flat=True)]
    chosen = len(seleccion.get("cliente_ids", ()))
    said = f"Clientes {' o '.join(parts)}" if parts else ""
    if chosen:
        some = f"{formato.numero(chosen)} {'cliente elegido' if chosen == 1 else 'clientes elegidos'} uno por uno"
        said = f"{said}, y {some}" if said else some
    return said


def _con_vivos(seleccion: Seleccion, tenant_id: int) -> Seleccion:
    if not seleccion.cliente_ids:
        return seleccion
    alive = set(Cliente.objects.filter(usuario_id=tenant_id, pk__in=seleccion.cliente_ids).values_list("pk", flat=True))
    return replace(seleccion, cliente_ids=tuple(pk for pk in seleccion.cliente_ids if pk in alive))


def _seleccion(seleccion: Seleccion) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "todos": seleccion.todos,
        "etiquetas": list(seleccion.etiquetas),
        "segmento": seleccion.segmento,
        "cliente_ids": list(seleccion.cliente_ids),
    }
    return {name: value for name, value in fields.items() if value}


def _leer(stored: Mapping[str, Any]) -> Seleccion:
    return Seleccion(
        todos=stored.get("todos", False),
        etiquetas=tuple(stored.get("etiquetas", ())),
        segmento=stored.get("segmento"),
        cliente_ids=tuple(stored.get("cliente_ids", ())),
    )
