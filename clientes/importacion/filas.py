"""One row of the file: the client or the sale that it describes, or the reason why it cannot be taken. Only the row is
read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from django.utils import timezone

from clientes import consentimiento, ficha, phones
from clientes.importacion import columnas, valores
from clientes.importacion.valores import InvalidCellError
from clientes.models import FUENTE_MAX, LUGAR_MAX, NOMBRE_MAX, TEXTO_MAX, Cliente, Etiqueta, Importacion, Venta
from clientes.models.importacion import MOTIVO_MAX
from core.errors import InvalidInputError
from core.text.nada import es_error, es_nada
from core.text.numero import CIENTIFICO

DOCUMENTO_MAX: Final = Cliente._meta.get_field("documento").max_length or 0
ETIQUETA_MAX: Final = Etiqueta._meta.get_field("nombre").max_length or 0
ETIQUETAS_MAX: Final = 100  # of one row
REFERENCIA_MAX: Final = Venta._meta.get_field("referencia").max_length or 0

SIN_DOCUMENTO: Final = "sin_documento"  # the key of what is said of a row whose document is nobody's

FUENTE_ARCHIVO = "Archivo importado"  # when it brings dates and no column that says from where
SOBRAN_CELDAS = "Tiene más celdas que columnas el archivo: ¿hay un separador dentro de un texto sin comillas?"
MUY_LARGO = "«{campo}» tiene más de {maximo} caracteres."
TELEFONO_INVALIDO = "El teléfono «{valor}» no es válido."
TELEFONO_CIENTIFICO = (
    "Excel abrevió «{valor}» y se perdieron dígitos. Dé a la columna formato de texto y escríbalo de nuevo."
)
VARIOS_TELEFONOS = "La celda tiene {n} teléfonos: se tomó {valor}, el primer celular."
OTRA_COLUMNA = "Se tomó el otro teléfono, {valor}: «{primero}» no es de un celular."
VARIOS_SIN_CELULAR = "La celda tiene {n} teléfonos y ninguno es de un celular: deje uno solo."
ES_ERROR = "«{valor}» es un error de la planilla, en la columna {campo}."
ES_FORMULA = "«{valor}» es una fórmula sin calcular, en la columna {campo}: abra el archivo en Excel y guárdelo."
ES_RELLENO = "«{valor}» es de relleno, de nadie en particular."
NO_SE_TOMO = "El documento «{valor}» es de relleno, de nadie en particular: no se tomó."
MUCHAS_ETIQUETAS = f"Tiene más de {ETIQUETAS_MAX} etiquetas."
FALTA_DOCUMENTO = "Falta el documento, con el que se busca al cliente."
FALTA_TELEFONO = "Falta un teléfono válido, con el que se busca al cliente."
FALTA_NOMBRE = "Falta el nombre."
FALTA_CLIENTE = "Falta el documento o el teléfono del cliente."
FALTA_REFERENCIA = "Falta la referencia, con la que se reconoce una venta ya importada."
FALTA_TOTAL = "Falta el total."


@dataclass(frozen=True, slots=True)
class Plan:
    """The way in which the rows of one file are read.

    Args:
        columnas: field: position of its column.
        ancho: how many columns the titles have; 0 when there are no titles.
        telefono_invalido: take a client whose phone is none.
        etiqueta: a tag for the client of every row; "" for none.
    """

    tipo: str
    columnas: Mapping[str, int]
    clave: str
    ancho: int
    telefono_invalido: bool = False
    etiqueta: str = ""


def interpretar(cells: Sequence[str], plan: Plan) -> dict[str, Any]:
    """Read the fields of the row that are not empty, ready for JSON.

    Raises:
        InvalidCellError: with all the reasons.
    """
    if plan.ancho and len(cells) > plan.ancho:
        raise InvalidCellError(SOBRAN_CELDAS)
    read: Callable[[dict[str, str], Plan, list[str]], dict[str, Any]]
    read = _cliente if plan.tipo == Importacion.Tipo.CLIENTES else _venta
    motivos: list[str] = []
    raw = {
        campo: _celda(cells[place], campo, motivos) if place < len(cells) else ""
        for campo, place in plan.columnas.items()
    }
    datos = read(raw, plan, motivos)
    if motivos:
        raise InvalidCellError(" ".join(motivos)[:MOTIVO_MAX])
    return datos


REFERENCIA_DECIMAL: Final = re.compile(r"\A(\d+)[.,]0\Z")
# A function, a join or another cell: what a program wrote into a CSV for Excel to compute. "=Luis" is only a name.
FORMULA: Final = re.compile(r"=(?:[^(&]*[(&]|[+-]?\$?[A-Za-z]{1,3}\$?\d)")
# A dash in these columns means no, or nothing sold; and a date or a yes that is an error is none.
CON_NADA_PROPIA: Final = frozenset({"activo", "total"})


def _celda(celda: str, campo: str, motivos: list[str]) -> str:
    """Return the text of a cell; "" when it has no value, with the reason if that is an error of the spreadsheet's."""
    text = valores.texto(celda)
    if text and campo not in CON_NADA_PROPIA and es_nada(text, dicha=campo in {"telefono", "otro_telefono"}):
        return ""
    suelto = campo == "etiquetas"
    if es_error(text, suelto=suelto):
        motivos.append(ES_ERROR.format(valor=text[:30], campo=columnas.ETIQUETA_DE[campo]))
    elif text.startswith("=") and FORMULA.match(text) and celda.lstrip().startswith("="):
        motivos.append(ES_FORMULA.format(valor=text[:30], campo=columnas.ETIQUETA_DE[campo]))
    else:
        return text
    return ""


