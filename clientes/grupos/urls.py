from django.urls import path

from clientes.grupos import etiquetas, segmentos

urlpatterns = [
    path("etiquetas/", etiquetas.lista, name="etiquetas"),
    path("etiquetas/crear/", etiquetas.crear, name="etiqueta-crear"),
    path("etiquetas/editar/<int:pk>/", etiquetas.editar, name="etiqueta-editar"),
    path("etiquetas/eliminar/<int:pk>/", etiquetas.eliminar, name="etiqueta-eliminar"),
    path("segmentos/", segmentos.lista, name="segmentos"),
    path("segmentos/nuevo/", segmentos.nuevo, name="segmento-nuevo"),
    path("segmentos/editar/<int:pk>/", segmentos.editar, name="segmento-editar"),
    path("segmentos/eliminar/<int:pk>/", segmentos.eliminar, name="segmento-eliminar"),
    path("segmentos/cuenta/", segmentos.cuenta, name="segmento-cuenta"),
    path("segmentos/cuenta/<int:pk>/", segmentos.cuenta_de, name="segmento-cuenta-de"),
]
