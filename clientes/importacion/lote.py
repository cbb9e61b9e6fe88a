"""Many clients that a program gives in one call: read one by one, merged as a file's rows are, in one transaction."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, time, timedelta
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from django.utils import timezone

from clientes import consentimiento, ficha, phones
from clientes.importacion import fusion_clientes
from clientes.importacion.filas import (
    DOCUMENTO_MAX,
    ETIQUETAS_MAX,
    FALTA_DOCUMENTO,
    FALTA_TELEFONO,
    MUCHAS_ETIQUETAS,
    MUY_LARGO,
    SIN_DOCUMENTO,
    TELEFONO_INVALIDO,
)
from clientes.importacion.fusion import candado, sin_bucles
from clientes.models import FUENTE_MAX, LUGAR_MAX, NOMBRE_MAX, TEXTO_MAX, Importacion, LoteClientes, Medio
from clientes.selectors import etiquetas_de
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency, reutilizada
from core.models import Usuario
from core.text.limpio import limpio

T = TypeVar("T")
MAXIMO: Final = 10_000
DESCONOCIDOS_MAX: Final = 5  # unknown fields that are told of in a row
PARECIDOS_MAX: Final = 20  # names for which a call looks for one that is like it: each takes 0.1 ms
GUARDAR: Final = timedelta(days=1)  # the answer of a call with a key
CAMPOS: Final = (
    "nombre", "telefono", "documento", "activo", "etiquetas", *consentimiento.CAMPOS,
)  # fmt: skip
LARGOS: Final = {
    "nombre": NOMBRE_MAX, "documento": DOCUMENTO_MAX, "telefono": ficha.TELEFONO_MAX,
    "consentimiento_fuente": FUENTE_MAX, "consentimiento_texto": TEXTO_MAX, "consentimiento_lugar": LUGAR_MAX,
}  # fmt: skip
FECHA: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
HORA: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
MEDIO: Final = re.compile(r"[a-z]{1,20}")
FALTA: Final = {"documento": FALTA_DOCUMENTO, "telefono": FALTA_TELEFONO}

NO_EXISTE = "Este campo no existe."
QUISO_DECIR = "Este campo no existe. ¿Quiso decir «{otro}»?"
NO_ES_TEXTO = "Escríbalo entre comillas: es un texto."
CON_NULO = "Tiene un carácter nulo."
NO_ES_SI_O_NO = "Es true o false, sin comillas."
NO_SON_IDS = "Es una lista de ids de etiquetas."
NO_EXISTEN = "No existen etiquetas con estos ids: {ids}."
NO_ES_FECHA = "Escriba la fecha como 2026-03-15."
NO_ES_HORA = "Escriba la hora como 16:20."
NO_ES_MEDIO = f"Es uno de: {', '.join(Medio)}."
OTRO_GUARDA = "Otra carga está escribiendo en los clientes de la tienda: intente de nuevo en unos segundos."
REPETIDA = "repeated"
DUDOSA = "ambiguous"


class Resultado:
    """The verdicts on a row."""

    CREADO: Final = "creado"
    ACTUALIZADO: Final = "actualizado"
    SIN_CAMBIOS: Final = "sin_cambios"
    RECHAZADO: Final = "rechazado"
    TODOS: Final = (CREADO, ACTUALIZADO, SIN_CAMBIOS, RECHAZADO)


@dataclass(frozen=True, slots=True)
class ErrorDeFila:
    """A reason why a row is not taken, in the words of the API's errors; `attr` is the field."""

    code: str
    detail: str
    attr: str


# A row as the merge takes it, and what is wrong with it.
Leida = tuple[dict[str, Any], list[ErrorDeFila]]


@dataclass(slots=True)
class Veredicto:
    """The verdict on one row.

    Args:
        indice: its place in the call's list, from 0.
        id: the client's; None when it was not taken.
        aviso: what was left out of a row that is taken, and who else has its phone.
    """

    indice: int
    id: int | None
    resultado: str
    errores: list[ErrorDeFila] = field(default_factory=list)
    aviso: str = ""


