"""The operator's form of a client reads what it is given as the shop's own page does."""

import pytest
from django.test import Client

from clientes.models import Cliente
from core.models import Usuario
from tests.factories import ClienteFactory

FIELDS = {"nombre": "Ana", "telefono": "", "documento": "", "consentimiento_fuente": "", "consentimiento_en": ""}


def save(client: Client, cliente: Cliente, **given: str) -> list[str]:
    """Say why, and send the form; the errors that it shows."""
    client.post("/admin/motivo/", {"tienda": cliente.usuario_id, "motivo": "La tienda pidió ayuda"})
    url = f"/admin/clientes/cliente/{cliente.pk}/change/"
    answer = client.post(url, FIELDS | {"usuario": cliente.usuario_id, "activo": "on"} | given)
    cliente.refresh_from_db()
    if answer.status_code == 302:
        return []
    return [error for errors in answer.context["adminform"].errors.values() for error in errors]


@pytest.fixture
def cliente(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001112233", documento="80123456")


def test_it_takes_off_what_spreadsheets_add(admin_client: Client, cliente: Cliente) -> None:
    assert save(admin_client, cliente, nombre="Ana\u200b María", telefono="3004445566.0", documento="'80123456.0") == []
    assert (cliente.nombre, cliente.telefono_e164, cliente.documento) == ("Ana María", "+573004445566", "80123456")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"nombre": "#N/A"}, "es un error de la planilla"),
        ({"nombre": "NULL"}, "no es un nombre"),
        ({"documento": "8,01E+07"}, "podría ser el de otra persona"),
        ({"consentimiento_fuente": "La caja"}, "cuándo se dio el consentimiento"),
        ({"consentimiento_en": "2026-01-02"}, "de dónde viene el consentimiento"),
    ],
)
def test_it_refuses_what_the_page_refuses(
    admin_client: Client, cliente: Cliente, given: dict[str, str], part: str
) -> None:
    errors = save(admin_client, cliente, **given)
    assert any(part in error for error in errors), errors
    assert (cliente.nombre, cliente.documento) == ("Ana", "80123456")
