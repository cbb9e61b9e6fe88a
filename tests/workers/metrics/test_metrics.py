"""/metrics: who may read it, and that it tells what PostgreSQL, Redis and the workers know."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from campaigns.models import SMSLog
from core.models import Pulso, Usuario
from core.ops import series
from core.ops.pulses import Heart
from tests.campaigns.support import finished_campana, running_campana
from tests.factories import CampanaFactory
from tests.pages import signed_in
from tests.workers.engine.conftest import Running, running, take, write  # noqa: F401
from workers.engine.message import ledger
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Permanent
from workers.metrics import measures
from workers.metrics.views import NOT_ALLOWED

TOKEN = "un-token-de-prueba"
GUIDE = django_settings.BASE_DIR / "docs" / "production.md"
Samples = dict[str, float]


@pytest.fixture(autouse=True)
def _token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture(autouse=True)
def _others_are_counted(db: None) -> None:
    """What other tests of this process have counted is in the sums before a test looks at them."""
    series.add()


@pytest.fixture
def envios() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.delete("envios.3", "otra-cola")
        yield client
        client.delete("envios.3", "otra-cola")


def scrape() -> Samples:
    """Every sample as `name{label="value"}`: value."""
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        sample.name + ",".join(f"{{{k}={v}}}" for k, v in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.django_db
@pytest.mark.parametrize("sent", [None, "Bearer otro", f"Basic {TOKEN}", "Bearer ", TOKEN])
def test_it_refuses_who_has_no_token(sent: str | None) -> None:
    answer = Client().get("/metrics", headers={"Authorization": sent} if sent else {})
    assert (answer.status_code, answer.content.decode()) == (401, NOT_ALLOWED)


@pytest.mark.django_db
def test_an_empty_token_opens_nothing(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert Client().get("/metrics").status_code == 401


def test_staff_may_look_and_a_shop_may_not(owner: Usuario) -> None:
    """It holds the numbers of every shop."""
    assert signed_in(owner).get("/metrics").status_code == 401
    owner.is_staff = True
    owner.save()
    assert signed_in(owner).get("/metrics").status_code == 200


def test_it_counts_the_rows_of_what_is_not_over(owner: Usuario, stranger: Usuario) -> None:
    running_campana(owner)
    running_campana(stranger)
    finished_campana(owner, exitosos=900)
    found = scrape()
    assert found["sms_campaigns{estado=procesando}"] == 2
    assert found["sms_campaigns{estado=pausado}"] == 0
    estados = {estado: found[f"sms_recipients{{estado={estado}}}"] for estado in SMSLog.Estado.values}
    assert estados == {"pendiente": 146, "enviando": 4, "incierto": 6, "enviado": 98, "fallido": 22}
    lotes = [found[f"sms_lotes{{estado={e}}}"] for e in ("pendiente", "abierto", "por_conciliar", "cerrado")]
    assert lotes == [2, 2, 2, 2]
    assert found["sms_rate_per_second"] == 2 * 10 / 10


def test_those_that_wait_on_purpose_are_counted_apart(owner: Usuario) -> None:
    """At night nothing moves, and nothing is wrong."""
    now = timezone.now()
    later, before = now + timedelta(hours=1), now - timedelta(hours=1)
    running_campana(owner)
    running_campana(owner, espera_hasta=later)
    running_campana(owner, espera_hasta=before)
    CampanaFactory.create(usuario=owner, estado="pausado", espera_hasta=later)
    for fields in ({}, {"aprobacion": "pendiente"}, {"programada_para": later}, {"programada_para": before}):
        CampanaFactory.create(usuario=owner, **fields)
    found = scrape()
    names = ("procesando", "pausado", "pendiente", "espera_ventana", "espera_aprobacion", "espera_fecha")
    assert [found[f"sms_campaigns{{estado={name}}}"] for name in names] == [2, 1, 2, 1, 1, 1]


def test_it_tells_the_age_of_doubts_and_late_leases(owner: Usuario) -> None:
    running_campana(owner)
    SMSLog.objects.filter(estado="incierto").update(actualizado=timezone.now() - timedelta(minutes=3))
    SMSLog.objects.filter(pk=SMSLog.objects.filter(estado="enviando").values("pk")[:1]).update(
        lease_hasta=timezone.now() - timedelta(seconds=1)
    )
    found = scrape()
    assert found["sms_inciertos"] == 3
    assert found["sms_inciertos_oldest_seconds"] == pytest.approx(180, abs=60)
    assert found["sms_leases_overdue"] == 1


def test_it_measures_every_queue_that_somebody_takes_from(db: None, envios: redis.Redis) -> None:
    Heart("worker-9@aqui", Pulso.Tipo.WORKER, colas=lambda: ["otra-cola"]).beat()
    envios.lpush("envios.3", "a", "b")
    envios.lpush("otra-cola", "c")
    found = scrape()
    assert found["sms_queue_depth{queue=envios.3}"] == 2
    assert found["sms_queue_depth{queue=otra-cola}"] == 1
    assert found["sms_queue_depth{queue=campanas}"] >= 0


def test_it_says_who_was_seen_and_when(db: None) -> None:
    Heart("worker-9@aqui", Pulso.Tipo.WORKER).beat()
    Heart("beat@aqui", Pulso.Tipo.BEAT).beat()
    Pulso.objects.filter(tipo="beat").update(visto=timezone.now() - timedelta(minutes=10))
    found = scrape()
    assert (found["sms_processes{kind=worker}"], found["sms_processes{kind=beat}"]) == (1, 0)
    seen = found["sms_process_last_seen_timestamp_seconds{kind=beat},{name=beat@aqui}"]
    assert timezone.now().timestamp() - seen == pytest.approx(600, abs=60)


def test_it_counts_what_the_workers_did(running: Running) -> None:  # noqa: F811
    before = scrape()
    outcomes: list[Outcome] = [
        Accepted("SM" + "0" * 32, "queued", 1),
        Permanent("21610", "No quiere"),
        Ambiguous("read_timeout", "No contestó"),
    ]
    for log, outcome in zip(running.logs, outcomes, strict=True):
        claim = take(log.pk)
        assert claim
        measures.count_call(outcome, 0.12)
        assert write(claim, outcome)
        assert not write(claim, Permanent("21211", "otra vez")) or outcome is outcomes[2]
    series.add()
    after = scrape()

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown("sms_outcomes_total{codigo=},{estado=enviado}") == 1
    assert grown("sms_outcomes_total{codigo=21610},{estado=fallido}") == 1
    assert grown("sms_outcomes_total{codigo=read_timeout},{estado=incierto}") == 1
    assert grown("sms_twilio_call_seconds_count{result=ambiguous}") == 1
    assert grown("sms_twilio_call_seconds_bucket{le=0.15},{result=accepted}") == 1
    assert grown("sms_twilio_call_seconds_bucket{le=0.1},{result=accepted}") == 0


def test_it_counts_leases_that_ran_out(running: Running) -> None:  # noqa: F811
    before = scrape().get("sms_lease_expiries_total", 0)
    assert take(running.logs[0].pk)
    SMSLog.objects.update(lease_hasta=timezone.now() - timedelta(seconds=1))
    assert ledger.expire_leases() == 1
    series.add()
    assert scrape()["sms_lease_expiries_total"] == before + 1


def test_without_redis_the_rest_is_told(db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = scrape()
    assert (found["sms_up{part=redis}"], found["sms_up{part=postgres}"]) == (0, 1)
    assert "sms_inciertos" in found
    assert not [name for name in found if name.startswith("sms_queue_depth")]


def test_without_postgres_the_rest_is_told(db: None) -> None:
    def refuse(*args: Any) -> Any:
        raise OperationalError("away")

    with connection.execute_wrapper(refuse):
        found = scrape()
    assert (found["sms_up{part=redis}"], found["sms_up{part=postgres}"]) == (1, 0)
    assert "sms_queue_depth{queue=campanas}" in found
    assert "sms_inciertos" not in found


def test_its_statements_do_not_grow_with_the_campaigns(owner: Usuario, django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        running_campana(owner)
    with django_assert_max_num_queries(10):
        scrape()


def test_every_metric_is_in_the_guide(owner: Usuario) -> None:
    """What is not written down is not watched."""
    running_campana(owner)
    guide = GUIDE.read_text()
    names = {re.split(r"[{]", name)[0] for name in scrape()}
    families = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in names}
    assert [name for name in sorted(families) if name not in guide] == []


RULES = re.findall(r"- {alert: (\w+), expr: '?(.+?)'?(?:, for: \w+)?}$", GUIDE.read_text(), re.MULTILINE)
SELECTOR = re.compile(r"(sms_\w+)({[^}]*})?")


def labels_of(selector: str, labels: str, found: Samples) -> set[frozenset[str]]:
    """The names of the labels of every sample that it finds."""
    wanted = re.findall(r'(\w+)="([^"]*)"', labels)
    samples = [dict(re.findall(r"{(\w+)=([^}]*)}", name)) for name in found if name.split("{")[0] == selector]
    return {frozenset(sample) for sample in samples if all(sample.get(name) == value for name, value in wanted)}


def test_the_rules_of_the_guide_find_what_they_ask_for(owner: Usuario) -> None:
    assert len(RULES) == GUIDE.read_text().count("{alert: ") > 0
    measures.count_call(Permanent("21211", "No existe"), 0.1)
    series.add()
    Heart("worker-9@aqui", Pulso.Tipo.WORKER).beat()
    found = scrape()
    missing = [
        (alert, name)
        for alert, expr in RULES
        for name, labels in SELECTOR.findall(expr)
        if not labels_of(name, labels, found)
    ]
    assert missing == []


def test_both_sides_of_a_rule_of_the_guide_have_the_same_labels(owner: Usuario) -> None:
    """Else Prometheus joins nothing, and the rule never fires.
    https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching
    """
    found = scrape()
    joined = 0
    for alert, expr in RULES:
        for left, ignored, right in re.findall(r"(.+?) and (?:ignoring\((\w+)\) )?(.+)", expr):
            sides = []
            for side in (left, right):
                [(name, labels)] = SELECTOR.findall(side)
                sides.append({one - {ignored} for one in labels_of(name, labels, found)})
            assert sides[0] == sides[1], alert
            joined += 1
    assert joined == 1


def test_what_was_given_back_unposted_is_no_attempt_whatever_the_order_of_the_group(running: Running) -> None:  # noqa: F811
    before = scrape()
    first, second = (take(log.pk) for log in running.logs[:2])
    assert first
    assert second
    assert len(ledger.record_many([(second, ledger.NotPosted()), (first, Permanent("21211", "No existe"))])) == 2
    series.add()
    after = scrape()
    names = {name for name in after if name.startswith("sms_outcomes_total")}
    grown = {name: after[name] - before.get(name, 0) for name in names}
    assert {name: n for name, n in grown.items() if n} == {"sms_outcomes_total{codigo=21211},{estado=fallido}": 1}
