"""Importing what the register answered, with its evidence."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from clientes.importacion.limites import BYTES_MAX, DEMASIADO_GRANDE, UnreadableFileError
from clientes.models import ConsultaRNE, NumeroRNE
from clientes.rne import numeros
from clientes.rne.numeros import Numeros
from clientes.rne.selectors import ultima_consulta
from clientes.signals import exclusiones_cambiaron
from core.dates import FECHA_LEJANA, de_este_mundo
from core.errors import InvalidInputError
from core.models import Usuario
from core.text import formato

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

BATCH = 20_000
EN_EL_FUTURO = "La consulta no puede ser de una fecha que no ha llegado."
MAS_VIEJA = "Ya hay una consulta más nueva, del {ultima}: esta no la puede reemplazar. Súmela a lo que hay."
VACIA = "No hay ningún número."


def importar_archivo(
    *, usuario: Usuario, subido: "UploadedFile[Any]", consultado_en: date, reemplaza: bool
) -> ConsultaRNE:
    """Exclude the numbers of a file.

    Args:
        usuario: the admin who does it.
        consultado_en: when the register was asked.
        reemplaza: forget the numbers of earlier consultations.

    Raises:
        InvalidInputError: the file cannot be read, the date is to come, or what it would replace is newer.
    """
    if (subido.size or 0) > BYTES_MAX:
        raise UnreadableFileError(DEMASIADO_GRANDE)
    digest = hashlib.sha256()
    for chunk in subido.chunks():
        digest.update(chunk)
    name = PurePath((subido.name or "").replace("\0", "")).name[-200:] or "archivo"
    found = numeros.de_archivo(subido.file)  # type: ignore[arg-type] # always binary here
    return _importar(usuario, found, name, digest.hexdigest(), consultado_en, reemplaza=reemplaza)


def importar_lista(*, usuario: Usuario, telefonos: Sequence[str], consultado_en: date, reemplaza: bool) -> ConsultaRNE:
    """Exclude these numbers. See `importar_archivo`."""
    digest = hashlib.sha256("\n".join(telefonos).encode()).hexdigest()
    return _importar(usuario, numeros.de_lista(telefonos), "", digest, consultado_en, reemplaza=reemplaza)


@transaction.atomic
def _importar(
    usuario: Usuario, found: Numeros, archivo: str, sha256: str, consultado_en: date, *, reemplaza: bool
) -> ConsultaRNE:
    if consultado_en > timezone.localdate():
        raise InvalidInputError(EN_EL_FUTURO, field="consultado_en", code="invalid")
    if not de_este_mundo.holds(consultado_en):
        raise InvalidInputError(FECHA_LEJANA, field="consultado_en", code="invalid")
    ultima = ultima_consulta(usuario.tenant_id)
    if reemplaza and ultima is not None and consultado_en < ultima:
        text = MAS_VIEJA.format(ultima=formato.dia(ultima))
        raise InvalidInputError(text, field="consultado_en", code="invalid")
    if not found.telefonos:
        raise InvalidInputError(VACIA, field="archivo" if archivo else "numeros", code="empty")
    consulta = ConsultaRNE.objects.create(
        usuario_id=usuario.tenant_id,
        quien=usuario,
        consultado_en=consultado_en,
        archivo=archivo,
        sha256=sha256,
        numeros=len(found.telefonos),
        ilegibles=found.ilegibles,
        reemplaza=reemplaza,
    )
    for part in _parts(list(found.telefonos)):
        _insert(consulta, part)
    if reemplaza:  # whoever stands in both stays, with the day on which they first did
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
