"""Many refusals alike and none accepted pause the campaign, and cost nobody anything."""

import uuid
from datetime import timedelta
from typing import Final

import pytest
from django.db.models.functions import Now

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, Lote, SMSLog, Suceso
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import take
from workers.engine.message import outbox, refusals
from workers.engine.message.refusals import GROWTH, STREAK
from workers.gateway.outcomes import Accepted, Outcome, Permanent

UNKNOWN: Final = Permanent("21999", "The sender is not what it was")
N: Final = 3 * STREAK


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> refusals.Watch:
    """A process that has not been answered yet."""
    fresh = refusals.Watch()
    monkeypatch.setattr(outbox, "watch", fresh)
    return fresh


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    return large(owner)


def large(owner: Usuario, operators: tuple[str, ...] = ("300", "310")) -> CampanaSMS:
    """A running one with an open Lote, of phones of these operators."""
    clientes = ClienteFactory.create_batch(N, usuario=owner)
    found = CampanaFactory.create(usuario=owner, total_clientes=N, estado="procesando")
    lote = open_lote(found, clientes)
    for n, cliente in enumerate(clientes):
        sms_log(found, lote, cliente, telefono=f"+57{operators[n % len(operators)]}{n:07}")
    return found


def answer(campana: CampanaSMS, *outcomes: Outcome, ago_s: float = 0.0) -> list[SMSLog]:
    """Send as many messages, each answered by one outcome, in groups of one.

    Args:
        ago_s: so long before now the first was written; in a test all of it is one moment.
    """
    rows = list(SMSLog.objects.filter(campana=campana, estado="pendiente").order_by("pk")[: len(outcomes)])
    for n, (row, outcome) in enumerate(zip(rows, outcomes, strict=False)):
        claim = take(row.pk)
        if claim is None:
            break
        claimed = Now() + timedelta(seconds=1)
        SMSLog.objects.filter(pk=row.pk).update(reclamado_en=claimed)
        outbox._record([(claim, outcome)])
        written = SMSLog.objects.filter(pk=row.pk, estado__in=["enviado", "fallido"])
        written.update(actualizado=Now() - timedelta(seconds=ago_s - n / 1000))
    return rows


def accepted() -> Accepted:
    return Accepted(f"SM{uuid.uuid4().hex}", "queued", 1)


def counts(campana: CampanaSMS) -> tuple[str, int, int, int]:
    campana.refresh_from_db()
    found = [campana.logs.filter(estado=estado).count() for estado in ("pendiente", "enviado", "fallido")]
    return campana.estado, found[0], found[1], found[2]


def test_many_alike_pause_it_and_the_recipients_are_free_again(campana: CampanaSMS) -> None:
    answer(campana, *[UNKNOWN] * N)
    assert counts(campana) == ("pausado", N, 0, 0)
    assert campana.motivo == (
        f"Twilio rechazó {STREAK} mensajes seguidos por lo mismo, sin aceptar ninguno: "
        "The sender is not what it was (21999)."
    )
    assert Suceso.objects.filter(campana=campana).latest("pk").tipo == "pausada_sola"
    assert not campana.logs.exclude(codigo="", error="", intentos=0).exists()


def test_it_says_so_in_twilios_own_words_too(campana: CampanaSMS) -> None:
    text = "Permission to send an SMS has not been enabled for the region (+57)"
    answer(campana, *[Permanent("21408", "Sin permiso para ese país", theirs=text)] * STREAK)
    campana.refresh_from_db()
    assert f"Sin permiso para ese país («{text}») (21408)." in campana.motivo


def test_the_code_is_said_however_long_the_words_are(campana: CampanaSMS) -> None:
    late = [claim for log in campana.logs.order_by("-pk")[:2] if (claim := take(log.pk))]
    SMSLog.objects.filter(pk__in=[claim.log_id for claim in late]).update(reclamado_en=Now())
    long = Permanent("21999", "x" * 300, theirs="(y" * 150)
    answer(campana, *[long] * STREAK)
    outbox._record([(claim, long) for claim in late])
    assert counts(campana) == ("pausado", N, 0, 0)
    assert campana.motivo.endswith("(21999).")


def test_fewer_do_not(campana: CampanaSMS) -> None:
    answer(campana, *[UNKNOWN] * (STREAK - 1))
    assert counts(campana) == ("procesando", N - STREAK + 1, 0, STREAK - 1)


