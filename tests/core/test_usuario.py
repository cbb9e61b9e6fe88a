"""Roles and tenants."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.test import Client
from rest_framework.test import APIClient

from core.models import Usuario
from tests.factories import AdminFactory, ClienteFactory, VendedorFactory, llave_de
from tests.pages import signed_in


def test_an_admin_is_their_own_tenant(owner: Usuario) -> None:
    assert (owner.tenant_id, owner.es_admin, owner.rol) == (owner.pk, True, "admin")


def test_a_vendedor_belongs_to_their_admin(owner: Usuario, teammate: Usuario) -> None:
    assert (teammate.tenant_id, teammate.es_admin) == (owner.pk, False)
    assert list(owner.equipo.all()) == [teammate]


def test_a_user_made_without_more_is_an_admin(db: None) -> None:
    assert Usuario.objects.create_user("x").es_admin
    assert Usuario.objects.create_superuser("y").permisos == frozenset()


def test_the_form_says_why_a_vendedor_needs_an_admin(db: None) -> None:
    de_tienda = {"rol": "plataforma", "creado_por": AdminFactory.create()}
    for user in (
        AdminFactory.build(rol="vendedor"),
        AdminFactory.build(rol="operador"),
        AdminFactory.build(**de_tienda),
    ):
        with pytest.raises(ValidationError) as caught:
            user.full_clean()
        assert "«De la tienda de»" in str(caught.value)


def test_an_admin_with_vendedores_or_clients_is_not_deleted(db: None) -> None:
    for row in (VendedorFactory.create().creado_por, ClienteFactory.create().usuario):
        assert row is not None
        with pytest.raises(ProtectedError):
            row.delete()


def token_of(usuario: Usuario) -> str:
    return llave_de(usuario)


def with_token(key: str) -> int:
    return int(APIClient(headers={"Authorization": f"Token {key}"}).get("/api/v1/clientes/").status_code)


def test_who_is_let_in_again_gets_no_old_session_and_no_old_token(owner: Usuario, teammate: Usuario) -> None:
    session, key = signed_in(teammate), token_of(teammate)
    assert (session.get("/").status_code, with_token(key)) == (200, 200)
    boss = signed_in(owner)

    boss.post(f"/usuarios/{teammate.pk}/desactivar/")
    assert (session.get("/").status_code, with_token(key)) == (302, 401)
    boss.post(f"/usuarios/{teammate.pk}/activar/")

    assert (session.get("/").status_code, with_token(key)) == (302, 401)
    assert signed_in(Usuario.objects.get(pk=teammate.pk)).get("/").status_code == 200


def test_the_admin_ends_them_too(owner: Usuario, teammate: Usuario) -> None:
    session, key = signed_in(teammate), token_of(teammate)
    person = Usuario.objects.get(pk=teammate.pk)

    for active in (False, True):
        person.is_active = active
        person.save()

    assert (session.get("/").status_code, with_token(key)) == (302, 401)


def change_by_admin(owner: Usuario, person: Usuario) -> None:
    Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    form = {"password1": "clave-nueva-77", "password2": "clave-nueva-77", "usable_password": "true"}
    answer = signed_in(Usuario.objects.get(pk=owner.pk)).post(f"/admin/core/usuario/{person.pk}/password/", form)
    assert answer.status_code == 302


def change_by_command(owner: Usuario, person: Usuario) -> None:
    person.set_password("clave-nueva-77")  # as manage.py changepassword does
    person.save()


def change_by_the_owner(owner: Usuario, person: Usuario) -> None:
    form = {"new_password1": "clave-nueva-77", "new_password2": "clave-nueva-77"}
    assert signed_in(owner).post(f"/usuarios/{person.pk}/clave/", form).status_code == 302


@pytest.mark.parametrize("change", [change_by_admin, change_by_command, change_by_the_owner])
def test_a_new_password_ends_sessions_and_token(
    owner: Usuario, teammate: Usuario, change: Callable[[Usuario, Usuario], None]
) -> None:
    session, key = signed_in(teammate), token_of(teammate)

    change(owner, Usuario.objects.get(pk=teammate.pk))

    assert (session.get("/").status_code, with_token(key)) == (302, 401)
    assert Usuario.objects.get(pk=teammate.pk).check_password("clave-nueva-77")


def test_a_stronger_hash_of_the_same_password_ends_nothing(owner: Usuario, settings: Any) -> None:
    key = token_of(owner)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    assert Client().post("/cuentas/ingresar/", {"username": "duena", "password": "clave-de-prueba"}).status_code == 302

    assert Usuario.objects.get(pk=owner.pk).password.startswith("pbkdf2")
    assert with_token(key) == 200


def test_sessions_from_before_the_salt_stay_good(owner: Usuario) -> None:
    plain = AbstractBaseUser._get_session_auth_hash(owner)  # type: ignore[attr-defined] # not in the stubs
    assert owner.get_session_auth_hash() == plain
