"""Old data is forgotten where the installation says after how many months, and only then."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.models.functions import Now

from campaigns.campana import privacidad
from campaigns.models import CampanaSMS, Entrante, SMSLog
from clientes.models import RegistroBaja
from core import registro
from core.models import Registro, Usuario
from core.postgresql import lending
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from workers import tasks
from workers.tasks import olvidar_lo_viejo

LATER = float("inf")


def age(model: Any, pk: int, field: str, days: int) -> None:
    model.objects.filter(pk=pk).update(**{field: Now() - timedelta(days=days)})


def log_row(days: int) -> Registro:
    """Written as if it had been so many days ago: the trigger lets nobody change one afterwards."""
    row = Registro.objects.create(tipo="ingreso", quien="duena", creado=Now() - timedelta(days=days))
    return Registro.objects.get(pk=row.pk)


class TestTheSecurityLog:
    def test_nothing_goes_unless_it_is_said(self, db: None) -> None:
        log_row(4000)
        olvidar_lo_viejo()
        assert Registro.objects.count() == 1

    def test_what_is_older_goes_in_batches(self, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.SECURITY_LOG_MONTHS = 12
        monkeypatch.setattr(registro, "LOTE", 2)
        for days in (900, 800, 700, 400, 373):
            log_row(days)
        kept = [log_row(days).pk for days in (370, 1)]
        assert registro.olvidar(12, hasta=time.monotonic() - 1) == 0  # no time is left
        olvidar_lo_viejo()
        assert list(Registro.objects.order_by("pk").values_list("pk", flat=True)) == kept

    @pytest.mark.parametrize(
        ("days", "said", "change"),
        [
            (1, True, "DELETE FROM core_registro"),
            (89, True, "DELETE FROM core_registro"),
            (4000, False, "DELETE FROM core_registro"),
            (4000, False, "UPDATE core_registro SET quien = 'x'"),
            (4000, True, "UPDATE core_registro SET quien = 'x'"),
        ],
    )
    def test_nobody_makes_it_forget_anything_else(self, db: None, days: int, said: bool, change: str) -> None:
        log_row(days)
        with pytest.raises(InternalError, match="only grows"):
            self.change(change, said=said)

    def change(self, change: str, *, said: bool) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            if said:
                cursor.execute("SET LOCAL core.olvida_el_registro = 'si'")
            cursor.execute(change)


@pytest.mark.parametrize(
    "task",
    [
        tasks.importar_clientes,
        tasks.limpiar_importaciones,
        tasks.olvidar_contactos,
        tasks.limpiar_sesiones,
        tasks.olvidar_lo_viejo,
        tasks.limpiar_resultados,
    ],
)
def test_what_takes_minutes_leaves_the_campaigns_tasks_their_connections(
    db: None, task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    borrowers: list[lending.Kind] = []
    monkeypatch.setattr(lending, "rest", lambda: borrowers.append(lending.kind()))
    task()
    assert borrowers[-1] is lending.Kind.LONG  # at its end, before the thread is another task's
    assert lending.kind() is lending.Kind.TASK


class TestMessages:
    @pytest.fixture
    def old(self, owner: Usuario) -> CampanaSMS:
        campana = CampanaFactory.create(usuario=owner, estado="cancelado")
        clientes = ClienteFactory.create_batch(3, usuario=owner)
        lote = open_lote(campana, clientes)
        for cliente in clientes:
            sms_log(campana, lote, cliente, estado="fallido", codigo="21211", error=f"{cliente.telefono_e164} no sirve")
        age(CampanaSMS, campana.pk, "completado_en", 400)
        return CampanaSMS.objects.get(pk=campana.pk)

    def test_an_old_campaign_forgets_whom_it_wrote_to(
        self, old: CampanaSMS, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.MESSAGES_MONTHS = 12
        monkeypatch.setattr(privacidad, "LOTE", 2)
        olvidar_lo_viejo()
        rows = set(SMSLog.objects.values_list("nombre", "telefono", "mensaje", "error", "estado", "codigo"))
        assert rows == {("", "", "", "", "fallido", "21211")}
        assert CampanaSMS.objects.get().olvidada_en is not None

    def test_nothing_goes_unless_it_is_said(self, old: CampanaSMS) -> None:
        olvidar_lo_viejo()
        assert SMSLog.objects.exclude(telefono="").count() == 3

    @pytest.mark.parametrize("days", [None, 1, 370])
    def test_a_campaign_that_is_young_or_not_over_keeps_all(self, old: CampanaSMS, days: int | None) -> None:
        CampanaSMS.objects.update(completado_en=None if days is None else Now() - timedelta(days=days))
        assert privacidad.olvidar_viejas(12, hasta=LATER) == 0
        assert SMSLog.objects.exclude(telefono="").count() == 3

    def test_it_is_done_once_and_again_after_another_end(self, old: CampanaSMS) -> None:
        assert [privacidad.olvidar_viejas(12, hasta=LATER) for _ in range(2)] == [1, 0]
        CampanaSMS.objects.update(olvidada_en=Now() - timedelta(days=500))  # tried again, and over since
        assert privacidad.olvidar_viejas(12, hasta=LATER) == 1

    def test_what_no_time_is_left_for_waits(self, old: CampanaSMS) -> None:
        assert privacidad.olvidar_viejas(12, hasta=time.monotonic() - 1) == 0
        assert CampanaSMS.objects.get().olvidada_en is None

    def test_old_replies_go_but_no_open_doubt_and_no_proof(self, owner: Usuario, settings: Any) -> None:
        settings.MESSAGES_MONTHS = 12
        for tipo, days in (("otro", 400), ("baja", 400), ("duda", 400), ("otro", 300)):
            row = Entrante.objects.create(
                usuario=owner, sid=f"SM{tipo}{days}", telefono="+573001234567", texto="x", tipo=tipo
            )
            age(Entrante, row.pk, "recibido", days)
        proofs = RegistroBaja.objects.count()
        olvidar_lo_viejo()
        kept = set(Entrante.objects.exclude(telefono="").exclude(texto="").values_list("sid", flat=True))
        assert kept == {"SMduda400", "SMotro300"}
        assert Entrante.objects.count() == 4
        assert RegistroBaja.objects.count() == proofs
