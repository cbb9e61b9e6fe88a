"""A campaign's recipients as a file."""

from typing import Any

import pytest
from django.test import Client

from campaigns.models import CampanaSMS
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.pages import lines_of


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    nombres = ("Ana", "=Luis", "Marta")
    clientes = [ClienteFactory.create(usuario=owner, nombre=nombre, documento=nombre[-1]) for nombre in nombres]
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=3)
    lote = open_lote(campana, clientes)
    sms_log(campana, lote, clientes[0], telefono="+573001234567", estado="enviado", twilio_sid="SM1", entrega="sent")
    sms_log(campana, lote, clientes[1], telefono="", estado="fallido", codigo="21610", error="No quiere mensajes")
    sms_log(campana, lote, clientes[2])
    return campana


def get(usuario: Usuario | None, campana: CampanaSMS, query: str = "") -> Any:
    client = Client()
    if usuario:
        client.force_login(usuario)
    return client.get(f"/campanas/{campana.pk}/exportar/{query}")


def test_it_works(campana: CampanaSMS, owner: Usuario) -> None:
    found = lines_of(get(owner, campana))
    assert found[0].startswith("nombre;telefono;documento;mensaje;resultado;codigo;error;entrega;twilio_sid;")
    assert found[1].startswith("Ana;'+573001234567;a;Hola Ana!;Enviado;;;Enviado al operador;SM1;")
    assert found[2].startswith("'=Luis;300")  # the number as it was typed, to be corrected
    assert ";Fallido;21610;No quiere mensajes;;;" in found[2]
    assert len(found) == 4


@pytest.mark.parametrize(("query", "rows"), [("?estado=fallido", 1), ("?estado=pendiente", 1), ("?estado=nada", 3)])
def test_it_takes_the_pages_filter(query: str, rows: int, campana: CampanaSMS, owner: Usuario) -> None:
    assert len(lines_of(get(owner, campana, query))) == rows + 1


def test_it_is_for_the_shops_admin(campana: CampanaSMS, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    assert get(None, campana).status_code == 302
    assert get(teammate, campana).status_code == 403
    assert get(stranger, campana).status_code == 404
