"""A campaign on its way through the pages, before it exists.

It travels in the form's own fields from step to step: nothing is kept on the server for somebody who leaves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Final

from django.http import QueryDict
from django.utils import timezone

from campaigns.audiencia.seleccion import Audiencia, Seleccion
from campaigns.models import CampanaSMS
from core.errors import InvalidInputError
from core.ids import MAX_ID

TODOS: Final = "todos"
ALGUNOS: Final = "algunos"
AHORA: Final = ""
DESPUES: Final = "despues"
# Chosen one by one. Each is a field of the form, and Django takes 1,000.
MAX_ELEGIDOS: Final = 200
NOMBRE_MAX: Final = 200
FECHA_MAX: Final = 30

NADIE = "Elija a quién: una etiqueta, un segmento o algunos clientes."
DEMASIADOS = f"Puede elegir hasta {MAX_ELEGIDOS} clientes uno por uno. Para más, use una etiqueta o un segmento."
FALTA_FECHA = "Diga qué día y a qué hora."
SIN_ESA_HORA = "Ese día los relojes se adelantan y esa hora no existe. Elija otra."
NOMBRE_LARGO = f"El nombre puede tener hasta {NOMBRE_MAX} caracteres."

# What each step asks; the rest of the draft travels hidden.
PASO_AUDIENCIA: Final = frozenset(
    {"quienes", "etiquetas", "segmento", "clientes", "excluir_etiquetas", "excluir_segmento", "excluir_clientes"}
)
PASO_MENSAJE: Final = frozenset({"nombre", "plantilla", "mensaje", "remitente", "clase", "clase_motivo"})
PASO_REVISION: Final = frozenset({"cuando", "fecha"})


@dataclass(frozen=True, slots=True)
class Borrador:
    """Args:
    quienes: TODOS, or ALGUNOS: those of the next three.
    etiquetas, segmento, clientes: who is in; a segment of 0 is none.
    excluir_etiquetas, excluir_segmento, excluir_clientes: who of them is left out.
    nombre: of the campaign; "" lets it be made from the date.
    plantilla: id of the template the text came from, or 0.
    mensaje: the text.
    remitente: id of the shop's sender; 0 for the installation's.
    clase, clase_motivo: of the campaign, and why when it is not promotional.
    cuando: AHORA, or DESPUES: at `fecha`, as the browser writes it, in the product's time zone.
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
    remitente: int = 0
    clase: str = CampanaSMS.Clase.PROMOCIONAL.value
    clase_motivo: str = ""
    cuando: str = AHORA
    fecha: str = ""

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
            remitente=_id(data.get("remitente", "")),
            **_clase(data),
            cuando=DESPUES if data.get("cuando") == DESPUES else AHORA,
            fecha=data.get("fecha", "").replace("\0", "")[:FECHA_MAX],
        )

    @classmethod
    def copia(cls, campana: CampanaSMS, clientes: Iterable[int]) -> "Borrador":
        """Another like `campana`, to `clientes`; if there are none, to nobody yet: never to more than received it."""
        return cls(
            quienes=ALGUNOS,
            clientes=tuple(clientes),
            nombre=f"{campana.nombre} (copia)"[:NOMBRE_MAX],
            plantilla=campana.plantilla_id or 0,
            mensaje=campana.mensaje,
            remitente=campana.remitente_id or 0,
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

    def programada_para(self) -> datetime | None:
        """When it starts; None is now.

        Raises:
            InvalidInputError: there is no date, or no such hour on that day.
        """
        if self.cuando == AHORA:
            return None
        try:
            local = datetime.strptime(self.fecha[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - it gets its zone below
            moment = timezone.make_aware(local)
            told = timezone.make_naive(moment.astimezone(UTC))
        except (ValueError, OverflowError) as error:
            raise InvalidInputError(FALTA_FECHA, field="programada_para", code="required") from error
        if told != local:
            raise InvalidInputError(SIN_ESA_HORA, field="programada_para", code="make_aware")
        return moment

    @property
    def excluye(self) -> bool:
        return bool(self.excluir_etiquetas or self.excluir_segmento or self.excluir_clientes)

    def con_mensaje(self, mensaje: str) -> "Borrador":
        return replace(self, mensaje=mensaje)

    def ocultos(self, shown: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Names and values of the form's hidden fields when the step shows those of `shown`; defaults are left out."""
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in shown and value != each.default:
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
