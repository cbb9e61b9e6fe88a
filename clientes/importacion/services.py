"""Services for a person's import: upload, say how to read it, start, take the good rows after all, throw away."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from clientes.importacion import archivo, columnas, lectura
from clientes.importacion.filas import ETIQUETA_MAX
from clientes.importacion.lectura import Eleccion, Examen
from clientes.importacion.limites import (
    ARCHIVOS_MAX,
    BYTES_MAX,
    DEMASIADO_GRANDE,
    MUCHOS_ARCHIVOS,
    UnreadableFileError,
)
from clientes.importacion.opciones import Opciones
from clientes.models import Importacion, ImportacionTrozo
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.nudges import nudge
from core.registro import Tipo, anotar

TAREA: Final = "workers.importar_clientes"

YA_EMPEZO = "Esta importación ya empezó."
NO_SE_PUEDE = "Esta importación ya terminó."
SIN_COLUMNA = "Elija la columna de «{campo}»."
OTRA_COLUMNA = "La columna {columna} no existe en el archivo."
COLUMNA_DOBLE = "La columna {columna} está elegida dos veces."
ETIQUETA_LARGA = f"La etiqueta puede tener hasta {ETIQUETA_MAX} caracteres."
CLAVE_AJENA = "No se puede buscar «{clave}» en este tipo de archivo."


def importaciones_de(usuario: Usuario) -> QuerySet[Importacion]:
    """The shop's files of clients and sales. Those of the register have a page of their own."""
    return Importacion.objects.filter(usuario_id=usuario.tenant_id).exclude(tipo=Importacion.Tipo.RNE)


@transaction.atomic
def subir(*, usuario: Usuario, tipo: str, subido: "UploadedFile[Any]") -> Importacion:
    """Store an uploaded file with a guess of how to read it. Nothing is imported yet.

    Raises:
        UnreadableFileError: with the reason.
    """
    if (subido.size or 0) > BYTES_MAX:
        raise UnreadableFileError(DEMASIADO_GRANDE)
    exigir_lugar(usuario)
    examen = lectura.examinar(subido.file, tipo=tipo)  # type: ignore[arg-type] # always binary here
    importacion = Importacion.objects.create(
        usuario_id=usuario.tenant_id,
        tipo=tipo,
        archivo=nombre_de(subido),
        **_leido(tipo, examen),
    )
    subido.seek(0)
    archivo.guardar(importacion, subido.chunks())
    return importacion


def exigir_lugar(usuario: Usuario) -> None:
    """Refuse a file of a shop that has too many waiting.

    Raises:
        UnreadableFileError: it has.
    """
    kept = ImportacionTrozo.objects.filter(importacion=OuterRef("pk"))
    if Importacion.objects.filter(Exists(kept), usuario_id=usuario.tenant_id).count() >= ARCHIVOS_MAX:
        raise UnreadableFileError(MUCHOS_ARCHIVOS)


def nombre_de(subido: "UploadedFile[Any]") -> str:
    """Return the name of an uploaded file, without folders."""
    return PurePath((subido.name or "").replace("\0", "")).name[-200:] or "archivo"


def _leido(tipo: str, examen: Examen) -> dict[str, Any]:
    """Return the fields of an import that say how its file is read."""
    con_titulos = columnas.tiene_titulos(examen.muestra[0])
    found = columnas.adivinar(examen.muestra[0], tipo) if con_titulos else {}
    return {
        "formato": examen.formato.as_stored(),
        "muestra": examen.muestra,
        "examen": examen.hechos.as_stored(),
        "con_titulos": con_titulos,
        "columnas": found,
        "clave": _clave(tipo, found),
        "filas": max(0, examen.hechos.filas - con_titulos),
    }


def releer(*, importacion: Importacion, eleccion: Eleccion) -> None:
    """Read the file in another way: another sheet, charset or row of titles. Its columns are guessed again.

    Raises:
        UnreadableFileError: it cannot be read so; nothing changes.
        ConflictError: it was started.
    """
    if importacion.estado != Importacion.Estado.POR_CONFIRMAR:
        raise ConflictError(YA_EMPEZO)
    with archivo.abrir(importacion) as file:
        examen = lectura.examinar(file, tipo=importacion.tipo, eleccion=eleccion)
    moved = Importacion.objects.filter(pk=importacion.pk, estado=Importacion.Estado.POR_CONFIRMAR).update(
        **_leido(importacion.tipo, examen)
    )
    if not moved:
        raise ConflictError(YA_EMPEZO)


