"""What an operator reads in the admin about tasks and processes."""

import pytest
from django_celery_results.models import TaskResult

from core.models import Pulso, Usuario
from core.ops.pulses import Heart
from tests.pages import get, signed_in
from workers.admin import plain


@pytest.fixture
def staff(owner: Usuario) -> Usuario:
    owner.is_staff = owner.is_superuser = True
    owner.save()
    return owner


@pytest.mark.parametrize(
    ("kept", "shown"),
    [('"(12,)"', "12"), ('"[12]"', "12"), ('"(3, 4)"', "3, 4"), ('"()"', ""), (None, ""), ("(7,)", "7")],
)
def test_arguments_read_as_they_were_passed(kept: str | None, shown: str) -> None:
    assert plain(kept) == shown


def test_a_task_is_known_by_its_name_and_its_campaign(staff: Usuario) -> None:
    TaskResult.objects.create(
        task_id="t1",
        task_name="workers.avanzar_campana",
        task_args='"(12,)"',
        status="FAILURE",
        traceback="Traceback …",
    )
    page = get(staff, "/admin/django_celery_results/taskresult/")
    assert ">avanzar_campana</a>" in page
    assert '<td class="field-argumentos">12</td>' in page
    row = TaskResult.objects.get()
    assert "Traceback …" in get(staff, f"/admin/django_celery_results/taskresult/{row.pk}/change/")
    assert signed_in(staff).get("/admin/django_celery_results/taskresult/add/").status_code == 403


def test_the_processes_are_listed_and_nobody_edits_them(staff: Usuario) -> None:
    Heart("worker-1@aqui", Pulso.Tipo.WORKER, colas=lambda: ["campanas"]).beat()
    assert "worker-1@aqui" in get(staff, "/admin/core/pulso/")
    assert signed_in(staff).get("/admin/core/pulso/add/").status_code == 403
    assert signed_in(staff).post("/admin/core/pulso/worker-1%40aqui/delete/", {"post": "yes"}).status_code in {403, 404}
    assert Pulso.objects.count() == 1
