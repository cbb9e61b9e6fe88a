from django.urls import path

from clientes.views import acciones, ficha, lista
from clientes.views.ajax import CrearAjax

urlpatterns = [
    path("clientes/", lista.clientes, name="clientes"),
    path("clientes/nuevo/", ficha.nuevo, name="cliente-nuevo"),
    path("clientes/crear/ajax/", CrearAjax.as_view(), name="cliente-crear-ajax"),
    path("clientes/editar/<int:pk>/", ficha.editar, name="cliente-editar"),
    path("clientes/eliminar/<int:pk>/", acciones.eliminar, name="cliente-eliminar"),
    path("clientes/<int:pk>/", ficha.cliente, name="cliente"),
    path("clientes/<int:pk>/activar/", acciones.activar, {"activo": True}, name="cliente-activar"),
    path("clientes/<int:pk>/desactivar/", acciones.activar, {"activo": False}, name="cliente-desactivar"),
    path("clientes/<int:pk>/anonimizar/", acciones.anonimizar, name="cliente-anonimizar"),
]