def _clave(tipo: str, found: Mapping[str, int]) -> Importacion.Clave:
    if tipo == Importacion.Tipo.VENTAS:
        return Importacion.Clave.REFERENCIA
    return (
        Importacion.Clave.DOCUMENTO if "documento" in found or "telefono" not in found else Importacion.Clave.TELEFONO
    )


def necesarias(tipo: str, clave: str) -> Sequence[columnas.Campo]:
    """The fields without which no row could be taken. A new client also needs a name, one that is known does not."""
    if tipo == Importacion.Tipo.VENTAS:
        return (columnas.REFERENCIA, columnas.TOTAL)
    return {
        Importacion.Clave.DOCUMENTO: (columnas.DOCUMENTO,),
        Importacion.Clave.TELEFONO: (columnas.TELEFONO,),
        Importacion.Clave.NINGUNA: (columnas.NOMBRE,),
    }[Importacion.Clave(clave)]


def validar(importacion: Importacion, opciones: Opciones) -> None:
    """Check that the choice makes sense for the import.

    Raises:
        InvalidInputError: the choice makes no sense, with the field.
    """
    campos = {campo.nombre: campo for campo in columnas.CAMPOS[Importacion.Tipo(importacion.tipo)]}
    claves = [Importacion.Clave.REFERENCIA] if importacion.tipo == "ventas" else list(Importacion.Clave)[:3]
    if opciones.clave not in claves:
        raise InvalidInputError(CLAVE_AJENA.format(clave=opciones.clave), field="clave")
    if len(opciones.etiqueta) > ETIQUETA_MAX:
        raise InvalidInputError(ETIQUETA_LARGA, field="etiqueta", code="max_length")
    width, used = len(importacion.muestra[0]), set()
    for nombre, place in opciones.columnas.items():
        if nombre not in campos or not 0 <= place < width:
            raise InvalidInputError(OTRA_COLUMNA.format(columna=place + 1), field=f"columnas.{nombre}")
        if place in used:
            raise InvalidInputError(COLUMNA_DOBLE.format(columna=place + 1), field=f"columnas.{nombre}")
        used.add(place)
    for campo in necesarias(importacion.tipo, opciones.clave):
        if campo.nombre not in opciones.columnas:
            raise InvalidInputError(SIN_COLUMNA.format(campo=campo.etiqueta), field=f"columnas.{campo.nombre}")
    if importacion.tipo == "ventas" and not {"documento", "telefono"} & opciones.columnas.keys():
        raise InvalidInputError(SIN_COLUMNA.format(campo="Documento» o la de «Teléfono"), field="columnas.documento")


def empezar(*, importacion: Importacion, opciones: Opciones) -> None:
    """Hand the import to the workers.

    Raises:
        InvalidInputError: the choice makes no sense.
        ConflictError: it was started already.
    """
    validar(importacion, opciones)
    filas = importacion.filas + importacion.con_titulos - opciones.con_titulos
    with transaction.atomic():
        moved = Importacion.objects.filter(pk=importacion.pk, estado=Importacion.Estado.POR_CONFIRMAR).update(
            estado=Importacion.Estado.PENDIENTE,
            columnas=dict(opciones.columnas),
            con_titulos=opciones.con_titulos,
            clave=opciones.clave,
            modo=opciones.modo,
            telefono_invalido=opciones.telefono_invalido,
            sin_ocultas=opciones.sin_ocultas,
            etiqueta=opciones.etiqueta if importacion.tipo == Importacion.Tipo.CLIENTES else "",
            filas=max(0, filas),
        )
        if not moved:
            raise ConflictError(YA_EMPEZO)
        anotar(Tipo.IMPORTACION, detalle=f"{importacion.tipo}: {importacion.archivo}")
        nudge(TAREA)


def importar_buenas(*, importacion: Importacion) -> None:
    """Take the good rows of an import of which nothing was taken because of the bad ones.

    Raises:
        ConflictError: it is not such an import, or not any more.
    """
    with transaction.atomic():
        moved = Importacion.objects.filter(pk=importacion.pk, estado=Importacion.Estado.RECHAZADA).update(
            estado=Importacion.Estado.PENDIENTE, modo=Importacion.Modo.BUENAS, terminada_en=None
        )
        if not moved:
            raise ConflictError(NO_SE_PUEDE)
        nudge(TAREA)


def descartar(*, importacion: Importacion) -> None:
    """Throw away a file that was not imported.

    Raises:
        ConflictError: it was started.
    """
    deleted, _ = Importacion.objects.filter(pk=importacion.pk, estado=Importacion.Estado.POR_CONFIRMAR).delete()
    if not deleted:
        raise ConflictError(YA_EMPEZO)
