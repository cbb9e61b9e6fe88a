"""The permissions of the API: every route, for the owner, a teammate, a stranger and nobody.

A route that is not in the table fails the first test: an endpoint cannot be forgotten.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from campaigns.bajas.services import registrar
from campaigns.bitacora import ganchos
from campaigns.bitacora.alertas import guardar_ajustes, probar
from campaigns.bitacora.services import anotar
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import (
    AjustesAlertas,
    CampanaSMS,
    Entrante,
    EntregaGancho,
    EventoGancho,
    Gancho,
    PlantillaSMS,
    Programacion,
    Remitente,
    RespuestaGuardada,
    SMSLog,
    Suceso,
)
from clientes.models import Baja, Cliente, Etiqueta, Segmento, Venta
from clientes.rne.services import importar_lista
from core.api.views import NotFoundView
from core.llaves import huella
from core.models import LlaveApi, Usuario
from tests import shared
from tests.conftest import signed_in
from tests.core.api.support import errors_of, row_counts
from tests.factories import (
    AdminFactory,
    CampanaFactory,
    ClienteFactory,
    EtiquetaFactory,
    PlantillaFactory,
    RemitenteFactory,
    SegmentoFactory,
    VendedorFactory,
    VentaFactory,
    llave_de,
    open_lote,
    sms_log,
    una_programacion,
)

CAMPANAS, CAMPANA = "api/v1/campanas/", "api/v1/campanas/<int:pk>/"
CLIENTES, CLIENTE = "api/v1/clientes/", "api/v1/clientes/<int:pk>/"
ETIQUETAS, ETIQUETA = "api/v1/etiquetas/", "api/v1/etiquetas/<int:pk>/"
SEGMENTOS, SEGMENTO = "api/v1/segmentos/", "api/v1/segmentos/<int:pk>/"
VENTAS, VENTA = "api/v1/ventas/", "api/v1/ventas/<int:pk>/"
REMITENTES, REMITENTE = "api/v1/remitentes/", "api/v1/remitentes/<int:pk>/"
RNE = "api/v1/rne/"
AJUSTES = "api/v1/ajustes/"
ENTRANTES, ENTRANTE = "api/v1/entrantes/", "api/v1/entrantes/<int:pk>/"
RESPUESTAS, RESPUESTA = "api/v1/respuestas/", "api/v1/respuestas/<int:pk>/"
BAJAS, BAJA = "api/v1/bajas/", "api/v1/bajas/<int:pk>/"
ALERTAS = "api/v1/alertas/"
GANCHOS, GANCHO = "api/v1/ganchos/", "api/v1/ganchos/<int:pk>/"
LLAVES = "api/v1/llaves/"
MARCA = "zafiro"
PLANTILLAS, PLANTILLA = "api/v1/plantillas/", "api/v1/plantillas/<int:pk>/"
PROGRAMACIONES, PROGRAMACION = "api/v1/programaciones/", "api/v1/programaciones/<int:pk>/"


@dataclass(frozen=True)
class World:
    """The owner's rows; `cliente` has no SMS, so that it may be deleted."""

    cliente: Cliente
    plantilla: PlantillaSMS
    campana: CampanaSMS
    etiqueta: Etiqueta
    segmento: Segmento
    venta: Venta
    remitente: Remitente
    entrante: Entrante
    respuesta: RespuestaGuardada
    baja: Baja
    programacion: Programacion
    llave: LlaveApi
    gancho: Gancho
    entrega: EntregaGancho

    def pk_of(self, route: str) -> int:
        named = {"clientes": self.cliente, "plantillas": self.plantilla, "campanas": self.campana}
        named |= {"etiquetas": self.etiqueta, "segmentos": self.segmento, "ventas": self.venta}
        named |= {"remitentes": self.remitente}
        named |= {"entrantes": self.entrante, "respuestas": self.respuesta, "bajas": self.baja}
        named |= {"ganchos/entregas": self.entrega, "ganchos": self.gancho}
        named |= {"programaciones": self.programacion, "llaves": self.llave}
        return next((row.pk for part, row in named.items() if part in route), 0)


Body = Callable[[World], dict[str, Any]] | None


