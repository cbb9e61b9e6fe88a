"""Importing what the register answered, with its evidence."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from clientes.importacion import archivo as archivos
from clientes.importacion.formato import es_xlsx
from clientes.importacion.limites import BYTES_MAX, DEMASIADO_GRANDE, UnreadableFileError
from clientes.importacion.services import TAREA, exigir_lugar, nombre_de
from clientes.models import ConsultaRNE, Importacion, NumeroRNE
from clientes.rne import numeros
from clientes.rne.numeros import Numeros
from clientes.rne.selectors import ultima_consulta
from clientes.signals import exclusiones_cambiaron
from core.dates import FECHA_LEJANA, de_este_mundo
from core.errors import InvalidInputError
from core.models import Usuario
from core.nudges import nudge
from core.registro import Tipo, anotar
from core.text import formato

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

BATCH = 20_000
# Bytes of a file that is read while the person waits: some 20,000 numbers. A workbook is packed about fourfold.
TEXTO_EN_EL_ACTO: Final = 256 * 1024
LIBRO_EN_EL_ACTO: Final = 64 * 1024
EN_EL_FUTURO = "La consulta no puede ser de una fecha que no ha llegado."
MAS_VIEJA = "Ya hay una consulta más nueva, del {ultima}: esta no la puede reemplazar. Súmela a lo que hay."
VACIA = "No hay ningún número."


@dataclass(frozen=True, slots=True)
class Pedido:
    """A person's word about a consultation.

    Args:
        quien: id of the admin who brings it.
        consultado_en: when the register was asked.
        reemplaza: forget the numbers of earlier consultations.
    """

    quien: int
    consultado_en: date
    reemplaza: bool

    def as_stored(self) -> dict[str, Any]:
        return {"quien": self.quien, "consultado_en": str(self.consultado_en), "reemplaza": self.reemplaza}

    @classmethod
    def guardado(cls, stored: Mapping[str, Any]) -> "Pedido":
        """Make it from what `as_stored` gave."""
        return cls(stored["quien"], date.fromisoformat(stored["consultado_en"]), stored["reemplaza"])


def traer(
    *, usuario: Usuario, subido: "UploadedFile[Any]", consultado_en: date, reemplaza: bool
) -> ConsultaRNE | Importacion:
    """Exclude the numbers of a file: at once if it is small, by a worker if it is not.

    Args:
        usuario: the admin who does it.
        consultado_en: when the register was asked.
        reemplaza: forget the numbers of earlier consultations.

    Returns:
        The consultation, or the import that a worker has to do.

    Raises:
        InvalidInputError: the file is none that could be read, the date is to come, or what it would replace is newer.
    """
    size = subido.size or 0
    if size <= LIBRO_EN_EL_ACTO or (size <= TEXTO_EN_EL_ACTO and not es_xlsx(subido.file)):  # type: ignore[arg-type] # always binary here
        return importar_archivo(usuario=usuario, subido=subido, consultado_en=consultado_en, reemplaza=reemplaza)
    if size > BYTES_MAX:
        raise UnreadableFileError(DEMASIADO_GRANDE)
    pedido = Pedido(usuario.pk, consultado_en, reemplaza)
    validar(usuario, pedido)
    es_xlsx(subido.file)  # type: ignore[arg-type] # likewise; refuses what is no table at all
    with transaction.atomic():
        exigir_lugar(usuario)
        importacion = Importacion.objects.create(
            usuario_id=usuario.tenant_id,
            tipo=Importacion.Tipo.RNE,
            estado=Importacion.Estado.PENDIENTE,
            archivo=nombre_de(subido),
            pedido=pedido.as_stored(),
        )
        subido.seek(0)
        archivos.guardar(importacion, subido.chunks())
        anotar(Tipo.IMPORTACION, detalle=f"rne: {importacion.archivo}")
        nudge(TAREA)
    return importacion


def importar_archivo(
    *, usuario: Usuario, subido: "UploadedFile[Any]", consultado_en: date, reemplaza: bool
) -> ConsultaRNE:
    """Exclude the numbers of a file now. See `traer`."""
    if (subido.size or 0) > BYTES_MAX:
        raise UnreadableFileError(DEMASIADO_GRANDE)
    digest = hashlib.sha256()
    for chunk in subido.chunks():
        digest.update(chunk)
    found = numeros.de_archivo(subido.file)  # type: ignore[arg-type] # always binary here
    pedido = Pedido(usuario.pk, consultado_en, reemplaza)
    return guardar(usuario, found, pedido, archivo=nombre_de(subido), sha256=digest.hexdigest())


def importar_lista(*, usuario: Usuario, telefonos: Sequence[str], consultado_en: date, reemplaza: bool) -> ConsultaRNE:
    """Exclude these numbers. See `traer`."""
    digest = hashlib.sha256("\n".join(telefonos).encode()).hexdigest()
    pedido = Pedido(usuario.pk, consultado_en, reemplaza)
    return guardar(usuario, numeros.de_lista(telefonos), pedido, archivo="", sha256=digest)


def validar(usuario: Usuario, pedido: Pedido) -> None:
    """Check the date of a consultation.

    Raises:
        InvalidInputError: it is to come, of no such year, or older than what it would replace.
    """
    if pedido.consultado_en > timezone.localdate():
        raise InvalidInputError(EN_EL_FUTURO, field="consultado_en", code="invalid")
    if not de_este_mundo.holds(pedido.consultado_en):
        raise InvalidInputError(FECHA_LEJANA, field="consultado_en", code="invalid")
    ultima = ultima_consulta(usuario.tenant_id)
    if pedido.reemplaza and ultima is not None and pedido.consultado_en < ultima:
        text = MAS_VIEJA.format(ultima=formato.dia(ultima))
        raise InvalidInputError(text, field="consultado_en", code="invalid")


@transaction.atomic
def guardar(usuario: Usuario, found: Numeros, pedido: Pedido, *, archivo: str, sha256: str) -> ConsultaRNE:
    """Keep a consultation and exclude its numbers.

    Args:
        archivo: its name; "" when the numbers came through the API.
        sha256: of the file's bytes, or of the numbers one in each line.

    Raises:
        InvalidInputError: as `validar`, or there is no number.
    """
    validar(usuario, pedido)
    if not found.telefonos:
        raise InvalidInputError(VACIA, field="archivo" if archivo else "numeros", code="empty")
    consulta = ConsultaRNE.objects.create(
        usuario_id=usuario.tenant_id,
        quien=usuario,
        consultado_en=pedido.consultado_en,
        archivo=archivo,
        sha256=sha256,
        numeros=len(found.telefonos),
        ilegibles=found.ilegibles,
        repetidos=found.repetidas,
        titulos=found.titulos,
        filas=found.filas,
        reemplaza=pedido.reemplaza,
    )
    for part in _parts(list(found.telefonos)):
        _insert(consulta, part)
    if pedido.reemplaza:  # whoever stands in both stays, with the day on which they first did
        NumeroRNE.objects.filter(usuario_id=usuario.tenant_id).exclude(consulta=consulta).delete()
    exclusiones_cambiaron.send(ConsultaRNE, usuario_id=usuario.tenant_id)
    return consulta


def _parts(telefonos: Sequence[str]) -> Iterable[Sequence[str]]:
    return (telefonos[start : start + BATCH] for start in range(0, len(telefonos), BATCH))


def _insert(consulta: ConsultaRNE, telefonos: Sequence[str]) -> None:
    # Sorted, so that two imports at once do not wait for each other in a circle.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clientes_numerorne (usuario_id, telefono, consulta_id, desde) SELECT %s, t, %s, %s"
            " FROM unnest(%s::text[]) t ORDER BY t"
            " ON CONFLICT (usuario_id, telefono) DO UPDATE SET consulta_id = EXCLUDED.consulta_id,"
            " desde = least(clientes_numerorne.desde, EXCLUDED.desde)",
            [consulta.usuario_id, consulta.pk, consulta.consultado_en, list(telefonos)],
        )
