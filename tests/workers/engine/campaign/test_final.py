"""The end of a campaign beside somebody who takes it back: each waits for the other, and the last one sees all."""

from threading import Thread

import pytest
from django.db import connection, transaction

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.message.test_doubts import until_somebody_waits
from workers.engine.campaign import final
from workers.engine.lote import closing


@pytest.mark.django_db(transaction=True)
def test_who_ends_it_late_does_not_end_a_retry(owner: Usuario) -> None:
    """One process ends it, a person has it tried again, and another process has found meanwhile that it can end."""
    cliente = ClienteFactory.create(usuario=owner)
    campana = CampanaFactory.create(usuario=owner, estado="procesando")
    lote = open_lote(campana, [cliente])
    row = sms_log(campana, lote, cliente, estado="fallido", codigo="no_aceptado")
    closing.close(lote.pk)
    ended: list[bool] = []

    def finish() -> None:
        ended.append(final.finish(campana.pk))
        connection.close()

    late = Thread(target=finish)
    with transaction.atomic():
        CampanaSMS.objects.select_for_update().get(pk=campana.pk)
        late.start()
        until_somebody_waits()
        assert final.finish(campana.pk)
        campana.refresh_from_db()
        mover_campana(campana=campana, action="reintentar")
    late.join(timeout=10)
    campana.refresh_from_db()
    assert (ended, campana.estado, campana.completado_en) == ([False], "procesando", None)
    assert Lote.objects.get().estado == "pendiente"
    assert SMSLog.objects.get(pk=row.pk).estado == "fallido"
