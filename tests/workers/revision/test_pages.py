"""The operator's page of the check."""

import json

import pytest
from django_celery_results.models import TaskResult

from core.models import Usuario
from tests.pages import get, signed_in
from workers.revision import pages, revision
from workers.revision.fallas import Falla

PATH = "/twilio/revision/"


@pytest.fixture
def operator(owner: Usuario) -> Usuario:
    owner.is_superuser = True
    owner.save()
    return owner


def kept(lines: object, status: str = "SUCCESS") -> None:
    TaskResult.objects.create(
        task_id=f"t{TaskResult.objects.count()}", task_name=pages.TAREA, status=status, result=json.dumps(lines)
    )


def test_it_shows_the_last_check(operator: Usuario) -> None:
    assert "Todavía no se ha hecho ninguna" in get(operator, PATH)
    kept(["La cuenta de Twilio no tiene saldo <0>. Recárguela. [sin_saldo]"])
    kept([], "FAILURE")

    page = get(operator, PATH)

    assert "no tiene saldo &lt;0&gt;. Recárguela. [sin_saldo]" in page
    kept([])
    assert "Todo en orden." in get(operator, PATH)


@pytest.mark.parametrize("result", [None, "x", {"a": 1}])
def test_it_reads_no_other_result(operator: Usuario, result: object) -> None:
    kept(result)

    assert "Todavía no se ha hecho ninguna" in get(operator, PATH)


def test_it_checks_now(operator: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "revisar", lambda: [Falla("reloj", "El reloj difiere", "Sincronícelo.", grave=False)])

    page = signed_in(operator).post(PATH).content.decode()

    assert "<strong>El reloj difiere.</strong> Sincronícelo." in page
    monkeypatch.setattr(pages, "revisar", list)
    assert "Todo en orden." in signed_in(operator).post(PATH).content.decode()


def test_an_account_leads_there(operator: Usuario, teammate: Usuario) -> None:
    assert f'href="{PATH}"' in get(operator, "/cuenta/")
    assert PATH not in get(teammate, "/cuenta/")


def test_the_task_returns_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        revision, "revisar", lambda **kwargs: [Falla("reloj", "El reloj difiere", "Sincronícelo.", grave=False)]
    )

    assert revision.revisar_y_anotar() == ["El reloj difiere. Sincronícelo. [reloj]"]
