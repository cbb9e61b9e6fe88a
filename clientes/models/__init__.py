"""Clients and what a shop knows about them."""

from clientes.models.baja import Baja, Fuente, Huella, RegistroBaja
from clientes.models.cliente import FUENTE_MAX, LUGAR_MAX, NOMBRE_MAX, TEXTO_MAX, Cliente, Etiqueta, Medio
from clientes.models.consentimiento import RegistroConsentimiento
from clientes.models.conteo import Compartido, Contada, Conteo, Novedad
from clientes.models.importacion import Importacion, ImportacionFila, ImportacionTrozo
from clientes.models.lote import LoteClientes
from clientes.models.rne import ConsultaRNE, NumeroRNE
from clientes.models.segmento import Segmento
from clientes.models.venta import Venta

__all__ = [
    "FUENTE_MAX",
    "LUGAR_MAX",
    "NOMBRE_MAX",
    "TEXTO_MAX",
    "Baja",
    "Cliente",
    "Compartido",
    "ConsultaRNE",
    "Contada",
    "Conteo",
    "Etiqueta",
    "Fuente",
    "Huella",
    "Importacion",
    "ImportacionFila",
    "ImportacionTrozo",
    "LoteClientes",
    "Medio",
    "Novedad",
    "NumeroRNE",
    "RegistroBaja",
    "RegistroConsentimiento",
    "Segmento",
    "Venta",
]
