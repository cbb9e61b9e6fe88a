"""Django's admin shows recurring campaigns, their occurrences and beat's entries, to be read only."""

import pytest
from django.test import Client

from campaigns.programaciones import beat
from core.models import Usuario
from tests.factories import ClienteFactory, una_programacion


@pytest.fixture
def client(owner: Usuario) -> Client:
    owner.is_staff = owner.is_superuser = True
    owner.save(update_fields=["is_staff", "is_superuser"])
    client = Client()
    client.force_login(owner)
    return client


def test_they_are_listed_and_nobody_writes_them(client: Client, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner)
    row = una_programacion(owner)
    page = client.get("/admin/campaigns/programacion/").content.decode()
    assert "Todos los días a las" in page
    assert client.get(f"/admin/campaigns/programacion/{row.pk}/change/").status_code == 200
    assert client.get("/admin/campaigns/ocurrencia/").status_code == 200
    for path in ("programacion/add/", f"programacion/{row.pk}/delete/", "ocurrencia/add/"):
        assert client.get(f"/admin/campaigns/{path}").status_code == 403


def test_beats_entry_is_among_the_periodic_tasks(client: Client, owner: Usuario) -> None:
    row = una_programacion(owner)
    assert beat.nombre(row) in client.get("/admin/django_celery_beat/periodictask/").content.decode()
