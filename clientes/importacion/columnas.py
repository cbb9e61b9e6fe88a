"""The fields that a file may bring, and the titles that people give them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clientes import phones
from clientes.models import Importacion
from core.unicode import normalize


@dataclass(frozen=True, slots=True)
class Campo:
    """Args:
    titulos: as `_plain` leaves them; the whole title, or its first words.
    """

    nombre: str
    etiqueta: str
    titulos: tuple[str, ...]


NOMBRE = Campo("nombre", "Nombre", (
    "nombre", "nombres", "nombre completo", "nombres y apellidos", "nombre y apellido", "cliente", "razon social",
    "contacto", "name", "full name", "customer", "client", "nombre cliente", "nombre del cliente", "first name",
))  # fmt: skip
TELEFONO = Campo("telefono", "Teléfono", (
    "telefono", "telefonos", "tel", "celular", "cel", "movil", "whats app", "whatsapp",
    "numero de telefono", "numero de celular",
    "numero celular", "telefono celular", "telefono movil", "phone", "phone number", "mobile", "mobile phone",
    "cell", "cellphone", "cell phone", "telephone", "telefono cliente", "telefono del cliente", "no celular",
    "telefono 1", "celular 1",
))  # fmt: skip
DOCUMENTO = Campo("documento", "Documento", (
    "documento", "doc", "nit", "cc", "nit cc", "cc nit", "cedula", "cedula de ciudadania", "identificacion",
    "numero de documento", "numero documento", "no documento", "numero de identificacion", "id cliente", "dni", "rut",
    "document", "document number", "id number", "tax id", "documento cliente", "documento del cliente", "ced",
    "documento de identidad", "cedula nit", "nit cedula",
))  # fmt: skip
ETIQUETAS = Campo("etiquetas", "Etiquetas", (
    "etiquetas", "etiqueta", "tags", "tag", "grupo", "grupos", "segmento", "categoria", "categorias", "labels",
    "label", "group", "category",
))  # fmt: skip
ACTIVO = Campo("activo", "Activo", ("activo", "activa", "estado", "active", "status", "habilitado", "enabled"))
CONSENTIMIENTO_EN = Campo("consentimiento_en", "Fecha del consentimiento", (
    "fecha del consentimiento", "fecha de consentimiento", "fecha consentimiento", "consentimiento", "autorizacion",
    "fecha de autorizacion", "fecha autorizacion", "fecha de la autorizacion", "habeas data", "opt in", "opt in date",
    "consent", "consent date", "consentimiento en",
))  # fmt: skip
CONSENTIMIENTO_FUENTE = Campo("consentimiento_fuente", "Fuente del consentimiento", (
    "fuente del consentimiento", "fuente de consentimiento", "fuente consentimiento", "origen del consentimiento",
    "medio de autorizacion", "fuente de la autorizacion", "fuente de autorizacion", "canal de autorizacion",
    "consent source", "opt in source", "fuente", "consentimiento fuente",
))  # fmt: skip
FECHA = Campo("fecha", "Fecha", (
    "fecha", "fecha venta", "fecha de venta", "fecha de la venta", "fecha factura", "fecha de compra", "date",
    "sale date", "dia",
))  # fmt: skip
TOTAL = Campo("total", "Total", (
    "total", "valor", "valor total", "monto", "importe", "precio", "amount", "total amount", "total venta",
    "total factura", "value",
))  # fmt: skip
REFERENCIA = Campo("referencia", "Referencia", (
    "referencia", "ref", "factura", "numero de factura", "numero factura", "no factura", "venta", "pedido", "orden",
    "recibo", "invoice", "invoice number", "order", "order id", "reference", "consecutivo", "numero",
))  # fmt: skip

CAMPOS: Final = {
    Importacion.Tipo.CLIENTES: (
        NOMBRE,
        TELEFONO,
        DOCUMENTO,
        ETIQUETAS,
        ACTIVO,
        CONSENTIMIENTO_EN,
        CONSENTIMIENTO_FUENTE,
    ),
    Importacion.Tipo.VENTAS: (REFERENCIA, FECHA, TOTAL, DOCUMENTO, TELEFONO),
}
# What we write beside a row that could not be imported; never data when it comes back.
FILA, MOTIVO = "fila en el archivo", "motivo"
NUESTRAS: Final = (FILA, MOTIVO)


def adivinar(titulos: Sequence[str], tipo: str = "") -> dict[str, int]:
    """Which column is which field, by its title; the first that fits takes it.

    Args:
        tipo: of `Importacion`; every field of any when "".
    """
    campos = CAMPOS[Importacion.Tipo(tipo)] if tipo else {c for group in CAMPOS.values() for c in group}
    plain = [_plain(titulo) for titulo in titulos]
    found: dict[str, int] = {}
    for campo in campos:
        place = next((plain.index(name) for name in campo.titulos if name in plain), None)
        if place is not None:
            found[campo.nombre] = place
    return found


def tiene_titulos(first: Sequence[str]) -> bool:
    """Whether the first row holds titles: a title that we know, or nothing that looks like data."""
    if adivinar(first):
        return True
    return not any(phones.to_e164(cell) or (cell.strip() and cell.strip().isdigit()) for cell in first)


def _plain(titulo: str) -> str:
    """`  Teléfono_Móvil (1) ` → `telefono movil 1`; `NIT/CC` → `nit cc`; `fullName` → `full name`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", titulo)
    ascii_only = normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", ascii_only.lower().replace(".", "")).strip()
