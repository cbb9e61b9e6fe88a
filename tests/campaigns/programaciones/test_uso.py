"""What a programación needs is not deleted from under it, on the pages and in the API."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.audiencia.seleccion import Audiencia, Seleccion
from campaigns.models import PlantillaSMS, Remitente
from campaigns.programaciones import uso
from clientes.models import Etiqueta, Segmento
from core.models import Usuario
from tests.core.api.support import error_of
from tests.factories import (
    ClienteFactory,
    EtiquetaFactory,
    PlantillaFactory,
    RemitenteFactory,
    SegmentoFactory,
    una_programacion,
)
from tests.pages import flashes

Needed = Etiqueta | Segmento | PlantillaSMS | Remitente
# kind: (how to make one, what a programación that needs it is made with, its paths: a sender has no page)
KINDS: dict[str, tuple[Any, Callable[[Any], dict[str, Any]], str, str]] = {
    "tag": (
        EtiquetaFactory,
        lambda row: {"audiencia": Audiencia(Seleccion(etiquetas=(row.pk,)))},
        "/api/v1/etiquetas/{}/",
        "/clientes/etiquetas/eliminar/{}/",
    ),
    "tag left out": (
        EtiquetaFactory,
        lambda row: {"audiencia": Audiencia(Seleccion(todos=True), Seleccion(etiquetas=(row.pk,)))},
        "/api/v1/etiquetas/{}/",
        "/clientes/etiquetas/eliminar/{}/",
    ),
    "segment": (
        SegmentoFactory,
        lambda row: {"audiencia": Audiencia(Seleccion(segmento=row.pk))},
        "/api/v1/segmentos/{}/",
        "/clientes/segmentos/eliminar/{}/",
    ),
    "segment left out": (
        SegmentoFactory,
        lambda row: {"audiencia": Audiencia(Seleccion(todos=True), Seleccion(segmento=row.pk))},
        "/api/v1/segmentos/{}/",
        "/clientes/segmentos/eliminar/{}/",
    ),
    "template": (
        PlantillaFactory,
        lambda row: {"plantilla": row},
        "/api/v1/plantillas/{}/",
        "/clientes/plantillas/eliminar/{}/",
    ),
    "sender": (RemitenteFactory, lambda row: {"remitente": row}, "/api/v1/remitentes/{}/", ""),
}
SAID = uso.EN_USO.format(programaciones="la usa la programación «Aniversario»")


@pytest.mark.parametrize("kind", KINDS)
def test_it_stays_and_the_reason_names_who_needs_it(kind: str, api: APIClient, owner: Usuario) -> None:
    factory, of, path, page = KINDS[kind]
    needed: Needed = factory.create(usuario=owner)
    una_programacion(owner, **of(needed))
    error = error_of(api.delete(path.format(needed.pk)), 409)
    assert (error["code"], error["detail"]) == ("in_use", SAID)
    if page:
        assert flashes(owner, page.format(needed.pk), {}) == [SAID]
    needed.refresh_from_db()


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_needs_goes(kind: str, api: APIClient, owner: Usuario, stranger: Usuario) -> None:
    factory, of, path, _ = KINDS[kind]
    free, needed = factory.create_batch(2, usuario=owner)
    una_programacion(owner, **of(needed))
    assert api.delete(path.format(free.pk)).status_code == 204


def test_a_client_may_go(api: APIClient, owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    una_programacion(owner, audiencia=Audiencia.de_ids([cliente.pk]))
    assert api.delete(f"/api/v1/clientes/{cliente.pk}/").status_code == 204
