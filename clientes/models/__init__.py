"""Clients and what a shop knows about them."""

from clientes.models.baja import Baja, Fuente, RegistroBaja
from clientes.models.cliente import NOMBRE_MAX, Cliente, Etiqueta
from clientes.models.importacion import Importacion, ImportacionFila, ImportacionTrozo
from clientes.models.segmento import Segmento
from clientes.models.venta import Venta

__all__ = [
    "NOMBRE_MAX",
    "Baja",
    "Cliente",
    "Etiqueta",
    "Fuente",
    "Importacion",
    "ImportacionFila",
    "ImportacionTrozo",
    "RegistroBaja",
    "Segmento",
    "Venta",
]