def _cliente(raw: dict[str, str], plan: Plan, motivos: list[str]) -> dict[str, Any]:
    datos: dict[str, Any] = {}
    _into_text(datos, "nombre", _nombre, raw, motivos)
    _into_text(datos, "documento", _documento, raw, motivos)
    relleno = "documento" not in datos and ficha.es_relleno(raw.get("documento", ""))
    _bounded(datos, {"nombre": NOMBRE_MAX, "documento": DOCUMENTO_MAX}, motivos)
    if "nombre" not in datos and plan.clave == Importacion.Clave.NINGUNA:
        motivos.append(FALTA_NOMBRE)
    e164 = _telefono(_celda_del_telefono(raw, datos), plan, datos, motivos)
    if plan.clave == Importacion.Clave.DOCUMENTO and "documento" not in datos:
        motivos.append(FALTA_DOCUMENTO)
        if relleno:
            motivos.append(ES_RELLENO.format(valor=raw["documento"][:30]))
    elif relleno:
        datos[SIN_DOCUMENTO] = NO_SE_TOMO.format(valor=raw["documento"][:30])
    if plan.clave == Importacion.Clave.TELEFONO and not e164 and not motivos:
        motivos.append(FALTA_TELEFONO)
    if raw.get("activo"):
        _into(datos, "activo", valores.activo, raw["activo"], motivos)
    _consentimiento(raw, plan, datos, motivos)
    if tags := valores.etiquetas(raw.get("etiquetas", "")):
        if len(max(tags, key=len)) > ETIQUETA_MAX:
            motivos.append(MUY_LARGO.format(campo="Etiquetas", maximo=ETIQUETA_MAX))
        if len(tags) > ETIQUETAS_MAX:
            motivos.append(MUCHAS_ETIQUETAS)
        datos["etiquetas"] = tags
    if plan.etiqueta and plan.etiqueta.lower() not in map(str.lower, tags):
        datos["etiquetas"] = [*tags, plan.etiqueta]
    return datos


def _nombre(raw: Mapping[str, str]) -> str:
    """Return the name with the surnames of another column, if it does not end in them."""
    nombre, apellidos = ficha.nombre(raw.get("nombre", "")), ficha.nombre(raw.get("apellidos", ""))
    has_both = f" {nombre}".casefold().endswith(f" {apellidos}".casefold())
    return nombre if has_both or not apellidos else f"{nombre} {apellidos}".strip()


def _documento(raw: Mapping[str, str]) -> str:
    return ficha.documento(raw.get("documento", ""))


def _into_text(
    datos: dict[str, Any],
    campo: str,
    read: Callable[[Mapping[str, str]], str],
    raw: Mapping[str, str],
    motivos: list[str],
) -> None:
    """Put a text that is not empty into the data, or the reason why it cannot be read."""
    try:
        text = read(raw)
    except InvalidInputError as error:
        motivos.append(error.message)
    else:
        if text:
            datos[campo] = text


