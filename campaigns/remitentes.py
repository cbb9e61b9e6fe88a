"""Senders: those lent to a shop, the installation's, and the ones that a client wrote to."""

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet

from campaigns.models import CampanaSMS, Remitente
from campaigns.models.remitente import DE_LA_INSTALACION, de_la_instalacion, sin_cupo
from campaigns.signals import remitente_por_eliminar
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.registro import Tipo, anotar
from core.senders import INVALIDO, NO_LIMIT, kind_of

VALOR_REPETIDO = "Esta tienda ya tiene un remitente con ese valor."
VALOR_DE_OTRA = "Ese remitente ya es de otra tienda: desactívelo allá primero."
VALOR_FIJO = "El valor de un remitente no cambia: cree otro, y desactive este."
NO_ESTA = "El remitente que eligió ya no está disponible: elija otro."
EN_USO = "No se puede eliminar: hay campañas que salieron de este remitente. Desactívelo, y no se ofrecerá más."


def remitentes_de(usuario: Usuario) -> QuerySet[Remitente]:
    return Remitente.objects.filter(usuario_id=usuario.tenant_id)


def valor_de(remitente: Remitente | None) -> str:
    """Return what a campaign's messages come from, and what a client answers; "" without an account.

    Args:
        remitente: the campaign's; None for the installation's sender.
    """
    return remitente.valor if remitente else str(settings.TWILIO_SENDER)


def valores_de(usuario: Usuario) -> list[str]:
    """Return every sender that a campaign of the shop may come from."""
    own = remitentes_de(usuario).order_by("pk").values_list("valor", flat=True)
    return list(dict.fromkeys([valor_de(None), *own]))


def conocidos(nombres: Sequence[str]) -> list[str]:
    """Find the senders of ours that a client wrote to.

    Carriers in Colombia put a short code of theirs in the place of a long number, and then it is none.

    Args:
        nombres: what Twilio says that the client wrote to: a number, and its Messaging Service.
    """
    found = set(Remitente.objects.filter(valor__in=nombres).values_list("valor", flat=True))
    if not de_la_instalacion().isdisjoint(nombres):
        found.add(valor_de(None))
    return sorted(found)


def tiendas_de(valores: Sequence[str]) -> QuerySet[Usuario]:
    """Return the shops that have sent from one of these senders. It is not enough that a shop says a sender is its own:
    Twilio must have taken messages from it."""
    came_from = Q(remitente__valor__in=valores) & (Q(enviados_exitosos__gt=0) | Q(lotes__exitosos__gt=0))
    if valor_de(None) in valores:
        came_from |= Q(remitente=None, iniciado_en__isnull=False)
    sent = CampanaSMS.objects.filter(came_from, usuario=OuterRef("pk"))
    return Usuario.objects.filter(Exists(sent), creado_por=None)


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
    """Lend a sender to a shop. Only an operator may: who calls this has asked.

    Args:
        usuario: of the shop.
        valor: as in `core.senders`; of the installation's Twilio account, or Twilio will refuse to send from it.
        segmentos_por_segundo: of all its campaigns together; None for no limit.

    Raises:
        InvalidInputError: it is no sender, the installation's own, a shop has it already, or this one has as many as it
            may.
    """
    if kind_of(valor) is None:
        raise InvalidInputError(INVALIDO, field="valor", code="invalid")
    if valor in de_la_instalacion():
        raise InvalidInputError(DE_LA_INSTALACION, field="valor", code="invalid")
    try:
        with transaction.atomic():
            # Two at once: the second counts the first.
            Usuario.objects.select_for_update(no_key=True).get(pk=usuario.tenant_id)
            if activo and (lleno := sin_cupo(usuario.tenant_id)):
                raise InvalidInputError(lleno, field="activo", code="limit")
            anotar(Tipo.REMITENTE, tienda=usuario, detalle=f"{valor}, prestado a la tienda")
            return Remitente.objects.create(
                usuario_id=usuario.tenant_id,
                nombre=nombre,
                valor=valor,
                segmentos_por_segundo=segmentos_por_segundo,
                activo=activo,
            )
    except IntegrityError as error:
        own = remitentes_de(usuario).filter(valor=valor).exists()
        raise InvalidInputError(VALOR_REPETIDO if own else VALOR_DE_OTRA, field="valor", code="unique") from error


def es_de_otra(remitente: Remitente) -> bool:
    """Tell whether another shop uses its value now."""
    return Remitente.objects.filter(valor=remitente.valor, activo=True).exclude(pk=remitente.pk).exists()


def eliminar_remitente(*, remitente: Remitente) -> None:
    """Delete a sender that nothing uses.

    Raises:
        ConflictError: a campaign or a programación has it.
    """
    try:
        with transaction.atomic():
            remitente_por_eliminar.send(Remitente, remitente=remitente)
            remitente.delete()
            anotar(Tipo.REMITENTE, detalle=f"{remitente.valor}, eliminado")
    except ProtectedError as error:
        raise ConflictError(EN_USO, code="in_use") from error