@dataclass(frozen=True)
class Row:
    method: str
    route: str
    owner: int
    teammate: int
    stranger: int
    body: Body = None
    anonymous: int = 401
    estado: str = "procesando"
    activa: bool = True
    own: bool = False  # each person sees their own
    one: bool = False  # of each shop there is exactly one, and no id in the route


def un_cliente(world: World) -> dict[str, Any]:
    return {"nombre": "Ana"}


def un_lote(world: World) -> dict[str, Any]:
    return {"clave": "documento", "clientes": [{"documento": world.cliente.documento, "nombre": "Otra"}]}


def una_plantilla(world: World) -> dict[str, Any]:
    return {"nombre": "Saludo", "mensaje": "Hola {nombre}"}


def un_remitente(world: World) -> dict[str, Any]:
    return {"nombre": "Ventas", "valor": world.remitente.valor}


def otro_remitente(world: World) -> dict[str, Any]:
    return {"nombre": "Cobros", "valor": "85432"}


def una_campana(world: World) -> dict[str, Any]:
    return {"mensaje": "Hola", "cliente_ids": [world.cliente.pk]}


def una_etiqueta(world: World) -> dict[str, Any]:
    return {"nombre": "Mayorista"}


def un_segmento(world: World) -> dict[str, Any]:
    return {"nombre": "Recientes", "condiciones": {"compro_en_dias": 30}}


def una_venta(world: World) -> dict[str, Any]:
    return {"cliente": world.cliente.pk, "total": "1000.00"}


def una_baja(world: World) -> dict[str, Any]:
    return {"telefono": "300 555 1234", "motivo": "Llamó y pidió no recibir más"}


def una_alta(world: World) -> dict[str, Any]:
    return {"motivo": "Firmó en la tienda", "evidencia": "Carpeta 3"}


def un_tramo(world: World) -> dict[str, Any]:
    return {"desde": "2020-01-01T00:00", "hasta": "2099-01-01T00:00"}


def una_llave(world: World) -> dict[str, Any]:
    return {"nombre": "Lector", "alcances": ["leer"]}


def una_cada_dia(world: World) -> dict[str, Any]:
    audiencia = {"cliente_ids": [world.cliente.pk]}
    return {"nombre": "Diario", "mensaje": "Hola", "audiencia": audiencia, "frecuencia": "diaria", "hora": "09:00"}


