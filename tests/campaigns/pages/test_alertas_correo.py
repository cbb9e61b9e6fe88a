"""An email hears of nothing before its reader has said yes: the link, who may use it and for how long, and how many."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.db.models import F
from django.test import Client
from django.utils import timezone

from campaigns.bitacora import alertas
from campaigns.bitacora.alertas import guardar_ajustes, probar
from campaigns.models import AjustesAlertas, Alerta, EntregaAlerta
from core.errors import InvalidInputError
from core.models import Registro, Usuario
from tests.pages import get

ANA = "ana@tienda.co"


def link(usuario: Usuario, correo: str = ANA) -> str:
    return alertas.enlace_de(usuario.pk, correo).removeprefix(settings.PUBLIC_URL)


def asked(usuario: Usuario) -> list[str]:
    found = EntregaAlerta.objects.filter(alerta__usuario=usuario, alerta__tipo="confirmacion")
    return list(found.order_by("pk").values_list("destino", flat=True))


def confirmed(usuario: Usuario) -> list[str]:
    return list(AjustesAlertas.objects.get(pk=usuario.pk).confirmados)


@pytest.fixture
def tienda(owner: Usuario) -> Usuario:
    guardar_ajustes(usuario=owner, datos={"correos": [ANA]})
    return owner


def test_looking_changes_nothing_and_the_button_confirms(tienda: Usuario) -> None:
    assert f"{ANA}" in get(tienda, "/alertas/").partition('id="sin-confirmar"')[2]
    page = Client(enforce_csrf_checks=True).get(link(tienda))
    assert (page.status_code, page["Referrer-Policy"], confirmed(tienda)) == (200, "no-referrer", [])
    assert "no-store" in page["Cache-Control"]
    for _ in range(2):  # twice is once
        assert Client(enforce_csrf_checks=True).post(link(tienda)).status_code == 200
        assert confirmed(tienda) == [ANA]
    assert Registro.objects.filter(tipo="alertas", tienda_id=tienda.pk, detalle=f"{ANA}, confirmado").count() == 1
    assert 'id="sin-confirmar"' not in get(tienda, "/alertas/")


@pytest.mark.parametrize(
    "made",
    [
        lambda tienda, ajena: "/alertas/confirmar/nada/",
        lambda tienda, ajena: link(tienda)[:-3] + "A/",
        lambda tienda, ajena: link(ajena),  # of a shop that did not ask
        lambda tienda, ajena: link(tienda, "otra@tienda.co"),
        lambda tienda, ajena: f"/alertas/confirmar/{signing.dumps([tienda.pk, ANA])}/",  # signed for something else
        lambda tienda, ajena: f"/alertas/confirmar/{signing.dumps([tienda.pk], salt=alertas.SAL)}/",
        lambda tienda, ajena: f"/alertas/confirmar/{'x' * 5000}/",
    ],
)
def test_no_other_link_is_good(made: Any, tienda: Usuario, stranger: Usuario) -> None:
    for answer in (Client().get(made(tienda, stranger)), Client().post(made(tienda, stranger))):
        assert answer.status_code == 404
        assert "ya no sirve" in answer.text
    assert confirmed(tienda) == []


def test_it_is_good_for_three_days(tienda: Usuario) -> None:
    made = link(tienda)
    for days, status in ((2.9, 200), (3.1, 404)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            assert Client().get(made).status_code == status


def test_what_is_taken_out_and_comes_back_is_asked_again(tienda: Usuario) -> None:
    Client().post(link(tienda))
    guardar_ajustes(usuario=tienda, datos={"minutos_sin_avance": 20})
    assert confirmed(tienda) == [ANA]
    guardar_ajustes(usuario=tienda, datos={"correos": []})
    assert Client().post(link(tienda)).status_code == 404
    guardar_ajustes(usuario=tienda, datos={"correos": [ANA]})
    assert confirmed(tienda) == []


def test_an_address_is_written_to_once_an_hour_and_three_times_a_day(tienda: Usuario) -> None:
    for _ in range(3):
        guardar_ajustes(usuario=tienda, datos={"correos": []})
        guardar_ajustes(usuario=tienda, datos={"correos": [ANA, ANA]})
    assert asked(tienda) == [ANA]
    for _ in range(4):
        Alerta.objects.update(creada=F("creada") - timedelta(hours=2))
        guardar_ajustes(usuario=tienda, datos={"correos": [ANA]})
    assert asked(tienda) == [ANA] * 3
    Alerta.objects.update(creada=F("creada") - timedelta(days=1))
    guardar_ajustes(usuario=tienda, datos={"correos": [ANA]})
    assert asked(tienda) == [ANA] * 4


def test_a_shop_writes_to_so_many_strangers_a_day(tienda: Usuario, stranger: Usuario) -> None:
    def other(n: int) -> list[str]:
        return [f"{n}{letter}@otra.co" for letter in "abcde"]

    for n in range(3):
        guardar_ajustes(usuario=tienda, datos={"correos": other(n)})
    with pytest.raises(InvalidInputError, match="20 enlaces") as error:
        guardar_ajustes(usuario=tienda, datos={"correos": other(9), "minutos_sin_avance": 44})
    assert error.value.field == "correos"
    ajustes = AjustesAlertas.objects.get(pk=tienda.pk)
    assert (ajustes.correos, ajustes.minutos_sin_avance) == (other(2), 10)  # nothing half done
    assert len(asked(tienda)) == 16
    guardar_ajustes(usuario=stranger, datos={"correos": other(9)})


def test_a_shop_has_so_many_trials_a_day(tienda: Usuario, stranger: Usuario) -> None:
    for usuario in (tienda, stranger):
        guardar_ajustes(usuario=usuario, datos={"url": "https://sistema.tienda.co/alertas"})
    for _ in range(alertas.PRUEBAS.amount):
        probar(usuario=tienda)
    with pytest.raises(alertas.DemasiadasError) as late:
        probar(usuario=tienda)
    assert late.value.espera > 60
    probar(usuario=stranger)


def test_an_upgrade_goes_on_telling_whom_it_told() -> None:
    migration = import_module("campaigns.migrations.0022_limites").Migration
    said = [str(getattr(operation, "sql", "")) for operation in migration.operations]
    assert "UPDATE campaigns_ajustesalertas SET confirmados = correos" in said
