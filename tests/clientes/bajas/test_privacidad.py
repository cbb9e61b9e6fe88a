"""Erasing a client's data does not lift their wish to be left alone."""

import pytest

from campaigns.models import Entrante
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.bajas.sql import sin_baja
from clientes.models import Baja, Cliente, Fuente, RegistroBaja
from clientes.services import anonimizar_cliente
from core.models import Usuario
from tests.factories import ClienteFactory

ANA, NUMERO = "+573001234567", "+15005550006"
SMS = Prueba(Fuente.SMS, texto="Soy Ana: BAJA", sid="SM1", remitente=NUMERO, campana_id=7, motivo="m", evidencia="e")


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    ana = ClienteFactory.create(usuario=owner, telefono=ANA)
    dar_de_baja(telefono=ANA, tienda_id=owner.pk, prueba=SMS, remitentes=[NUMERO])
    Entrante.objects.create(usuario=owner, sid="SM1", telefono=ANA, texto="Soy Ana: BAJA", tipo="baja")
    Entrante.objects.create(usuario=None, sid="SM2", telefono=ANA, texto="Soy Ana")
    return ana


def phones() -> set[str]:
    tables = (Baja.objects, RegistroBaja.objects, Entrante.objects)
    return {telefono for rows in tables for telefono in rows.values_list("telefono", flat=True)}


def test_it_erases_the_words_and_the_phone(owner: Usuario, ana: Cliente) -> None:
    anonimizar_cliente(cliente=ana)
    assert phones() == {""}
    assert set(Entrante.objects.values_list("texto", flat=True)) == {""}
    registro = RegistroBaja.objects.get()
    assert (registro.texto, registro.motivo, registro.evidencia) == ("", "", "")
    assert (registro.tipo, registro.fuente, registro.sid, registro.campana_id) == ("baja", "sms", "SM1", 7)
    assert Entrante.objects.get(sid="SM1").tipo == "baja"


def test_the_wish_stays(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    """The old list is imported again, and the client still gets nothing."""
    anonimizar_cliente(cliente=ana)
    for tienda in (owner, stranger):
        ClienteFactory.create(usuario=tienda, telefono="300 123 45 67")
        again = Cliente.objects.filter(usuario=tienda).exclude(telefono_e164="")
        assert again.exists()
        assert not sin_baja(again, tienda_id=tienda.pk, remitente=NUMERO).exists()


def test_only_its_owner_brings_the_phone_back(owner: Usuario, ana: Cliente) -> None:
    anonimizar_cliente(cliente=ana)
    dar_de_alta(telefono=ANA, tienda_id=owner.pk, prueba=Prueba(Fuente.SMS, texto="START"), remitentes=[NUMERO])
    assert Baja.objects.get().telefono == ANA
    assert not Baja.objects.get().vigente


def test_a_phone_that_another_client_of_the_shop_has_stays(owner: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=owner, telefono=ANA)
    anonimizar_cliente(cliente=ana)
    assert phones() == {ANA}
    assert Entrante.objects.get(sid="SM1").texto == ""  # hers, perhaps: it goes


def test_another_shop_keeps_what_is_its_own(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=stranger, telefono=ANA)
    dar_de_baja(telefono=ANA, tienda_id=stranger.pk, prueba=SMS)
    anonimizar_cliente(cliente=ana)
    assert Baja.objects.get(usuario=stranger).telefono == ANA
    assert Baja.objects.get(usuario=owner).telefono == ""
    assert Baja.objects.get(usuario=None).telefono == ANA
    assert RegistroBaja.objects.get(usuario=stranger).texto == SMS.texto


def test_a_client_without_a_phone_takes_nobodys(owner: Usuario, ana: Cliente) -> None:
    Entrante.objects.create(usuario=owner, sid="SM3", telefono="", texto="borrado")
    anonimizar_cliente(cliente=ClienteFactory.create(usuario=owner, telefono="12"))
    assert phones() == {ANA, ""}
    assert Entrante.objects.get(sid="SM3").texto == "borrado"
