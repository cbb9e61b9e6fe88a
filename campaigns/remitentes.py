"""Senders: a shop's own, the installation's, and which of them a client wrote to."""

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet

from campaigns.models import CampanaSMS, Remitente
from campaigns.signals import remitente_por_eliminar
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.senders import INVALIDO, NO_LIMIT, kind_of

VALOR_REPETIDO = "Ya tiene un remitente con ese valor."
VALOR_FIJO = "El valor de un remitente no cambia: cree otro, y desactive este."
NO_ESTA = "El remitente que eligió ya no está disponible: elija otro."
EN_USO = "No se puede eliminar: hay campañas que salieron de este remitente. Desactívelo, y no se ofrecerá más."


def remitentes_de(usuario: Usuario) -> QuerySet[Remitente]:
    return Remitente.objects.filter(usuario_id=usuario.tenant_id)


def valor_de(remitente: Remitente | None) -> str:
    """What a campaign's messages come from, and what a client answers; "" without an account.

    Args:
        remitente: the campaign's; None for the installation's sender.
    """
    return remitente.valor if remitente else str(settings.TWILIO_SENDER)


def valores_de(usuario: Usuario) -> list[str]:
    """Everything that a campaign of the shop's may come from."""
    own = remitentes_de(usuario).order_by("pk").values_list("valor", flat=True)
    return list(dict.fromkeys([valor_de(None), *own]))


def conocidos(nombres: Sequence[str]) -> list[str]:
    """Which senders of ours a client wrote to.

    Carriers in Colombia put a short code of theirs in the place of a long number, and then it is none.

    Args:
        nombres: what Twilio says that the client wrote to: a number, and its Messaging Service.
    """
    installation = {settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_FROM, settings.TWILIO_SENDER} - {""}
    found = set(Remitente.objects.filter(valor__in=nombres).values_list("valor", flat=True))
    if not installation.isdisjoint(nombres):
        found.add(valor_de(None))
    return sorted(found)


def tiendas_de(valores: Sequence[str]) -> QuerySet[Usuario]:
    """The shops that have sent from one of these senders. A sender that a shop only says is its own is not enough:
    Twilio must have taken messages from it."""
    came_from = Q(remitente__valor__in=valores) & (Q(enviados_exitosos__gt=0) | Q(lotes__exitosos__gt=0))
    if valor_de(None) in valores:
        came_from |= Q(remitente=None, iniciado_en__isnull=False)
    sent = CampanaSMS.objects.filter(came_from, usuario=OuterRef("pk"))
    return Usuario.objects.filter(Exists(sent), rol=Usuario.Rol.ADMIN)


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
    try:
        with transaction.atomic():
            remitente_por_eliminar.send(Remitente, remitente=remitente)
            remitente.delete()
    except ProtectedError as error:
        raise ConflictError(EN_USO, code="in_use") from error
