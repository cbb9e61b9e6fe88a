"""Alerts by email."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client

from campaigns.bitacora import alertas
from campaigns.models import AjustesAlertas, Alerta, CampanaSMS, EntregaAlerta
from core.models import Usuario
from workers.alerts import deliver, email
from workers.alerts.results import Failed
from workers.engine.campaign import pausas
from workers.gateway.outcomes import Account

REFUSAL = Account("20003", "Twilio rechazó las credenciales")


@pytest.fixture
def correo(owner: Usuario, settings: Any) -> AjustesAlertas:
    settings.EMAIL_HOST = "correo.tienda.co"
    """Two addresses that have said yes."""
    found = alertas.guardar_ajustes(usuario=owner, datos={"correos": ["ana@tienda.co", "luis@tienda.co"]})
    AjustesAlertas.objects.update(confirmados=F("correos"))
    Alerta.objects.all().delete()
    return found


def test_each_address_gets_its_own_email(correo: AjustesAlertas, campana: CampanaSMS) -> None:
    CampanaSMS.objects.update(nombre="Aniversario\r\nBcc: x@y.co")
    pausas.pause_for_account(campana.pk, REFUSAL)
    assert deliver.deliver() == 2
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@tienda.co", "luis@tienda.co"]
    message = mail.outbox[0]
    assert message.subject == f"Una campaña se pausó sola: campaña {campana.pk}"  # no word of a shop's
    assert "\nAniversario Bcc: x@y.co\n" in message.body
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


class TestConfirmation:
    def test_a_new_address_gets_a_link_and_nothing_else(
        self, owner: Usuario, campana: CampanaSMS, settings: Any
    ) -> None:
        settings.EMAIL_HOST = "correo.tienda.co"
        Usuario.objects.filter(pk=owner.pk).update(tienda="Gane ya en https://malo.co")
        alertas.guardar_ajustes(usuario=owner, datos={"correos": ["ana@tienda.co"]})
        CampanaSMS.objects.update(nombre="Gane ya en https://malo.co")
        pausas.pause_for_account(campana.pk, REFUSAL)
        deliver.deliver()
        [message] = mail.outbox
        assert (message.to, message.subject) == (["ana@tienda.co"], email.CONFIRME)
        assert "malo.co" not in message.body
        [link] = re.findall(rf"{settings.PUBLIC_URL}(/alertas/confirmar/\S+)", str(message.body))
        # The shop sees that a link went out, and not which.
        assert "confirmar/" not in str(list(Alerta.objects.values()) + list(EntregaAlerta.objects.values()))
        assert Client().post(link).status_code == 200

        mail.outbox.clear()
        CampanaSMS.objects.update(estado="procesando")
        pausas.pause_for_account(campana.pk, REFUSAL)
        deliver.deliver()
        assert [message.to for message in mail.outbox] == [["ana@tienda.co"]]

    @pytest.mark.parametrize(
        "destino",
        [
            "ana@tienda.co\nBcc: x@y.co",
            "ana@tienda.co\r\nBcc: x@y.co",
            "ana@tienda.co, x@y.co",
            '"ana\nBcc: x"@tienda.co',
            "Ana <ana@tienda.co>\rSubject: x",
            "sin arroba\n",
        ],
    )
    @pytest.mark.parametrize("tipo", [Alerta.Tipo.PRUEBA, Alerta.Tipo.CONFIRMACION])
    def test_no_header_can_be_written_by_an_address(
        self, tipo: Alerta.Tipo, destino: str, owner: Usuario, settings: Any
    ) -> None:
        """It goes to nobody but the one address, or fails for good, whoever let it in."""
        settings.EMAIL_HOST = "correo.tienda.co"
        alerta = Alerta(usuario=owner, tipo=tipo, datos={"motivo": "a\nBcc: x@y.co"})
        result = email.send(alerta=alerta, destino=destino)
        if isinstance(result, Failed):
            assert result.for_good
            return
        head, _, _ = mail.outbox[0].message().as_string().partition("\n\n")
        assert not re.search(r"^(Bcc|Subject: x)", head, re.MULTILINE)

    @pytest.mark.parametrize(
        "nombre", ["a\r\nBcc: x@y.co", "a\u2028Bcc: x@y.co", "a\x0bb\x0cc", "x" * 200, "=?utf-8?q?=0ABcc:?="]
    )
    def test_a_name_is_in_no_header(self, correo: AjustesAlertas, campana: CampanaSMS, nombre: str) -> None:
        CampanaSMS.objects.update(nombre=nombre)
        pausas.pause_for_account(campana.pk, REFUSAL)
        assert deliver.deliver() == 2
        head, _, _ = mail.outbox[0].message().as_string().partition("\n\n")
        assert not re.search(r"^(Bcc|x{9})", head, re.MULTILINE)
        assert len(mail.outbox[0].subject) < 60