TABLE = [
    # the token is how one signs in: nobody is refused for being nobody, only for wrong words
    Row(
        "post", "api/v1/auth/token/", 200, 200, 200, lambda w: {"username": "duena", "password": "clave-de-prueba"}, 200
    ),
    Row("get", CLIENTES, 200, 200, 200),
    Row("post", CLIENTES, 201, 403, 201, un_cliente),
    Row("post", CLIENTES + "lote/", 200, 403, 200, un_lote),
    Row("get", CLIENTE, 200, 200, 404),
    Row("put", CLIENTE, 200, 403, 404, un_cliente),
    Row("patch", CLIENTE, 200, 403, 404, un_cliente),
    Row("delete", CLIENTE, 204, 403, 404),
    Row("get", CLIENTE + "expediente/", 200, 403, 404),
    Row("get", ETIQUETAS, 200, 200, 200),
    Row("post", ETIQUETAS, 201, 403, 201, una_etiqueta),
    Row("get", ETIQUETA, 200, 200, 404),
    Row("put", ETIQUETA, 200, 403, 404, una_etiqueta),
    Row("patch", ETIQUETA, 200, 403, 404, una_etiqueta),
    Row("delete", ETIQUETA, 204, 403, 404),
    Row("get", SEGMENTOS, 200, 200, 200),
    Row("post", SEGMENTOS, 201, 403, 201, un_segmento),
    Row("get", SEGMENTO, 200, 200, 404),
    Row("put", SEGMENTO, 200, 403, 404, un_segmento),
    Row("patch", SEGMENTO, 200, 403, 404, un_segmento),
    Row("delete", SEGMENTO, 204, 403, 404),
    Row("get", SEGMENTO + "cuenta/", 200, 200, 404),
    Row("get", VENTAS, 200, 200, 200),
    Row("post", VENTAS, 201, 403, 400, una_venta),
    Row("get", VENTA, 200, 200, 404),
    Row("put", VENTA, 200, 403, 404, una_venta),
    Row("patch", VENTA, 200, 403, 404, una_venta),
    Row("delete", VENTA, 204, 403, 404),
    Row("get", ENTRANTES, 200, 200, 200),
    Row("get", ENTRANTE, 200, 200, 404),
    Row("post", ENTRANTE + "leer/", 200, 403, 404),
    Row("post", ENTRANTE + "decidir/", 200, 403, 404, lambda w: {"es_baja": False}),
    Row("post", ENTRANTE + "responder/", 409, 403, 404, lambda w: {"mensaje": "Hola"}),  # no client's phone
    Row("get", RESPUESTAS, 200, 200, 200),
    Row("post", RESPUESTAS, 201, 403, 201, una_plantilla),
    Row("get", RESPUESTA, 200, 200, 404),
    Row("put", RESPUESTA, 200, 403, 404, una_plantilla),
    Row("patch", RESPUESTA, 200, 403, 404, una_plantilla),
    Row("delete", RESPUESTA, 204, 403, 404),
    Row("get", BAJAS, 200, 200, 200),
    Row("post", BAJAS, 201, 403, 201, una_baja),
    Row("get", BAJA, 200, 200, 404),
    Row("delete", BAJA, 204, 403, 404, una_alta),
    Row("get", PLANTILLAS, 200, 200, 200),
    Row("post", PLANTILLAS, 201, 403, 201, una_plantilla),
    Row("get", PLANTILLA, 200, 200, 404),
    Row("put", PLANTILLA, 200, 403, 404, una_plantilla),
    Row("patch", PLANTILLA, 200, 403, 404, una_plantilla),
    Row("delete", PLANTILLA, 204, 403, 404),
    Row("get", REMITENTES, 200, 200, 200),
    Row("post", REMITENTES, 403, 403, 403, otro_remitente),  # an operator lends them
    Row("get", REMITENTE, 200, 200, 404),
    Row("put", REMITENTE, 200, 403, 404, un_remitente),
    Row("patch", REMITENTE, 200, 403, 404, lambda w: {"nombre": "Otro"}),
    Row("delete", REMITENTE, 204, 403, 404),
    Row("get", CAMPANAS, 200, 200, 200),
    Row("post", CAMPANAS, 201, 403, 400, una_campana),
    Row("post", CAMPANAS + "vista-previa/", 200, 403, 400, una_campana),
    Row("get", CAMPANA, 200, 200, 404),
    Row("patch", CAMPANA, 409, 403, 404, lambda w: {"nombre": "Otra"}),  # it has started
    Row("get", CAMPANA + "progreso/", 200, 200, 404),
    Row("get", CAMPANA + "logs/", 200, 200, 404),
    Row("get", CAMPANA + "sucesos/", 200, 200, 404),
    Row("get", ALERTAS, 200, 403, 200),
    Row("get", ALERTAS + "ajustes/", 200, 403, 200, one=True),
    Row("patch", ALERTAS + "ajustes/", 200, 403, 200, lambda w: {"minutos_sin_avance": 15}),
    Row("post", ALERTAS + "secreto/", 200, 403, 200),
    Row("post", ALERTAS + "prueba/", 202, 403, 409),
    Row("get", GANCHOS, 200, 403, 200),
    Row("post", GANCHOS, 201, 403, 201, lambda w: {"url": "https://a.example.com/", "tipos": ["sms.enviado"]}),
    Row("get", GANCHO, 200, 403, 404),
    Row("patch", GANCHO, 200, 403, 404, lambda w: {"tipos": ["baja.registrada"]}),
    Row("delete", GANCHO, 204, 403, 404),
    Row("post", GANCHO + "secreto/", 200, 403, 404),
    Row("post", GANCHO + "prueba/", 202, 403, 404),
    Row("get", GANCHO + "entregas/", 200, 403, 404),
    Row("post", GANCHOS + "entregas/<int:pk>/repetir/", 202, 403, 404),
    Row(
        "post", GANCHO + "repetir/", 202, 403, 404, lambda w: {"desde": "2020-01-01T00:00", "hasta": "2099-01-01T00:00"}
    ),
    Row("post", CAMPANA + "pausar/", 200, 403, 404),
    Row("post", CAMPANA + "reanudar/", 200, 403, 404, estado="pausado"),
    Row("post", CAMPANA + "cancelar/", 200, 403, 404),
    Row("post", CAMPANA + "reintentar/", 409, 403, 404),  # it has not ended
    Row("post", CAMPANA + "aprobar/", 200, 403, 404, estado="pendiente"),
    Row("post", CAMPANA + "rechazar/", 200, 403, 404, estado="pendiente"),
    Row("get", RNE, 200, 403, 200),
    Row("post", RNE, 201, 403, 201, lambda w: {"numeros": ["3001234567"], "consultado_en": "2026-01-02"}),
    Row("get", AJUSTES, 200, 403, 200, one=True),
    Row("get", "api/v1/registro/", 200, 403, 200),
    Row("get", LLAVES, 200, 200, 200, own=True),
    Row("post", LLAVES, 201, 201, 201, una_llave),
    Row("delete", LLAVES + "<int:pk>/", 204, 404, 404),
    Row("patch", AJUSTES, 200, 403, 200, lambda w: {"plazo_h": 24}, one=True),
    Row("get", AJUSTES + "historial/", 200, 403, 200),
    Row("get", PROGRAMACIONES, 200, 200, 200),
    Row("post", PROGRAMACIONES, 201, 403, 400, una_cada_dia),
    Row("get", PROGRAMACION, 200, 200, 404),
    Row("put", PROGRAMACION, 200, 403, 404, una_cada_dia),
    Row("patch", PROGRAMACION, 200, 403, 404, una_etiqueta),
    Row("delete", PROGRAMACION, 204, 403, 404),
    Row("get", PROGRAMACION + "ocurrencias/", 200, 200, 404),
    Row("post", PROGRAMACION + "pausar/", 200, 403, 404),
    Row("post", PROGRAMACION + "reanudar/", 200, 403, 404, activa=False),
    Row("post", PROGRAMACION + "ejecutar/", 201, 403, 404),
]
IDS = [f"{row.method} {row.route}" for row in TABLE]


