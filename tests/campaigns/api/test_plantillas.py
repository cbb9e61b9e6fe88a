"""/api/v1/plantillas/: CRUD. A template that could not be sent is refused when it is written."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import CampanaSMS, PlantillaSMS
from core.models import Usuario
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, PlantillaFactory

URL = "/api/v1/plantillas/"

BAD = [
    ({"nombre": ""}, "nombre", "blank"),
    ({"nombre": " "}, "nombre", "blank"),
    ({"nombre": None}, "nombre", "null"),
    ({"nombre": "x" * 101}, "nombre", "max_length"),
    ({"mensaje": ""}, "mensaje", "blank"),
    ({"mensaje": " \n"}, "mensaje", "blank"),
    ({"mensaje": None}, "mensaje", "null"),
    ({"mensaje": "Hola {apellido}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola {}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola { nombre }"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "x" * 1_601}, "mensaje", "max_length"),
    ({"activo": "quizás"}, "activo", "invalid"),
]


def test_it_works(api: APIClient, owner: Usuario) -> None:
    body = {"nombre": "Promoción", "mensaje": " Hola {nombre},\n20% hoy! "}
    response = api.post(URL, body)
    plantilla = PlantillaSMS.objects.get()
    assert response.status_code == 201
    creado = timezone.localtime(plantilla.creado).isoformat()
    assert response.json() == {**body, "id": plantilla.pk, "activo": True, "creado": creado}
    assert plantilla.usuario == owner
    assert api.get(URL).json()["results"] == [response.json()]
    assert api.get(f"{URL}{plantilla.pk}/").json() == response.json()


@pytest.mark.parametrize("body", [{}, {"nombre": "x"}, {"mensaje": "x"}])
def test_it_requires_a_name_and_a_message(api: APIClient, body: dict[str, str]) -> None:
    errors = api.post(URL, body).json()["errors"]
    assert {error["attr"] for error in errors} == {"nombre", "mensaje"} - body.keys()


@pytest.mark.parametrize(("change", "attr", "code"), BAD)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_it_rejects_bad_input(
    api: APIClient, owner: Usuario, method: str, change: dict[str, Any], attr: str, code: str
) -> None:
    plantilla = PlantillaFactory.create(usuario=owner, nombre="antes", mensaje="antes")
    path = URL if method == "post" else f"{URL}{plantilla.pk}/"
    body = change if method == "patch" else {"nombre": "x", "mensaje": "x", **change}
    error = error_of(getattr(api, method)(path, body), 400)
    assert (error["attr"], error["code"]) == (attr, code)
    assert list(PlantillaSMS.objects.values_list("nombre", "mensaje", "activo")) == [("antes", "antes", True)]


@pytest.mark.parametrize("mensaje", ["x" * 1_600, "{nombre}" + "x" * 1_600])
def test_it_takes_the_longest_text_before_names(api: APIClient, mensaje: str) -> None:
    """How long it gets depends on the recipients, whom only a campaign knows."""
    assert api.post(URL, {"nombre": "x", "mensaje": mensaje}).status_code == 201


def test_it_replaces_and_changes(api: APIClient, owner: Usuario) -> None:
    path = f"{URL}{PlantillaFactory.create(usuario=owner).pk}/"
    assert api.put(path, {"nombre": "B", "mensaje": "C", "activo": False}).json()["activo"] is False
    assert api.patch(path, {"mensaje": "D {nombre}"}).json()["nombre"] == "B"
    assert PlantillaSMS.objects.values_list("nombre", "mensaje", "activo").get() == ("B", "D {nombre}", False)


def test_it_deletes_and_campaigns_keep_their_text(api: APIClient, owner: Usuario) -> None:
    plantilla = PlantillaFactory.create(usuario=owner)
    campana = CampanaFactory.create(usuario=owner, plantilla=plantilla, mensaje=plantilla.mensaje)
    assert api.delete(f"{URL}{plantilla.pk}/").status_code == 204
    assert CampanaSMS.objects.filter(plantilla=None, mensaje="Hola {nombre}!").count() == 1
    assert api.get(f"/api/v1/campanas/{campana.pk}/").json()["plantilla"] is None


@pytest.mark.parametrize(("activo", "expected"), [("true", ["sí"]), ("false", ["no"]), ("", ["no", "sí"])])
def test_it_filters(api: APIClient, owner: Usuario, activo: str, expected: list[str]) -> None:
    PlantillaFactory.create(usuario=owner, nombre="sí")
    PlantillaFactory.create(usuario=owner, nombre="no", activo=False)
    PlantillaFactory.create(nombre="de otra tienda")
    assert [row["nombre"] for row in api.get(URL, {"activo": activo}).json()["results"]] == expected
