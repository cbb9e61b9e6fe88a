"""A campaign on its way through the pages, before it exists.

It travels in the form's own fields from step to step: nothing is kept on the server for somebody who leaves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Final

from django.http import QueryDict

from campaigns.audiencia import MAX_ID, Audiencia, Seleccion
from campaigns.models import CampanaSMS
from core.errors import InvalidInputError

TODOS: Final = "todos"
ALGUNOS: Final = "algunos"
# Chosen one by one. Each is a field of the form, and Django takes 1,000.
MAX_ELEGIDOS: Final = 200
NOMBRE_MAX: Final = 200

NADIE = "Elija a quién: una etiqueta, un segmento o algunos clientes."
DEMASIADOS = f"Puede elegir hasta {MAX_ELEGIDOS} clientes uno por uno. Para más, use una etiqueta o un segmento."
NOMBRE_LARGO = f"El nombre puede tener hasta {NOMBRE_MAX} caracteres."

# What each step asks; the rest of the draft travels hidden.
PASO_AUDIENCIA: Final = frozenset(
    {"quienes", "etiquetas", "segmento", "clientes", "excluir_etiquetas", "excluir_segmento", "excluir_clientes"}
)
PASO_MENSAJE: Final = frozenset({"nombre", "plantilla", "mensaje", "clase", "clase_motivo"})


@dataclass(frozen=True, slots=True)
class Borrador:
    """Args:
    quienes: TODOS, or ALGUNOS: those of the next three.
    etiquetas, segmento, clientes: who is in; a segment of 0 is none.
    excluir_etiquetas, excluir_segmento, excluir_clientes: who of them is left out.
    nombre: of the campaign; "" lets it be made from the date.
    plantilla: id of the template the text came from, or 0.
    mensaje: the text.
    clase, clase_motivo: of the campaign, and why when it is not promotional.
    """

    quienes: str = TODOS
    etiquetas: tuple[int, ...] = ()
    segmento: int = 0
    clientes: tuple[int, ...] = ()
    excluir_etiquetas: tuple[int, ...] = ()
    excluir_segmento: int = 0
    excluir_clientes: tuple[int, ...] = ()
    nombre: str = ""
    plantilla: int = 0
    mensaje: str = ""
    clase: str = CampanaSMS.Clase.PROMOCIONAL.value
    clase_motivo: str = ""

    @classmethod
    def de(cls, data: QueryDict) -> "Borrador":
        """Read a form; what makes no sense counts as not said. Line ends are what the browser shows."""
        return cls(
            quienes=ALGUNOS if data.get("quienes") == ALGUNOS else TODOS,
            etiquetas=_ids(data.getlist("etiquetas")),
            segmento=_id(data.get("segmento", "")),
            clientes=_ids(data.getlist("clientes")),
            excluir_etiquetas=_ids(data.getlist("excluir_etiquetas")),
            excluir_segmento=_id(data.get("excluir_segmento", "")),
            excluir_clientes=_ids(data.getlist("excluir_clientes")),
            nombre=data.get("nombre", "").replace("\0", "").strip(),
            plantilla=_id(data.get("plantilla", "")),
            # A form sends CRLF: two characters of an SMS for one that was typed.
            mensaje=data.get("mensaje", "").replace("\0", "").replace("\r\n", "\n"),
            **_clase(data),
        )

    @classmethod
    def copia(cls, campana: CampanaSMS, clientes: Iterable[int]) -> "Borrador":
        """Another like `campana`, to `clientes` if there are any."""
        chosen = tuple(clientes)
        return cls(
            quienes=ALGUNOS if chosen else TODOS,
            clientes=chosen,
            nombre=f"{campana.nombre} (copia)"[:NOMBRE_MAX],
            plantilla=campana.plantilla_id or 0,
            mensaje=campana.mensaje,
        )

    def audiencia(self) -> Audiencia:
        """Who receives it.

        Raises:
            InvalidInputError: nobody is chosen, or too many one by one.
        """
        if max(len(self.clientes), len(self.excluir_clientes)) > MAX_ELEGIDOS:
            raise InvalidInputError(DEMASIADOS, field="audiencia", code="max_length")
        incluir = Seleccion(todos=True)
        if self.quienes == ALGUNOS:
            incluir = Seleccion(cliente_ids=self.clientes, etiquetas=self.etiquetas, segmento=self.segmento or None)
            if not incluir:
                raise InvalidInputError(NADIE, field="audiencia", code="required")
        excluir = Seleccion(
            cliente_ids=self.excluir_clientes,
            etiquetas=self.excluir_etiquetas,
            segmento=self.excluir_segmento or None,
        )
        return Audiencia(incluir, excluir)

    @property
    def excluye(self) -> bool:
        return bool(self.excluir_etiquetas or self.excluir_segmento or self.excluir_clientes)

    def con_mensaje(self, mensaje: str) -> "Borrador":
        return replace(self, mensaje=mensaje)

    def ocultos(self, shown: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Names and values of the form's hidden fields when the step shows those of `shown`."""
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in shown:
                for one in value if isinstance(value, tuple) else (value,):
                    if one:
                        yield each.name, str(one)


def _clase(data: QueryDict) -> dict[str, str]:
    clase = data.get("clase", "")
    if clase not in CampanaSMS.Clase.values or clase == CampanaSMS.Clase.PROMOCIONAL:
        return {}  # whatever was typed beside it
    return {"clase": clase, "clase_motivo": data.get("clase_motivo", "").replace("\0", "").strip()}


def _ids(raw: Iterable[str]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(one for one in map(_id, raw) if one))


def _id(raw: str) -> int:
    number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 20 else 0
    return number if number <= MAX_ID else 0
