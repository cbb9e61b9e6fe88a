"""The rest of a cancelled campaign: recipients who were waiting end `fallido`, and nobody else gets a message."""

from django.db import transaction

from campaigns.models import CampanaSMS
from campaigns.values import codigos
from workers.engine.lote import closing, opening
from workers.metrics.measures import Closer

# Lotes of a cancelled campaign that are drained at a time: about a second's work.
DRAINED = 20


def end_rows(campana_id: int) -> bool:
    """End the waiting recipients of a campaign that was cancelled; nothing happens to one that was not.

    Returns:
        Whether there may be more.
    """
    closing.fail_cancelled(campana_id)
    return drain(campana_id)


def drain(campana_id: int) -> bool:
    """Give the recipients of some unopened Lotes of a cancelled campaign their failed rows.

    Returns:
        Whether there may be more, which are left for another task: a million recipients take minutes, and neither a
        transaction nor the sweep lasts that long.
    """
    with transaction.atomic():
        # Somebody else's slice is under way: they go on, and two would only wait for each other.
        cancelled = CampanaSMS.objects.filter(pk=campana_id, estado=CampanaSMS.Estado.CANCELADO)
        campana = cancelled.select_for_update(no_key=True, skip_locked=True).first()
        if campana is None:
            return False
        for _ in range(DRAINED):
            lote = opening.open_next(campana, sin_enviar=codigos.CAMPANA_CANCELADA)
            if lote is None:
                return False
            closing.close(lote.pk, Closer.CANCEL)
    return True
