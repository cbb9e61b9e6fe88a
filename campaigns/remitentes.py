"""Senders of a shop's own."""

from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet

from campaigns.models import Remitente
from campaigns.programaciones.uso import cuidar_remitente
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.senders import INVALIDO, NO_LIMIT, kind_of

VALOR_REPETIDO = "Ya tiene un remitente con ese valor."
VALOR_FIJO = "El valor de un remitente no cambia: cree otro, y desactive este."
NO_ESTA = "El remitente que eligió ya no está disponible: elija otro."
EN_USO = "No se puede eliminar: hay campañas que salieron de este remitente. Desactívelo, y no se ofrecerá más."


def remitentes_de(usuario: Usuario) -> QuerySet[Remitente]:
    return Remitente.objects.filter(usuario_id=usuario.tenant_id)


def duracion(remitente: Remitente | None, *, segmentos: int) -> float | None:
    """Seconds that so many segments take at least at the sender's rate; None when it has no limit.

    Args:
        remitente: None for the installation's sender.
    """
    ritmo = settings.SENDER_SEGMENTS_PER_S if remitente is None else float(remitente.segmentos_por_segundo or NO_LIMIT)
    return segmentos / ritmo if ritmo else None


def elegido(usuario: Usuario, pk: int) -> Remitente | None:
    """The sender chosen in a form; None for 0, the installation's.

    Raises:
        InvalidInputError: it is not the shop's, or no longer offered.
    """
    if not pk:
        return None
    found = remitentes_de(usuario).filter(activo=True, pk=pk).first()
    if found is None:
        raise InvalidInputError(NO_ESTA, field="remitente", code="does_not_exist")
    return found


def crear_remitente(
    *,
    usuario: Usuario,
    nombre: str,
    valor: str,
    segmentos_por_segundo: Decimal | None = None,
    activo: bool = True,
) -> Remitente:
    """Add a sender.

    Args:
        usuario: an admin.
        valor: as in `core.senders`; of the installation's Twilio account, or Twilio will refuse to send from it.
        segmentos_por_segundo: of all its campaigns together; None for no limit.

    Raises:
        InvalidInputError: it is no sender, or the shop has it already.
    """
    if kind_of(valor) is None:
        raise InvalidInputError(INVALIDO, field="valor", code="invalid")
    try:
        with transaction.atomic():
            return Remitente.objects.create(
                usuario_id=usuario.tenant_id,
                nombre=nombre,
                valor=valor,
                segmentos_por_segundo=segmentos_por_segundo,
                activo=activo,
            )
    except IntegrityError as error:
        raise InvalidInputError(VALOR_REPETIDO, field="valor", code="unique") from error


def eliminar_remitente(*, remitente: Remitente) -> None:
    """Raises:
    ConflictError: a campaign or a programación has it.
    """
    cuidar_remitente(remitente)
    try:
        remitente.delete()
    except ProtectedError as error:
        raise ConflictError(EN_USO, code="in_use") from error