class LoteRechazadoError(Exception):
    """All or nothing was asked for, and some row is bad: nothing was written.

    Args:
        malas: the verdicts on the bad rows.
    """

    def __init__(self, malas: Sequence[Veredicto]) -> None:
        super().__init__(f"{len(malas)} rows are bad")
        self.malas = malas


def guardar(
    *,
    usuario: Usuario,
    clave: str,
    filas: Sequence[Mapping[str, Any]],
    todo_o_nada: bool,
    idempotency: Idempotency | None = None,
) -> dict[str, Any]:
    """Create or change many clients. What a row does not say, or says empty, stays as it is; tags are added.

    Args:
        usuario: somebody of the shop.
        clave: `documento` or `telefono`, by which a row finds the client that is already there.
        filas: MAXIMO rows at most, each with some of CAMPOS, as JSON gives them.
        todo_o_nada: write nothing if a row is bad; else the good ones.
        idempotency: of the call.

    Returns:
        The answer: how many clients were `creados`, `actualizados`, `sin_cambios` and `rechazados`, and `filas`.

    Raises:
        ConflictError: the key came with another call before, or other rows are being written into the shop's clients.
        LoteRechazadoError: with `todo_o_nada`, if a row is bad.
    """
    leidas = _leer(usuario, clave, filas)
    with transaction.atomic():
        if not candado(usuario.tenant_id, espera=False):
            raise ConflictError(OTRO_GUARDA, code="busy")
        if idempotency and (hecho := _hecho(usuario.tenant_id, idempotency)):
            return hecho
        veredictos = _fusionar(usuario, clave, leidas, todo_o_nada=todo_o_nada)
        answer = _respuesta(veredictos)
        if idempotency:
            LoteClientes.objects.create(
                usuario_id=usuario.tenant_id, clave=idempotency.key, huella=idempotency.hash, respuesta=answer
            )
    return answer


def limpiar() -> int:
    """Forget the answers that nobody will ask for again; how many."""
    deleted, _ = LoteClientes.objects.filter(creado__lt=timezone.now() - GUARDAR).delete()
    return deleted


def _hecho(tenant_id: int, idempotency: Idempotency) -> dict[str, Any] | None:
    known = LoteClientes.objects.filter(usuario_id=tenant_id, clave=idempotency.key).first()
    if known is None:
        return None
    if known.creado < timezone.now() - GUARDAR:
        known.delete()
        return None
    if known.huella != idempotency.hash:
        raise reutilizada()
    answer: dict[str, Any] = known.respuesta
    return answer


def _leer(usuario: Usuario, clave: str, filas: Sequence[Mapping[str, Any]]) -> list[Leida]:
    nombres = dict(etiquetas_de(usuario).values_list("pk", "nombre"))
    parecidos: dict[str, str] = {}
    return [_fila(fila, clave, nombres, parecidos) for fila in filas]


def _fila(fila: Mapping[str, Any], clave: str, nombres: Mapping[int, str], parecidos: dict[str, str]) -> Leida:
    """Read a row: what the merge takes, and what is wrong with it.

    Args:
        nombres: of the shop's tags, by their ids.
        parecidos: unknown names of the call so far, with the field's that each is like.
    """
    errores = [
        _desconocido(campo, parecidos) for campo in islice((one for one in fila if one not in CAMPOS), DESCONOCIDOS_MAX)
    ]
    datos: dict[str, Any] = {}
    textos = {campo: text for campo in LARGOS if (text := _texto(fila, campo, errores))}
    leidos, malos = ficha.leer({campo: textos[campo] for campo in ficha.CAMPOS if campo in textos})
    if clave != "documento":  # a filler is no reason to refuse who is known by the phone; it is said
        dichos = [error.message for error in malos if error.code == ficha.RELLENO]
        malos = [error for error in malos if error.code != ficha.RELLENO]
        datos |= {SIN_DOCUMENTO: dichos[0]} if dichos else {}
    errores += [ErrorDeFila(error.code, error.message, error.field or "") for error in malos]
    textos |= leidos
    for campo, maximo in LARGOS.items():
        if len(textos.get(campo, "")) > maximo:
            errores.append(ErrorDeFila("max_length", MUY_LARGO.format(campo=campo, maximo=maximo), campo))
    datos |= {campo: textos[campo] for campo in ("nombre", "documento") if textos.get(campo)}
    _telefono(textos.get("telefono", ""), datos, errores)
    _activo(fila.get("activo"), datos, errores)
    _etiquetas(fila.get("etiquetas"), nombres, datos, errores)
    _consentimiento(fila, textos, datos, errores)
    if not datos.get("e164" if clave == "telefono" else "documento") and not any(e.attr == clave for e in errores):
        errores.append(ErrorDeFila("required", FALTA[clave], clave))
    return datos, errores


