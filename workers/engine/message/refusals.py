"""The circuit breaker: many refusals alike, and none accepted, are no recipients' fault, whatever their code says.

Twilio splits its codes into finer ones, so a table never knows all that are about the sender; and what is about one
recipient may be about all of them, as a region that is not permitted. When the last answers of a campaign were all
refusals with one code, over more than one prefix, it pauses with that code, and the recipients of the streak are free
again: nothing has been learnt of them.

What other processes were told is in PostgreSQL; a process asks there when it has met some refusals in a row itself.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection, transaction

from campaigns.models import CampanaSMS, Lote, Suceso
from campaigns.values.estados import LOTE, LOTES_EN_CURSO, SMS
from campaigns.values.twilio import UNSUBSCRIBED
from core.text.formato import sin_telefonos
from workers.engine.campaign import pausas
from workers.gateway.codes import beside
from workers.gateway.outcomes import Permanent

logger = logging.getLogger(__name__)

# So many answers alike pause a campaign. Whoever resumes it has seen the reason: the next time it takes more, up to …
STREAK: Final = 30
GROWTH: Final = 10
# … so many, of what a few open Lotes hold.
LONGEST_STREAK: Final = 1_000
# Over so many prefixes, each a country's code and an operator's: "+57 300" and "+57 310" are two.
PREFIXES: Final = 2
PREFIX_LENGTH: Final = 6
# Of the reason, in the motivo: its code stands after it.
ERROR_LENGTH: Final = 180

# A process that has met so many in a row looks at what the others were told.
ASK_AFTER: Final = 3

MOTIVO: Final = "Twilio rechazó {n} mensajes seguidos por lo mismo, sin aceptar ninguno: {error} ({codigo})."
BEGINS: Final = MOTIVO.partition("{")[0]

# Rows that were answered since a person resumed the campaign. Of its open Lotes: those are a few thousand, and each is
# read by its index.
ANSWERED: Final = f"""
FROM campaigns_lote l JOIN campaigns_smslog s ON s.lote_id = l.id
WHERE l.campana_id = %(campana)s AND l.estado IN {LOTE.EN_CURSO} AND s.intentos > 0
    AND s.reclamado_en > coalesce((SELECT max(creado) FROM campaigns_suceso
        WHERE campana_id = %(campana)s AND tipo = '{Suceso.Tipo.REANUDADA}'), '-infinity')
"""  # noqa: S608 - constants

STREAK_SQL: Final = f"""
SELECT count(*), count(DISTINCT codigo), count(DISTINCT left(telefono, %(prefix)s)), max(codigo), max(error)
FROM (SELECT s.codigo, s.telefono, s.error {ANSWERED} AND s.estado IN {SMS.FINALES}
    ORDER BY s.actualizado DESC, s.id DESC LIMIT %(n)s) ultimas
"""  # noqa: S608 - constants

# Those since the last acceptance; not where PostgreSQL may have forgotten that they were free before: a person has them
# tried again, and Twilio is asked first. The caller has locked their Lotes: none of them closes meanwhile.
FREE_SQL: Final = f"""
UPDATE campaigns_smslog s SET estado = {SMS.PENDIENTE}, codigo = '', error = '', intentos = 0, actualizado = now()
WHERE s.estado = {SMS.FALLIDO} AND s.codigo = %(codigo)s AND s.twilio_sid = ''
    AND s.id IN (SELECT s.id {ANSWERED} AND l.dudoso_desde IS NULL)
    AND s.actualizado > coalesce((SELECT max(s.actualizado) {ANSWERED} AND s.estado = {SMS.ENVIADO}), '-infinity')
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Streak:
    """The last answers of a campaign, which were all the same refusal."""

    n: int
    codigo: str
    error: str

    @property
    def motivo(self) -> str:
        # Of a campaign, whoever watches it may read it: Twilio's words name the last one's number.
        error = sin_telefonos(self.error)[:ERROR_LENGTH]
        return MOTIVO.format(n=self.n, error=error, codigo=self.codigo)


class Watch:
    """The answers that one process got: it looks no further while messages of the campaign are accepted."""

    def __init__(self) -> None:
        self._in_a_row: dict[int, int] = {}

    def see(self, campana_id: int, *, accepted: bool, refused: Collection[Permanent]) -> None:
        """Take note of answers that have just been written; pause the campaign when the last ones were all alike.

        Args:
            accepted: whether one of them was an acceptance.
            refused: those that refused a recipient.

        Raises:
            DatabaseError: nothing is known; the next answers ask again.
        """
        if accepted:
            self._in_a_row.pop(campana_id, None)
            return
        n = self._in_a_row.get(campana_id, 0) + sum(outcome.code != UNSUBSCRIBED for outcome in refused)
        if n:
            self._in_a_row[campana_id] = n
            look(campana_id, {outcome.code: outcome.theirs for outcome in refused}, count=n >= ASK_AFTER)


def look(campana_id: int, theirs: Mapping[str, str], *, count: bool) -> None:
    """Pause the campaign if its last answers were all alike, and free the recipients of that streak.

    Args:
        theirs: Twilio's own words for the codes.
        count: whether to look at the last answers; else only whether another process has paused it for them.
    """
    campana = CampanaSMS.objects.only("estado", "motivo").get(pk=campana_id)
    if campana.estado == CampanaSMS.Estado.PROCESANDO:
        if count and (streak := _streak(campana_id)):
            words = theirs.get(streak.codigo, "")
            _pause(campana_id, replace(streak, error=beside(streak.error, words)))
    elif campana.estado == CampanaSMS.Estado.PAUSADO and campana.motivo.startswith(BEGINS):
        # Calls that were under way when it paused.
        with transaction.atomic():
            _free(campana_id, campana.motivo.rpartition("(")[2].partition(")")[0])


def _streak(campana_id: int) -> Streak | None:
    """The campaign's last answers, if they were all the same refusal and enough of them."""
    found = _last(campana_id, STREAK)
    if found is None:
        return None
    paused = Suceso.objects.filter(
        campana_id=campana_id, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle__startswith=BEGINS
    ).filter(detalle__contains=f"({found.codigo})")
    enough = min(STREAK * GROWTH ** paused.count(), LONGEST_STREAK)
    return found if enough == STREAK else _last(campana_id, enough)


def _last(campana_id: int, n: int) -> Streak | None:
    with connection.cursor() as cursor:
        cursor.execute(STREAK_SQL, {"campana": campana_id, "n": n, "prefix": PREFIX_LENGTH})
        answers, codes, prefixes, codigo, error = cursor.fetchone()
    # The code of what was accepted is empty.
    alike = answers == n and codes == 1 and prefixes >= PREFIXES and codigo.isdecimal() and codigo != UNSUBSCRIBED
    return Streak(n, codigo, error) if alike else None


@transaction.atomic
def _pause(campana_id: int, streak: Streak) -> None:
    CampanaSMS.objects.select_for_update(no_key=True).only("pk").get(pk=campana_id)
    if pausas.pause(campana_id, streak.motivo):
        _free(campana_id, streak.codigo)


def _free(campana_id: int, codigo: str) -> None:
    open_lotes = Lote.objects.filter(campana_id=campana_id, estado__in=LOTES_EN_CURSO)
    list(open_lotes.select_for_update().order_by("pk").values_list("pk"))
    params: dict[str, Any] = {"campana": campana_id, "codigo": codigo}
    with connection.cursor() as cursor:
        cursor.execute(FREE_SQL, params)
        freed = cursor.rowcount
    if freed:
        logger.warning("%s recipients of campaign %s, refused with %s, are free again", freed, campana_id, codigo)
