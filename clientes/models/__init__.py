"""Clients and what a shop knows about them."""

from clientes.models.baja import Baja, Fuente, RegistroBaja
from clientes.models.cliente import FUENTE_MAX, NOMBRE_MAX, Cliente, Etiqueta
from clientes.models.importacion import Importacion, ImportacionFila, ImportacionTrozo
from clientes.models.lote import LoteClientes
from clientes.models.rne import ConsultaRNE, NumeroRNE
from clientes.models.segmento import Segmento
from clientes.models.venta import Venta

__all__ = [
    "FUENTE_MAX",
    "NOMBRE_MAX",
    "Baja",
    "Cliente",
    "ConsultaRNE",
    "Etiqueta",
    "Fuente",
    "Importacion",
    "ImportacionFila",
    "ImportacionTrozo",
    "LoteClientes",
    "NumeroRNE",
    "RegistroBaja",
    "Segmento",
    "Venta",
]