# What the other roles may: a second admin what the owner may, an aprobador what a vendedor may, and what follows.
MANEJA = {
    *(f"{CAMPANA}{what}/" for what in ("pausar", "reanudar", "reintentar")),
    *(f"{PROGRAMACION}{what}/" for what in ("pausar", "reanudar")),
}
APRUEBA = {f"{CAMPANA}aprobar/", f"{CAMPANA}rechazar/"}
OPERADOR_VE = (PLANTILLAS, REMITENTES, CAMPANAS, PROGRAMACIONES)
DE_TODOS = ("api/v1/auth/", LLAVES)
ROLES = ("admin", "operador", "aprobador", "plataforma")


def expected(rol: str, row: Row) -> int:
    """Return the status that somebody of this role, who is not the owner, gets."""
    if rol == "admin":
        return row.owner
    if row.route.startswith(DE_TODOS):
        return row.teammate
    match rol:
        case "aprobador":
            return row.owner if row.route in APRUEBA else row.teammate
        case "operador":
            if row.route in MANEJA:
                return row.owner
            return row.teammate if row.method == "get" and row.route.startswith(OPERADOR_VE) else 403
    return 403


@dataclass(frozen=True)
class Made:
    owner: Usuario
    teammate: Usuario
    stranger: Usuario
    roles: dict[str, Usuario]
    world: World


@pytest.fixture(scope="module")
def api_made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Made]:
    """The people and the owner's rows, for all tests here."""
    with shared.rows(django_db_blocker):
        with django_db_blocker.unblock():
            owner = AdminFactory.create(username="duena")
            teammate = VendedorFactory.create(username="vendedor", creado_por=owner)
            roles = {rol: VendedorFactory.create(rol=rol, creado_por=owner) for rol in ROLES if rol != "plataforma"}
            roles["plataforma"] = Usuario.objects.create_superuser("plataforma", password="clave-de-prueba")
            made = Made(owner, teammate, AdminFactory.create(username="ajeno"), roles, make_world(owner))
        yield made


