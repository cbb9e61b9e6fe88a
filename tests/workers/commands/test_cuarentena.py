"""manage.py cuarentena: first it counts, then it puts in doubt."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import SMSLog
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from workers.engine.base import epoch
from workers.models import Epoca


def run(*args: str) -> str:
    out = StringIO()
    call_command("cuarentena", *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def row(db: None) -> SMSLog:
    """A published message of a campaign with two more Lotes."""
    cliente = ClienteFactory.create()
    campana = CampanaFactory.create(usuario=cliente.usuario, total_clientes=5, estado="procesando")
    for numero in (2, 3):
        campana.lotes.create(numero=numero, cliente_ids=[1, 2], total=2)
    return sms_log(campana, open_lote(campana, [cliente]), cliente)


def test_it_counts_first(row: SMSLog) -> None:
    said = run()
    assert "1 mensajes de Lotes abiertos" in said
    assert "4 destinatarios de 2 Lotes por abrir" in said
    row.refresh_from_db()
    assert row.estado == "pendiente"
    assert not row.campana.lotes.exclude(dudoso_desde=None).exists()


def test_it_puts_in_doubt(row: SMSLog) -> None:
    Epoca.objects.create(
        sistema=1, linea="00000001", arranque=datetime(2026, 1, 1, tzinfo=UTC), tabla=1, desde="2026-01-01T00:00Z"
    )
    assert "1 mensajes y 2 Lotes" in run("--aplicar", "--desde", "2026-01-31T03:00Z")
    row.refresh_from_db()
    assert (row.estado, row.reclamado_en) == ("incierto", datetime(2026, 1, 31, 3, tzinfo=UTC))
    assert row.campana.lotes.exclude(dudoso_desde=None).count() == 2
    assert epoch.is_current()  # what is in doubt is known: the workers may go on


def test_it_refuses_what_is_no_moment(db: None) -> None:
    with pytest.raises(CommandError, match="ayer"):
        run("--desde", "ayer")
