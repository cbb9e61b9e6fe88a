"""A campaign of another day is changed until it starts, and not a moment longer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import edicion
from campaigns.campana.services import NuevaCampana, crear_campana
from campaigns.models import Ajustes, CampanaSMS, Suceso
from campaigns.pages import campana_editar
from campaigns.vista_previa import aprobaciones
from core.models import Usuario
from tests.core.api.support import error_of
from tests.factories import ClienteFactory, PlantillaFactory, VendedorFactory, llave_de
from tests.pages import flashes, get, signed_in
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


@pytest.fixture
def por_aprobar(programada: CampanaSMS, owner: Usuario) -> CampanaSMS:
    """The campaign in a shop where every one waits for approval."""
    Ajustes.objects.filter(usuario=owner).update(aprobacion_destinatarios=0, aprobacion_ajena=True)
    CampanaSMS.objects.filter(pk=programada.pk).update(
        aprobacion="pendiente", vence_en=timezone.now() + timedelta(days=5)
    )
    programada.refresh_from_db()
    return programada


def test_who_changed_it_does_not_approve_it(por_aprobar: CampanaSMS, owner: Usuario) -> None:
    socia = VendedorFactory.create(rol="admin", creado_por=owner)
    key = APIClient(headers={"Authorization": f"Bearer {llave_de(socia)}"})
    path = f"/api/v1/campanas/{por_aprobar.pk}/"
    approve = f"{path}aprobar/"
    when = (timezone.now() + timedelta(days=4)).isoformat()
    assert key.patch(path, {"programada_para": when}, format="json").status_code == 200
    assert error_of(key.post(approve), 403)["detail"] == aprobaciones.LLAVE_DEL_CAMBIO
    por_aprobar.refresh_from_db()
    assert aprobaciones.no_aprueba(por_aprobar, socia) == ""  # the words are not hers
    assert key.patch(path, {"mensaje": "Hola {nombre}, otra cosa"}, format="json").status_code == 200
    assert error_of(key.post(approve), 403)["detail"] == aprobaciones.LLAVE_DEL_TEXTO
    assert flashes(socia, f"/campanas/{por_aprobar.pk}/aprobar/", {}) == [aprobaciones.TEXTO_PROPIO]
    por_aprobar.refresh_from_db()
    assert (por_aprobar.aprobacion, por_aprobar.redactada_por, por_aprobar.creada_por) == ("pendiente", socia, owner)


def test_nobody_approves_what_they_have_not_seen(por_aprobar: CampanaSMS, owner: Usuario) -> None:
    revisora = VendedorFactory.create(rol="aprobador", creado_por=owner)
    path, page = f"/api/v1/campanas/{por_aprobar.pk}/", f"/campanas/{por_aprobar.pk}/"
    api = APIClient()
    api.force_authenticate(revisora)
    old = api.get(path).data["huella"]
    assert f'name="visto" value="{old}"' in get(revisora, page)
    said = patch(owner, por_aprobar, mensaje="Hola {nombre}, otro precio")
    assert said.data["huella"] != old
    for decision in ("aprobar", "rechazar"):
        error = error_of(api.post(f"{path}{decision}/", {"huella": old}, format="json"), 409)
        assert (error["code"], error["detail"]) == ("changed", aprobaciones.CAMBIO)
    for form in ({"visto": old}, {}):
        assert flashes(revisora, f"{page}aprobar/", form) == [aprobaciones.CAMBIO]
    # A page from before it waited again gets the text with the button.
    assert "otro precio" in get(revisora, f"{page}vivo/?visto=otro")
    assert api.post(f"{path}aprobar/", {"huella": said.data["huella"]}, format="json").data["aprobacion"] == "aprobada"


def test_one_whose_call_named_people_keeps_its_words(owner: Usuario) -> None:
    Ajustes.objects.filter(usuario=owner).update(aprobacion_costo=Decimal("0.5"), precio_segmento=Decimal("0.1"))
    when = timezone.now() + timedelta(days=2)
    called = [
        {"telefono": "3001112233", "nombre": "Ana", "variables": {"pedido": "x" * 290}},
        {"telefono": "3001112234", "nombre": "Eva", "variables": {"pedido": "x" * 290}},
        {"telefono": "12", "variables": {"pedido": "x" * 290}},
    ]
    api = APIClient()
    api.force_authenticate(owner)
    text = "Hola {nombre|vecino}, su pedido {pedido|nuevo} " + "y algo de la tienda " * 6
    asked = {"mensaje": text, "destinatarios": called, "programada_para": when.isoformat()}
    made = api.post("/api/v1/campanas/", asked, format="json").data
    assert (made["aprobacion"], made["total_clientes"]) == ("pendiente", 3)
    found = CampanaSMS.objects.get(pk=made["id"])
    later = patch(owner, found, programada_para=(when + timedelta(hours=1)).isoformat())
    assert (later.status_code, later.data["aprobacion"], later.data["motivo"]) == (200, "pendiente", made["motivo"])
    error = error_of(patch(owner, found, mensaje="Hola {nombre|vecino}"), 400)
    assert (error["attr"], error["code"], error["detail"]) == ("mensaje", "immutable", edicion.CON_PALABRAS)
    assert edicion.CON_PALABRAS in get(owner, f"/campanas/{found.pk}/editar/")


def test_two_who_change_it_at_once(programada: CampanaSMS, owner: Usuario) -> None:
    page = f"/campanas/{programada.pk}/editar/"
    old = programada.huella
    assert f'name="visto" value="{old}"' in get(owner, page)
    patch(owner, programada, mensaje="Hola {nombre}, de la otra persona")
    form = {
        "visto": old,
        "nombre": "Mía",
        "mensaje": programada.mensaje,
        "programada_para": f"{timezone.localtime(programada.programada_para):%Y-%m-%dT%H:%M}",
    }
    for nombre in ("Mía", ""):  # what is refused for another reason passes no sooner
        answer = signed_in(owner).post(page, {**form, "nombre": nombre})
        body = answer.content.decode()
        assert (answer.status_code, f'name="visto" value="{old}"' in body) == ((409, False) if nombre else (200, True))
    body = signed_in(owner).post(page, form).content.decode()
    assert campana_editar.OTRA_PERSONA in body
    assert "Mía" in body
    assert 'value="Mía"' not in body
    assert "de la otra persona</textarea>" in body
    error = error_of(patch(owner, programada, nombre="Mía", huella=old), 409)
    assert error["code"] == "changed"
    programada.refresh_from_db()
    assert (programada.nombre == "Mía", programada.mensaje) == (False, "Hola {nombre}, de la otra persona")
    assert flashes(owner, page, {**form, "visto": programada.huella, "mensaje": programada.mensaje})