@pytest.mark.parametrize("every", [2, 5, 20])
def test_landlines_among_others_are_refused_one_by_one(campana: CampanaSMS, every: int) -> None:
    landline = Permanent("21614", "El número no es de un celular")
    answer(campana, *[landline if n % every else accepted() for n in range(N)], ago_s=60)
    assert counts(campana)[0] == "procesando"
    assert campana.logs.filter(codigo="21614").count() == sum(bool(n % every) for n in range(N))


def test_different_reasons_do_not(campana: CampanaSMS) -> None:
    answer(campana, *[Permanent(("21211", "21614")[n % 2], "no") for n in range(N)], ago_s=60)
    assert counts(campana) == ("procesando", 0, 0, N)


def test_numbers_of_one_operator_do_not(owner: Usuario) -> None:
    campana = large(owner, ("300",))
    answer(campana, *[UNKNOWN] * N)
    assert counts(campana)[0] == "procesando"


def test_those_who_told_twilio_to_stop_do_not(campana: CampanaSMS) -> None:
    answer(campana, *[Permanent("21610", "El destinatario pidió no recibir mensajes")] * N)
    assert counts(campana)[0] == "procesando"


def test_only_the_streak_is_free_again(campana: CampanaSMS) -> None:
    answer(campana, UNKNOWN, Permanent("21211", "no"), accepted(), ago_s=60)
    answer(campana, *[UNKNOWN] * STREAK)
    assert counts(campana) == ("pausado", N - 3, 1, 2)


def test_it_counts_what_all_processes_were_told(campana: CampanaSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(STREAK // 5):
        monkeypatch.setattr(outbox, "watch", refusals.Watch())
        answer(campana, *[UNKNOWN] * 5)
    assert counts(campana)[0] == "pausado"


def test_what_another_process_had_accepted_keeps_it_running(
    campana: CampanaSMS, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(campana, *[UNKNOWN] * (STREAK - 1), ago_s=60)
    monkeypatch.setattr(outbox, "watch", refusals.Watch())
    answer(campana, accepted(), ago_s=30)
    answer(campana, *[UNKNOWN] * (STREAK - 1))
    assert counts(campana)[0] == "procesando"


def test_calls_that_were_under_way_are_free_again_too(campana: CampanaSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    late = [claim for log in campana.logs.order_by("-pk")[:5] if (claim := take(log.pk))]
    SMSLog.objects.filter(pk__in=[claim.log_id for claim in late]).update(reclamado_en=Now())
    answer(campana, *[UNKNOWN] * STREAK)
    for claim in late:
        monkeypatch.setattr(outbox, "watch", refusals.Watch())  # each is another process's
        outbox._record([(claim, UNKNOWN)])
    assert counts(campana) == ("pausado", N, 0, 0)


def test_who_resumes_it_knows_the_reason_and_it_takes_more(campana: CampanaSMS) -> None:
    """Or a list of landlines would be paused for ever."""
    answer(campana, *[UNKNOWN] * STREAK)
    mover_campana(campana=campana, action="reanudar")
    answer(campana, *[UNKNOWN] * (N - 1))
    assert STREAK < N < STREAK * GROWTH
    assert counts(campana) == ("procesando", 1, 0, N - 1)


def test_refusals_of_before_it_was_resumed_do_not_count(campana: CampanaSMS) -> None:
    answer(campana, *[UNKNOWN] * (STREAK - 1))
    SMSLog.objects.filter(estado="fallido").update(reclamado_en=Now() - timedelta(seconds=1))
    for action in ("pausar", "reanudar"):
        mover_campana(campana=campana, action=action)
    answer(campana, *[UNKNOWN] * (STREAK - 1))
    assert counts(campana)[0] == "procesando"


def test_a_closed_lote_keeps_its_sums(campana: CampanaSMS) -> None:
    answer(campana, *[UNKNOWN] * (STREAK - 1))
    Lote.objects.update(estado="por_conciliar")
    answer(campana, UNKNOWN)
    assert counts(campana)[0] == "pausado"
    other = Lote.objects.get()
    Lote.objects.filter(pk=other.pk).update(estado="cerrado", fallidos=N, cerrado_en=Now())
    SMSLog.objects.update(estado="fallido", codigo="21999", intentos=1)
    refusals.look(campana.pk, {}, count=True)
    assert counts(campana) == ("pausado", 0, 0, N)