@pytest.fixture
def made(api_made: Made, db: None) -> Made:
    """A copy: what a test does to these objects is its own."""
    return copy.deepcopy(api_made)


@pytest.fixture
def owner(made: Made) -> Usuario:
    return made.owner


@pytest.fixture
def teammate(made: Made) -> Usuario:
    return made.teammate


@pytest.fixture
def stranger(made: Made) -> Usuario:
    return made.stranger


@pytest.fixture
def world(made: Made) -> World:
    return made.world


def make_world(owner: Usuario) -> World:
    con_historia = ClienteFactory.create(usuario=owner)
    campana = CampanaFactory.create(usuario=owner)
    sms_log(campana, open_lote(campana, [con_historia]), con_historia)
    cambiar_ajustes(usuario=owner, cambios={"plazo_h": 48})
    importar_lista(usuario=owner, telefonos=["3009999999"], consultado_en=date(2026, 1, 1), reemplaza=False)
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.CREADA)
    guardar_ajustes(usuario=owner, datos={"correos": [f"{MARCA}@tienda.co"]})
    AjustesAlertas.objects.update(confirmados=F("correos"))
    probar(usuario=owner)
    gancho = ganchos.crear(usuario=owner, url="https://tienda.co/", tipos=["baja.registrada"])
    evento = EventoGancho.objects.create(gancho=gancho, tipo="baja.registrada", datos={}, en_entrega=True)
    entrega = EntregaGancho.objects.create(gancho=gancho, evento_ids=[evento.pk], total=1, estado="entregada")
    return World(
        ClienteFactory.create(usuario=owner),
        PlantillaFactory.create(usuario=owner),
        campana,
        EtiquetaFactory.create(usuario=owner),
        SegmentoFactory.create(usuario=owner),
        VentaFactory.create(cliente=con_historia),
        RemitenteFactory.create(usuario=owner),
        Entrante.objects.create(usuario=owner, sid="SM1", telefono="+573001234567", texto="Baja Ana", tipo="duda"),
        RespuestaGuardada.objects.create(usuario=owner, nombre="Horario", mensaje="De 9 a 7"),
        registrar(usuario=owner, telefono="3001234567", motivo="Lo pidió en la tienda"),
        una_programacion(owner),
        LlaveApi.objects.get(huella=huella(llave_de(owner))),
        gancho,
        entrega,
    )


def call(row: Row, world: World, user: Usuario | None) -> Any:
    CampanaSMS.objects.filter(pk=world.campana.pk).update(
        estado=row.estado,
        aprobacion="pendiente" if row.estado == "pendiente" else "",
        vence_en=world.campana.creado + timedelta(hours=1),
    )
    Programacion.objects.update(activa=row.activa)
    path = "/" + row.route.replace("<int:pk>", str(world.pk_of(row.route)))
    body = row.body(world) if row.body else None
    return getattr(signed_in(user), row.method)(path, body)


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every (method, route) below api/v1/ that the URLconf knows."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/v1/"):
            view: Any = pattern.callback
            if getattr(view, "cls", None) is NotFoundView:
                continue
            names = getattr(view, "actions", None) or [m for m in view.cls.http_method_names if hasattr(view.cls, m)]
            yield from ((method, route) for method in names if method not in {"head", "options"})


def test_it_covers_every_route() -> None:
    found = set(routes(get_resolver().url_patterns))
    assert found == {(row.method, row.route) for row in TABLE}


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_it_works_for_the_owner(row: Row, world: World, owner: Usuario) -> None:
    response = call(row, world, owner)
    assert response.status_code == row.owner, response.content
    if row.method == "get" and "<int:pk>" not in row.route and not row.one:
        assert len(response.json()["results"]) > 0


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_it_lets_a_teammate_read_and_not_write(row: Row, world: World, owner: Usuario, teammate: Usuario) -> None:
    before = row_counts()
    response = call(row, world, teammate)
    assert response.status_code == row.teammate, response.content
    if row.own:
        assert response.json()["results"] == []
    elif row.method == "get" and row.teammate == 200:
        assert response.json() == call(row, world, owner).json()
    elif row.teammate == 403:
        errors_of(response, 403)
        assert row_counts() == before


