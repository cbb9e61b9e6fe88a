"""An anonymised client is not found again in what imports keep."""

from typing import Any

import pytest

from clientes.models import Cliente, Importacion, ImportacionFila
from clientes.services import anonimizar_cliente
from core.errors import ConflictError
from core.models import Usuario
from tests.factories import ClienteFactory


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana Gómez", telefono="300 111 2233", documento="52.123.456")


def importacion(owner: Usuario, estado: str = "rechazada", **fields: Any) -> Importacion:
    muestra = [["nombre", "celular"], ["Ana Gómez", "3001112233"]]
    examen = {"comienzos": [[2, "Ana Gómez · 3001112233"]]}
    return Importacion.objects.create(
        usuario=owner, estado=estado, archivo="x.csv", muestra=muestra, examen=examen, **fields
    )


@pytest.mark.parametrize(
    "celdas",
    [
        ["ANA GÓMEZ", "", ""],
        ["Otra", "+57 (300) 111-2233", ""],
        ["Otra", "3001112233", ""],
        ["Otra", "", "52123456"],
    ],
)
def test_it_erases_the_rows_that_name_the_client(owner: Usuario, ana: Cliente, celdas: list[str]) -> None:
    old = importacion(owner)
    ImportacionFila.objects.create(importacion=old, numero=2, celdas=celdas, resultado="rechazada")
    ImportacionFila.objects.create(importacion=old, numero=3, celdas=["Luis Ríos", "12", "9"], resultado="rechazada")
    anonimizar_cliente(cliente=ana)
    assert list(old.detalle.values_list("numero", flat=True)) == [3]
    old.refresh_from_db()
    assert (old.muestra, old.examen) == ([["nombre", "celular"]], {})


def test_it_erases_the_sample_of_a_file_without_titles(owner: Usuario, ana: Cliente) -> None:
    old = importacion(owner, con_titulos=False)
    anonimizar_cliente(cliente=ana)
    old.refresh_from_db()
    assert old.muestra == [["", ""]]


def test_it_leaves_another_shops_imports_alone(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    theirs = importacion(stranger)
    ImportacionFila.objects.create(importacion=theirs, numero=2, celdas=["Ana Gómez"], resultado="rechazada")
    anonimizar_cliente(cliente=ana)
    assert theirs.detalle.count() == 1


def test_it_waits_for_an_import_that_is_being_read(owner: Usuario, ana: Cliente) -> None:
    importacion(owner, "pendiente")
    with pytest.raises(ConflictError):
        anonimizar_cliente(cliente=ana)
    ana.refresh_from_db()
    assert ana.nombre == "Ana Gómez"
