"""The fields that a file may bring, and the titles that people give them."""

import re
from collections.abc import Mapping, Sequence
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


# Among them are the titles of Google Contacts ("Given Name" until 2023, then "First Name"; "Phone 1 - Value"), Outlook,
# HubSpot, Shopify, WooCommerce ("billing_phone"), Siigo, Alegra and their like. The first of a list that the file has
# takes the field, so what says most stands first: a mobile before a phone.
NOMBRE = Campo("nombre", "Nombre", (
    "nombre completo", "nombres y apellidos", "nombre y apellido", "nombre y apellidos", "apellidos y nombres",
    "full name", "fullname", "customer name", "client name", "billing name", "shipping name", "nombre cliente",
    "nombre del cliente", "nombre de cliente", "nombre tercero", "nombre del tercero", "nombre razon social",
    "nombre o razon social", "razon social o nombre", "nome completo", "nombre", "nombres", "primer nombre",
    "nombres del tercero", "nombres tercero", "cliente", "razon social", "contacto", "tercero", "name", "customer",
    "client", "contact", "nome", "first name", "given name", "billing first name", "first name billing",
    "shipping first name", "display name", "nombre contacto", "nombre del contacto", "contact name", "prenom",
    "vorname",
))  # fmt: skip
APELLIDOS = Campo("apellidos", "Apellidos", (
    "apellidos", "apellido", "primer apellido", "apellido paterno", "apellidos del tercero", "apellidos tercero",
    "last name", "surname", "family name", "billing last name", "last name billing", "shipping last name", "sobrenome",
    "cognome", "nachname", "nom de famille",
))  # fmt: skip
# A name that has its surnames needs no other column for them.
SIN_APELLIDOS: Final = frozenset({
    "nombre", "nombres", "primer nombre", "nombres del tercero", "nombres tercero", "name", "nome", "first name",
    "given name", "billing first name", "first name billing", "shipping first name", "prenom", "vorname",
})  # fmt: skip
TELEFONO = Campo("telefono", "Teléfono", (
    "celular", "celulares", "cel", "movil", "numero de celular", "numero celular", "no celular", "nro celular",
    "numero de movil", "numero movil", "numero de telefono movil", "no movil", "telefono celular", "telefono movil",
    "tel celular", "tel movil", "celular cliente", "celular del cliente", "celular contacto", "celular 1", "celular 2",
    "movil 1", "celular principal", "celular whatsapp", "celular o telefono", "mobile", "mobile phone", "mobile number",
    "mobile phone number", "mobile no", "phone mobile", "cell", "cellphone", "cell phone", "cell phone number",
    "cell number", "phone cell", "sms phone", "sms phone number", "whatsapp number", "whatsapp phone number",
    "numero de whatsapp", "numero whatsapp", "telemovel", "telefono", "telefonos", "tel", "numero de telefono",
    "numero telefono", "numero telefonico", "no telefono", "nro telefono", "telefono cliente", "telefono del cliente",
    "telefono contacto", "telefono de contacto", "telefono contacto principal", "telefono principal", "telefono 1",
    "tel 1", "phone", "phones", "phone number", "phone numbers", "primary phone", "main phone", "telephone",
    "telephone number", "contact number", "contact phone", "customer phone", "phone 1 value", "phone 1",
    "phone 1 number", "billing phone", "phone billing", "billing phone number", "default address phone", "home phone",
    "business phone", "shipping phone", "phone shipping", "telefone", "telefono particular", "telefono del trabajo",
    "telefono 2", "phone 2 value", "phone 2", "other phone",
    "whatsapp", "whats app", "sms",  # last: they may say yes or no
))  # fmt: skip
# The next column that would be the phone's.
OTRO_TELEFONO = Campo("otro_telefono", "Otro teléfono", ())
DOCUMENTO = Campo("documento", "Documento", (
    "documento", "doc", "nit", "cc", "nit cc", "cc nit", "cedula", "cedula de ciudadania", "identificacion",
    "numero de documento", "numero documento", "no documento", "nro documento", "numero de identificacion",
    "numero identificacion", "no identificacion", "nro identificacion", "identificacion tercero",
    "identificacion del tercero", "identificacion cliente", "identificacion del cliente", "id cliente", "dni", "rut",
    "document", "document number", "id number", "identification", "identification number", "tax id", "tax id number",
    "documento cliente", "documento del cliente", "ced", "documento de identidad", "cedula nit", "nit cedula",
    "nit o cedula", "cedula o nit", "cedula o ruc", "cedula ruc", "nif", "nif nit", "nif o nit", "ruc", "rfc", "rnc",
    "rnc o cedula", "curp", "cuit", "cuil", "cuit cuil", "dni cuit", "dni ruc", "run", "cpf", "cnpj", "cpf cnpj",
    "vat number", "vat id", "nif cif", "nif cif vat id", "numero id", "no id", "legal id",
    "legal id number", "national id", "billing cedula", "billing documento", "billing dni", "billing nit",
))  # fmt: skip
ETIQUETAS = Campo("etiquetas", "Etiquetas", (
    "etiquetas", "etiqueta", "tags", "tag", "customer tags", "labels", "label", "group membership", "grupo", "grupos",
    "segmento", "segmentos", "categoria", "categorias", "group", "groups", "category", "categories",
))  # fmt: skip
ACTIVO = Campo("activo", "Activo", ("activo", "activa", "estado", "active", "status", "habilitado", "enabled"))
CONSENTIMIENTO_EN = Campo("consentimiento_en", "Fecha del consentimiento", (
    "fecha del consentimiento", "fecha de consentimiento", "fecha consentimiento", "consentimiento", "autorizacion",
    "fecha de autorizacion", "fecha autorizacion", "fecha de la autorizacion", "habeas data", "opt in", "opt in date",
    "consent", "consent date", "consentimiento en", "confirm time", "opt in time", "optin time",
))  # fmt: skip
CONSENTIMIENTO_FUENTE = Campo("consentimiento_fuente", "Fuente del consentimiento", (
    "fuente del consentimiento", "fuente de consentimiento", "fuente consentimiento", "origen del consentimiento",
    "medio de autorizacion", "fuente de la autorizacion", "fuente de autorizacion", "canal de autorizacion",
    "consent source", "opt in source", "fuente", "consentimiento fuente",
))  # fmt: skip
CONSENTIMIENTO_MEDIO = Campo("consentimiento_medio", "Manera del consentimiento", (
    "manera del consentimiento", "medio del consentimiento", "forma del consentimiento", "modo del consentimiento",
    "medio de consentimiento", "forma de consentimiento", "forma de autorizacion", "modo de autorizacion",
    "consent method", "consent channel", "opt in method", "consentimiento medio",
))  # fmt: skip
CONSENTIMIENTO_LUGAR = Campo("consentimiento_lugar", "Lugar del consentimiento", (
    "lugar del consentimiento", "lugar de consentimiento", "ip del consentimiento", "ip de consentimiento",
    "direccion ip", "ip", "ip address", "consent ip", "consent ip address", "confirm ip", "opt in ip", "optin ip",
    "signup ip", "lugar de autorizacion", "ip de autorizacion", "consentimiento lugar",
))  # fmt: skip
CONSENTIMIENTO_TEXTO = Campo("consentimiento_texto", "Texto del consentimiento", (
    "texto del consentimiento", "texto de consentimiento", "texto consentimiento", "texto de autorizacion",
    "texto de la autorizacion", "texto autorizacion", "consent text", "consent wording", "opt in text",
    "consentimiento texto",
))  # fmt: skip
FECHA = Campo("fecha", "Fecha", (
    "fecha", "fecha venta", "fecha de venta", "fecha de la venta", "fecha factura", "fecha de compra", "date",
    "sale date", "dia", "order date", "paid at", "created at", "fecha pedido", "fecha del pedido", "fecha de emision",
    "fecha emision", "fecha de creacion", "fecha creacion",
))  # fmt: skip
TOTAL = Campo("total", "Total", (
    "total", "valor", "valor total", "monto", "importe", "precio", "amount", "total amount", "total venta",
    "total factura", "value", "order total", "grand total", "importe total", "monto total", "total pedido",
    "total del pedido", "total compra", "total pagado",
))  # fmt: skip
REFERENCIA = Campo("referencia", "Referencia", (
    "referencia", "ref", "factura", "numero de factura", "numero factura", "no factura", "venta", "pedido", "orden",
    "recibo", "invoice", "invoice number", "order", "order number", "order id", "reference", "consecutivo",
    "numero de pedido", "numero pedido", "numero de orden", "numero de la factura", "comprobante", "numero",
))  # fmt: skip

