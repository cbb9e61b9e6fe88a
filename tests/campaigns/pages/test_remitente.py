"""The sender of a new campaign: offered to a shop that has any of its own."""

import pytest
from django.test import override_settings

from campaigns import remitentes
from campaigns.models import CampanaSMS
from clientes.models import Cliente
from core.models import Usuario
from tests.campaigns.pages.support import URL, hidden, post
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory
from tests.pages import signed_in


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001112233")


def test_without_senders_of_its_own_nothing_is_asked(owner: Usuario, ana: Cliente) -> None:
    RemitenteFactory.create()
    RemitenteFactory.create(usuario=owner, activo=False)
    assert "Enviar desde" not in post(owner, "mensaje")


def test_from_the_choice_to_the_campaign(owner: Usuario, ana: Cliente) -> None:
    remitente = RemitenteFactory.create(usuario=owner, nombre="Ventas", valor="85432", segmentos_por_segundo="0.50")
    page = post(owner, "mensaje")
    assert "Ventas · 85432" in page
    page = post(owner, "revisar", **hidden(page), mensaje="Hola {nombre}!", remitente=remitente.pk)
    assert "<dt>Desde</dt><dd>Ventas</dd>" in page
    assert "<dt>Tarda al menos</dt><dd>2 s</dd>" in page
    answer = signed_in(owner).post(URL, {**hidden(page), "accion": "enviar"})
    campana = CampanaSMS.objects.get()
    assert campana.remitente == remitente
    assert "<dt>Remitente</dt><dd>Ventas</dd>" in signed_in(owner).get(answer["Location"]).content.decode()


def test_the_choice_travels_back_and_into_a_copy(owner: Usuario, ana: Cliente) -> None:
    remitente = RemitenteFactory.create(usuario=owner)
    chosen = f'<option value="{remitente.pk}" selected>'
    page = post(owner, "revisar", mensaje="Hola", remitente=remitente.pk)
    assert chosen in post(owner, "mensaje", **hidden(page))
    campana = CampanaFactory.create(usuario=owner, remitente=remitente)
    copy = signed_in(owner).get(f"{URL}?copiar={campana.pk}").content.decode()
    assert chosen in post(owner, "mensaje", **hidden(copy))


@pytest.mark.parametrize("accion", ["revisar", "enviar"])
@pytest.mark.parametrize("whose", ["stranger", "inactive"])
def test_one_that_is_not_offered_is_refused_and_not_replaced(
    owner: Usuario, ana: Cliente, accion: str, whose: str
) -> None:
    """Silently sending from the installation's sender would be another campaign."""
    gone = RemitenteFactory.create(**({} if whose == "stranger" else {"usuario": owner, "activo": False}))
    form = hidden(post(owner, "revisar", mensaje="Hola"))
    body = signed_in(owner).post(URL, {**form, "accion": accion, "remitente": gone.pk}).content.decode()
    assert remitentes.NO_ESTA in body
    assert not CampanaSMS.objects.exists()


def test_it_tells_how_long_the_installations_sender_takes(owner: Usuario, ana: Cliente) -> None:
    assert "Tarda al menos" not in post(owner, "revisar", mensaje="Hola")
    with override_settings(SENDER_SEGMENTS_PER_S=0.01):
        assert "<dt>Tarda al menos</dt><dd>1 min 40 s</dd>" in post(owner, "revisar", mensaje="Hola")