def _desconocido(campo: str, parecidos: dict[str, str]) -> ErrorDeFila:
    if campo not in parecidos and len(parecidos) < PARECIDOS_MAX:
        parecidos[campo] = next(iter(get_close_matches(campo[:40], CAMPOS, n=1)), "")
    near = parecidos.get(campo)
    shown = campo[:80].replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL keeps any other character
    return ErrorDeFila("unknown_field", QUISO_DECIR.format(otro=near) if near else NO_EXISTE, shown)


def _texto(fila: Mapping[str, Any], campo: str, errores: list[ErrorDeFila]) -> str:
    value = fila.get(campo)
    if value is None:
        return ""
    if not isinstance(value, str):
        errores.append(ErrorDeFila("invalid", NO_ES_TEXTO, campo))
    elif "\0" in value:
        errores.append(ErrorDeFila("null_characters_not_allowed", CON_NULO, campo))
    else:
        return value if campo in ficha.CAMPOS else limpio(value)
    return ""


def _telefono(texto: str, datos: dict[str, Any], errores: list[ErrorDeFila]) -> None:
    if not texto:
        return
    reading = phones.read(texto)
    if not reading.e164:
        errores.append(ErrorDeFila("invalid", TELEFONO_INVALIDO.format(valor=texto[:30]), "telefono"))
    datos |= {"telefono": texto, "e164": reading.e164, "movil": reading.mobile, "pais": reading.country}


def _activo(value: Any, datos: dict[str, Any], errores: list[ErrorDeFila]) -> None:
    if isinstance(value, bool):
        datos["activo"] = value
    elif value is not None:
        errores.append(ErrorDeFila("invalid", NO_ES_SI_O_NO, "activo"))


def _etiquetas(value: Any, nombres: Mapping[int, str], datos: dict[str, Any], errores: list[ErrorDeFila]) -> None:
    if value is None:
        return
    if not isinstance(value, list) or any(type(one) is not int for one in value):
        errores.append(ErrorDeFila("invalid", NO_SON_IDS, "etiquetas"))
    elif len(value) > ETIQUETAS_MAX:
        errores.append(ErrorDeFila("max_length", MUCHAS_ETIQUETAS, "etiquetas"))
    elif missing := [one for one in value if one not in nombres]:
        text = NO_EXISTEN.format(ids=", ".join(str(one)[:20] for one in missing[:10]))
        errores.append(ErrorDeFila("does_not_exist", text, "etiquetas"))
    else:
        datos["etiquetas"] = [nombres[one] for one in value]


def _consentimiento(
    fila: Mapping[str, Any], textos: Mapping[str, str], datos: dict[str, Any], errores: list[ErrorDeFila]
) -> None:
    """Put the consent into the data: its source and its day or neither, and what the row has of its proof."""
    malos = len(errores)
    dia = _leido(fila, "consentimiento_en", FECHA, date.fromisoformat, NO_ES_FECHA, errores)
    hora = _leido(fila, "consentimiento_hora", HORA, time.fromisoformat, NO_ES_HORA, errores)
    medio = _leido(fila, "consentimiento_medio", MEDIO, Medio, NO_ES_MEDIO, errores)
    if len(errores) > malos:
        return
    fuente = textos.get("consentimiento_fuente", "")
    prueba = {campo: textos.get(campo, "") for campo in consentimiento.EN_UNA_LINEA}
    said = {"consentimiento_hora": hora, "consentimiento_medio": medio, **prueba}
    said = {campo: valor for campo, valor in said.items() if valor}
    try:
        consentimiento.validar(fuente, dia, said)
    except InvalidInputError as error:
        errores.append(ErrorDeFila(error.code, error.message, error.field or ""))
    else:
        if dia is not None:
            datos |= {"consentimiento_en": dia.isoformat(), "consentimiento_fuente": fuente}
            datos |= {campo: str(valor) for campo, valor in said.items()}