CAMPOS: Final[dict[Importacion.Tipo, tuple[Campo, ...]]] = {
    Importacion.Tipo.CLIENTES: (
        NOMBRE,
        APELLIDOS,
        TELEFONO,
        OTRO_TELEFONO,
        DOCUMENTO,
        ETIQUETAS,
        ACTIVO,
        CONSENTIMIENTO_EN,
        CONSENTIMIENTO_FUENTE,
        CONSENTIMIENTO_MEDIO,
        CONSENTIMIENTO_LUGAR,
        CONSENTIMIENTO_TEXTO,
    ),
    Importacion.Tipo.VENTAS: (REFERENCIA, FECHA, TOTAL, DOCUMENTO, TELEFONO),
}
ETIQUETA_DE: Final = {campo.nombre: campo.etiqueta for group in CAMPOS.values() for campo in group}
# What we write beside a row that could not be imported; never data when it comes back.
FILA, MOTIVO = "fila en el archivo", "motivo"
NUESTRAS: Final = (FILA, MOTIVO)
# Beside these "Estado" is a state of Mexico, as in Alegra's template, and not whether the client is active.
ES_DIRECCION: Final = frozenset({"colonia", "delegacion", "municipio delegacion", "codigo postal", "cp", "zip"})
MOVIL: Final = frozenset(
    {
        "celular",
        "celulares",
        "cel",
        "movil",
        "moviles",
        "mobile",
        "cell",
        "cellphone",
        "telemovel",
        "cellulare",
        "portable",
        "handy",
        "handynummer",
        "mobilnummer",
    }
)
FIJO: Final = frozenset({"telefono", "telefonos", "tel", "telf", "fono", "phone", "phones", "telephone", "telefone"})
NUMERO: Final = re.compile(r"\d{3}")  # "Tel. 300 123 4567" is no title
# Words of a title that is about a phone and holds none, or somebody else's.
NO_ES_SU_TELEFONO: Final = frozenset({
    "type", "tipo", "label", "etiqueta", "operador", "carrier", "indicativo", "codigo", "code", "extension", "ext",
    "pais", "country", "marca", "modelo", "model", "verificado", "verified", "valid", "valido", "fecha", "date", "fax",
    "vendedor", "asesor", "owner", "assistant", "asistente", "emergencia", "emergency", "proveedor", "sucursal",
})  # fmt: skip
CONOCIDOS: Final = frozenset(titulo for group in CAMPOS.values() for campo in group for titulo in campo.titulos)
DE_PERSONA: Final = frozenset(titulo for campo in (NOMBRE, APELLIDOS, TELEFONO, DOCUMENTO) for titulo in campo.titulos)
# Pipedrive's "Person - Name", Wompi's "customer_full_name", "Documento del comprador"; never a seller's.
DUENO: Final = re.compile(
    r"^(?:person|customer|contact|client|buyer|shopper|cliente|comprador|contacto|persona) "
    r"| (?:(?:del? )?(?:la |el )?(?:cliente|comprador[ae]?|contacto|tercero|titular|paciente|alumno|estudiante|usuario"
    r"|socio|afiliado|huesped|persona|acudiente|propietario|beneficiario))$"
)
# What a template says behind a title: "Celular (obligatorio)".
OBLIGATORIO: Final = re.compile(r" (?:obligatori[oa]|requerid[oa]|required|opcional|optional)\Z")
TITULO_MAX: Final = 100  # characters; no title that we know is longer
# A heading may name the shop's own NIT and telephone; titles have no numbers of that length.
DATO: Final = re.compile(r"(?:\d[ .,/:-]{0,2}){7}")


