"""Alerts by email."""

from typing import Any

import pytest
from django.core import mail

from campaigns.bitacora import alertas
from campaigns.models import AjustesAlertas, CampanaSMS, EntregaAlerta
from core.models import Usuario
from workers.alerts import deliver, email
from workers.engine.campaign import campana as engine
from workers.gateway.outcomes import Account

REFUSAL = Account("20003", "Twilio rechazó las credenciales")


@pytest.fixture
def correo(owner: Usuario, settings: Any) -> AjustesAlertas:
    settings.EMAIL_HOST = "correo.tienda.co"
    return alertas.guardar_ajustes(usuario=owner, datos={"correos": ["ana@tienda.co", "luis@tienda.co"]})


def test_each_address_gets_its_own_email(correo: AjustesAlertas, campana: CampanaSMS) -> None:
    CampanaSMS.objects.update(nombre="Aniversario\r\nBcc: x@y.co")
    engine.pause_for_account(campana.pk, REFUSAL)
    assert deliver.deliver() == 2
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@tienda.co", "luis@tienda.co"]
    message = mail.outbox[0]
    assert message.subject == "Una campaña se pausó sola: Aniversario Bcc: x@y.co"
    assert "Twilio rechazó las credenciales" in message.body
    assert f"/campanas/{campana.pk}/" in message.body
    assert {entrega.estado for entrega in EntregaAlerta.objects.all()} == {"entregada"}


def test_without_a_mail_server_it_says_so_and_stops(correo: AjustesAlertas, owner: Usuario, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    alertas.probar(usuario=owner)
    deliver.deliver()
    assert {(e.estado, e.error) for e in EntregaAlerta.objects.all()} == {("fallida", email.SIN_SERVIDOR)}


def test_a_mail_server_that_is_away_is_tried_again(
    correo: AjustesAlertas, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, **kwargs: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    alertas.probar(usuario=owner)
    deliver.deliver()
    assert {(e.estado, e.intentos) for e in EntregaAlerta.objects.all()} == {("pendiente", 1)}
