"""The permissions of the pages: every page and AJAX call, for the owner, a teammate, a stranger and nobody.

A route, or a method of one, that is not in the table fails a test: a page cannot be forgotten. To add one, write its
row: the statuses for the three, and the least form that does something.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from campaigns.bajas.services import registrar
from campaigns.bitacora import ganchos
from campaigns.bitacora.alertas import guardar_ajustes, probar
from campaigns.models import AjustesAlertas, CampanaSMS, CierreDiario, Entrante, RespuestaGuardada, SMSLog
from clientes.importacion.services import subir
from clientes.models import Importacion
from core.llaves import huella
from core.models import LlaveApi, Registro, Sesion, Usuario
from core.text import planilla
from tests import shared
from tests.factories import (
    AdminFactory,
    CampanaFactory,
    ClienteFactory,
    EtiquetaFactory,
    PlantillaFactory,
    SegmentoFactory,
    VendedorFactory,
    VentaFactory,
    llave_de,
    open_lote,
    sms_log,
    una_programacion,
)
from tests.pages import signed_in

MARCA = "ZAFIRO"  # in everything of the owner's that a page may show
CLAVE = "una-clave-larga-9"
# The pages of links in messages ask nobody who they are: tests/campaigns/pages/test_enlace.py, test_alertas_correo.py
NOT_PAGES = ("alertas/confirmar/", "api/", "admin/", "webhooks/", "healthz", "readyz", "metrics", "favicon.ico", "^b/")
METHODS = ("get", "post", "put", "patch", "delete")

World = dict[str, int]
Form = Callable[[World], dict[str, Any]]


def nothing(world: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """`of` names the row of the world whose id is in the route."""

    method: str
    route: str
    owner: int
    teammate: int
    stranger: int
    of: str = ""
    form: Form = nothing
    anonymous: int = 302
    json: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    estado: str = "procesando"

    def path(self, world: World, pk: int | None = None) -> str:
        return "/" + self.route.replace("<int:pk>", str(pk or world.get(self.of)))


def un_cliente(world: World) -> dict[str, Any]:
    return {"nombre": "Ana"}


def una_plantilla(world: World) -> dict[str, Any]:
    return {"nombre": "Saludo", "mensaje": "Hola {nombre}"}


def un_envio(world: World) -> dict[str, Any]:
    return {"cliente_ids": [world["cliente"]], "mensaje": "Hola {nombre}"}


def un_vendedor(world: World) -> dict[str, Any]:
    return {"first_name": "Marta", "username": "marta", "password1": CLAVE, "password2": CLAVE}


def una_clave(world: World) -> dict[str, Any]:
    return {"old_password": "clave-de-prueba", "new_password1": CLAVE, "new_password2": CLAVE}


def una_llave(world: World) -> dict[str, Any]:
    return {"nombre": "Lector", "alcances": "leer", "dias": "30"}


def unos_ajustes(world: World) -> dict[str, Any]:
    horas = {"lunes_abierto": "on", "lunes_abre": "08:00", "lunes_cierra": "12:00"}
    return {
        "seccion": "horario",
        "ventanas_activas": "true",
        "zona_horaria": "America/Bogota",
        "plazo_h": "24",
        "motivo": "Sin festivos",
        **horas,
    }


def una_consulta(world: World) -> dict[str, Any]:
    return {"archivo": SimpleUploadedFile("rne.txt", b"3001234567\n"), "consultado_en": "2026-01-02"}


def un_archivo(world: World) -> dict[str, Any]:
    return {"tipo": "clientes", "archivo": SimpleUploadedFile("c.csv", b"nombre,telefono\nAna,3001234567\n")}


def las_columnas(world: World) -> dict[str, Any]:
    return {"columna_nombre": "0", "columna_telefono": "1", "con_titulos": "1", "clave": "telefono", "modo": "buenas"}


def una_baja(world: World) -> dict[str, Any]:
    return {"telefono": "300 555 1234", "motivo": "Llamó y pidió no recibir más"}


def una_alta(world: World) -> dict[str, Any]:
    return {"motivo": "Firmó en la tienda", "evidencia": "Carpeta 3"}


def una_cada_dia(world: World) -> dict[str, Any]:
    said = {"nombre": "Diario", "fuente": "mensaje", "mensaje": "Hola", "quienes": "todos"}
    when = {"frecuencia": "diaria", "hora": "09:00", "zona": "America/Bogota", "gracia_minutos": "60"}
    return {**said, **when, "accion": "guardar"}


IMPORTAR, IMPORTACION = "clientes/importar/", "clientes/importar/<int:pk>/"
CAMPANA, PROGRAMACION = "campanas/<int:pk>/", "programaciones/<int:pk>/"
ASYNC = {"Prefer": "respond-async"}

TABLE = [
    # the dashboard and the campaigns
    Row("get", "", 200, 200, 200),
    Row("get", "vivo/", 200, 200, 200),
    Row("post", "primeros-pasos/", 302, 403, 302),
    Row("get", "campanas/", 200, 200, 200),
    Row("get", "campanas/vivas/", 200, 200, 200),
    Row("get", "muro/", 200, 200, 200),
    Row("get", "muro/vivo/", 200, 200, 200),
    Row("get", "reportes/", 200, 200, 200),
    Row("get", "alertas/", 200, 403, 200),
    Row("post", "alertas/", 302, 403, 302, "", lambda w: {"minutos_sin_avance": "15", "al_fallar": "true"}),
    Row("post", "alertas/secreto/", 200, 403, 200),
    Row("post", "alertas/prueba/", 302, 403, 302),
    Row("get", "ganchos/", 200, 403, 200),
    Row("post", "ganchos/", 200, 403, 200, "", lambda w: {"url": "https://a.example.com/", "tipos": "sms.enviado"}),
    Row("get", "ganchos/<int:pk>/", 200, 403, 404, "gancho"),
    Row(
        "post",
        "ganchos/<int:pk>/",
        302,
        403,
        404,
        "gancho",
        lambda w: {"url": "https://tienda.co/otra", "tipos": "baja.registrada"},
    ),
    Row("post", "ganchos/<int:pk>/hacer/", 302, 403, 404, "gancho", lambda w: {"accion": "desactivar"}),
    # the operator's alone: tests/campaigns/pages/test_cierres.py
    Row("get", "cierres/", 403, 403, 403),
    Row("get", "cierres/<int:pk>/", 404, 404, 404, "cierre"),
    Row("post", "cierres/pedir/", 403, 403, 403),
    Row("get", "campanas/nueva/", 200, 403, 200),
    Row("post", "campanas/nueva/", 200, 403, 200),
    Row("post", "campanas/nueva/cuenta/", 200, 403, 200),
    Row("post", "campanas/nueva/costo/", 200, 403, 200),
    Row("post", "campanas/nueva/buscar/clientes/", 200, 403, 200),
    Row("post", "campanas/nueva/buscar/excluir_clientes/", 200, 403, 200),
    Row("get", CAMPANA, 200, 200, 404, "campana"),
    Row("get", CAMPANA + "editar/", 302, 403, 404, "campana"),  # it has started
    Row("post", CAMPANA + "editar/", 302, 403, 404, "campana"),
    Row("get", CAMPANA + "vivo/", 200, 200, 404, "campana"),
    Row("get", CAMPANA + "serie/", 200, 200, 404, "campana"),
    Row("get", CAMPANA + "destinatarios/", 200, 200, 404, "campana"),
    Row("get", CAMPANA + "exportar/", 200, 403, 404, "campana"),
    Row("post", CAMPANA + "pausar/", 302, 403, 404, "campana"),
    Row("post", CAMPANA + "reanudar/", 302, 403, 404, "campana", estado="pausado"),
    Row("post", CAMPANA + "cancelar/", 302, 403, 404, "campana"),
    Row("post", CAMPANA + "reintentar/", 302, 403, 404, "campana"),
    Row("post", CAMPANA + "aprobar/", 302, 403, 404, "campana", estado="pendiente"),
    Row("post", CAMPANA + "rechazar/", 302, 403, 404, "campana", estado="pendiente"),
    Row("post", "clientes/enviar-sms/", 202, 403, 400, "", un_envio, 401, json=True, headers=ASYNC),
    # the operator's: tests/workers/revision/test_pages.py
    Row("get", "twilio/revision/", 403, 403, 403),
    Row("post", "twilio/revision/", 403, 403, 403),
    # recurring campaigns
    Row("get", "programaciones/", 200, 200, 200),
    Row("get", "programaciones/nueva/", 200, 403, 200),
    Row("post", "programaciones/nueva/", 302, 403, 302, "", una_cada_dia),
    Row("post", "programaciones/vista-previa/", 200, 403, 200, "", una_cada_dia),
    Row("get", PROGRAMACION, 200, 200, 404, "programacion"),
    Row("get", PROGRAMACION + "ocurrencias/", 200, 200, 404, "programacion"),
    Row("get", PROGRAMACION + "costo/", 200, 200, 404, "programacion"),
    Row("get", PROGRAMACION + "editar/", 200, 403, 404, "programacion"),
    Row("post", PROGRAMACION + "editar/", 302, 403, 404, "programacion", una_cada_dia),
    Row("post", PROGRAMACION + "pausar/", 302, 403, 404, "programacion"),
    Row("post", PROGRAMACION + "reanudar/", 302, 403, 404, "programacion"),
    Row("post", PROGRAMACION + "ejecutar/", 302, 403, 404, "programacion"),
    Row("post", PROGRAMACION + "eliminar/", 302, 403, 404, "programacion"),
    # clients
    Row("get", "clientes/", 200, 200, 200),
    Row("get", "clientes/exportar/", 200, 403, 200),
    Row("get", "clientes/nuevo/", 200, 403, 200),
    Row("post", "clientes/nuevo/", 302, 403, 302, "", un_cliente),
    Row("post", "clientes/crear/ajax/", 200, 403, 200, "", un_cliente, 401, json=True),
    Row("get", "clientes/editar/<int:pk>/", 200, 403, 404, "cliente"),
    Row("post", "clientes/editar/<int:pk>/", 302, 403, 404, "cliente", un_cliente),
    Row("get", "clientes/eliminar/<int:pk>/", 200, 403, 404, "cliente"),
    Row("post", "clientes/eliminar/<int:pk>/", 302, 403, 404, "cliente"),
    Row("get", "clientes/<int:pk>/", 200, 200, 404, "cliente"),
    Row("get", "clientes/<int:pk>/mensajes/", 200, 200, 404, "con_historia"),
    Row("get", "clientes/<int:pk>/expediente/", 200, 403, 404, "con_historia"),
    Row("post", "clientes/<int:pk>/activar/", 302, 403, 404, "cliente"),
    Row("post", "clientes/<int:pk>/desactivar/", 302, 403, 404, "cliente"),
    Row("post", "clientes/<int:pk>/anonimizar/", 302, 403, 404, "cliente"),
    # tags and segments
    Row("get", "clientes/etiquetas/", 200, 200, 200),
    Row("post", "clientes/etiquetas/crear/", 302, 403, 302, "", un_cliente),
    Row("get", "clientes/etiquetas/editar/<int:pk>/", 200, 403, 404, "etiqueta"),
    Row("post", "clientes/etiquetas/editar/<int:pk>/", 302, 403, 404, "etiqueta", un_cliente),
    Row("post", "clientes/etiquetas/eliminar/<int:pk>/", 302, 403, 404, "etiqueta"),
    Row("get", "clientes/segmentos/", 200, 200, 200),
    Row("get", "clientes/segmentos/nuevo/", 200, 403, 200),
    Row("post", "clientes/segmentos/nuevo/", 302, 403, 302, "", lambda w: {"nombre": "S", "compro_en_dias": "30"}),
    Row("get", "clientes/segmentos/editar/<int:pk>/", 200, 403, 404, "segmento"),
    Row("post", "clientes/segmentos/editar/<int:pk>/", 302, 403, 404, "segmento", un_cliente),
    Row("post", "clientes/segmentos/eliminar/<int:pk>/", 302, 403, 404, "segmento"),
    Row("post", "clientes/segmentos/cuenta/", 200, 403, 200),
    Row("get", "clientes/segmentos/cuenta/<int:pk>/", 200, 200, 404, "segmento"),
    # imports
    Row("get", IMPORTAR, 200, 403, 200),
    Row("post", IMPORTAR, 302, 403, 302, "", un_archivo),
    Row("get", IMPORTACION, 200, 403, 404, "importacion"),
    Row("get", IMPORTACION + "vivo/", 200, 403, 404, "importacion"),
    Row("get", IMPORTACION + "errores/", 200, 403, 404, "importacion"),
    Row("get", IMPORTACION + "telefonos/", 200, 403, 404, "importacion"),
    Row("post", IMPORTACION + "leer/", 302, 403, 404, "importacion", las_columnas),
    Row("post", IMPORTACION + "muestra/", 200, 403, 404, "importacion", las_columnas),
    Row("post", IMPORTACION + "empezar/", 302, 403, 404, "importacion", las_columnas),
    Row("post", IMPORTACION + "buenas/", 302, 403, 404, "importacion"),
    Row("post", IMPORTACION + "descartar/", 302, 403, 404, "importacion"),
    Row("get", "clientes/rne/", 200, 403, 200),
    Row("post", "clientes/rne/", 302, 403, 302, "", una_consulta),
    Row("get", "clientes/rne/<int:pk>/", 200, 403, 404, "rne"),
    Row("get", "clientes/rne/<int:pk>/vivo/", 200, 403, 404, "rne"),
    # templates
    Row("get", "clientes/plantillas/", 200, 200, 200),
    Row("get", "clientes/plantillas/crear/", 200, 403, 200),
    Row("post", "clientes/plantillas/crear/", 302, 403, 302, "", una_plantilla),
    Row("get", "clientes/plantillas/editar/<int:pk>/", 200, 403, 404, "plantilla"),
    Row("post", "clientes/plantillas/editar/<int:pk>/", 302, 403, 404, "plantilla", una_plantilla),
    Row("get", "clientes/plantillas/eliminar/<int:pk>/", 200, 403, 404, "plantilla"),
    Row("post", "clientes/plantillas/eliminar/<int:pk>/", 302, 403, 404, "plantilla"),
    Row("get", "clientes/plantillas-sms/", 200, 200, 200, anonymous=401),
    # what clients wrote back, and who asked not to be written to
    Row("get", "respuestas/", 200, 200, 200),
    Row("post", "respuestas/leer/", 302, 403, 302, "", lambda w: {"id": w["entrante"]}),
    Row("get", "respuestas/exportar/", 200, 403, 200),
    Row("get", "respuestas/<int:pk>/", 200, 200, 404, "entrante"),
    Row("get", "respuestas/sin-leer/", 200, 200, 200, anonymous=204),
    Row("get", "respuestas/<int:pk>/contestar/", 302, 403, 404, "entrante"),
    Row("post", "respuestas/<int:pk>/contestar/", 200, 403, 404, "entrante", lambda w: {"mensaje": "{mal"}),
    Row("get", "respuestas/guardadas/", 200, 200, 200),
    Row("get", "respuestas/guardadas/nueva/", 200, 403, 200),
    Row("post", "respuestas/guardadas/nueva/", 302, 403, 302, "", una_plantilla),
    Row("get", "respuestas/guardadas/<int:pk>/", 200, 403, 404, "respuesta"),
    Row("post", "respuestas/guardadas/<int:pk>/", 302, 403, 404, "respuesta", una_plantilla),
    Row("post", "respuestas/guardadas/<int:pk>/eliminar/", 302, 403, 404, "respuesta"),
    Row("post", "respuestas/<int:pk>/decidir/", 302, 403, 404, "entrante", lambda w: {"es_baja": "no"}),
    Row("get", "clientes/<int:pk>/conversacion/", 200, 200, 404, "con_historia"),
    Row("get", "bajas/", 200, 200, 200),
    Row("get", "bajas/exportar/", 200, 403, 200),
    Row("get", "bajas/nueva/", 200, 403, 200),
    Row("post", "bajas/nueva/", 302, 403, 302, "", una_baja),
    Row("get", "bajas/<int:pk>/", 200, 200, 404, "baja"),
    Row("post", "bajas/<int:pk>/levantar/", 302, 403, 404, "baja", una_alta),
    # people; one's own account is everybody's
    Row("get", "seguridad/", 200, 403, 200),
    Row("get", "usuarios/", 200, 403, 200),
    Row("get", "usuarios/nuevo/", 200, 403, 200),
    Row("post", "usuarios/nuevo/", 302, 403, 302, "", un_vendedor),
    Row("get", "usuarios/<int:pk>/rol/", 200, 403, 404, "vendedor"),
    Row("post", "usuarios/<int:pk>/rol/", 302, 403, 404, "vendedor", lambda w: {"rol": "operador"}),
    Row("get", "usuarios/<int:pk>/clave/", 200, 403, 404, "vendedor"),
    Row("post", "usuarios/<int:pk>/clave/", 302, 403, 404, "vendedor", una_clave),
    Row("post", "usuarios/<int:pk>/sesiones/cerrar/", 302, 403, 404, "vendedor"),
    Row("post", "usuarios/<int:pk>/activar/", 302, 403, 404, "vendedor"),
    Row("post", "usuarios/<int:pk>/desactivar/", 302, 403, 404, "vendedor"),
    Row("get", "ajustes/", 200, 403, 200),
    Row("post", "ajustes/", 302, 403, 302, "", unos_ajustes),
    Row("post", "ajustes/consentimiento/", 302, 403, 302, "", lambda w: {"exigir": "false"}),
    Row("get", "cuenta/", 200, 200, 200),
    Row("post", "cuenta/", 302, 302, 302, "", lambda w: {"first_name": "Ana"}),
    Row("post", "cuenta/clave/", 302, 302, 302, "", una_clave),
    Row("get", "cuenta/llaves/", 200, 200, 200),
    Row("post", "cuenta/llaves/", 200, 200, 200, "", una_llave),
    Row("post", "cuenta/llaves/<int:pk>/revocar/", 302, 404, 404, "llave"),
    Row("post", "cuenta/correo/", 302, 302, 302, "", lambda w: {"correo": "", "clave": "clave-de-prueba"}),
    # with a link of one's own: tests/core/test_correo.py
    Row("get", "cuenta/correo/<str:token>/", 302, 302, 302),
    Row("post", "cuenta/correo/<str:token>/", 302, 302, 302),
    Row("get", "cuentas/clave/", 200, 200, 200, anonymous=200),
    Row("post", "cuentas/clave/", 200, 200, 200, anonymous=200),
    Row("get", "cuentas/clave/<uidb64>/<token>/", 200, 200, 200, anonymous=200),
    Row("post", "cuentas/clave/<uidb64>/<token>/", 200, 200, 200, anonymous=200),
    Row("get", "cuenta/factor/", 200, 200, 200),
    Row("post", "cuenta/factor/", 302, 302, 302),  # without the secret that the page shows
    Row("post", "cuenta/factor/codigos/", 302, 302, 302),
    # with a second factor: tests/core/test_passkeys.py
    Row("get", "cuenta/factor/llaves/", 302, 302, 302),
    Row("post", "cuenta/factor/llaves/", 302, 302, 302),
    Row("post", "cuenta/factor/llaves/<int:pk>/quitar/", 404, 404, 404, "campana"),
    Row("post", "cuenta/factor/quitar/", 302, 302, 302),
    Row("get", "cuenta/sesiones/", 200, 200, 200),
    # one's own alone: tests/core/pages/test_sesiones.py
    Row("post", "cuenta/sesiones/<int:pk>/cerrar/", 404, 404, 404, "campana"),
    Row("post", "cuenta/sesiones/otras/cerrar/", 302, 302, 302),
    Row("get", "cuentas/confirmar/", 200, 200, 200),
    Row("post", "cuentas/confirmar/", 302, 302, 302, "", lambda w: {"clave": "clave-de-prueba"}),
    # whose password was right, and who is not in: tests/core/test_factor.py
    Row("get", "cuentas/ingresar/codigo/", 302, 302, 302),
    Row("post", "cuentas/ingresar/codigo/", 302, 302, 302),
    Row("get", "cuentas/ingresar/", 302, 302, 302, anonymous=200),
    Row("post", "cuentas/ingresar/", 302, 302, 302, anonymous=200),
    Row("post", "cuentas/salir/", 302, 302, 302),
]
IDS = [f"{row.method} /{row.route}" for row in TABLE]
every_row = pytest.mark.parametrize("row", TABLE, ids=IDS)


# What the other roles may: a second admin what the owner may, an aprobador what a vendedor may, and what follows.
MANEJA = {*(f"{CAMPANA}{what}/" for what in ("pausar", "reanudar", "reintentar"))} | {
    f"{PROGRAMACION}pausar/", f"{PROGRAMACION}reanudar/",
}  # fmt: skip
APRUEBA = {f"{CAMPANA}aprobar/", f"{CAMPANA}rechazar/"}
OPERADOR_VE = {
    "", "vivo/", "campanas/", "campanas/vivas/", "muro/", "muro/vivo/", "reportes/", "programaciones/",
    CAMPANA, f"{CAMPANA}vivo/", f"{CAMPANA}serie/", f"{CAMPANA}destinatarios/",
    PROGRAMACION, f"{PROGRAMACION}ocurrencias/", f"{PROGRAMACION}costo/",
    "clientes/plantillas/", "clientes/plantillas-sms/",
}  # fmt: skip
DEL_OPERADOR_DE_LA_INSTALACION = ("cierres/", "twilio/")
ROLES = ("admin", "operador", "aprobador", "plataforma")


def expected(rol: str, row: Row) -> int:
    """Return the status that somebody of this role, who is not the owner, gets."""
    if rol == "admin":
        return row.owner
    if row.route.startswith(("cuenta", "cierres/", "twilio/")):
        return row.teammate  # everybody's own account; and nobody's of a shop
    match rol:
        case "aprobador":
            return row.owner if row.route in APRUEBA else row.teammate
        case "operador":
            return row.owner if row.route in MANEJA else row.teammate if row.route in OPERADOR_VE else 403
    return 302 if row.route == "" else 403  # an operator of the installation is led to Django's admin


@dataclass(frozen=True)
class Made:
    owner: Usuario
    teammate: Usuario
    stranger: Usuario
    roles: dict[str, Usuario]
    world: World
    rows: dict[str, list[dict[str, Any]]]

    def rows_in(self, estado: str) -> dict[str, list[dict[str, Any]]]:
        """Every row of the shop's as each test begins, with the campaign in this estado."""
        label = "campaigns.CampanaSMS"
        [campana] = self.rows[label]
        return {**self.rows, label: [{**campana, "estado": estado}]}


