"""The shop's clients as a file: whole, harmless, and taken back by the import."""

import csv
import tracemalloc
from typing import Any

import pytest
from django.test import Client

from clientes.models import Cliente
from core.models import Usuario
from core.text import planilla
from tests.clientes.importacion.support import clients, counts, run, xlsx
from tests.factories import ClienteFactory, EtiquetaFactory

PATH = "/clientes/exportar/"


def export(usuario: Usuario) -> bytes:
    client = Client()
    client.force_login(usuario)
    answer: Any = client.get(PATH)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content)


@pytest.fixture
def tienda(owner: Usuario) -> None:
    """Clients whose texts would hurt somewhere on the way."""
    tags = [
        EtiquetaFactory.create(usuario=owner, nombre=nombre)
        for nombre in ("VIP", "a, b", "x|y", "=1+1", "a,=1", "ñ|-1")
    ]
    rows: list[dict[str, Any]] = [
        {
            "nombre": "Ana Ñúñez",
            "telefono": "+573001234567",
            "documento": "1",
            "consentimiento_fuente": "Caja",
            "consentimiento_en": "2026-03-01",
        },
        {"nombre": '=HYPERLINK("http://malo")', "telefono": "300 123 4568", "documento": "-5"},
        {"nombre": "@Luis; \"el\" 'grande'", "telefono": "", "documento": "@1"},
        {"nombre": "'=ya con apóstrofo", "telefono": "3001234569", "documento": "4", "activo": False},
        {"nombre": "-Eva", "telefono": "123", "documento": "+6"},
        {
            "nombre": "Hola,=HYPERLINK(A1);-Eva, '@x",
            "telefono": "3001234570",
            "documento": "7,+8",
            "consentimiento_fuente": "Caja,-1",
            "consentimiento_en": "2026-03-01",
            "consentimiento_hora": "16:20",
            "consentimiento_medio": "persona",
            "consentimiento_texto": "=1+1; acepto, -sí",
            "consentimiento_lugar": "@Local",
        },
    ]
    for n, row in enumerate(rows):
        ClienteFactory.create(usuario=owner, **row).etiquetas.set(tags[: n + 1])


def test_no_cell_is_a_formula(tienda: None, owner: Usuario) -> None:
    text = export(owner).decode()
    assert text.startswith(
        '\ufeff"nombre";"telefono";"documento";"etiquetas";"activo";"consentimiento";'
        '"fuente del consentimiento";"manera del consentimiento";"lugar del consentimiento";"texto del consentimiento";'
        '"creado"\r\n'
    )
    assert '"\'+573001234567";' in text
    for separator in ";,|\t":
        for row in csv.reader(text.splitlines()[1:], delimiter=separator):
            assert not [cell for cell in row if cell[:1] in set("=+-@\t\r")]


def test_it_comes_back_as_it_was(tienda: None, owner: Usuario, stranger: Usuario) -> None:
    file = export(owner)
    assert counts(run(owner, file, telefono_invalido=True)) == {"sin_cambios": 6}
    assert counts(run(stranger, file, telefono_invalido=True)) == {"creadas": 6}
    assert clients(stranger) == clients(owner)
    assert list(Cliente.objects.filter(usuario=stranger).order_by("nombre").values_list("telefono")) == list(
        Cliente.objects.filter(usuario=owner).order_by("nombre").values_list("telefono")
    )


def test_it_comes_back_when_a_spreadsheet_has_saved_it(tienda: None, owner: Usuario) -> None:
    rows = csv.reader(export(owner).decode("utf-8-sig").splitlines(), delimiter=";")
    assert counts(run(owner, xlsx(rows), telefono_invalido=True)) == {"sin_cambios": 6}


def test_it_is_for_the_shops_admin(tienda: None, teammate: Usuario, stranger: Usuario) -> None:
    assert Client().get(PATH).status_code == 302
    client = Client()
    client.force_login(teammate)
    assert client.get(PATH).status_code == 403
    assert len(export(stranger).splitlines()) == 1


def test_its_memory_does_not_grow(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    def peak() -> int:
        client = Client()
        client.force_login(owner)
        answer: Any = client.get(PATH)
        tracemalloc.start()
        size = sum(len(piece) for piece in answer.streaming_content)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size > 40 * Cliente.objects.count()
        return found

    monkeypatch.setattr(planilla.por_partes, "__defaults__", ("pk", 500))
    rows = [Cliente(usuario=owner, nombre=f"Cliente {n}", documento=str(n)) for n in range(8_000)]
    Cliente.objects.bulk_create(rows[:2_000])
    few = peak()
    Cliente.objects.bulk_create(rows[2_000:])
    assert peak() < 1.3 * few