def adivinar(titulos: Sequence[str], tipo: str = "", *, parecidos: bool = True) -> dict[str, int]:
    """Guess which column brings which field, by its title; the first column that fits takes the field.

    Args:
        tipo: of `Importacion`; every field of any when "".
        parecidos: take a title that is like one of a phone, too.
    """
    campos = CAMPOS[Importacion.Tipo(tipo)] if tipo else {c for group in CAMPOS.values() for c in group}
    plain = [_sin_dueno(_plain(titulo[:TITULO_MAX])) for titulo in titulos]
    found: dict[str, int] = {}
    de_telefono = _columnas_de_telefono(plain, parecidos=parecidos)
    for campo in campos:
        place = next((plain.index(name) for name in campo.titulos if name in plain), None)
        if campo is TELEFONO:
            place = next(iter(de_telefono), None)
        elif campo is OTRO_TELEFONO:
            place = next((n for n in de_telefono if plain[n] != plain[de_telefono[0]]), None)
        if place is not None:
            found[campo.nombre] = place
    if "apellidos" in found and ("nombre" not in found or plain[found["nombre"]] not in SIN_APELLIDOS):
        del found["apellidos"]
    if "consentimiento_en" not in found:  # an "IP address" alone is where somebody bought
        for campo in (CONSENTIMIENTO_MEDIO, CONSENTIMIENTO_LUGAR, CONSENTIMIENTO_TEXTO):
            found.pop(campo.nombre, None)
    if "activo" in found and plain[found["activo"]] == "estado" and ES_DIRECCION & set(plain):
        del found["activo"]
    return found


