"""The needs of each call, route by route: a scope of its key, and something that its person's role may do.

A route that is not in the table is for admins, and for keys that may do everything; a test asks for its row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rest_framework.permissions import SAFE_METHODS

from core.models import LlaveApi, Usuario
from core.permisos import Accion

LEER, CLIENTES, CAMPANAS, TODO = LlaveApi.Alcance
FALTA: Final = "Esta llave no tiene el alcance «{}», que hace falta para esto."
CODE: Final = "insufficient_scope"  # https://www.rfc-editor.org/rfc/rfc6750#section-3.1

V1: Final = "api/v1/"


@dataclass(frozen=True, slots=True)
class Fila:
    """A route's scopes, and what a role must be let do. `leer` reads every route, and `todo` does everything.

    Args:
        escribe: the scope that writes there.
        leen: the scopes that write elsewhere, or here, and read this for it.
        ve, hace: what the person must be let do who reads there, and who writes there; None: anybody may.
    """

    escribe: LlaveApi.Alcance
    leen: tuple[LlaveApi.Alcance, ...] = ()
    ve: Accion | None = Accion.ADMINISTRAR
    hace: Accion | None = Accion.ADMINISTRAR


# Of clients: a campaign names its audience by them, so who makes campaigns reads them.
DE_CLIENTES: Final = Fila(CLIENTES, (CLIENTES, CAMPANAS), Accion.VER_CLIENTES, Accion.EDITAR_CLIENTES)
# It sends a message, so the scope of clients is not enough.
DE_RESPONDER: Final = Fila(CAMPANAS, (CLIENTES, CAMPANAS), Accion.VER_CLIENTES, Accion.EDITAR_CAMPANAS)
DE_GUARDADAS: Final = Fila(CAMPANAS, (CAMPANAS,), Accion.VER_CLIENTES, Accion.EDITAR_CAMPANAS)
DE_VENTAS: Final = Fila(CLIENTES, (CLIENTES,), Accion.VER_CLIENTES, Accion.EDITAR_CLIENTES)
DEL_EXPEDIENTE: Final = Fila(CLIENTES, (CLIENTES,), Accion.EXPORTAR, Accion.EXPORTAR)
DEL_RNE: Final = Fila(CLIENTES, (CLIENTES, CAMPANAS), Accion.EDITAR_CLIENTES, Accion.EDITAR_CLIENTES)
DE_CAMPANAS: Final = Fila(CAMPANAS, (CAMPANAS,), Accion.VER_CAMPANAS, Accion.EDITAR_CAMPANAS)
DE_MANEJO: Final = Fila(CAMPANAS, (CAMPANAS,), Accion.VER_CAMPANAS, Accion.MANEJAR)
DE_APROBACION: Final = Fila(CAMPANAS, (CAMPANAS,), Accion.VER_CAMPANAS, Accion.APROBAR)
DE_REMITENTES: Final = Fila(TODO, (CAMPANAS,), Accion.VER_CAMPANAS, Accion.ADMINISTRAR)
DE_LA_TIENDA: Final = Fila(TODO)
DE_CADA_UNO: Final = Fila(TODO, ve=None, hace=None)

TABLA: Final = {
    "clientes/": DE_CLIENTES,
    "clientes/<int:pk>/": DE_CLIENTES,
    "clientes/lote/": DE_CLIENTES,
    "clientes/<int:pk>/expediente/": DEL_EXPEDIENTE,
    "etiquetas/": DE_CLIENTES,
    "etiquetas/<int:pk>/": DE_CLIENTES,
    "segmentos/": DE_CLIENTES,
    "segmentos/<int:pk>/": DE_CLIENTES,
    "segmentos/<int:pk>/cuenta/": DE_CLIENTES,
    "ventas/": DE_VENTAS,
    "ventas/<int:pk>/": DE_VENTAS,
    "bajas/": DE_CLIENTES,
    "bajas/<int:pk>/": DE_CLIENTES,
    "rne/": DEL_RNE,
    "entrantes/": DE_CLIENTES,
    "entrantes/<int:pk>/": DE_CLIENTES,
    "entrantes/<int:pk>/leer/": DE_CLIENTES,
    "entrantes/<int:pk>/decidir/": DE_CLIENTES,
    "entrantes/<int:pk>/responder/": DE_RESPONDER,
    "respuestas/": DE_GUARDADAS,
    "respuestas/<int:pk>/": DE_GUARDADAS,
    "plantillas/": DE_CAMPANAS,
    "plantillas/<int:pk>/": DE_CAMPANAS,
    "campanas/": DE_CAMPANAS,
    "campanas/vista-previa/": DE_CAMPANAS,
    "campanas/<int:pk>/": DE_CAMPANAS,
    "campanas/<int:pk>/progreso/": DE_CAMPANAS,
    "campanas/<int:pk>/logs/": DE_CAMPANAS,
    "campanas/<int:pk>/sucesos/": DE_CAMPANAS,
    "campanas/<int:pk>/pausar/": DE_MANEJO,
    "campanas/<int:pk>/reanudar/": DE_MANEJO,
    "campanas/<int:pk>/cancelar/": DE_CAMPANAS,
    "campanas/<int:pk>/reintentar/": DE_MANEJO,
    "campanas/<int:pk>/aprobar/": DE_APROBACION,
    "campanas/<int:pk>/rechazar/": DE_APROBACION,
    "programaciones/": DE_CAMPANAS,
    "programaciones/<int:pk>/": DE_CAMPANAS,
    "programaciones/<int:pk>/ocurrencias/": DE_CAMPANAS,
    "programaciones/<int:pk>/pausar/": DE_MANEJO,
    "programaciones/<int:pk>/reanudar/": DE_MANEJO,
    "programaciones/<int:pk>/ejecutar/": DE_CAMPANAS,
    "remitentes/": DE_REMITENTES,
    "remitentes/<int:pk>/": DE_REMITENTES,
    "ajustes/": DE_LA_TIENDA,
    "ajustes/historial/": DE_LA_TIENDA,
    "alertas/": DE_LA_TIENDA,
    "alertas/ajustes/": DE_LA_TIENDA,
    "alertas/secreto/": DE_LA_TIENDA,
    "alertas/prueba/": DE_LA_TIENDA,
    "ganchos/": DE_LA_TIENDA,
    "ganchos/<int:pk>/": DE_LA_TIENDA,
    "ganchos/<int:pk>/secreto/": DE_LA_TIENDA,
    "ganchos/<int:pk>/prueba/": DE_LA_TIENDA,
    "ganchos/<int:pk>/entregas/": DE_LA_TIENDA,
    "ganchos/entregas/<int:pk>/repetir/": DE_LA_TIENDA,
    "ganchos/<int:pk>/repetir/": DE_LA_TIENDA,
    "registro/": DE_LA_TIENDA,
    "llaves/": DE_CADA_UNO,
    "llaves/<int:pk>/": DE_CADA_UNO,
}
# The reference's calls, which take no key.
DE_PAGINAS: Final = {
    "clientes/enviar-sms/": DE_CAMPANAS,
    "clientes/crear/ajax/": DE_CLIENTES,
    "clientes/plantillas-sms/": DE_CAMPANAS,
}
# They ask for no key; one that comes all the same may be any.
SIN_LLAVE: Final = frozenset({"auth/token/"})
DESCRIPCIONES: Final = frozenset({"api/schema/", "api/docs/"})


def falta_permiso(usuario: Usuario, method: str, route: str) -> Accion | None:
    """Return what the person would have to be let do for this call and is not; None when they may make it.

    Args:
        method, route: as for `bastan`.
    """
    fila = (DE_PAGINAS.get(route) or TABLA.get(route.removeprefix(V1))) or DE_LA_TIENDA
    accion = fila.ve if method in SAFE_METHODS else fila.hace
    return None if accion is None or usuario.puede(accion) else accion


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