@pytest.fixture(scope="module")
def pages_made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Made]:
    """The people and the owner's things, for all tests here."""
    with shared.rows(django_db_blocker):
        with django_db_blocker.unblock():
            owner = AdminFactory.create(username="duena")
            teammate = VendedorFactory.create(username="vendedor", creado_por=owner)
            roles = {rol: VendedorFactory.create(rol=rol, creado_por=owner) for rol in ROLES if rol != "plataforma"}
            roles["plataforma"] = Usuario.objects.create_superuser("plataforma", password="clave-de-prueba")
            stranger, world = AdminFactory.create(username="ajeno"), make_world(owner)
            made = Made(owner, teammate, stranger, roles, world, rows_of_the_shop())
        yield made


@pytest.fixture
def made(pages_made: Made, db: None) -> Made:
    """A copy: what a test does to these objects is its own."""
    rows = pages_made.rows
    return replace(copy.deepcopy(replace(pages_made, rows={})), rows=rows)


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
    """One of each of the owner's things. `cliente` has no history, so that it may be deleted."""
    con_historia = ClienteFactory.create(usuario=owner, nombre=f"{MARCA} 1")
    campana = CampanaFactory.create(usuario=owner, nombre=f"{MARCA} 2", mensaje=f"{MARCA} 3")
    sms_log(campana, open_lote(campana, [con_historia]), con_historia)
    VentaFactory.create(cliente=con_historia, referencia=f"{MARCA} 4")
    guardar_ajustes(usuario=owner, datos={"correos": [f"{MARCA}@tienda.co"]})
    AjustesAlertas.objects.update(confirmados=F("correos"))
    probar(usuario=owner)
    file = SimpleUploadedFile(f"{MARCA}.csv", f"nombre,telefono\n{MARCA} 5,3001234567\n".encode())
    rows = {
        "cliente": ClienteFactory.create(usuario=owner, nombre=f"{MARCA} 6"),
        "con_historia": con_historia,
        "campana": campana,
        "plantilla": PlantillaFactory.create(usuario=owner, nombre=f"{MARCA} 7", mensaje=f"{MARCA} 8"),
        "etiqueta": EtiquetaFactory.create(usuario=owner, nombre=f"{MARCA} 9"),
        "segmento": SegmentoFactory.create(usuario=owner, nombre=f"{MARCA} 10"),
        "programacion": una_programacion(owner, nombre=f"{MARCA} 11", mensaje=f"{MARCA} 12"),
        "importacion": subir(usuario=owner, tipo="clientes", subido=file),
        "rne": Importacion.objects.create(usuario=owner, tipo="rne", archivo=f"{MARCA}.txt", estado="fallida"),
        "entrante": Entrante.objects.create(
            usuario=owner, sid="SM1", telefono=con_historia.telefono_e164, texto=f"{MARCA} 11", tipo="duda"
        ),
        "respuesta": RespuestaGuardada.objects.create(usuario=owner, nombre=f"{MARCA} 14", mensaje=f"{MARCA} 15"),
        "baja": registrar(usuario=owner, telefono="3001234567", motivo=f"{MARCA} 12"),
        "vendedor": VendedorFactory.create(creado_por=owner, username=MARCA),
        "llave": LlaveApi.objects.get(huella=huella(llave_de(owner, nombre=f"{MARCA} 13"))),
        "gancho": ganchos.crear(usuario=owner, url=f"https://{MARCA}.com/", tipos=["baja.registrada"]),
        "cierre": CierreDiario.objects.create(dia=date(2026, 3, 4)),  # the installation's
    }
    return {name: row.pk for name, row in rows.items()}


