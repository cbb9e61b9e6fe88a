"""The rates of pages: a loop is stopped, a person is not, and no page of that kind is forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from core.models import Registro, Usuario
from core.pages.rates import CONSULTA, DE_ALGUIEN, DE_PERSONAS, DESCARGA, RITMOS, SUBIDA
from tests.core.pages.test_matrix import NOT_PAGES
from tests.factories import CampanaFactory, ClienteFactory, VendedorFactory
from tests.pages import signed_in

# Pages that need none. A new page stands in RITMOS or here.
SIN_RITMO = {
    # live: one answer is shared by all who look, and asked for by the clock
    *("tablero", "tablero-vivo", "muro", "muro-vivo", "campanas-vivas", "campana", "campana-viva", "campana-serie"),
    *("importacion", "importacion-viva", "campana-destinatarios"),
    # a page of rows by their index, or one row
    *("cierres", "cierre", "alertas", "programaciones", "programacion", "programacion-ocurrencias", "cliente"),
    *("cliente-mensajes", "cliente-conversacion", "etiquetas", "segmentos", "plantillas", "entrante", "baja"),
    *("usuarios", "cuenta", "ingresar", "salir", "rne-archivo", "rne-archivo-vivo"),
    # forms that write one row
    *("cliente-nuevo", "cliente-editar", "cliente-eliminar", "cliente-activar", "cliente-desactivar"),
    *("cliente-anonimizar", "etiqueta-crear", "etiqueta-editar", "etiqueta-eliminar", "segmento-eliminar"),
    *("importacion-buenas", "importacion-descartar", "baja-nueva", "baja-levantar", "entrantes-leer"),
    *(
        "ajustes-consentimiento",
        "entrante-decidir",
        "entrante-contestar",
        "campana-editar",
        "primeros-pasos",
        "respuestas-guardadas",
        "respuesta-nueva",
        "respuesta-editar",
        "respuesta-eliminar",
        "entrantes-sin-leer",
        "plantilla-crear",
        "plantilla-editar",
        "plantilla-eliminar",
        "programacion-eliminar",
    ),
    *("programacion-pausar", "programacion-reanudar", "campana-aprobar", "campana-rechazar"),
    *("ganchos", "gancho"),
    *("campana-pausar", "campana-reanudar", "campana-cancelar", "campana-reintentar", "alertas-secreto"),
    *("usuario-clave", "usuario-rol", "usuario-activar", "usuario-desactivar", "cuenta-clave"),
    # one's own account
    *("llaves", "llave-revocar", "factor", "factor-codigos", "factor-llave", "factor-llave-quitar", "factor-quitar"),
    *("sesiones", "sesion-cerrar", "sesiones-cerrar-otras", "cuenta-correo", "correo-confirmar", "confirmar"),
    *("usuario-sesiones-cerrar", "ingresar-codigo", "clave-olvidada", "clave-nueva"),
    # counted by rates of their own
    *("alertas-prueba", "gancho-hacer", "usuario-nuevo"),
    # the API's views at addresses of pages, with the API's rates
    *("enviar-sms", "cliente-crear-ajax", "plantillas-sms"),
}


def names(patterns: Any, prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not route.startswith(NOT_PAGES):
            yield str(pattern.name)


def address(name: str) -> str:
    patterns = [args for _, args in get_resolver().reverse_dict.getlist(name)[0][0]]
    return reverse(name, kwargs={"pk": 1} if "pk" in patterns[0] else None)


@pytest.fixture
def two(settings: Any) -> None:
    settings.PAGE_RATES = {"consulta": "2/min", "archivo": "2/min"}


def test_each_page_has_a_rate_or_needs_none() -> None:
    found = set(names(get_resolver().url_patterns))
    assert not SIN_RITMO & set(RITMOS)
    assert found == SIN_RITMO | set(RITMOS)


@pytest.mark.parametrize("name", RITMOS)
def test_a_loop_is_stopped(name: str, owner: Usuario, two: None) -> None:
    client, path = signed_in(owner), address(name)
    method = client.post if RITMOS[name].metodos else client.get
    assert 429 not in {method(path).status_code for _ in range(2)}
    answer = method(path)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60


def test_it_says_so_in_words(owner: Usuario, two: None) -> None:
    client = signed_in(owner)
    first, _, page = (client.get("/reportes/") for _ in range(3))
    assert (first.status_code, page.status_code) == (200, 429)
    assert "demasiadas veces" in page.text
    assert "no-store" in page["Cache-Control"]
    fragment = client.post("/campanas/nueva/costo/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["Content-Type"]) == (429, "text/plain; charset=utf-8")
    assert fragment.text.startswith("Pidió lo mismo demasiadas veces")
    # Once, however often they go on.
    rows = Registro.objects.filter(tipo="limite").values_list("quien", "detalle")
    assert list(rows) == [("duena", "/reportes/")]


def test_pages_of_a_kind_are_counted_together_and_each_person_alone(
    owner: Usuario, teammate: Usuario, stranger: Usuario, two: None
) -> None:
    client = signed_in(owner)
    assert [client.get(path).status_code for path in ("/reportes/", "/clientes/", "/bajas/")] == [200, 200, 429]
    assert client.get("/bajas/exportar/").status_code == 200  # another kind
    assert client.get("/").status_code == 200
    assert [signed_in(other).get("/bajas/").status_code for other in (teammate, stranger)] == [200, 200]
    assert [Client().get("/bajas/").status_code for _ in range(4)] == [302] * 4


def test_only_what_is_sent_counts_as_an_upload(owner: Usuario, two: None) -> None:
    client = signed_in(owner)
    assert [client.get("/clientes/importar/").status_code for _ in range(4)] == [200] * 4
    assert [client.post("/clientes/importar/").status_code for _ in range(3)] == [200, 200, 429]


def test_without_redis_it_still_counts(owner: Usuario, two: None, settings: Any) -> None:
    client = signed_in(owner)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert [client.get("/bajas/").status_code for _ in range(3)] == [200, 200, 429]


def test_nobody_meets_them_by_hand(owner: Usuario) -> None:
    """Ten keys a second for some seconds, a page of two hundred segments, and an import with its mistakes mended."""
    client = signed_in(owner)
    assert {client.post("/clientes/segmentos/cuenta/").status_code for _ in range(250)} == {200}
    assert {client.get("/bajas/exportar/").status_code for _ in range(20)} == {200}
    assert {ritmo.nombre for ritmo in (CONSULTA, DESCARGA, SUBIDA)} == {"consulta", "archivo"}


class TestReaders:
    """A person who may not export does not page through all clients either, by whatever way."""

    @pytest.fixture(autouse=True)
    def _few(self, settings: Any) -> None:
        settings.READ_RATE = "3/h"

    def test_pages_and_api_are_counted_together(self, owner: Usuario, teammate: Usuario) -> None:
        page, api = signed_in(teammate), APIClient()
        api.force_authenticate(teammate)
        assert page.get("/clientes/").status_code == 200
        assert [api.get(f"/api/v1/{name}/").status_code for name in ("clientes", "bajas", "ventas")] == [200, 200, 429]
        late = page.get("/respuestas/")
        assert late.status_code == 429
        assert int(late["Retry-After"]) > 60
        assert int(api.get("/api/v1/clientes/?q=ana")["Retry-After"]) > 60
        # By either way one may ask for one after the other. Campaigns are no people, and their recipients are.
        cliente, campana = ClienteFactory.create(usuario=owner), CampanaFactory.create(usuario=owner)
        assert api.get(f"/api/v1/clientes/{cliente.pk}/").status_code == 429
        assert api.get("/api/v1/campanas/").status_code == 200
        assert page.get("/clientes/plantillas/").status_code == 200
        for path in (f"/clientes/{cliente.pk}/", f"/campanas/{campana.pk}/", f"/campanas/{campana.pk}/destinatarios/"):
            assert page.get(path).status_code == 429, path

    def test_a_page_that_renews_itself_counts_once(self, owner: Usuario, teammate: Usuario) -> None:
        page, path = signed_in(teammate), f"/campanas/{CampanaFactory.create(usuario=owner).pk}/destinatarios/"
        assert [page.get(f"{path}?estado=&v={n}").status_code for n in range(6)] == [200] * 6
        assert [page.get(f"{path}?despues={n}&v=1").status_code for n in (1, 2, 3)] == [200, 200, 429]
        assert page.get(f"{path}?v=7").status_code == 200
        # One that was refused was not seen: asking again is no way in.
        assert [page.get(f"{path}?despues=3&v={n}").status_code for n in (1, 2)] == [429, 429]

    def test_each_of_them_is_a_page(self) -> None:
        assert set(names(get_resolver().url_patterns)) >= DE_ALGUIEN | DE_PERSONAS

    @pytest.mark.parametrize("rol", ["admin", "operador"])
    def test_who_exports_or_sees_no_phones_is_not_counted(self, owner: Usuario, rol: str) -> None:
        api = APIClient()
        api.force_authenticate(VendedorFactory.create(rol=rol, creado_por=owner))
        path = "/api/v1/clientes/" if rol == "admin" else "/api/v1/campanas/"
        assert [api.get(path).status_code for _ in range(5)] == [200] * 5

    def test_their_pages_are_small(self, owner: Usuario, teammate: Usuario) -> None:
        ClienteFactory.create_batch(51, usuario=owner)
        rows = {}
        for who in (owner, teammate):
            api = APIClient()
            api.force_authenticate(who)
            rows[who.rol] = len(api.get("/api/v1/clientes/?page_size=200").json()["results"])
        assert rows == {"admin": 51, "vendedor": 50}
