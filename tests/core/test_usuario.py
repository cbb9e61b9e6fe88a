"""Roles and tenants."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from core.models import Usuario
from tests.factories import AdminFactory, ClienteFactory, VendedorFactory


def test_an_admin_is_their_own_tenant(owner: Usuario) -> None:
    assert (owner.tenant_id, owner.es_admin, owner.rol) == (owner.pk, True, "admin")


def test_a_vendedor_belongs_to_their_admin(owner: Usuario, teammate: Usuario) -> None:
    assert (teammate.tenant_id, teammate.es_admin) == (owner.pk, False)
    assert list(owner.vendedores.all()) == [teammate]


def test_a_user_made_without_more_is_an_admin(db: None) -> None:
    assert Usuario.objects.create_user("x").es_admin
    assert Usuario.objects.create_superuser("y").es_admin


def test_the_form_says_why_a_vendedor_needs_an_admin(db: None) -> None:
    for user in (AdminFactory.build(rol="vendedor"), AdminFactory.build(creado_por=AdminFactory.create())):
        with pytest.raises(ValidationError) as caught:
            user.full_clean()
        assert "«Creado por»" in str(caught.value)


def test_an_admin_with_vendedores_or_clients_is_not_deleted(db: None) -> None:
    for row in (VendedorFactory.create().creado_por, ClienteFactory.create().usuario):
        assert row is not None
        with pytest.raises(ProtectedError):
            row.delete()
