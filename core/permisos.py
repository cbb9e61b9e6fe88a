"""The roles and what each may do: one table, which pages, API, keys and templates ask.

A key of the API never may more than its person, since every call asks for the person's role here, whatever the key's
scopes are. OWASP ASVS 5.0, 8.2 and 8.3.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.db import models


class Rol(models.TextChoices):
    ADMIN = "admin", "Administrador"  # all that a shop does
    OPERADOR = "operador", "Operador"  # watches campaigns, pauses them and lets them go on
    VENDEDOR = "vendedor", "Vendedor"  # reads clients and campaigns
    APROBADOR = "aprobador", "Aprobador"  # reads what a vendedor reads, and approves
    PLATAFORMA = "plataforma", "Operador de la instalación"  # of no shop: what it may do, Django's permissions say


class Accion(StrEnum):
    """A thing that somebody of a shop may be let do. Templates know them by these words, in `user.permisos`."""

    VER_CLIENTES = "ver_clientes"  # clients, tags, segments, sales, replies, opt-outs
    VER_TELEFONOS = "ver_telefonos"  # whole, and not their last digits alone
    EDITAR_CLIENTES = "editar_clientes"
    VER_CAMPANAS = "ver_campanas"  # campaigns, templates, recurring ones, senders, reports
    EDITAR_CAMPANAS = "editar_campanas"  # to make and to cancel them too
    MANEJAR = "manejar"  # pause, resume, retry
    APROBAR = "aprobar"  # … or reject
    EXPORTAR = "exportar"  # takes data out, many rows at once or all about one client
    ADMINISTRAR = "administrar"  # settings, alerts, senders, people, the security log


LEE: Final = frozenset({Accion.VER_CLIENTES, Accion.VER_TELEFONOS, Accion.VER_CAMPANAS})
TABLA: Final[Mapping[str, frozenset[Accion]]] = {
    Rol.ADMIN: frozenset(Accion),
    Rol.OPERADOR: frozenset({Accion.VER_CAMPANAS, Accion.MANEJAR}),
    Rol.VENDEDOR: LEE,
    Rol.APROBADOR: LEE | {Accion.APROBAR},
    Rol.PLATAFORMA: frozenset(),
}
# For the page of people.
EN_PALABRAS: Final[Mapping[str, str]] = {
    Rol.ADMIN: "Hace todo lo que hace la tienda: clientes, campañas, ajustes y personas.",
    Rol.OPERADOR: "Ve las campañas, las pausa, las reanuda y reintenta lo que falló. No ve los clientes, y de los"
    " teléfonos solo el final.",
    Rol.VENDEDOR: "Ve los clientes, las plantillas y las campañas, y no cambia nada.",
    Rol.APROBADOR: "Ve lo mismo que un vendedor, y aprueba o rechaza las campañas que lo esperan.",
}
DE_TIENDA: Final = tuple(EN_PALABRAS)
ESCRIBEN: Final = frozenset(Accion) - LEE

# What an API answers who may not.
FALTA: Final[Mapping[Accion, str]] = {
    Accion.VER_CLIENTES: "Su rol no ve los clientes.",
    Accion.VER_TELEFONOS: "Su rol no ve los teléfonos completos.",
    Accion.EDITAR_CLIENTES: "Solo un administrador puede hacer este cambio.",
    Accion.VER_CAMPANAS: "Su usuario no es de ninguna tienda.",
    Accion.EDITAR_CAMPANAS: "Solo un administrador puede hacer este cambio.",
    Accion.MANEJAR: "Solo un administrador o un operador puede pausar, reanudar o reintentar.",
    Accion.APROBAR: "Solo un administrador o un aprobador puede aprobar o rechazar una campaña.",
    Accion.EXPORTAR: "Solo un administrador saca datos de la tienda.",
    Accion.ADMINISTRAR: "Solo un administrador ve y cambia esto.",
}
# The buttons of a campaign and of a recurring one.
DE_MOVER: Final[Mapping[str, Accion]] = {
    "pausar": Accion.MANEJAR,
    "reanudar": Accion.MANEJAR,
    "reintentar": Accion.MANEJAR,
    "cancelar": Accion.EDITAR_CAMPANAS,
}


def permisos_de(rol: str) -> frozenset[Accion]:
    """Return what somebody of this role may do; a role that is in no table may nothing."""
    return TABLA.get(rol, frozenset())
