"""Clients and what a shop knows about them."""

from clientes.models.cliente import NOMBRE_MAX, Cliente, Etiqueta
from clientes.models.importacion import Importacion, ImportacionFila, ImportacionTrozo
from clientes.models.segmento import Segmento
from clientes.models.venta import Venta

__all__ = [
    "NOMBRE_MAX",
    "Cliente",
    "Etiqueta",
    "Importacion",
    "ImportacionFila",
    "ImportacionTrozo",
    "Segmento",
    "Venta",
]
