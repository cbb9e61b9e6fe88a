from django.urls import path

from campaigns.entrantes import exportacion, vistas

urlpatterns = [
    path("respuestas/", vistas.entrantes, name="entrantes"),
    path("respuestas/leer/", vistas.leer, name="entrantes-leer"),
    path("respuestas/exportar/", exportacion.exportar, name="entrantes-exportar"),
    path("respuestas/<int:pk>/", vistas.conversacion, name="entrante"),
    path("clientes/<int:pk>/conversacion/", vistas.de_cliente, name="cliente-conversacion"),
]