def _consentimiento(raw: dict[str, str], plan: Plan, datos: dict[str, Any], motivos: list[str]) -> None:
    """Put the source and the date of the consent into the data, both or neither, and what the file has of its proof."""
    fuente = raw.get("consentimiento_fuente", "")
    if "consentimiento_fuente" not in plan.columnas and raw.get("consentimiento_en"):
        fuente = FUENTE_ARCHIVO
    prueba: dict[str, Any] = {campo: raw[campo] for campo in consentimiento.EN_UNA_LINEA if raw.get(campo)}
    bounds = {"fuente": FUENTE_MAX, "texto": TEXTO_MAX, "lugar": LUGAR_MAX}
    said = {"fuente": fuente, **{campo.removeprefix("consentimiento_"): valor for campo, valor in prueba.items()}}
    _bounded(
        {f"{campo} del consentimiento": valor for campo, valor in said.items()},
        {f"{campo} del consentimiento": bound for campo, bound in bounds.items()},
        motivos,
    )
    dia: date | None = None
    try:
        if raw.get("consentimiento_medio"):
            prueba["consentimiento_medio"] = valores.medio(raw["consentimiento_medio"])
        if raw.get("consentimiento_en"):
            momento = timezone.localtime(valores.fecha(raw["consentimiento_en"]))
            dia = momento.date()
            if momento.time() != time():
                prueba["consentimiento_hora"] = momento.time().replace(microsecond=0)
    except InvalidCellError as error:
        motivos.append(error.motivo)
        return
    try:
        consentimiento.validar(fuente, dia, prueba)
    except InvalidInputError as error:
        motivos.append(error.message)
    if dia is not None:
        datos["consentimiento_en"], datos["consentimiento_fuente"] = dia.isoformat(), fuente
        datos.update({campo: str(valor) for campo, valor in prueba.items()})


def _celda_del_telefono(raw: Mapping[str, str], datos: dict[str, Any]) -> str:
    """Return the cell to take the phone from: the other column's when it alone has a mobile, and that is said."""
    first, other = raw.get("telefono", ""), raw.get("otro_telefono", "")
    if not other or phones.read(first).mobile or not phones.read(other).mobile:
        return first
    if any(reading.mobile for _, reading in phones.several(first)):
        return first
    if first:
        datos["dicho"] = OTRA_COLUMNA.format(valor=other[:30], primero=first[:30])
    return other


def _telefono(raw: str, plan: Plan, datos: dict[str, Any], motivos: list[str]) -> str:
    """Put the phone into the data and return its E.164. Of several the first mobile is taken, and it is said."""
    text = ficha.telefono(raw)
    if not text:
        return ""
    reading = phones.read(text)
    if not reading.e164 and (several := phones.several(raw)):
        taken = next(((part, read) for part, read in several if read.mobile), None)
        if taken:
            text, reading = ficha.telefono(taken[0]), taken[1]
            datos["dicho"] = VARIOS_TELEFONOS.format(n=len(several), valor=taken[0])
        else:
            motivos.append(VARIOS_SIN_CELULAR.format(n=len(several)))
            return ""
    if not reading.e164 and not plan.telefono_invalido:
        motivo = TELEFONO_CIENTIFICO if CIENTIFICO.fullmatch(raw) else TELEFONO_INVALIDO
        motivos.append(motivo.format(valor=raw[:30]))
    elif len(text) > ficha.TELEFONO_MAX:
        motivos.append(MUY_LARGO.format(campo="Teléfono", maximo=ficha.TELEFONO_MAX))
    datos["telefono"] = text
    datos["e164"], datos["movil"], datos["pais"] = reading.e164, reading.mobile, reading.country
    return reading.e164


def _venta(raw: dict[str, str], plan: Plan, motivos: list[str]) -> dict[str, Any]:
    datos: dict[str, Any] = {}
    if referencia := raw.get("referencia"):
        # 1021.0 of pandas is the sale 1021, or the next import would bring it again.
        datos["referencia"] = REFERENCIA_DECIMAL.sub(r"\1", referencia)
    _into_text(datos, "documento", _documento, raw, motivos)
    _bounded(datos, {"documento": DOCUMENTO_MAX, "referencia": REFERENCIA_MAX}, motivos)
    if "referencia" not in datos:
        motivos.append(FALTA_REFERENCIA)
    if e164 := phones.to_e164(raw.get("telefono", "")):
        datos["e164"] = e164
    elif "documento" not in datos:
        motivos.append(TELEFONO_INVALIDO.format(valor=raw["telefono"][:30]) if raw.get("telefono") else FALTA_CLIENTE)
    if raw.get("fecha"):
        _into(datos, "fecha", lambda v: valores.fecha(v).isoformat(), raw["fecha"], motivos)
    if raw.get("total"):
        _into(datos, "total", lambda v: str(valores.total(v)), raw["total"], motivos)
    else:
        motivos.append(FALTA_TOTAL)
    return datos


def _bounded(datos: Mapping[str, str], bounds: Mapping[str, int], motivos: list[str]) -> None:
    for campo, maximo in bounds.items():
        if len(datos.get(campo, "")) > maximo:
            motivos.append(MUY_LARGO.format(campo=campo.capitalize(), maximo=maximo))


def _into(datos: dict[str, Any], campo: str, read: Callable[[str], Any], raw: str, motivos: list[str]) -> None:
    try:
        datos[campo] = read(raw)
    except InvalidCellError as error:
        motivos.append(error.motivo)
