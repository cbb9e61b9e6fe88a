"""A campaign of another day is changed until it starts, and not a moment longer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import edicion
from campaigns.campana.services import NuevaCampana, crear_campana
from campaigns.models import Ajustes, CampanaSMS, Suceso
from core.models import Usuario
from tests.factories import ClienteFactory, PlantillaFactory
from tests.pages import flashes, get
from workers.engine.campaign import campana as engine


@pytest.fixture
def programada(owner: Usuario) -> CampanaSMS:
    ana = ClienteFactory.create(usuario=owner, nombre="Ana")
    plantilla = PlantillaFactory.create(usuario=owner)
    when = timezone.now() + timedelta(days=2)
    nueva = NuevaCampana(
        mensaje=plantilla.mensaje, audiencia=Audiencia.de_ids([ana.pk]), plantilla=plantilla, programada_para=when
    )
    return crear_campana(usuario=owner, nueva=nueva)[0]


def patch(usuario: Usuario, campana: CampanaSMS, **body: Any) -> Any:
    client = APIClient()
    client.force_authenticate(usuario)
    return client.patch(f"/api/v1/campanas/{campana.pk}/", body, format="json")


def test_it_is_changed_by_api_and_page(programada: CampanaSMS, owner: Usuario) -> None:
    when = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    said = patch(owner, programada, nombre="Otra", mensaje="Hola {nombre}, mañana", programada_para=when.isoformat())
    assert (said.status_code, said.data["mensaje"], said.data["plantilla"]) == (200, "Hola {nombre}, mañana", None)
    programada.refresh_from_db()
    assert (programada.nombre, programada.programada_para, programada.total_clientes) == ("Otra", when, 1)
    page = f"/campanas/{programada.pk}/"
    assert f"{page}editar/" in get(owner, page)
    form = {
        "nombre": "Otra",
        "mensaje": "Hola\r\n{nombre}",
        "programada_para": f"{timezone.localtime(when):%Y-%m-%dT%H:%M}",
    }
    assert "Hola {nombre}, mañana" in get(owner, f"{page}editar/")
    assert flashes(owner, f"{page}editar/", form)
    programada.refresh_from_db()
    assert (programada.mensaje, programada.programada_para) == ("Hola\n{nombre}", when)
    told = Suceso.objects.filter(campana=programada, tipo="editada").order_by("pk").values_list("detalle", flat=True)
    assert list(told) == ["nombre, texto, fecha", "texto"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"mensaje": "Hola {precio}"}, 400),
        ({"mensaje": " "}, 400),
        ({"programada_para": "2020-01-01T09:00:00Z"}, 400),
        ({"audiencia": {"todos": True}}, 400),
        ({}, 200),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    programada: CampanaSMS, owner: Usuario, body: dict[str, Any], status: int
) -> None:
    assert patch(owner, programada, **body).status_code == status
    before = programada.mensaje, programada.programada_para
    programada.refresh_from_db()
    assert (programada.mensaje, programada.programada_para) == before
    assert not Suceso.objects.filter(campana=programada, tipo="editada").exists()


def test_not_once_it_has_started_or_its_moment_came(programada: CampanaSMS, owner: Usuario) -> None:
    CampanaSMS.objects.filter(pk=programada.pk).update(programada_para=timezone.now() - timedelta(seconds=1))
    assert patch(owner, programada, nombre="Otra").status_code == 409
    engine._start(engine.Look(programada.pk, publish=False))
    said = patch(owner, programada, nombre="Otra")
    assert (said.status_code, said.data["errors"][0]["detail"]) == (409, edicion.YA_NO)


def test_a_large_one_is_approved_anew(programada: CampanaSMS, owner: Usuario) -> None:
    CampanaSMS.objects.filter(pk=programada.pk).update(aprobacion="aprobada", decidida_por=owner)
    Ajustes.objects.filter(usuario=owner).update(aprobacion_destinatarios=0)
    patch(owner, programada, mensaje="Hola {nombre}, otro texto")
    programada.refresh_from_db()
    assert (programada.aprobacion, programada.decidida_por, bool(programada.vence_en)) == ("pendiente", None, True)
