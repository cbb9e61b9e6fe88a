"""The templates' pages, and the reference's list of them."""

from typing import Any

import pytest
from django.test import Client

from campaigns.models import PlantillaSMS
from campaigns.pages import plantillas
from core.models import Usuario
from tests.factories import CampanaFactory, PlantillaFactory
from tests.pages import get, signed_in

BASE = "/clientes/plantillas/"


@pytest.fixture
def promo(owner: Usuario) -> PlantillaSMS:
    return PlantillaFactory.create(usuario=owner, nombre="Promo", mensaje="Hola {nombre}, hay 2x1")


def test_it_lists_the_shops(owner: Usuario, teammate: Usuario, stranger: Usuario, promo: PlantillaSMS) -> None:
    PlantillaFactory.create(usuario=owner, nombre="Vieja", activo=False)
    for usuario in (owner, teammate):
        body = get(usuario, BASE)
        assert "Promo" in body
        assert "Vieja" in body
        assert "Inactiva" in body
    assert "Promo" not in get(stranger, BASE)
    assert "/plantillas/crear/" not in get(teammate, BASE)


def test_it_pages(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plantillas, "PLANTILLAS", 1)
    first, second = PlantillaFactory.create_batch(2, usuario=owner)
    body = get(owner, BASE)
    assert f"antes={second.pk}" in body
    assert first.nombre in get(owner, f"{BASE}?antes={second.pk}")


def test_it_creates_with_what_is_sent(owner: Usuario) -> None:
    form = {"nombre": "Saludo", "mensaje": "Hola {nombre}, tenemos\r\nnovedades! "}
    answer = signed_in(owner).post(f"{BASE}crear/", form)
    assert (answer.status_code, answer["Location"]) == (302, BASE)
    plantilla = PlantillaSMS.objects.get()
    assert (plantilla.nombre, plantilla.activo, plantilla.usuario) == ("Saludo", True, owner)
    assert plantilla.mensaje == "Hola {nombre}, tenemos\nnovedades! "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nombre": ""}, "Este campo es requerido."),
        ({"nombre": "x" * 101}, "como máximo 100 caracteres"),
        ({"mensaje": ""}, "Este campo es requerido."),
        ({"mensaje": "   "}, "El mensaje está vacío."),
        ({"mensaje": "Hola {apellido}"}, "Marcador desconocido: {apellido}"),
        ({"mensaje": "x" * 1601}, "el máximo de Twilio es 1600"),
        ({"activo": "quizas"}, "Escriba «true» o «false»."),
    ],
)
def test_it_shows_the_form_again_with_the_error(change: dict[str, Any], said: str, owner: Usuario) -> None:
    answer = signed_in(owner).post(f"{BASE}crear/", {"nombre": "Saludo", "mensaje": "Hola", **change})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not PlantillaSMS.objects.exists()


def test_it_changes_only_what_is_sent(owner: Usuario, promo: PlantillaSMS) -> None:
    PlantillaSMS.objects.update(activo=False)
    answer = signed_in(owner).post(f"{BASE}editar/{promo.pk}/", {"nombre": "Otra", "mensaje": "Hola {nombre}"})
    assert (answer.status_code, answer["Location"]) == (302, BASE)
    promo.refresh_from_db()
    assert (promo.nombre, promo.mensaje, promo.activo) == ("Otra", "Hola {nombre}", False)
    signed_in(owner).post(f"{BASE}editar/{promo.pk}/", {"activo": ["false", "true"]})
    promo.refresh_from_db()
    assert (promo.nombre, promo.activo) == ("Otra", True)


def test_it_deletes_after_asking_and_campaigns_keep_their_message(owner: Usuario, promo: PlantillaSMS) -> None:
    campana = CampanaFactory.create(usuario=owner, plantilla=promo)
    assert "¿Eliminar la plantilla «Promo»?" in get(owner, f"{BASE}eliminar/{promo.pk}/")
    answer = signed_in(owner).post(f"{BASE}eliminar/{promo.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, BASE)
    campana.refresh_from_db()
    assert campana.plantilla is None


def test_the_ajax_list_has_the_active_ones(
    owner: Usuario, teammate: Usuario, stranger: Usuario, promo: PlantillaSMS
) -> None:
    PlantillaFactory.create(usuario=owner, activo=False)
    body = {"success": True, "plantillas": [{"id": promo.pk, "nombre": "Promo", "mensaje": "Hola {nombre}, hay 2x1"}]}
    for usuario in (owner, teammate):
        answer: Any = signed_in(usuario).get("/clientes/plantillas-sms/")
        assert (answer.status_code, answer.json()) == (200, body)
    answer = signed_in(stranger).get("/clientes/plantillas-sms/")
    assert answer.json() == {"success": True, "plantillas": []}
    answer = Client().get("/clientes/plantillas-sms/")
    assert (answer.status_code, answer.json()["success"]) == (401, False)
