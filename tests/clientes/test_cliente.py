"""`telefono_e164` follows `telefono` on every way a client is saved."""

import io
import threading
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection

from clientes import migrations, services
from clientes.models import Cliente
from core.errors import ConflictError
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log

OTRO = "+573109876543"


@pytest.fixture
def cliente(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, telefono="3001234567")


def stored(cliente: Cliente) -> tuple[str, str]:
    return Cliente.objects.values_list("telefono", "telefono_e164").get(pk=cliente.pk)


def test_it_works_on_create(cliente: Cliente, owner: Usuario) -> None:
    assert stored(cliente) == ("3001234567", "+573001234567")
    assert stored(Cliente.objects.create(usuario=owner, nombre="x")) == ("", "")
    assert stored(Cliente.objects.create(usuario=owner, nombre="x", telefono="123")) == ("123", "")


def test_it_works_on_save(cliente: Cliente) -> None:
    cliente.telefono = "3109876543"
    cliente.save()
    assert stored(cliente) == ("3109876543", OTRO)
    cliente.telefono = "no sé"
    cliente.save()
    assert stored(cliente) == ("no sé", "")


def test_the_country_follows_too(cliente: Cliente) -> None:
    assert Cliente.objects.get().pais == "CO"
    for telefono, pais in (("+34612345678", "ES"), ("no sé", "")):
        cliente.telefono = telefono
        cliente.save(update_fields=["telefono"])
        assert Cliente.objects.get().pais == pais


def test_clients_that_were_there_get_their_country(owner: Usuario) -> None:
    phones = {"3001234567": "CO", "+34612345678": "ES", "+14155552671": "US", "+14165550123": "CA", "12": "", "": ""}
    for telefono in phones:
        ClienteFactory.create(usuario=owner, telefono=telefono)
    Cliente.objects.update(pais="")
    [name] = [found.name for found in iter_modules(migrations.__path__) if found.name.endswith("_pais")]
    with connection.schema_editor() as editor:
        import_module(f"{migrations.__name__}.{name}").derive(apps, editor)
    assert dict(Cliente.objects.values_list("telefono", "pais")) == phones


@pytest.mark.parametrize("fields", [["telefono"], {"telefono", "nombre"}, ("telefono",)])
def test_it_works_on_save_of_some_fields(cliente: Cliente, fields: Any) -> None:
    cliente.telefono = "3109876543"
    cliente.save(update_fields=fields)
    assert stored(cliente) == ("3109876543", OTRO)


def test_it_writes_neither_when_only_another_field_is_saved(cliente: Cliente) -> None:
    cliente.telefono, cliente.nombre = "3109876543", "Otra"
    cliente.save(update_fields=["nombre"])
    assert stored(cliente) == ("3001234567", "+573001234567")


def test_it_ignores_what_a_caller_derives(cliente: Cliente) -> None:
    cliente.telefono_e164 = "+10000000000"
    cliente.save()
    assert stored(cliente) == ("3001234567", "+573001234567")


def test_it_works_on_update_or_create_and_get_or_create(cliente: Cliente, owner: Usuario) -> None:
    Cliente.objects.update_or_create(pk=cliente.pk, defaults={"telefono": "3109876543"})
    assert stored(cliente) == ("3109876543", OTRO)
    other, _ = Cliente.objects.get_or_create(nombre="Nueva", usuario=owner, defaults={"telefono": "3109876543"})
    assert stored(other) == ("3109876543", OTRO)


def test_it_works_on_a_row_read_in_part(cliente: Cliente) -> None:
    partial = Cliente.objects.only("nombre").get(pk=cliente.pk)
    partial.telefono = "3109876543"
    partial.save()
    assert stored(cliente) == ("3109876543", OTRO)


def test_it_works_in_bulk(owner: Usuario) -> None:
    filas = [
        {"nombre": "A", "telefono": "3109876543", "documento": "1"},
        {"nombre": "B"},
        {"nombre": "C", "telefono": "x"},
    ]
    made = services.crear_clientes(usuario=owner, filas=filas)
    assert [stored(cliente) for cliente in made] == [("3109876543", OTRO), ("", ""), ("x", "")]
    assert [cliente.usuario for cliente in made] == [owner] * 3
    assert [cliente.documento for cliente in made] == ["1", "", ""]


@pytest.mark.parametrize(("field", "limit"), [("nombre", 150), ("telefono", 20), ("documento", 20)])
def test_it_rejects_what_is_too_long(owner: Usuario, field: str, limit: int) -> None:
    ClienteFactory.build(usuario=owner, **{field: "9" * limit}).full_clean()
    with pytest.raises(ValidationError) as caught:
        ClienteFactory.build(usuario=owner, **{field: "9" * (limit + 1)}).full_clean()
    assert set(caught.value.message_dict) == {field}


def test_it_deletes_a_client_without_history(cliente: Cliente) -> None:
    services.eliminar_cliente(cliente=cliente)
    assert not Cliente.objects.exists()


def test_it_rejects_deleting_a_client_with_history(cliente: Cliente) -> None:
    campana = CampanaFactory.create(usuario=cliente.usuario)
    sms_log(campana, open_lote(campana, [cliente]), cliente)
    with pytest.raises(ConflictError, match="Desactívelo"):
        services.eliminar_cliente(cliente=cliente)
    assert Cliente.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_rejects_deleting_a_client_whose_first_sms_comes_meanwhile() -> None:
    """Django looks for rows that refer to the client, then deletes: a Lote may open between the two."""
    cliente = ClienteFactory.create()
    campana = CampanaFactory.create(usuario=cliente.usuario)
    lote = open_lote(campana, [cliente])

    def open_meanwhile() -> None:
        try:
            sms_log(campana, lote, cliente)
        finally:
            connection.close()

    def at_delete(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('DELETE FROM "clientes_cliente"'):
            thread = threading.Thread(target=open_meanwhile)
            thread.start()
            thread.join()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(at_delete), pytest.raises(ConflictError):
        services.eliminar_cliente(cliente=cliente)
    assert Cliente.objects.exists()


def test_phones_are_read_again_after_an_upgrade(owner: Usuario) -> None:
    """A phone that was stored before may stand for somebody else, or for nobody."""
    wrong = ClienteFactory.create(usuario=owner, telefono="300123456.0")
    unread = ClienteFactory.create(usuario=owner, telefono="+52 1 55 1234 5678")
    ClienteFactory.create(usuario=owner, telefono="3001234567")
    Cliente.objects.filter(pk=wrong.pk).update(telefono_e164="+573001234560", movil=True, pais="CO")
    Cliente.objects.filter(pk=unread.pk).update(telefono_e164="", movil=False, pais="")
    out = io.StringIO()
    call_command("releer_telefonos", stdout=out)
    assert "otra manera: 2." in out.getvalue()
    wrong.refresh_from_db()
    unread.refresh_from_db()
    assert (wrong.telefono_e164, wrong.movil, wrong.pais) == ("", False, "")
    assert (unread.telefono_e164, unread.movil, unread.pais) == ("+525512345678", True, "MX")
    assert services.releer_telefonos() == 0
