"""An import as a person makes it: the file, the columns, the bar, the errors."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import FilePayload, Page, expect

from clientes.importacion import lectura, proceso, services
from clientes.importacion.opciones import Opciones
from clientes.models import Cliente, Importacion
from core.models import Usuario
from tests.browser.conftest import ANCHO, ANGOSTO, Ears, SignIn, grave, overflow
from tests.clientes.importacion.support import as_excel, csv, filtered, run, upload
from tests.factories import ClienteFactory

pytestmark = pytest.mark.browser

DATA = csv(
    "Nombre completo;Celular;Cédula;Grupo",
    "Ana Gómez;300 123 4567;1020;VIP",
    "Luis Ríos;12;2030;",
    "Marta Peña;(310) 765-4321;3040;Norte, VIP",
    "Marta P.;3001112233;3040;",
    "Sara Núñez;3107654321;5060;",
    encoding="cp1252",
)


@pytest.fixture
def worker(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A thread that does a worker's work, a batch each time the event is set."""
    go, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(lectura.en_bloques, "__defaults__", (2,))
    stage = proceso._anotar

    def slowly(*args: object) -> None:
        go.wait(10)
        stage(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(proceso, "_anotar", slowly)

    def work() -> None:
        while not stop.wait(0.05):
            proceso.atender()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield go
    go.set()
    stop.set()
    thread.join(10)


def subir(page: Page, name: str, data: bytes) -> None:
    file = FilePayload(name=name, mimeType="text/csv", buffer=data)
    page.get_by_label("Archivo", exact=True).set_input_files(file)
    page.get_by_role("button", name="Subir y revisar").click()


def test_a_file_with_bad_rows(owner: Usuario, sign_in: SignIn, worker: threading.Event, tmp_path: Path) -> None:
    ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001234567", documento="1020")
    page = sign_in(owner)
    page.goto("/clientes/importar/")
    page.get_by_label("Archivo", exact=True).set_input_files(
        {"name": "lista.csv", "mimeType": "text/csv", "buffer": DATA}
    )
    page.get_by_role("button", name="Subir y revisar").click()

    expect(page.get_by_label("Nombre", exact=True)).to_have_value("0")
    expect(page.get_by_label("Etiquetas")).to_have_value("3")
    bad = page.get_by_text("Fila 3: El teléfono «12» no es válido.")
    expect(bad).to_be_visible()
    page.get_by_label("Importar aunque el teléfono no sea válido").check()
    expect(bad).to_be_hidden()
    page.get_by_label("Importar aunque el teléfono no sea válido").uncheck()
    expect(bad).to_be_visible()

    page.get_by_role("button", name="Importar", exact=True).click()
    bar = page.get_by_role("progressbar", name="Avance de la importación")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    page.evaluate("window.misma = true")
    worker.set()
    expect(page.get_by_role("status").filter(has_text="Completada")).to_be_attached()
    assert page.evaluate("window.misma === true")
    for cuenta, n in (("creadas", 2), ("actualizadas", 1), ("rechazadas", 1), ("repetidas", 1)):
        expect(page.locator(f"[data-cuenta={cuenta}]")).to_have_text(str(n))
    expect(page.get_by_role("row", name="Repite el documento de la fila 4.")).to_be_visible()
    expect(page.get_by_role("heading", name="2 filas con el teléfono de otro")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar para corregir").click()
    file = tmp_path / "errores.csv"
    download.value.save_as(file)
    assert file.read_text("utf-8-sig").splitlines()[1] == (
        '"Luis Ríos";"12";"2030";"";"3";"El teléfono «12» no es válido."'
    )

    fixed = file.read_bytes().replace(b';"12";', b";3009998877;")
    page.get_by_role("link", name="Importar otro archivo").click()
    page.get_by_label("Archivo", exact=True).set_input_files(
        {"name": "corregido.csv", "mimeType": "text/csv", "buffer": fixed}
    )
    page.get_by_role("button", name="Subir y revisar").click()
    page.get_by_role("button", name="Importar", exact=True).click()
    expect(page.locator("[data-cuenta=creadas]")).to_have_text("1")
    assert Cliente.objects.get(documento="2030").telefono_e164 == "+573009998877"


def test_a_file_that_is_something_else(owner: Usuario, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.goto("/clientes/importar/")
    page.get_by_label("Archivo", exact=True).set_input_files(
        {"name": "x.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\0\0"}
    )
    page.get_by_role("button", name="Subir y revisar").click()
    expect(page.get_by_role("alert")).to_contain_text("no es un archivo CSV ni XLSX")


def estados(owner: Usuario) -> dict[str, Importacion]:
    """An import in each estado."""
    found = {"columnas": upload(owner, DATA, name="clientes nuevos de la sede de Chapinero.csv")}
    mezcla = csv("Zapatos Luna SAS;;", "Clientes de marzo;;", "", "nombre;celular;cédula", "María Muñoz;3001234567;1")
    found["letras"] = upload(owner, mezcla + csv("José Peña;3001234568;2", encoding="cp1252"))
    filas = [["nombre", "celular", "cédula"], ["Ana", "3001234567", "1"], ["Luis", "=A1", "2"], ["Eva", "3", "3"]]
    found["libro"] = upload(owner, filtered(filas, 4, hoja="Instrucciones"), name="clientes filtrados.xlsx")
    found["ventas"] = upload(owner, csv("factura;fecha;valor;nit", "F-1;15/03/2026;85.000;1020"), "ventas")
    found["completada"] = run(owner, DATA)
    found["rechazada"] = run(owner, DATA, modo="todo")
    found["fallida"] = run(owner, csv("nombre;documento"))
    espera = upload(owner, as_excel([("nombre", "documento"), ("Ana", "1")]), name="libro.xlsx")
    services.empezar(importacion=espera, opciones=Opciones(columnas=espera.columnas))
    Importacion.objects.filter(pk=espera.pk).update(
        estado="procesando", filas=200_000, leidas=124_000, token="0" * 32, lease_hasta="2100-01-01T00:00Z"
    )
    found["procesando"] = espera
    return found


@pytest.mark.parametrize("size", [ANCHO, ANGOSTO], ids=["1280", "375"])
def test_every_page_is_fit_to_be_seen(size: dict[str, int], owner: Usuario, sign_in: SignIn, ears: Ears) -> None:
    page: Page = sign_in(owner)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    paths = {"lista": "/clientes/importar/"}
    paths |= {name: f"/clientes/importar/{i.pk}/" for name, i in estados(owner).items()}
    for name, path in paths.items():
        page.goto(path)
        assert grave(page) == [], name
        assert overflow(page) <= 0, name
