"""Answers that are given by themselves: to a text that is one of the shop's words, and nothing else.

At most three to one phone on one day of the shop's calendar, whatever they were asked for. So another program at the
other end of the line, which answers each of our answers with one of our words, gets three and no more; one that is a
sender of ours gets none.
"""

import logging
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.functions import Now
from django.dispatch import receiver
from django.utils import timezone

from campaigns.ley.selectors import ajustes_de
from campaigns.models import Entrante, RespuestaGuardada
from campaigns.remitentes import conocidos
from campaigns.respuestas import palabras
from campaigns.respuestas.services import contestar_sola
from campaigns.signals import entrante_recibido
from campaigns.values.horario import dia_de, inicio_del_dia
from core.errors import ConflictError, InvalidInputError

logger = logging.getLogger(__name__)

AL_DIA: Final = 3
POR_APROBAR: Final = "La respuesta esperaría aprobación: contéstela una persona."
LOCK_SQL: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))"


@receiver(entrante_recibido)
def contestar(sender: type[Entrante], *, entrante: Entrante, unica: bool, **kwargs: Any) -> None:
    """Give the answer of the word that a client wrote, if the shop has one and may give it.

    What is answered needs no person any more and counts as read. No shop answers a text that may be for another.
    """
    if not unica or entrante.usuario_id is None or entrante.tipo not in palabras.CONTESTABLES:
        return
    clave = palabras.clave_de(entrante.texto)
    respuesta = clave and RespuestaGuardada.objects.filter(usuario=entrante.usuario_id, palabra=clave).first()
    if not respuesta or conocidos([entrante.telefono]):
        return
    with connection.cursor() as cursor:  # two texts of one phone at the same moment
        cursor.execute(LOCK_SQL, [f"{entrante.usuario_id}:{entrante.telefono}"])
    if _dadas_hoy(entrante.usuario_id, entrante.telefono) >= AL_DIA:
        return
    try:
        with transaction.atomic():
            if contestar_sola(entrante=entrante, respuesta=respuesta).por_aprobar:
                raise ConflictError(POR_APROBAR, code="needs_approval")  # which undoes it
    except (ConflictError, InvalidInputError) as refused:
        # A person finds the text among the unread.
        logger.info("text %s gets no automatic answer: %s", entrante.pk, refused)
        return
    except Exception:
        # Whatever it is, it must not cost the client's own text, which this transaction keeps.
        logger.exception("text %s got no automatic answer", entrante.pk)
        return
    Entrante.objects.filter(pk=entrante.pk).update(contestado_solo_en=Now(), leido_en=Now())


def _dadas_hoy(tienda_id: int, telefono: str) -> int:
    zona = ajustes_de(tienda_id).zona
    midnight = inicio_del_dia(zona, dia_de(zona, timezone.now()))
    texts = Entrante.objects.filter(usuario=tienda_id, telefono=telefono)
    return texts.filter(contestado_solo_en__gte=midnight).count()