def _columnas_de_telefono(plain: Sequence[str], *, parecidos: bool) -> list[int]:
    """Find the columns of phones: those that say mobile before any other, titles that we know before their like."""
    known = {titulo: n for n, titulo in enumerate(TELEFONO.titulos)}
    found = []
    for n, titulo in enumerate(plain):
        words = set(titulo.split())
        like = words & (MOVIL | FIJO) and not words & NO_ES_SU_TELEFONO and not NUMERO.search(titulo)
        if titulo in known or (parecidos and like):
            found.append((not words & MOVIL, known.get(titulo, len(known)), n))
    return [n for *_, n in sorted(found)]


@dataclass(frozen=True, slots=True)
class Dudosa:
    """A field that other columns might bring too, by their titles.

    Args:
        tomada: position of the column that was taken.
        otras: of the others, that bring nothing.
    """

    campo: Campo
    tomada: int
    otras: Sequence[int]


def dudosas(titulos: Sequence[str], elegidas: Mapping[str, int], tipo: str) -> list[Dudosa]:
    """Find the fields for which some column is left out that says the same as the one that is taken, or holds phones.

    Args:
        elegidas: field: position of its column.
        tipo: of `Importacion`.
    """
    plain = [_sin_dueno(_plain(titulo[:TITULO_MAX])) for titulo in titulos]
    taken, phones_too = set(elegidas.values()), set(_columnas_de_telefono(plain, parecidos=True))
    found = []
    for campo in CAMPOS[Importacion.Tipo(tipo)]:
        place = elegidas.get(campo.nombre, len(plain))
        if place < len(plain) and campo is not OTRO_TELEFONO:
            same = {n for n, titulo in enumerate(plain) if titulo and titulo == plain[place]}
            if others := sorted((same | phones_too if campo is TELEFONO else same) - taken):
                found.append(Dudosa(campo, place, others))
    return found


def tiene_titulos(first: Sequence[str]) -> bool:
    """Tell whether the first row holds titles: a title that we know, or nothing that looks like data."""
    if adivinar(first, parecidos=False):
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


def _sin_dueno(plain: str) -> str:
    """Return a title without the words that say whose it is, if we know it then only: `person name`."""
    bare = plain if plain in CONOCIDOS else DUENO.sub("", plain)
    return bare if bare in DE_PERSONA else plain


def _plain(titulo: str) -> str:
    """Simplify a title: `  Teléfono_Móvil (1) ` → `telefono movil 1`; `NIT/CC` → `nit cc`; `fullName` → `full name`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", titulo)
    ascii_only = normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", " ", ascii_only.lower().replace(".", "")).strip()
    return OBLIGATORIO.sub("", plain)
