"""Sales from a file."""

from decimal import Decimal

import pytest

from clientes.models import Cliente, Venta
from core.models import Usuario
from tests.clientes.importacion.support import counts, csv, problems, run
from tests.factories import ClienteFactory, VentaFactory

TITULOS = "factura;fecha;valor;nit;celular"


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001234567", documento="1.020")


def test_it_works_by_document_and_by_phone(ana: Cliente, owner: Usuario) -> None:
    data = csv(TITULOS, "F-1;15/03/2026;$ 85.000;1020;", "F-2;2026-03-16 10:30;1200,50;;+57 300 123 4567")
    assert counts(run(owner, data, "ventas")) == {"creadas": 2}
    found = list(Venta.objects.order_by("referencia").values_list("referencia", "total", "cliente"))
    assert found == [("F-1", Decimal("85000.00"), ana.pk), ("F-2", Decimal("1200.50"), ana.pk)]


def test_twice_the_same_file_is_once(ana: Cliente, owner: Usuario) -> None:
    data = csv(TITULOS, "F-1;15/03/2026;85000;1020;", "F-2;;1200;1020;")
    run(owner, data, "ventas")
    assert counts(run(owner, data, "ventas")) == {"sin_cambios": 2}
    assert counts(run(owner, csv(TITULOS, "F-1;;90000;1020;"), "ventas")) == {"actualizadas": 1}
    assert counts(run(owner, csv(TITULOS, "77.0;;5;1020.0;"), "ventas")) == {"creadas": 1}
    assert counts(run(owner, csv(TITULOS, "77;;5;1020;"), "ventas")) == {"sin_cambios": 1}
    assert Venta.objects.get(referencia="F-1").total == 90_000
    assert Venta.objects.count() == 3


def test_bad_rows(ana: Cliente, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, telefono="3107654321")
    ClienteFactory.create(usuario=owner, telefono="3107654321")
    rows = ["F-1;;10;999;", ";;10;1020;", "F-3;;;1020;", "F-4;ayer;10;1020;", "F-5;;10;;", "F-6;;10;;3107654321"]
    importacion = run(owner, csv(TITULOS, *rows, "F-7;;10;1020;", "F-7;;20;1020;"), "ventas")
    assert counts(importacion) == {"creadas": 1, "rechazadas": 6, "repetidas": 1}
    motivos = [motivo for *_, motivo in problems(importacion)]
    assert motivos[0] == "No hay ningún cliente con este documento."
    assert motivos[5] == "Hay 2 clientes con este teléfono: no se sabe de cuál es."
    assert motivos[6] == "Repite la referencia de la fila 8."


def test_another_shops_client_does_not_exist(ana: Cliente, stranger: Usuario) -> None:
    importacion = run(stranger, csv(TITULOS, "F-1;;10;1020;3001234567"), "ventas")
    assert counts(importacion) == {"rechazadas": 1}
    assert not Venta.objects.exists()


def test_another_shops_reference_is_another_sale(ana: Cliente, owner: Usuario, stranger: Usuario) -> None:
    VentaFactory.create(cliente=ClienteFactory.create(usuario=stranger), referencia="F-1", total=7)
    assert counts(run(owner, csv(TITULOS, "F-1;;10;1020;"), "ventas")) == {"creadas": 1}
    assert Venta.objects.get(usuario=stranger).total == 7


def test_all_or_nothing(ana: Cliente, owner: Usuario) -> None:
    importacion = run(owner, csv(TITULOS, "F-1;;10;1020;", "F-2;;10;999;"), "ventas", modo="todo")
    assert importacion.estado == "rechazada"
    assert not Venta.objects.exists()
