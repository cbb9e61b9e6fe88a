from django.urls import path

from clientes.pages import cliente, clientes, clientes_exportacion, etiquetas, importacion, rne, segmentos
from clientes.pages.cliente_ajax import ClienteAjaxView

urlpatterns = [
    path("clientes/", clientes.clientes, name="clientes"),
    path("clientes/nuevo/", cliente.nuevo, name="cliente-nuevo"),
    path("clientes/crear/ajax/", ClienteAjaxView.as_view(), name="cliente-crear-ajax"),
    path("clientes/editar/<int:pk>/", cliente.editar, name="cliente-editar"),
    path("clientes/eliminar/<int:pk>/", cliente.eliminar, name="cliente-eliminar"),
    path("clientes/<int:pk>/", cliente.cliente, name="cliente"),
    path("clientes/<int:pk>/activar/", cliente.activar, {"activo": True}, name="cliente-activar"),
    path("clientes/<int:pk>/desactivar/", cliente.activar, {"activo": False}, name="cliente-desactivar"),
    path("clientes/<int:pk>/anonimizar/", cliente.anonimizar, name="cliente-anonimizar"),
    path("clientes/etiquetas/", etiquetas.lista, name="etiquetas"),
    path("clientes/etiquetas/crear/", etiquetas.crear, name="etiqueta-crear"),
    path("clientes/etiquetas/editar/<int:pk>/", etiquetas.editar, name="etiqueta-editar"),
    path("clientes/etiquetas/eliminar/<int:pk>/", etiquetas.eliminar, name="etiqueta-eliminar"),
    path("clientes/segmentos/", segmentos.lista, name="segmentos"),
    path("clientes/segmentos/nuevo/", segmentos.nuevo, name="segmento-nuevo"),
    path("clientes/segmentos/editar/<int:pk>/", segmentos.editar, name="segmento-editar"),
    path("clientes/segmentos/eliminar/<int:pk>/", segmentos.eliminar, name="segmento-eliminar"),
    path("clientes/segmentos/cuenta/", segmentos.cuenta, name="segmento-cuenta"),
    path("clientes/segmentos/cuenta/<int:pk>/", segmentos.cuenta_de, name="segmento-cuenta-de"),
    path("clientes/exportar/", clientes_exportacion.exportar, name="clientes-exportar"),
    path("clientes/importar/", importacion.importaciones, name="importaciones"),
    path("clientes/importar/<int:pk>/", importacion.importacion, name="importacion"),
    path("clientes/importar/<int:pk>/muestra/", importacion.muestra, name="importacion-muestra"),
    path("clientes/importar/<int:pk>/leer/", importacion.releer, name="importacion-leer"),
    path("clientes/importar/<int:pk>/vivo/", importacion.importacion_viva, name="importacion-viva"),
    path("clientes/importar/<int:pk>/empezar/", importacion.empezar, name="importacion-empezar"),
    path("clientes/importar/<int:pk>/buenas/", importacion.buenas, name="importacion-buenas"),
    path("clientes/importar/<int:pk>/descartar/", importacion.descartar, name="importacion-descartar"),
    path("clientes/importar/<int:pk>/errores/", importacion.errores, name="importacion-errores"),
    path("clientes/importar/<int:pk>/telefonos/", importacion.repetidos, name="importacion-telefonos"),
    path("clientes/rne/", rne.rne, name="rne"),
]