def _leido(
    fila: Mapping[str, Any],
    campo: str,
    patron: re.Pattern[str],
    read: Callable[[str], T],
    motivo: str,
    errores: list[ErrorDeFila],
) -> T | None:
    """Return the value of a text that is written in one way only; None when the row has none, or another."""
    value = fila.get(campo)
    if value is None or value == "":
        return None
    try:
        if not (isinstance(value, str) and patron.fullmatch(value)):
            raise ValueError(campo)
        return read(value)
    except ValueError:
        errores.append(ErrorDeFila("invalid", motivo, campo))
        return None


VEREDICTOS_SQL: Final = "SELECT numero, cliente_id, nueva, cambia, resultado, motivo, aviso FROM carga ORDER BY numero"


def _fusionar(usuario: Usuario, clave: str, leidas: Sequence[Leida], *, todo_o_nada: bool) -> list[Veredicto]:
    """Write the good rows, in the caller's transaction, and return the verdict on each row.

    Raises:
        LoteRechazadoError: nothing was written.
    """
    found = {
        place: Veredicto(place, None, Resultado.RECHAZADO, errores)
        for place, (_, errores) in enumerate(leidas)
        if errores
    }
    buenas = [{"numero": place, "datos": datos} for place, (datos, _) in enumerate(leidas) if place not in found]
    importacion = Importacion(usuario_id=usuario.tenant_id, clave=clave)
    sin_bucles(len(buenas))
    fusion_clientes.preparar(importacion, json.dumps(buenas, ensure_ascii=False))
    if not todo_o_nada or not (found or _hay_malas()):
        fusion_clientes.aplicar(importacion, quien_id=usuario.pk)
    with connection.cursor() as cursor:
        cursor.execute(VEREDICTOS_SQL)
        for numero, cliente_id, nueva, cambia, resultado, motivo, aviso in cursor.fetchall():
            if resultado:
                found[numero] = Veredicto(numero, None, Resultado.RECHAZADO, [_de_fusion(clave, resultado, motivo)])
            else:
                como = Resultado.CREADO if nueva else Resultado.ACTUALIZADO if cambia else Resultado.SIN_CAMBIOS
                found[numero] = Veredicto(numero, cliente_id, como, aviso=aviso)
    veredictos = [found[place] for place in range(len(leidas))]
    malas = [one for one in veredictos if one.resultado == Resultado.RECHAZADO]
    if todo_o_nada and malas:
        raise LoteRechazadoError(malas)
    return veredictos


def _hay_malas() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM carga WHERE resultado <> '')")
        return bool(cursor.fetchone()[0])


def _de_fusion(clave: str, resultado: str, motivo: str) -> ErrorDeFila:
    """Return what the merge found wrong with a row: repeated, of two clients, or new without a name."""
    if motivo == fusion_clientes.FALTA_NOMBRE:
        return ErrorDeFila("required", motivo, "nombre")
    return ErrorDeFila(REPETIDA if resultado == "repetida" else DUDOSA, motivo, clave)


def _respuesta(veredictos: Sequence[Veredicto]) -> dict[str, Any]:
    cuenta = dict.fromkeys(Resultado.TODOS, 0)
    for one in veredictos:
        cuenta[one.resultado] += 1
    return {
        "creados": cuenta[Resultado.CREADO],
        "actualizados": cuenta[Resultado.ACTUALIZADO],
        "sin_cambios": cuenta[Resultado.SIN_CAMBIOS],
        "rechazados": cuenta[Resultado.RECHAZADO],
        "filas": [asdict(one) for one in veredictos],
    }
