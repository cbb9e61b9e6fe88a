"""Twilio's codes and statuses have one place, and each of them all that the product needs of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.campana.motivos import motivo_de_entrega, remedio
from campaigns.models import SMSLog
from campaigns.values import remedios, twilio
from campaigns.values.twilio import ROWS, Code, Entrega, Kind, Retry

ROOT = Path(__file__).parents[3]
PRODUCT = ("core", "clientes", "campaigns", "workers")
ITS_PLACES = ("campaigns/values/twilio.py", "workers/gateway/")

# Five digits of a family that Twilio has codes of, in whatever stands around them.
CODE = re.compile(r"(?<![0-9])(?:1[0-5]|2[01]|3[0-9]|57|6[03]|90)[0-9]{3}(?![0-9])")
STATUS = re.compile(rf"""["'](?:{"|".join(Entrega.values)})["']""")
# (files, what they say): what looks like a code or a status, and why it may stand there.
NOT_MEANT = (
    ("clientes/models/baja.py", '"twilio_21610"'),  # a value of rows, and of the public API
    ("clientes/migrations/0005_bajas.py", "'twilio_21610'"),
    ("core/addresses.py", "docs/api/errors/21609"),  # core knows no codes: the page that says so
    ("core/settings.py", "timeout=60000"),  # milliseconds
    ("workers/process/watchdog.py", "#10205"),  # Celery's
    ("campaigns/migrations/0001_initial.py", "'entrega', models.CharField("),
    ("campaigns/migrations/0014_entregado_en_parte.py", 'name="entrega", field=models.CharField('),
    ("campaigns/migrations/0021_descartes.py", "condition=models.Q(('entrega', "),
    ("campaigns/migrations/0034_disparadores.py", "s.entrega IN ("),  # of that day, in triggers
    ("campaigns/migrations/0034_disparadores.py", "v0.entrega IN ("),
    ("campaigns/migrations/0034_disparadores.py", "s.entrega, 'entrega_codigo'"),
    ("workers/revision/remitentes.py", "docs/api/errors/30036"),  # the page that says so
    ("campaigns/api/logs.py", '"entrega": "delivered"'),  # the example of an answer
    ("core/pages/errores.py", '"unavailable" if away else "failed"'),  # the health check's word
    ("workers/engine/message/doubts.py", 'SETTLED.labels("sent")'),  # a metric's
    ("workers/metrics/measures.py", 'Accepted: "accepted"'),  # likewise
)


def product() -> Iterator[tuple[str, str]]:
    """Yield each line that people wrote in the product, after the name of its file."""
    for package in PRODUCT:
        for file in sorted((ROOT / package).rglob("*")):
            if file.suffix in {".py", ".html", ".js", ".txt"} and "vendor" not in file.parts:
                for line in file.read_text().splitlines():
                    yield str(file.relative_to(ROOT)), line


@pytest.mark.parametrize("kind", [CODE, STATUS], ids=["code", "status"])
def test_nothing_else_names_one(kind: re.Pattern[str]) -> None:
    found = [
        (name, line.strip())
        for name, line in product()
        if kind.search(line)
        and not name.startswith(ITS_PLACES)
        and not any(name == file and said in line for file, said in NOT_MEANT)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'X = "21610"',
        "# see https://www.twilio.com/docs/api/errors/30036",
        "Fuente.TWILIO_21610",
        "code=63038",
        "{% if codigo == '30007' %}",
        "credenciales (20003).",
    ],
)
def test_it_would_see_a_code(line: str) -> None:
    assert CODE.search(line)


def test_no_exception_is_left_over() -> None:
    lines = list(product())
    assert [said for file, said in NOT_MEANT if not any(name == file and said in line for name, line in lines)] == []


def test_each_code_has_one_row() -> None:
    assert len(twilio.CODES) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_row_says_all_of_its_code(row: Code) -> None:
    assert re.fullmatch("[0-9]{5,6}", row.code)
    assert row.kind is not Kind.UNKNOWN
    assert row.text.rstrip(".") == row.text != ""
    assert row.remedy.endswith(".")
    assert twilio.look_up(row.code) is row
    assert remedio(row.code) == row.remedy
    # The number can be at fault only in what is said of a recipient.
    assert row.retry is Retry.AGAIN or row.kind is Kind.RECIPIENT


def test_it_does_not_guess_what_it_does_not_know() -> None:
    assert twilio.look_up("29999") == Code("29999", Kind.UNKNOWN, "", remedios.REVISAR, Retry.AGAIN)
    assert remedio("29999") == remedio("read_timeout") == remedios.REVISAR
    assert (motivo_de_entrega("29999"), motivo_de_entrega("")) == ("Código 29999", "Twilio no dijo la causa")
    assert (twilio.known_status("volando"), twilio.known_status("")) == ("", "")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("21662", Kind.SENDER), ("21669", Kind.SENDER), ("21718", Kind.SENDER), ("572099", Kind.ACCOUNT)],
)
def test_a_family_outlives_the_table(code: str, kind: Kind) -> None:
    """Twilio splits its codes into finer ones: it says nothing of such a one but whom it concerns, and what to do."""
    found = twilio.look_up(code)
    assert code not in twilio.CODES
    assert (found.kind, found.text) == (kind, "")
    assert found.remedy not in {"", remedios.REVISAR}


def test_it_says_why_a_message_did_not_arrive() -> None:
    assert motivo_de_entrega("30003") == "Teléfono apagado o fuera de cobertura"
    # What a Messaging Service accepted and then could not put into its sender's queue.
    assert motivo_de_entrega("21611") == twilio.look_up("21611").text


@pytest.mark.parametrize(
    ("status", "rank", "arrived", "explained"),
    [
        ("accepted", 0, None, False),
        ("scheduled", 0, None, False),
        ("queued", 1, None, False),
        ("sending", 2, None, False),
        ("sent", 3, None, False),
        ("partially_delivered", 4, True, True),
        ("delivered", 5, True, False),
        ("undelivered", 5, False, True),
        ("failed", 5, False, True),
        ("read", 6, True, False),
        ("canceled", 5, False, False),
    ],
)
def test_a_status_carries_what_it_means(status: str, rank: int, arrived: bool | None, explained: bool) -> None:
    found = {each.value: each for each in SMSLog.Entrega}[status]
    assert (found.rank, found.arrived, found.explained) == (rank, arrived, explained)
    assert found.final is (rank >= 4)
    assert (status in twilio.FINAL) is found.final
    assert (status in twilio.ARRIVED, status in twilio.LOST) == (arrived is True, arrived is False)
    assert (status in twilio.EXPLAINED) is explained
    assert twilio.known_status(status) == status


def test_sql_takes_them_as_texts() -> None:
    assert twilio.sql_list(["sent", "read"]) == "'sent', 'read'"