@pytest.mark.parametrize("rol", ROLES)
def test_each_role_gets_its_part_and_no_more(rol: str, made: Made, world: World) -> None:
    """One test for all rows of a role: each leaves everything as it was."""
    wrong = {}
    for row in TABLE:
        mark = transaction.savepoint()
        before = row_counts()
        response = call(row, world, made.roles[rol])
        refused = response.status_code == 403
        if response.status_code != expected(rol, row) or (refused and row_counts() != before):
            wrong[f"{row.method} {row.route}"] = response.status_code, expected(rol, row)
        if refused:
            errors_of(response, 403)
        transaction.savepoint_rollback(mark)
    assert wrong == {}


def test_who_sees_no_phones_gets_none_whole(made: Made, world: World) -> None:
    log = SMSLog.objects.get()
    text = f"Ana {log.telefono}"
    SMSLog.objects.update(nombre=text, mensaje=text, error=f"{log.telefono} is not valid")
    path = f"/api/v1/campanas/{world.campana.pk}/logs/"
    (row,) = signed_in(made.roles["operador"]).get(path).json()["results"]
    veiled = "+" + "*" * (len(log.telefono) - 5) + log.telefono[-4:]
    assert (row["telefono"], row["nombre"], row["mensaje"]) == (veiled, f"Ana {veiled}", f"Ana {veiled}")
    assert row["error"] == f"{veiled} is not valid"
    # Nor is one found by asking for it.
    errors_of(signed_in(made.roles["operador"]).get(path, {"telefono": log.telefono}), 403)
    (whole,) = signed_in(made.teammate).get(path, {"telefono": log.telefono}).json()["results"]
    assert whole["telefono"] == log.telefono


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_it_hides_everything_from_a_stranger(row: Row, world: World, stranger: Usuario) -> None:
    before = CampanaSMS.objects.values_list("estado", "nombre").get()
    response = call(row, world, stranger)
    assert response.status_code == row.stranger, response.content
    if row.stranger >= 400:
        errors_of(response, row.stranger)
    elif row.one:
        assert MARCA not in response.content.decode()
    elif row.method == "get":
        assert response.json()["results"] == []
    assert CampanaSMS.objects.values_list("estado", "nombre").get() in {before, (row.estado, before[1])}
    assert Cliente.objects.filter(pk=world.cliente.pk, nombre=world.cliente.nombre).exists()
    assert PlantillaSMS.objects.filter(pk=world.plantilla.pk, nombre=world.plantilla.nombre).exists()


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_it_requires_somebody(row: Row, world: World) -> None:
    response = call(row, world, None)
    assert response.status_code == row.anonymous, response.content
    if row.anonymous == 401:
        errors_of(response, 401)
        assert response["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "row", [row for row in TABLE if "<int:pk>" in row.route], ids=lambda row: f"{row.method} {row.route}"
)
def test_it_says_the_same_of_another_shops_row_and_of_none(row: Row, world: World, stranger: Usuario) -> None:
    others = call(row, world, stranger)
    path = "/" + row.route.replace("<int:pk>", str(2**62))
    nobodys = getattr(signed_in(stranger), row.method)(path, row.body(world) if row.body else None)
    assert (nobodys.status_code, nobodys.content) == (others.status_code, others.content)


def test_it_answers_options_without_fault(world: World, owner: Usuario) -> None:
    client = signed_in(owner)
    for route in sorted({row.route for row in TABLE}):
        path = "/" + route.replace("<int:pk>", str(world.pk_of(route)))
        assert client.options(path).status_code == 200, path


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/schema/", 200), ("/api/docs/", 200), ("/healthz", 200), ("/readyz", 200)],
)
@pytest.mark.parametrize("who", ["owner", "teammate", "stranger", None])
def test_it_is_open_to_all(path: str, status: int, who: str | None, made: Made, settings: Any) -> None:
    # Whether collectstatic ran is no concern of the documentation page's test.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    user = getattr(made, who) if who else None
    assert signed_in(user).get(path).status_code == status
