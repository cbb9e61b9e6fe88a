"""Passwords that are refused, and those that are not."""

import time
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from core import claves
from core.models import Usuario
from tests.pages import signed_in

ADMIN = Usuario(pk=1, username="carmenza", first_name="Carmen", last_name="Ruiz", tienda="Ferretería El Tornillo Feliz")
VENDEDOR = Usuario(username="wilmar", first_name="Wilmar", rol="vendedor", creado_por=ADMIN)

BAD = [
    "corta7#",  # seven
    "12345678",
    "password1",
    "contraseña123",
    "Contrasena2026",
    "bienvenido1",
    "colombia2026",
    "medellin2025",
    "teamo1234",
    "qwertyuiop",
    "1q2w3e4r5t",
    "aaaaaaaaaaaaaaa",
    "abcabcabcabc",
    "0123456789",
    "P@ssw0rd!!",
    "10/12/1985",
    "lunes2026",
    "clavetienda1",
    "campañas-sms",
    "ferreteria1",
    "Ferretería2026!",
    "f3rr3t3r14",
    "aireterref",  # read backwards
    "tornillofeliz",
    "ElTornillo#1",
    "ferreteriaeltornillofeliz",
    "carmenza2026",
    "twilio-admin",
]
GOOD = [
    "una-clave-larga-9",
    "perro azul camina",
    "zapato-nube-42",
    "caballobateriagrapa",
    "el gato de Marta come arroz",
    "k7#Qz9pW",
    "xT4!mvQ8z",
    "ferreteria-lluvia-cebolla-9",  # a word of the shop's among others
    "ñandú-güiro-pingüino",
    "馬電池訂書釘正確的密碼",
    "🐎🔋📎✅ caballo",
    "a9f3c1d77b2e4f60",
    "zQ" * 3 + "7-rio-Opaco-tibio" * 6,
]


@pytest.mark.parametrize("person", [ADMIN, VENDEDOR], ids=["admin", "vendedor"])
@pytest.mark.parametrize("password", BAD)
def test_it_refuses_what_is_guessed_soon(password: str, person: Usuario) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, person)


@pytest.mark.parametrize("password", GOOD)
def test_it_takes_the_rest(password: str) -> None:
    validate_password(password, ADMIN)
    validate_password(password)


def test_a_word_of_the_shop_is_common_only_there() -> None:
    other = Usuario(username="otra", tienda="Panadería La Espiga")
    claves.NotEasilyGuessed().validate("tornillofeliz-8", other)
    with pytest.raises(ValidationError):
        claves.NotEasilyGuessed().validate("tornillofeliz-8", ADMIN)


@pytest.mark.parametrize("unit", ["a", "4@8({[<369&1!0$5+7%2|", "19121912", "p@$$w0rd!1", "clavetienda", "́", "馬"])
def test_a_long_one_costs_no_more(unit: str) -> None:
    def cost(length: int) -> float:
        text, took = (unit * length)[:length], []
        for _ in range(3):
            begun = time.process_time()
            with suppress(ValidationError):
                claves.NotEasilyGuessed().validate(text, ADMIN)
            took.append(time.process_time() - begun)
        return min(took)

    assert cost(200_000) < 5 * cost(200) + 0.01


@pytest.mark.django_db
class TestPages:
    def test_a_vendedor_is_not_given_the_shops_name(self, owner: Usuario) -> None:
        Usuario.objects.filter(pk=owner.pk).update(tienda="Ferretería El Tornillo")
        form = {"first_name": "Marta", "username": "marta"}
        bad = {"password1": "eltornillo-26", "password2": "eltornillo-26"}
        client = signed_in(owner)

        assert "se adivina fácil" in client.post("/usuarios/nuevo/", form | bad).content.decode()
        good = {"password1": "una-nube-larga-9", "password2": "una-nube-larga-9"}
        assert client.post("/usuarios/nuevo/", form | good).status_code == 302
        marta = Usuario.objects.get(username="marta")
        assert (marta.rol, marta.creado_por) == ("vendedor", owner)

    def test_one_that_there_was_stays_good(self, owner: Usuario) -> None:
        owner.set_password("12345678")
        owner.save()
        form = {"username": "duena", "password": "12345678"}
        assert Client().post("/cuentas/ingresar/", form).status_code == 302

    def test_ones_own_is_held_against_the_same(self, owner: Usuario, settings: Any) -> None:
        settings.PUBLIC_URL = "https://sms.almacenperez.co"
        form = {"old_password": "clave-de-prueba", "new_password1": "almacenperez1", "new_password2": "almacenperez1"}
        assert "se adivina fácil" in signed_in(owner).post("/cuenta/clave/", form).content.decode()
