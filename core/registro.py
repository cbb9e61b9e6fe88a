"""The security log: what is written into it, and who reads it."""

import logging
import time
from typing import Any, Final

from django.contrib.auth import user_logged_in, user_logged_out
from django.db import connection, transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest

from core.models import Registro, Usuario, clave_cambiada
from core.ops import actor
from core.postgresql import lending

logger = logging.getLogger("seguridad")

Tipo = Registro.Tipo
DETALLE_MAX: Final = 300
MES_DIAS: Final = 31
LOTE: Final = 5_000
# By id, which grows with time: the oldest are found without a look at the others.
OLVIDAR_SQL: Final = """
DELETE FROM core_registro WHERE id IN (
    SELECT id FROM (SELECT id, creado FROM core_registro ORDER BY id LIMIT %(lote)s) oldest
    WHERE creado < now() - %(dias)s * interval '1 day'
)
"""


def anotar(
    tipo: Registro.Tipo,
    *,
    usuario: Usuario | None = None,
    tienda: Usuario | None = None,
    request: Any = None,
    detalle: str = "",
) -> Registro:
    """Write down what just happened, and say it in the log of the process too.

    Args:
        usuario: who did it, or tried to; None is who the request is from, or the product itself.
        tienda: whose shop it is about; None is the shop of who did it.
        request: where it came from, if nobody has signed in yet; Django's or the framework's.
        detalle: about whom or what, for people, without a secret; cut at 300 characters.
    """
    por = actor.actual()
    if usuario is None and por.usuario_id:
        usuario = Usuario.objects.filter(pk=por.usuario_id).first()
    whose = tienda or usuario
    row = Registro.objects.create(
        tipo=tipo,
        tienda_id=whose.tenant_id if whose else None,
        usuario_id=usuario.pk if usuario else None,
        quien=usuario.get_username() if usuario else "",
        ip=por.ip or (actor.ip_de(request) if request is not None else None),
        via=por.via or (actor.via_de(request) if request is not None else ""),
        detalle=detalle[:DETALLE_MAX],
    )
    logger.info("%s %s %s", row.tipo, row.quien or "-", row.detalle, extra={"ip": row.ip, "tipo": row.tipo})
    return row


def registro_de(usuario: Usuario) -> QuerySet[Registro]:
    """Return the rows of the person's shop, the newest first; to the operator, everybody's are in the admin."""
    return Registro.objects.filter(tienda_id=usuario.tenant_id).order_by("-pk")


def olvidar(meses: int, *, hasta: float) -> int:
    """Drop the rows that are older, a batch in a transaction; return how many.

    Args:
        meses: of 31 days. The trigger, which lets nothing else go, refuses rows of less than three.
        hasta: the moment of `time.monotonic` at which to leave the rest for another day.
    """
    dropped = 0
    while time.monotonic() < hasta:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL core.olvida_el_registro = 'si'")
            cursor.execute(OLVIDAR_SQL, {"dias": meses * MES_DIAS, "lote": LOTE})
            if not cursor.rowcount:
                break
            dropped += cursor.rowcount
        lending.let_others()
    return dropped


def con_nombre(username: str) -> Usuario | None:
    """Return the person of this name, who need not have been the one that typed it."""
    return Usuario.objects.filter(username=username).first()


@receiver(user_logged_in)
def _in(request: HttpRequest, user: Usuario, **kwargs: Any) -> None:
    anotar(Tipo.INGRESO, usuario=user, request=request)


@receiver(user_logged_out)
def _out(request: HttpRequest, user: Usuario | None, **kwargs: Any) -> None:
    if user is not None:
        anotar(Tipo.SALIDA, usuario=user, request=request)


@receiver(clave_cambiada)
def _password(usuario: Usuario, **kwargs: Any) -> None:
    por = None if usuario.clave_propia else actor.actual().usuario_id
    anotar(Tipo.CLAVE, usuario=None if por else usuario, detalle=f"de {usuario.get_username()}")
