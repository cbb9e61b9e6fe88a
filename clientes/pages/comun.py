from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from clientes import selectors
from clientes.models import Cliente
from core.pages.access import admin_de, usuario_de

SOLO_ADMIN = "Solo un administrador puede crear, cambiar o eliminar clientes."


def cliente_visible(request: HttpRequest, pk: int) -> Cliente:
    return get_object_or_404(selectors.clientes_de(usuario_de(request)), pk=pk)


def cliente_propio(request: HttpRequest, pk: int) -> Cliente:
    """The client, for somebody who may change it."""
    return get_object_or_404(selectors.clientes_de(admin_de(request, SOLO_ADMIN)), pk=pk)
