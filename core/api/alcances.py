"""The scopes that a key needs, route by route. A route that is not in the table is for keys that may do everything, and
a test asks for its row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rest_framework.permissions import SAFE_METHODS

from core.models import LlaveApi

LEER, CLIENTES, CAMPANAS, TODO = LlaveApi.Alcance
FALTA: Final = "Esta llave no tiene el alcance «{}», que hace falta para esto."
CODE: Final = "insufficient_scope"  # https://www.rfc-editor.org/rfc/rfc6750#section-3.1

V1: Final = "api/v1/"


@dataclass(frozen=True, slots=True)
class Fila:
    """A route's scopes. `leer` reads every route, and `todo` does everything.

    Args:
        escribe: the scope that writes there.
        leen: the scopes that write elsewhere, or here, and read this for it.
    """

    escribe: LlaveApi.Alcance
    leen: tuple[LlaveApi.Alcance, ...] = ()


# Of clients: a campaign names its audience by them, so who makes campaigns reads them.
DE_CLIENTES: Final = Fila(CLIENTES, (CLIENTES, CAMPANAS))
DE_VENTAS: Final = Fila(CLIENTES, (CLIENTES,))
DE_CAMPANAS: Final = Fila(CAMPANAS, (CAMPANAS,))
DE_REMITENTES: Final = Fila(TODO, (CAMPANAS,))
DE_LA_TIENDA: Final = Fila(TODO)

TABLA: Final = {
    "clientes/": DE_CLIENTES,
    "clientes/<int:pk>/": DE_CLIENTES,
    "clientes/lote/": DE_CLIENTES,
    "clientes/<int:pk>/expediente/": DE_VENTAS,
    "etiquetas/": DE_CLIENTES,
    "etiquetas/<int:pk>/": DE_CLIENTES,
    "segmentos/": DE_CLIENTES,
    "segmentos/<int:pk>/": DE_CLIENTES,
    "segmentos/<int:pk>/cuenta/": DE_CLIENTES,
    "ventas/": DE_VENTAS,
    "ventas/<int:pk>/": DE_VENTAS,
    "bajas/": DE_CLIENTES,
    "bajas/<int:pk>/": DE_CLIENTES,
    "rne/": DE_CLIENTES,
    "entrantes/": DE_CLIENTES,
    "entrantes/<int:pk>/": DE_CLIENTES,
    "entrantes/<int:pk>/leer/": DE_CLIENTES,
    "entrantes/<int:pk>/decidir/": DE_CLIENTES,
    "plantillas/": DE_CAMPANAS,
    "plantillas/<int:pk>/": DE_CAMPANAS,
    "campanas/": DE_CAMPANAS,
    "campanas/vista-previa/": DE_CAMPANAS,
    "campanas/<int:pk>/": DE_CAMPANAS,
    "campanas/<int:pk>/progreso/": DE_CAMPANAS,
    "campanas/<int:pk>/logs/": DE_CAMPANAS,
    "campanas/<int:pk>/sucesos/": DE_CAMPANAS,
    "campanas/<int:pk>/pausar/": DE_CAMPANAS,
    "campanas/<int:pk>/reanudar/": DE_CAMPANAS,
    "campanas/<int:pk>/cancelar/": DE_CAMPANAS,
    "campanas/<int:pk>/reintentar/": DE_CAMPANAS,
    "campanas/<int:pk>/aprobar/": DE_CAMPANAS,
    "campanas/<int:pk>/rechazar/": DE_CAMPANAS,
    "programaciones/": DE_CAMPANAS,
    "programaciones/<int:pk>/": DE_CAMPANAS,
    "programaciones/<int:pk>/ocurrencias/": DE_CAMPANAS,
    "programaciones/<int:pk>/pausar/": DE_CAMPANAS,
    "programaciones/<int:pk>/reanudar/": DE_CAMPANAS,
    "programaciones/<int:pk>/ejecutar/": DE_CAMPANAS,
    "remitentes/": DE_REMITENTES,
    "remitentes/<int:pk>/": DE_REMITENTES,
    "ajustes/": DE_LA_TIENDA,
    "ajustes/historial/": DE_LA_TIENDA,
    "alertas/": DE_LA_TIENDA,
    "alertas/ajustes/": DE_LA_TIENDA,
    "alertas/secreto/": DE_LA_TIENDA,
    "alertas/prueba/": DE_LA_TIENDA,
    "registro/": DE_LA_TIENDA,
    "llaves/": DE_LA_TIENDA,
    "llaves/<int:pk>/": DE_LA_TIENDA,
}
# They ask for no key; one that comes all the same may be any.
SIN_LLAVE: Final = frozenset({"auth/token/"})
DESCRIPCIONES: Final = frozenset({"api/schema/", "api/docs/"})


def bastan(method: str, route: str) -> Sequence[LlaveApi.Alcance]:
    """Return the scopes each of which is enough, the least first.

    Args:
        method: of HTTP, in capitals.
        route: as the URLconf writes it, with `api/v1/`.
    """
    if route in DESCRIPCIONES:
        return tuple(LlaveApi.Alcance)
    fila = TABLA.get(route.removeprefix(V1))
    if fila is None:
        return (TODO,)
    if method not in SAFE_METHODS:
        return tuple(dict.fromkeys((fila.escribe, TODO)))
    return (LEER, *fila.leen, TODO)