def send(client: Client, row: Row, world: World, pk: int | None = None) -> Any:
    CampanaSMS.objects.filter(pk=world["campana"]).update(estado=row.estado)
    return send_as_it_is(client, row, world, pk)


def send_as_it_is(client: Client, row: Row, world: World, pk: int | None = None) -> Any:
    """Send, whatever the campaign's estado."""
    kind = {"content_type": "application/json"} if row.json else {}
    return getattr(client, row.method)(row.path(world, pk), row.form(world), headers=row.headers, **kind)


def text_of(answer: Any) -> str:
    content: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode()


def rows_of_the_shop() -> dict[str, list[dict[str, Any]]]:
    """Every row of the product's own tables by model, in one statement; but not that somebody came in, or asked."""
    rooms = {"core", "clientes", "campaigns"}
    one = (
        "SELECT '{0._meta.label}', coalesce(jsonb_agg(to_jsonb(t) - 'last_login' ORDER BY t::text), '[]')::text"
        " FROM {0._meta.db_table} t"
    )
    models = [
        m
        for m in apps.get_models(include_auto_created=True)
        if m._meta.app_label in rooms and m not in {Registro, Sesion}
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(map(one.format, models)))
        return {label: json.loads(rows) for label, rows in cursor.fetchall()}


def routes(patterns: Any, prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not route.startswith(NOT_PAGES):
            yield route


def test_it_covers_every_route() -> None:
    assert set(routes(get_resolver().url_patterns)) == {row.route for row in TABLE}


@pytest.mark.parametrize("route", sorted({row.route for row in TABLE}), ids=lambda route: f"/{route}")
def test_it_covers_every_method(route: str, world: World, owner: Usuario) -> None:
    known = {row.method for row in TABLE if row.route == route}
    row = next(row for row in TABLE if row.route == route)
    # The login sends people away who are in, whatever they ask for.
    client = Client() if route == "cuentas/ingresar/" else signed_in(owner)
    others = [method for method in METHODS if method not in known]
    answers = {method: getattr(client, method)(row.path(world)).status_code for method in others}
    assert set(answers.values()) <= {405}, answers


@every_row
def test_it_works_for_the_owner(row: Row, world: World, owner: Usuario) -> None:
    answer = send(signed_in(owner), row, world)
    assert answer.status_code == row.owner, text_of(answer)


EXPORTS = {
    "clientes/exportar/", CAMPANA + "exportar/", IMPORTACION + "errores/", IMPORTACION + "telefonos/",
    "respuestas/exportar/", "bajas/exportar/",
}  # fmt: skip
TABULAR = re.compile("csv|tab-separated|excel|spreadsheet|officedocument|opendocument|octet-stream")


@pytest.mark.parametrize("row", [row for row in TABLE if row.method == "get"], ids=lambda row: f"/{row.route}")
def test_every_file_for_a_spreadsheet_is_made_harmless(
    row: Row, world: World, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its cells went through the module that knows how, whatever page gives it."""
    monkeypatch.setattr(planilla, "desarmar", lambda texto: "HARMLESS")
    answer = send(signed_in(owner), row, world)
    is_file = TABULAR.search(answer.get("Content-Type", "")) or ".csv" in answer.get("Content-Disposition", "")
    assert bool(is_file) == (row.route in EXPORTS), answer.headers
    if is_file:
        assert set(text_of(answer).removeprefix(planilla.BOM).replace("\r\n", ";").strip(";").split(";")) == {
            '"HARMLESS"'
        }


@every_row
def test_it_lets_a_teammate_read_and_not_write(row: Row, made: Made, world: World, teammate: Usuario) -> None:
    before = made.rows_in(row.estado)
    answer = send(signed_in(teammate), row, world)
    assert answer.status_code == row.teammate, text_of(answer)
    if not row.route.startswith("cuenta"):
        assert rows_of_the_shop() == before


@pytest.mark.parametrize("rol", ROLES)
def test_each_role_gets_its_part_and_no_more(rol: str, made: Made, world: World) -> None:
    """One test for all rows of a role: each leaves everything as it was."""
    wrong = {}
    for row in TABLE:
        if rol == "plataforma" and row.route.startswith(DEL_OPERADOR_DE_LA_INSTALACION):
            continue  # theirs: tests/campaigns/pages/test_cierres.py, tests/workers/revision/test_pages.py
        mark = transaction.savepoint()
        CampanaSMS.objects.filter(pk=world["campana"]).update(estado=row.estado)
        before = made.rows_in(row.estado) if expected(rol, row) == 403 else {}
        answer = send_as_it_is(signed_in(made.roles[rol]), row, world)
        if answer.status_code != expected(rol, row) or (before and rows_of_the_shop() != before):
            wrong[f"{row.method} /{row.route}"] = answer.status_code, expected(rol, row)
        transaction.savepoint_rollback(mark)
    assert wrong == {}


def test_who_sees_no_phones_gets_none_whole(made: Made, world: World) -> None:
    """No page that an operador opens holds one: a phone in a name and one in Twilio's words among them."""
    phone = SMSLog.objects.get(campana=world["campana"]).telefono
    whole = re.compile(r"[\s().-]{0,2}".join(phone.removeprefix("+57")))
    text = f"{MARCA} {phone}"
    SMSLog.objects.update(estado="fallido", codigo="21211", error=f"{phone} is not valid", nombre=text, mensaje=text)
    client = signed_in(made.roles["operador"])
    seen = 0
    for row in TABLE:
        if row.method == "get" and row.route in OPERADOR_VE:
            page = text_of(send_as_it_is(client, row, world))
            assert not whole.search(page), row.route
            seen += f"***{phone[-4:]}" in page
    assert seen >= 3  # the recipients by themselves, on the campaign's page, and among the reasons


@every_row
def test_it_hides_everything_from_a_stranger(row: Row, made: Made, world: World, stranger: Usuario) -> None:
    before = made.rows_in(row.estado)
    answer = send(signed_in(stranger), row, world)
    assert answer.status_code == row.stranger, text_of(answer)
    assert MARCA not in text_of(answer)
    after = rows_of_the_shop()
    for label, rows in before.items():
        mine = [r for r in rows if stranger.pk not in (r.get("id"), r.get("user_id"), r.get("usuario_id"))]
        assert [r for r in after[label] if r in mine] == mine, label


@pytest.mark.parametrize("row", [row for row in TABLE if row.of], ids=lambda row: f"{row.method} /{row.route}")
def test_it_says_the_same_of_another_shops_row_and_of_none(row: Row, world: World, stranger: Usuario) -> None:
    client = signed_in(stranger)
    others, nobodys = send(client, row, world), send(client, row, world, pk=2**62)
    assert (others.status_code, nobodys.status_code) == (404, 404)
    assert others.content.replace(others.wsgi_request.path.encode(), b"") == nobodys.content.replace(
        nobodys.wsgi_request.path.encode(), b""
    )


@every_row
def test_it_requires_somebody(row: Row, made: Made, world: World) -> None:
    before = made.rows_in(row.estado)
    answer = send(Client(), row, world)
    assert answer.status_code == row.anonymous
    if row.anonymous == 302:
        assert answer["Location"].startswith("/cuentas/ingresar/")
    if row.anonymous == 401:
        assert answer.json()["success"] is False
    assert rows_of_the_shop() == before


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.anonymous == 302 and not row.route.startswith("cuentas/")],
    ids=lambda row: f"{row.method} /{row.route}",
)
def test_a_fragment_whose_session_ended_reloads_its_page(row: Row, world: World) -> None:
    answer = getattr(Client(), row.method)(row.path(world), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (401, "true")


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.method == "post"], ids=lambda row: f"{row.method} /{row.route}"
)
def test_it_requires_the_csrf_token(row: Row, made: Made, world: World, owner: Usuario) -> None:
    before = made.rows_in(row.estado)
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert send(client, row, world).status_code == 403
    assert rows_of_the_shop() == before
