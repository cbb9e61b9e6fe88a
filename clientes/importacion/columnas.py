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
    """A field of a client or a sale that a column may bring.

    Args:
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
TITULO_MAX: Final = 100  # characters; no title that we know is longer
# A heading may name the shop's own NIT and telephone; titles have no numbers of that length.
DATO: Final = re.compile(r"(?:\d[ .,/:-]{0,2}){7}")


def adivinar(titulos: Sequence[str], tipo: str = "") -> dict[str, int]:
    """Guess which column brings which field, by its title; the first column that fits takes the field.

    Args:
        tipo: of `Importacion`; every field of any when "".
    """
    campos = CAMPOS[Importacion.Tipo(tipo)] if tipo else {c for group in CAMPOS.values() for c in group}
    plain = [_plain(titulo[:TITULO_MAX]) for titulo in titulos]
    found: dict[str, int] = {}
    for campo in campos:
        place = next((plain.index(name) for name in campo.titulos if name in plain), None)
        if place is not None:
            found[campo.nombre] = place
    return found


def tiene_titulos(first: Sequence[str]) -> bool:
    """Tell whether the first row holds titles: a title that we know, or nothing that looks like data."""
    if adivinar(first):
        return True
    return not any(phones.to_e164(cell) or (cell.strip() and cell.strip().isdigit()) for cell in first)


def fila_de_titulos(filas: Sequence[Sequence[str]], tipo: str = "") -> int:
    """Find the row with which the table begins: exports put the shop's name, the report's or a date above it.

    It is the row with the most titles that we know, two or more; of several the widest, then the first. Where there is
    none, it is the first that is wider than one cell.

    Args:
        filas: the first rows of the file, none of them empty.
        tipo: as for `adivinar`.

    Returns:
        Its position, from 0.
    """
    datos = [any(DATO.search(cell[:TITULO_MAX]) for cell in fila) for fila in filas]
    known = [0 if dato else len(adivinar(fila, tipo)) for fila, dato in zip(filas, datos, strict=True)]
    widths = [sum(bool(cell.strip()) for cell in fila) for fila in filas]
    most = max(known, default=0)
    if most > 1:
        # The wider, the likelier a table: a heading may say NIT and telephone above the shop's own.
        return max(range(len(filas)), key=lambda n: (known[n], widths[n], -n))
    if most and filas:
        place = known.index(most)
        followed = place + 1 < len(filas) and widths[place + 1] == widths[place] and datos[place + 1]
        if followed or all(width < widths[place] for width in widths[:place]):
            return place
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    return next((n for n, width in enumerate(widths) if width > 1), 0) if usual > 1 else 0


def _plain(titulo: str) -> str:
    """Simplify a title: `  Teléfono_Móvil (1) ` → `telefono movil 1`; `NIT/CC` → `nit cc`; `fullName` → `full name`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", titulo)
    ascii_only = normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", ascii_only.lower().replace(".", "")).strip()
